"""Units with their hours, staff with what they may do, where warnings reach them, and who answers for whom."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.dispatch.crew import workloads
from aftercare.intake.selectors import owned_count
from aftercare.people.rules import Actor
from aftercare.people.selectors import (
    leave_for,
    leaves_ahead,
    provider_terms,
    shifts_ahead,
    staff_for,
    staff_numbered,
    unit_for,
    units_for,
    zone_of,
)
from aftercare.people.services import (
    add_certificate,
    add_leave,
    add_unit,
    change_contact,
    change_unit,
    change_work,
    end_leave,
    end_provider_terms,
    give_password,
    join_staff,
    leave_staff,
    plan_shifts,
    remove_shift,
    return_staff,
    set_provider_terms,
    set_senior,
    set_skills,
    set_unit_hours,
)
from aftercare.people.states import Role, UnitKind
from aftercare.policies.rules import WEEK
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid, NotFound

from ..doors import actor, now, page
from ..templatetags.show import _local
from .authority import fen_of
from .listing import number_in


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
    staff = list(
        staff_for(who, unit_id=number_in(unit), role=role if role in Role.values else "", left=left)[:200]
    )
    loads = workloads([s.pk for s in staff])
    chosen = next((u for u in units if str(u.pk) == unit), None)
    return render(request, "desk/people.html", {
        "place": "people", "chosen": chosen, "hours": _hours(chosen), "terms": provider_terms([chosen.pk]).get(chosen.pk) if chosen else None, "units": [(u, u.path.count("/") - 2) for u in units], "unit": unit, "role": role,
        "staff": [(s, loads.get(s.pk, 0), [str(Role(r).label) for r in s.roles]) for s in staff], "roles": Role.choices, "left": left, "kinds": UnitKind.choices[1:],
        "today": _local(at).date(),
        "titles": {code: text[get_language() or "zh"] for code, text in policy_for().pack.dispatch.certificate_titles.items()},
        "typed": request.POST, "ticked": request.POST.getlist("roles"), **more,
    }, status=status)  # fmt: skip


@page("edit_people", "POST")
def person_new(request: HttpRequest) -> HttpResponse:
    """Add somebody, and show their first password once."""
    who, posted = actor(request), request.POST
    try:
        staff, password = join_staff(
            number=posted.get("number", ""), name=posted.get("name", ""), unit=_unit(who, posted, "unit"),
            roles=posted.getlist("roles"), phone=posted.get("phone", ""), email=posted.get("email", ""), by=who, at=now(),
        )  # fmt: skip
    except Invalid as refusal:
        return _listed(request, {"refused": "person", "refusal": refusal}, status=422)
    return _password(request, staff, password)


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
                kind=posted.get("kind", ""), name=posted.get("name", ""), parent=_unit(who, posted, "parent"),
                phone=posted.get("phone", ""), lat=lat, lon=lon, by=who, at=at,
            )  # fmt: skip
    except Invalid as refusal:
        return _listed(request, {"refused": "change" if changed else "unit", "refusal": refusal}, status=422)
    messages.info(request, _("Recorded"))
    return redirect(f"/people?unit={unit.pk}")


def _unit(who: Actor, posted: Any, where: str) -> Any:
    """Give the unit that a form names; none named is said, one out of reach is not there."""
    number = number_in(posted.get(where, ""))
    if number is None:
        raise Invalid(_("no unit was chosen"), where=where, expected=_("one of the list"))
    return unit_for(who, number)


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
            unit, areas=[int(area) for area in posted.getlist("area") if area.isdigit() and len(area) < 19],
            visit_fen=fen_of(price), daily_quota=int(quota) if quota.isdigit() and len(quota) < 6 else -1, by=who, at=now(),
        )  # fmt: skip
        messages.info(request, _("Recorded; its technicians are asked where nobody else can"))
    return redirect(f"/people?unit={unit_id}")


@page("plan_people", "GET", "HEAD", "POST")
def person_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show somebody: where warnings reach them, their leaves with deputies; posted to, one of these is changed."""
    who = actor(request)
    staff = staff_for(who).filter(number=number).first()
    if staff is None and who.can("edit_people"):
        staff = staff_for(who, left=True).filter(number=number).first()
    if staff is None:
        raise NotFound()
    if request.method != "POST":
        return _shown(request, staff)
    try:
        if request.POST.get("act") == "password":
            return _password(request, staff, give_password(staff, by=who, at=now()))
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
        case "shifts":
            count = plan_shifts(staff, by=who, at=at, **_shifts(posted))
            return _("%(n)d shifts planned") % {"n": count}
        case "unshift":
            shift = posted.get("shift", "")
            remove_shift(staff, int(shift) if shift.isdigit() and len(shift) < 19 else 0, by=who, at=at)
            return _("Recorded")
        case "skills":
            known = policy_for(staff.unit_id).pack.forms.category_titles
            set_skills(staff, [code for code in posted.getlist("category") if code in known], by=who, at=at)
            return _("Recorded")
        case "certificate":
            code = posted.get("code", "")
            if code not in policy_for(staff.unit_id).pack.dispatch.certificate_titles:
                raise Invalid(_("unknown certificate"), where="code", expected=_("one of the list"))
            add_certificate(
                staff, code=code, number=posted.get("number", "").strip()[:40], valid_on=_date(posted, "valid_on"),
                expires_on=_date(posted, "expires_on"), by=who, at=at,
            )  # fmt: skip
            return _("Recorded")
        case "work":
            change_work(staff, unit=_unit(who, posted, "unit"), roles=posted.getlist("roles"), by=who, at=at)  # fmt: skip
            return _("Recorded; their rights follow at once")
        case "leaves_us":
            _refuse_with_work(staff)
            leave_staff(staff, by=who, at=at, because=posted.get("because", ""))
            return _("Recorded; they can't sign in any more")
        case "returns":
            return_staff(staff, by=who, at=at)
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
            raise Invalid(
                _("unknown step"),
                where="act",
                expected="contact, work, password, leaves_us, returns, leave, back, senior, shifts, unshift, skills, certificate",
            )


