"""Units with their hours, staff with what they may do, where warnings reach them, and who answers for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.dispatch.crew import workloads
from aftercare.people.selectors import (
    leave_for,
    leaves_ahead,
    staff_for,
    staff_numbered,
    unit_for,
    units_for,
    zone_of,
)
from aftercare.people.services import add_leave, change_contact, end_leave, set_senior, set_unit_hours
from aftercare.people.states import Role
from aftercare.policies.rules import WEEK
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid, NotFound

from ..doors import actor, now, page
from ..templatetags.show import _local


@page("read_people")
def people_page(request: HttpRequest) -> HttpResponse:
    who, at = actor(request), now()
    units = list(units_for(who))
    unit = request.GET.get("unit", "")
    role = request.GET.get("role", "")
    staff = list(
        staff_for(
            who, unit_id=int(unit) if unit.isdigit() else None, role=role if role in Role.values else ""
        )[:200]
    )
    loads = workloads([s.pk for s in staff])
    chosen = next((u for u in units if str(u.pk) == unit), None)
    return render(request, "desk/people.html", {
        "place": "people", "chosen": chosen, "hours": _hours(chosen), "units": [(u, u.path.count("/") - 2) for u in units], "unit": unit, "role": role,
        "staff": [(s, loads.get(s.pk, 0), [str(Role(r).label) for r in s.roles]) for s in staff], "roles": Role.choices,
        "today": _local(at).date(),
        "titles": {code: text[get_language() or "zh"] for code, text in policy_for().pack.dispatch.certificate_titles.items()},
    })  # fmt: skip


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


@page("plan_people", "GET", "HEAD", "POST")
def person_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show somebody: where warnings reach them, their leaves with deputies; posted to, one of these is changed."""
    who = actor(request)
    staff = staff_for(who).filter(number=number).first()
    if staff is None:
        raise NotFound()
    if request.method != "POST":
        return _shown(request, staff)
    try:
        messages.info(request, _act(request, staff))
    except (Invalid, Conflict) as refusal:
        return _shown(request, staff, refusal)
    return redirect("person_page", number)


def _act(request: HttpRequest, staff: Any) -> str:
    who, at, posted = actor(request), now(), request.POST
    match posted.get("act", ""):
        case "senior":
            set_senior(staff, posted.get("senior") == "on", by=who, at=at)
            return _("Recorded")
        case "contact":
            change_contact(staff, phone=posted.get("phone", ""), email=posted.get("email", ""), by=who, at=at)
            return _("Recorded")
        case "leave":
            zone = ZoneInfo(zone_of(staff.unit_id))
            starts, ends = (_instant(posted.get(name, ""), name, zone) for name in ("starts_at", "ends_at"))
            deputy = None
            if posted.get("deputy", "").strip():
                deputy = staff_numbered(posted["deputy"].strip().upper())
                if deputy is None:
                    raise Invalid(_("nobody has this staff number"), where="deputy", expected="GY2024001")
            add_leave(
                staff,
                starts_at=starts,
                ends_at=ends,
                by=who,
                at=at,
                reason=posted.get("reason", "").strip()[:80],
                deputy=deputy,
            )
            return _("Leave recorded; offers and warnings go to whoever is there")
        case "back":
            leave = posted.get("leave", "")
            end_leave(leave_for(who, int(leave) if leave.isdigit() else 0), by=who, at=at)
            return _("Recorded")
        case _:
            raise Invalid(_("unknown step"), where="act", expected="contact, leave, back, senior")


def _instant(text: str, where: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise Invalid(_("this is not a time"), where=where, expected="2026-11-22T08:00") from None


def _shown(request: HttpRequest, staff: Any, refusal: Invalid | Conflict | None = None) -> HttpResponse:
    at = now()
    return render(request, "desk/person.html", {
        "place": "people", "staff": staff, "titles_of": [str(Role(r).label) for r in staff.roles], "leaves": leaves_ahead(staff.pk, at=at),
        "refusal": refusal, "typed": request.POST if refusal else {}, "load": workloads([staff.pk]).get(staff.pk, 0),
        "today": _local(at).date(),
        "titles": {code: text[get_language() or "zh"] for code, text in policy_for().pack.dispatch.certificate_titles.items()},
    }, status=refusal.status if refusal else 200)  # fmt: skip


def _hours(unit: Any) -> list[tuple[str, Any, str]]:
    """Give each day of the week with its title and a unit's own hours as they are typed."""
    titles = (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )
    own = (unit.hours or {}) if unit else {}
    return [(day, title, ", ".join(own.get(day, ()))) for day, title in zip(WEEK, titles, strict=True)]
