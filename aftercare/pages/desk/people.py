"""One person: what they may do, when they work, where warnings reach them, who answers for them, joining and leaving."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.dispatch.crew import workloads
from aftercare.intake.selectors import owned_count
from aftercare.people.rules import Actor
from aftercare.people.selectors import (
    leave_for,
    leaves_ahead,
    named_units,
    shifts_ahead,
    staff_for,
    staff_numbered,
    unit_for,
    zone_of,
)
from aftercare.people.services import (
    add_certificate,
    add_leave,
    change_contact,
    change_work,
    end_leave,
    give_password,
    leave_staff,
    plan_shifts,
    remove_shift,
    return_staff,
    set_senior,
    set_skills,
)
from aftercare.people.states import Role
from aftercare.policies.rules import WEEK
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid, NotFound

from ..doors import actor, now, number_in, page
from ..templatetags.show import _local, certificate_titles


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
            return show_password(request, staff, give_password(staff, by=who, at=now()))
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
            remove_shift(staff, number_in(shift, 0), by=who, at=at)
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
            change_work(staff, unit=unit_in(who, posted, "unit"), roles=posted.getlist("roles"), by=who, at=at)  # fmt: skip
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
            end_leave(leave_for(who, number_in(leave, 0)), by=who, at=at)
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


def show_password(request: HttpRequest, staff: Any, password: str) -> HttpResponse:
    """Show a new password, once: it is stored only as a hash."""
    return render(request, "desk/password.html", {"place": "people", "staff": staff, "password": password})


def _shifts(posted: Any) -> dict[str, Any]:
    rest = None
    if posted.get("rest") == "own":
        minutes = posted.get("rest_minutes", "")
        rest = (
            _time(posted, "rest_from"),
            _time(posted, "rest_until"),
            int(minutes) if minutes.isdecimal() and len(minutes) < 4 else -1,
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
        "place": "people", "staff": staff, "titles_of": [str(Role(r).label) for r in staff.roles], "roles": Role.choices, "units": named_units(actor(request)), "leaves": leaves_ahead(staff.pk, at=at),
        "refusal": refusal, "typed": request.POST if refusal else {}, "load": workloads([staff.pk]).get(staff.pk, 0),
        "today": _local(at).date(), "today_text": _local(at).date().isoformat(), "at": at, "shifts": shifts_ahead(staff.pk, at=at), "week": [(n, title) for n, (_d, title, _h) in enumerate(hours_of(None))],
        "titles": certificate_titles(staff.unit_id),
        "categories": sorted(policy_for(staff.unit_id).pack.forms.category_titles), "rest": policy_for(staff.unit_id).pack.dispatch.rest,
        "chosen_days": request.POST.getlist("weekday") if refusal else ["0", "1", "2", "3", "4"],
    }, status=refusal.status if refusal else 200)  # fmt: skip


def hours_of(unit: Any) -> list[tuple[str, Any, str]]:
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


def unit_in(who: Actor, posted: Any, where: str) -> Any:
    """Give the unit that a form names; none named is said, one out of reach is not there."""
    number = number_in(posted.get(where, ""))
    if number is None:
        raise Invalid(_("no unit was chosen"), where=where, expected=_("one of the list"))
    return unit_for(who, number)
