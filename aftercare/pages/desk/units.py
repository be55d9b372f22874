"""The tree of units with their hours and terms, the staff of each, and who and what is added to them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.dispatch.crew import workloads
from aftercare.people.selectors import (
    certificates_of,
    colleagues_listed,
    provider_terms,
    unit_for,
    units_for,
)
from aftercare.people.services import (
    add_unit,
    change_unit,
    end_provider_terms,
    join_staff,
    set_provider_terms,
    set_unit_hours,
)
from aftercare.people.states import Role, UnitKind
from aftercare.policies.rules import WEEK
from aftercare.refusals import Invalid

from ..doors import actor, now, number_in, page
from ..templatetags.show import _local, certificate_titles
from .authority import fen_of
from .people import hours_of, show_password, unit_in


@page("read_people")
def people_page(request: HttpRequest) -> HttpResponse:
    """Show the tree of units, the chosen one with its hours, and the staff of it or of all."""
    return _listed(request, {})


def _listed(request: HttpRequest, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    who, at = actor(request), now()
    units = list(units_for(who))
    unit = request.GET.get("unit", "")
    role = request.GET.get("role", "")
    left = role == "left" and who.can("edit_people")
    staff = colleagues_listed(
        who, unit_id=number_in(unit), role=role if role in Role.values else "", left=left
    )
    ids = [s.pk for s in staff]
    loads, held = workloads(ids), certificates_of(ids)
    chosen = next((u for u in units if str(u.pk) == unit), None)
    return render(request, "desk/people.html", {
        "place": "people", "chosen": chosen, "hours": hours_of(chosen), "terms": provider_terms([chosen.pk]).get(chosen.pk) if chosen else None, "units": [(u, u.path.count("/") - 2) for u in units], "unit": unit, "role": role,
        "staff": [(s, loads.get(s.pk, 0), [str(Role(r).label) for r in s.roles], held.get(s.pk, [])) for s in staff], "roles": Role.choices, "left": left, "kinds": UnitKind.choices[1:],
        "today": _local(at).date(),
        "titles": certificate_titles(),
        "typed": request.POST, "ticked": request.POST.getlist("roles"), **more,
    }, status=status)  # fmt: skip


@page("edit_people", "POST")
def person_new(request: HttpRequest) -> HttpResponse:
    """Add somebody, and show their first password once."""
    who, posted = actor(request), request.POST
    try:
        staff, password = join_staff(
            number=posted.get("number", ""), name=posted.get("name", ""), unit=unit_in(who, posted, "unit"),
            roles=posted.getlist("roles"), phone=posted.get("phone", ""), email=posted.get("email", ""), by=who, at=now(),
        )  # fmt: skip
    except Invalid as refusal:
        return _listed(request, {"refused": "person", "refusal": refusal}, status=422)
    return show_password(request, staff, password)


@page("edit_people", "POST")
def unit_save(request: HttpRequest) -> HttpResponse:
    """Add a unit below another, or change one (`unit_id`)."""
    who, at, posted = actor(request), now(), request.POST
    changed = number_in(posted.get("unit_id", ""))
    try:
        lat, lon = place_in(posted.get("place", ""))
        if changed is not None:
            unit = unit_for(who, changed)
            change_unit(
                unit,
                name=posted.get("name", ""),
                phone=posted.get("phone", ""),
                lat=lat,
                lon=lon,
                by=who,
                at=at,
            )
        else:
            unit = add_unit(
                kind=posted.get("kind", ""), name=posted.get("name", ""), parent=unit_in(who, posted, "parent"),
                phone=posted.get("phone", ""), lat=lat, lon=lon, by=who, at=at,
            )  # fmt: skip
    except Invalid as refusal:
        return _listed(request, {"refused": "change" if changed else "unit", "refusal": refusal}, status=422)
    messages.info(request, _("Recorded"))
    return redirect(f"/people?unit={unit.pk}")


def place_in(text: str) -> tuple[float | None, float | None]:
    """Read a place typed as `30.2907, 120.1603`; nothing typed is no place."""
    if not text.strip():
        return None, None
    try:
        lat, lon = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise Invalid(_("this is no place"), where="place", expected="30.2907, 120.1603") from None
    return lat, lon


@page("plan_people", "POST")
def unit_hours(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Set the opening hours of a unit, a line a day; all empty: those of the pack."""
    unit = unit_for(actor(request), unit_id)
    written = {day: request.POST.get(day, "").replace("，", ",").replace("–", "-") for day in WEEK}
    hours: dict[str, list[str]] = {
        str(day): [part.strip() for part in text.split(",") if part.strip()] for day, text in written.items()
    }
    set_unit_hours(unit, hours if any(hours.values()) else None, by=actor(request), at=now())
    messages.info(request, _("Hours set; open clocks follow"))
    return redirect(f"/people?unit={unit_id}")


@page("plan_people", "POST")
def unit_terms(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Note what a provider has agreed to, or (`end`) that it takes no orders by itself any more."""
    who, posted = actor(request), request.POST
    unit = unit_for(who, unit_id)
    if posted.get("act") == "end":
        end_provider_terms(unit, by=who, at=now())
        messages.info(request, _("Recorded"))
    else:
        price, quota = posted.get("price", ""), posted.get("quota", "")
        set_provider_terms(
            unit, areas=[int(area) for area in posted.getlist("area") if area.isdecimal() and len(area) < 19],
            visit_fen=fen_of(price), daily_quota=int(quota) if quota.isdecimal() and len(quota) < 6 else -1, by=who, at=now(),
        )  # fmt: skip
        messages.info(request, _("Recorded; its technicians are asked where nobody else can"))
    return redirect(f"/people?unit={unit_id}")
