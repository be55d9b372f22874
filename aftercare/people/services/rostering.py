"""Who works when, who is away, and on what terms a provider helps."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.refusals import Conflict, Invalid, NotFound, Problem

from ..models import Leave, ProviderTerms, Shift, Staff, Unit
from ..rules import Actor
from ..selectors import zone_of
from ..states import UnitKind
from .access import require

LONGEST_LEAVE = timedelta(days=366)
LONGEST_REST = 180  # minutes
AHEAD = timedelta(days=92)  # as far as shifts are planned at once


def add_shift(
    staff: Staff, *, starts_at: datetime, ends_at: datetime, by: Actor,
    rest: tuple[datetime, datetime, int] | None = None,
) -> Shift:  # fmt: skip
    """Add a shift. `rest`: between when a break begins, and how many minutes it lasts (0: none); None: the pack's rule."""
    require(by, "edit_people")
    if ends_at <= starts_at:
        raise Invalid(_("the shift ends before it begins"), where="ends_at")
    return _create_shift(staff, starts_at, ends_at, rest)


def plan_shifts(
    staff: Staff, *, first: date, last: date, weekdays: Collection[int], begins: time, ends: time,
    rest: tuple[time, time, int] | None = None, by: Actor, at: datetime,
) -> int:  # fmt: skip
    """Plan a shift on each of some weekdays (0: Monday) from `first` through `last`, in the unit's local time; give how many.

    `ends` before `begins` is on the next day. `rest`: between when a break begins, and its minutes; None: the pack's rule.
    Refused as a whole when one overlaps a shift that is there.
    """
    require(by, "plan_people", unit_id=staff.unit_id, reach=True)
    problems = []
    if last < first or last - first > AHEAD:
        problems.append(
            Problem("last", _("this is not a stretch of days"), _("from the first on, at most 92 days"))
        )
    if not weekdays or not set(weekdays) <= set(range(7)):
        problems.append(Problem("weekdays", _("no day of the week is chosen")))
    if begins == ends:
        problems.append(Problem("ends", _("the shift ends when it begins")))
    if problems:
        raise Invalid(_("the shifts can't be planned"), problems)
    zone = ZoneInfo(zone_of(staff.unit_id))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    with transaction.atomic():
        Staff.objects.select_for_update(of=("self",)).get(pk=staff.pk)
        made = 0
        for day in days:
            if day.weekday() not in weekdays:
                continue
            starts_at = datetime.combine(day, begins, tzinfo=zone)
            ends_at = datetime.combine(day + timedelta(days=ends < begins), ends, tzinfo=zone)
            if Shift.objects.filter(staff=staff, starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
                raise Conflict(
                    _("there is a shift on %(day)s already") % {"day": day.isoformat()},
                    where="first",
                    code="shift_there",
                )
            _create_shift(staff, starts_at, ends_at, rest and _rest_on(rest, starts_at))
            made += 1
        if not made:
            raise Invalid(_("none of these days is in the stretch"), where="weekdays")
        values = {"from": first.isoformat(), "to": last.isoformat(), "shifts": made}
        record("staff.shifts_planned", staff, by=by, at=at, values=values)
    return made


def remove_shift(staff: Staff, shift_id: int, *, by: Actor, at: datetime) -> None:
    """Take a shift back that has not begun; the day is planned anew."""
    require(by, "plan_people", unit_id=staff.unit_id, reach=True)
    with transaction.atomic():
        shift = Shift.objects.select_for_update().filter(pk=shift_id, staff=staff).first()
        if shift is None:
            raise NotFound()
        if shift.starts_at <= at:
            raise Conflict(_("this shift has begun; note a leave instead"), where="shift")
        values = {"from": shift.starts_at.isoformat(), "to": shift.ends_at.isoformat()}
        shift.delete()
        record("staff.shift_removed", staff, by=by, at=at, values=values)


def add_leave(
    staff: Staff, *, starts_at: datetime, ends_at: datetime, by: Actor, at: datetime, reason: str = "",
    deputy: Staff | None = None,
) -> Leave:  # fmt: skip
    """Note that somebody is away, and who answers for them meanwhile; who is away then themselves is no deputy."""
    require(by, "plan_people", unit_id=staff.unit_id, reach=True)
    if ends_at <= starts_at:
        raise Invalid(
            _("the leave ends before it begins"), where="ends_at", expected=_("later than its beginning")
        )
    if ends_at - starts_at > LONGEST_LEAVE:
        raise Invalid(_("the leave is too long"), where="ends_at", expected=_("at most a year"))
    if deputy is not None:
        if deputy.pk == staff.pk:
            raise Invalid(_("nobody is their own deputy"), where="deputy", expected=_("a colleague"))
        if Leave.objects.filter(staff=deputy, starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
            raise Conflict(_("the deputy is away then too"), where="deputy", code="deputy_away")
    row = Leave.objects.create(
        staff=staff, starts_at=starts_at, ends_at=ends_at, reason=reason, deputy=deputy
    )
    record(
        "staff.on_leave",
        staff,
        by=by,
        at=at,
        values={
            "from": starts_at.isoformat(),
            "to": ends_at.isoformat(),
            "deputy": deputy.number if deputy else "",
        },
    )
    return row


def end_leave(leave: Leave, *, by: Actor, at: datetime) -> None:
    """Note that somebody is back before their leave ends, or does not go."""
    require(by, "plan_people", unit_id=leave.staff.unit_id, reach=True)
    if leave.ends_at <= at:
        raise Conflict(_("this leave is over already"), where="leave")
    with transaction.atomic():
        if leave.starts_at >= at:
            leave.delete()
        else:
            Leave.objects.filter(pk=leave.pk).update(ends_at=at)
        record("staff.back", leave.staff, by=by, at=at)


def set_provider_terms(
    unit: Unit, *, areas: Collection[int], visit_fen: int, daily_quota: int, by: Actor, at: datetime
) -> ProviderTerms:
    """Note what a provider has agreed to: the units whose orders it takes, its price for a visit, its orders a day.

    From then on its technicians are asked where nobody of the own staff can, the cheapest provider first.
    """
    require(by, "plan_people", unit_id=unit.pk, reach=True)
    problems = []
    if unit.kind != UnitKind.PROVIDER:
        problems.append(Problem("unit", _("this is not a provider"), _("a unit of the kind provider")))
    known = set(
        Unit.objects.filter(pk__in=areas).exclude(kind=UnitKind.PROVIDER).values_list("pk", flat=True)
    )
    if not areas or known != set(areas) or any(not by.reaches(area) for area in areas):
        problems.append(
            Problem("areas", _("these are not units of the company"), _("one region or store at least"))
        )
    if not 0 <= visit_fen <= 10**8:
        problems.append(Problem("visit_fen", _("this is not a price"), "0…1000000.00"))
    if not 0 <= daily_quota <= 1000:
        problems.append(Problem("daily_quota", _("this is not a number of orders a day"), "0…1000"))
    if problems:
        raise Invalid(_("the terms can't be set"), problems)
    values = {"areas": sorted(known), "visit_fen": visit_fen, "daily_quota": daily_quota}
    with transaction.atomic():
        row, _made = ProviderTerms.objects.update_or_create(unit=unit, defaults=values)
        record("unit.terms_set", unit, by=by, at=at, values={"unit": unit.pk, **values})
    return row


def end_provider_terms(unit: Unit, *, by: Actor, at: datetime) -> None:
    """Note that a provider takes no orders by itself any more; a dispatcher may still ask it by hand."""
    require(by, "plan_people", unit_id=unit.pk, reach=True)
    with transaction.atomic():
        if ProviderTerms.objects.filter(unit=unit).delete()[0]:
            record("unit.terms_ended", unit, by=by, at=at, values={"unit": unit.pk})


def _rest_on(rest: tuple[time, time, int], starts_at: datetime) -> tuple[datetime, datetime, int]:
    """Give a break on the day of a shift; a time before its begin is on the day after."""
    instants = []
    for at in rest[:2]:
        instant = datetime.combine(starts_at.date(), at, tzinfo=starts_at.tzinfo)
        instants.append(instant if instant >= starts_at else instant + timedelta(days=1))
    return instants[0], instants[1], rest[2]


def _create_shift(
    staff: Staff, starts_at: datetime, ends_at: datetime, rest: tuple[datetime, datetime, int] | None
) -> Shift:
    if rest and not (starts_at <= rest[0] <= rest[1] <= ends_at and 0 <= rest[2] <= LONGEST_REST):
        raise Invalid(
            _("this is not a break"), where="rest", expected=_("within the shift, at most three hours long")
        )
    from_at, until, minutes = rest or (None, None, None)
    return Shift.objects.create(
        staff=staff, starts_at=starts_at, ends_at=ends_at, rest_from=from_at, rest_until=until, rest_minutes=minutes
    )  # fmt: skip
