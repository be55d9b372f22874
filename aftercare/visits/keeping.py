"""Whether an engineer can keep what is promised: the day planned by the engine, so that no two visits overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import FilteredRelation, Q, QuerySet

from aftercare.compiled import compiled
from aftercare.people.models import Shift, Staff
from aftercare.people.selectors import leaves_of, shifts_of, zone_of
from aftercare.policies.selectors import policy_for
from aftercare.routing.days import Job, Person, make_day
from aftercare.routing.engine import Course
from aftercare.routing.insertion import Stop
from aftercare.routing.places import Spot
from aftercare.routing.travel import TravelProvider
from aftercare.workorders.models import WorkOrder

from .learned import FLOOR, travel_for, usual_minutes
from .models import Appointment
from .rules import Span

A_LITTLE = Course(1, 5, (60.0,) * 6)
NOWHERE = Spot(0.0, 0.0)
Rest = tuple[datetime, datetime, int]


@dataclass(frozen=True)
class Promise:
    """A visit and the window in which it is to begin; `helps`: as the second of two, who fetches no parts."""

    order: WorkOrder
    window: Span
    helps: bool = False


def promises_of(
    engineer_id: int, start: datetime, end: datetime, *, at: datetime, without: int = 0, held: bool = True
) -> list[Promise]:
    """Give what an engineer has promised to begin in a stretch of time, and, if `held`, the slots others are choosing from.

    What they are on their way to begins when it was planned: it is not planned anew.
    """
    rows = (
        Appointment.objects.filter(Q(engineer_id=engineer_id) | Q(helper_id=engineer_id))
        .filter(Q(state="booked", starts_at__gte=start, starts_at__lt=end) | Q(state="proposed", engineer_id=engineer_id))
        .exclude(order_id=without)
        .exclude(order__state__in=["completed", "cancelled"])
        .select_related("order__request", "order__pickup_unit")
        .only(
            "state", "starts_at", "ends_at", "planned_from", "engineer", "helper", "proposed_at", "slots", "unit", "order__category", "order__people", "order__state",
            "order__lat", "order__lon", "order__unit", "order__request__product_model", "order__pickup_unit__lat", "order__pickup_unit__lon",
        )
        .order_by("id")
    )  # fmt: skip
    found = []
    for row in rows:
        if row.state == "booked" and row.starts_at and row.ends_at:
            window = begins_within(row.order, (row.starts_at, row.ends_at))
            if row.order.state == "in_service" and row.planned_from:
                window = row.planned_from, row.planned_from
            found.append(Promise(row.order, window, row.helper_id == engineer_id))
            continue
        lasts = timedelta(seconds=policy_for(row.unit_id).pack.appointment.hold_for)
        if held and row.proposed_at + lasts > at:
            spans = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in row.slots]
            found += [Promise(row.order, span) for span in spans if start <= span[0] < end]
    return found


def stops_of_day(
    staff_ids: Iterable[int], *, at: datetime, until: datetime
) -> dict[int, tuple[datetime, Spot | None, list[Stop]]]:
    """Give by person when they are free (after the visit they are making), where they then are if that is known, and the
    visits they promised to begin by `until`, as planned. Instants within stops are seconds since 1970. Nobody without any."""
    rows = _promised(list(staff_ids), until)
    found: dict[int, tuple[datetime, Spot | None, list[Stop]]] = {}
    for who, state, opens, closes, planned_from, planned_to, lat, lon, appointed in rows:
        if state == "booked" and appointed == "kept":  # of an earlier visit
            continue
        free_at, spot, stops = found.get(who, (at, None, []))
        here = Spot(lat, lon) if lat is not None and lon is not None else None
        lasts = (planned_to - planned_from).total_seconds() if planned_from else 60.0 * FLOOR
        if state == "in_service":
            found[who] = max(at, planned_to or at), here, stops
            continue
        if opens and closes:
            stops.append(Stop(here, opens.timestamp(), closes.timestamp(), lasts))
        found[who] = free_at, spot, stops
    return found


@compiled
def _promised(staff_ids: list[int], until: datetime) -> QuerySet[WorkOrder, tuple[Any, ...]]:
    return (
        WorkOrder.objects.filter(assignee_id__in=staff_ids, state__in=["booked", "in_service"], window_starts_at__lt=until)
        .annotate(booked=FilteredRelation("appointments", condition=Q(appointments__state__in=["booked", "kept"])))
        .order_by("booked__planned_from", "window_starts_at")
        .values_list(
            "assignee_id", "state", "window_starts_at", "window_ends_at", "booked__planned_from", "booked__planned_to", "lat", "lon",
            "booked__state",
        )
    )  # fmt: skip


def plan_of_day(
    engineer: Staff,
    promises: Sequence[Promise],
    *,
    at: datetime,
    travel: TravelProvider | None = None,
    shifts: Sequence[Span] | None = None,
    rest: Rest | None = None,
) -> tuple[dict[int, Span], int] | None:
    """Plan an engineer's promises of one day: when each begins and ends, by order, and the price in seconds of travel.

    None when they can't all be kept, with `rest` in between. A promise beyond the shift lengthens it: whoever booked it
    agreed to that.
    """
    if not promises:
        return {}, 0
    first, last = min(p.window[0] for p in promises), max(p.window[1] for p in promises)
    if shifts is None:
        shifts = shifts_of(engineer.pk, first, last)
    shifts = [(a, b) for a, b in shifts if a < last and first < b]
    shift = min([first, *(a for a, _b in shifts)]), max([last, *(b for _a, b in shifts)])
    home = spot_of(engineer)
    jobs = [
        Job(
            n, place_of(promise.order), (promise.window,), usual_minutes(promise.order), drop=10**6,
            pickup=None if promise.helps else pickup_of(promise.order),
        )
        for n, promise in enumerate(promises)
    ]  # fmt: skip
    hour = (first + (last - first) / 2).astimezone(ZoneInfo(zone_of(engineer.unit_id))).hour
    day = make_day(
        jobs, [Person(engineer.pk, home, shift, rest=rest)], travel or travel_for(engineer.unit_id), hour=hour
    )
    planned = day.plan()
    if planned.undone:
        planned = day.plan(again=A_LITTLE)
    if planned.undone:
        return None
    times = {}
    for job, stop in day.stops(planned).get(engineer.pk, []):
        times[promises[job.id].order.pk] = day.at(stop.begins), day.at(stop.leaves)
    return times, planned.price


def spot_of(engineer: Staff) -> Spot:
    """Give where an engineer sets out: home, else the unit's place."""
    for lat, lon in ((engineer.home_lat, engineer.home_lon), (engineer.unit.lat, engineer.unit.lon)):
        if lat is not None and lon is not None:
            return Spot(lat, lon)
    return NOWHERE