def _refuse_with_work(staff: Any) -> None:
    """Refuse to let somebody go who has orders in hand or answers for requests: first these go to others."""
    orders, requests = workloads([staff.pk]).get(staff.pk, 0), owned_count(staff.pk)
    if orders or requests:
        raise Conflict(
            _("their work must be in other hands first"), where="staff", code="has_work",
            expected=_("%(orders)d orders and %(requests)d requests to hand over") % {"orders": orders, "requests": requests},
        )  # fmt: skip


def _password(request: HttpRequest, staff: Any, password: str) -> HttpResponse:
    """Show a new password, once: it is stored only as a hash."""
    return render(request, "desk/password.html", {"place": "people", "staff": staff, "password": password})


def _shifts(posted: Any) -> dict[str, Any]:
    rest = None
    if posted.get("rest") == "own":
        minutes = posted.get("rest_minutes", "")
        rest = (
            _time(posted, "rest_from"),
            _time(posted, "rest_until"),
            int(minutes) if minutes.isdigit() and len(minutes) < 4 else -1,
        )
    elif posted.get("rest") == "none":
        rest = (_time(posted, "begins"), _time(posted, "begins"), 0)
    return {
        "first": _date(posted, "first"), "last": _date(posted, "last"), "begins": _time(posted, "begins"), "ends": _time(posted, "ends"),
        "weekdays": {int(day) for day in posted.getlist("weekday") if day in "0123456" and len(day) == 1}, "rest": rest,
    }  # fmt: skip


def _date(posted: Any, where: str) -> date:
    try:
        return date.fromisoformat(posted.get(where, ""))
    except ValueError:
        raise Invalid(_("this is not a day"), where=where, expected="2026-11-22") from None


def _time(posted: Any, where: str) -> time:
    try:
        return time.fromisoformat(posted.get(where, "")).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise Invalid(_("this is not a time of day"), where=where, expected="08:30") from None


def _instant(text: str, where: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise Invalid(_("this is not a time"), where=where, expected="2026-11-22T08:00") from None


def _shown(request: HttpRequest, staff: Any, refusal: Invalid | Conflict | None = None) -> HttpResponse:
    at = now()
    return render(request, "desk/person.html", {
        "place": "people", "staff": staff, "titles_of": [str(Role(r).label) for r in staff.roles], "roles": Role.choices, "units": list(units_for(actor(request))), "leaves": leaves_ahead(staff.pk, at=at),
        "refusal": refusal, "typed": request.POST if refusal else {}, "load": workloads([staff.pk]).get(staff.pk, 0),
        "today": _local(at).date(), "today_text": _local(at).date().isoformat(), "at": at, "shifts": shifts_ahead(staff.pk, at=at), "week": [(n, title) for n, (_d, title, _h) in enumerate(_hours(None))],
        "titles": {code: text[get_language() or "zh"] for code, text in policy_for(staff.unit_id).pack.dispatch.certificate_titles.items()},
        "categories": sorted(policy_for(staff.unit_id).pack.forms.category_titles), "rest": policy_for(staff.unit_id).pack.dispatch.rest,
        "chosen_days": request.POST.getlist("weekday") if refusal else ["0", "1", "2", "3", "4"],
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