def windows_kept(
    order: WorkOrder, engineer: Staff, windows: Iterable[Span], *, at: datetime, zone: str
) -> list[tuple[int, Span]]:
    """Give those windows that the engineer could keep besides what is promised, each with the travel it adds, in seconds."""
    windows = list(windows)
    if not windows:
        return []
    local, travel = ZoneInfo(zone), travel_for(engineer.unit_id)
    whole = min(a for a, _b in windows) - timedelta(days=1), max(b for _a, b in windows) + timedelta(days=1)
    at_work, leaves = shifts_between([engineer.pk], *whole), leaves_of(engineer.pk, *whole)
    shifts = [(shift.starts_at, shift.ends_at) for shift in at_work]
    everything = promises_of(engineer.pk, *whole, at=at, without=order.pk)  # of all days at once
    days: dict[object, tuple[list[Promise], int, Rest | None]] = {}
    found = []
    for window in windows:
        start = window[0].astimezone(local).replace(hour=0, minute=0, second=0, microsecond=0)
        if start not in days:
            ends = start + timedelta(days=1)
            promised = [promise for promise in everything if start <= promise.window[0] < ends]
            rest = rests_in(at_work, start, ends, {engineer.pk: engineer.unit_id}).get(engineer.pk)
            known = plan_of_day(engineer, promised, at=at, travel=travel, shifts=shifts, rest=rest)
            if known is None:  # what is promised already leaves no time for it
                rest, known = None, plan_of_day(engineer, promised, at=at, travel=travel, shifts=shifts)
            days[start] = promised, known[1] if known else 0, rest
        promised, price, rest = days[start]
        if any(a < window[1] and window[0] < b for a, b in leaves):
            continue
        promise = Promise(order, begins_within(order, window))
        planned = plan_of_day(engineer, [*promised, promise], at=at, travel=travel, shifts=shifts, rest=rest)
        if planned is not None:
            found.append((planned[1] - price, window))
    return found


def begins_within(order: WorkOrder, window: Span) -> Span:
    """Give when a visit may begin: in its window; where two are needed they meet at its beginning."""
    return (window[0], window[0]) if order.people == 2 else window


def shifts_between(staff_ids: Iterable[int], start: datetime, end: datetime) -> list[Shift]:
    """Give the shifts of these people that touch a span, by their begin."""
    return _shifts(list(staff_ids), start, end)


@compiled
def _shifts(staff_ids: list[int], start: datetime, end: datetime) -> QuerySet[Shift]:
    rows = Shift.objects.filter(staff__in=staff_ids, starts_at__lt=end, ends_at__gt=start)
    return rows.order_by("starts_at")


def rests_in(
    shifts: Iterable[Shift], start: datetime, end: datetime, units: Mapping[int, int]
) -> dict[int, Rest]:
    """Give by person the break of a local day: between when it begins, and its minutes; that of the shift, else the pack's.

    `units`: the unit of each person who has a shift.
    """
    found: dict[int, Rest] = {}
    for shift in shifts:
        if shift.starts_at < end and shift.ends_at > start:
            rest = _rest_of(shift, start, units[shift.staff_id])
            if rest:
                found.setdefault(shift.staff_id, rest)
    return found


def _rest_of(shift: Shift, start: datetime, unit_id: int) -> Rest | None:
    if shift.rest_minutes is not None:
        return (shift.rest_from, shift.rest_until, shift.rest_minutes) if shift.rest_minutes and shift.rest_from and shift.rest_until else None  # fmt: skip
    rule = policy_for(unit_id).pack.dispatch.rest
    if rule is None:
        return None
    begins, until = (
        datetime.combine(start.date(), clock_time.fromisoformat(text), tzinfo=start.tzinfo)
        for text in (rule.begins_from, rule.begins_until)
    )
    lasts = timedelta(seconds=rule.lasts)
    return (
        (begins, until, int(rule.lasts) // 60)
        if shift.starts_at <= begins and until + lasts <= shift.ends_at
        else None
    )


def pickup_of(order: WorkOrder) -> Spot | None:
    """Give where parts are fetched on the way to an order, if anywhere."""
    unit = order.pickup_unit
    return (
        Spot(unit.lat, unit.lon)
        if unit is not None and unit.lat is not None and unit.lon is not None
        else None
    )


def place_of(order: WorkOrder) -> Spot | None:
    """Give where an order is to be done; None where nobody knows."""
    return None if order.lat is None or order.lon is None else Spot(order.lat, order.lon)
