"""Who comes along where two are needed: the colleague of the region who can be there at the beginning for the least travel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aftercare.people.models import Leave, Shift, Staff, Unit
from aftercare.people.selectors import path_of, units_below, zone_of
from aftercare.routing.places import great_circle_km
from aftercare.workorders.models import WorkOrder

from .keeping import Promise, begins_within, plan_of_day, promises_of, spot_of
from .rules import Span

ASKED = 12  # the nearest of those on shift


def helpers_for(order: WorkOrder, window: Span, *, without: int, at: datetime) -> list[Staff]:
    """Give the engineers of the order's region who work at the beginning of a window, from near to far."""
    path = path_of(order.unit_id)
    region = Unit.objects.filter(pk__in=path, kind="region").first() or Unit.objects.get(pk=path[-1])
    there = Shift.objects.filter(starts_at__lte=window[0], ends_at__gte=window[1]).values("staff")
    away = Leave.objects.filter(starts_at__lt=window[1], ends_at__gt=window[0]).values("staff")
    rows = (
        Staff.objects.filter(is_active=True, roles__contains=["engineer"], unit__in=units_below(region), pk__in=there)
        .exclude(pk__in=away)
        .exclude(pk=without)
        .select_related("unit")
    )  # fmt: skip
    spot = (order.lat, order.lon) if order.lat is not None and order.lon is not None else None

    def far(person: Staff) -> tuple[float, int]:
        return great_circle_km(spot_of(person), spot) if spot else 0.0, person.pk

    return sorted(rows, key=far)[:ASKED]


def with_help(order: WorkOrder, windows: Iterable[Span], *, without: int, at: datetime) -> Iterator[Span]:
    """Give those windows, in their order, in which somebody could come along; each is looked at only when it is asked for."""
    days: dict[tuple[int, datetime], list[Promise]] = {}
    for window in windows:
        start = _day_begin(order, window)
        for person in helpers_for(order, window, without=without, at=at):
            if (person.pk, start) not in days:
                days[person.pk, start] = _promised(person, order, start, at)
            if plan_of_day(person, [*days[person.pk, start], _along(order, window)], at=at) is not None:
                yield window
                break


def cheapest_helper(
    order: WorkOrder, window: Span, people: Sequence[Staff], *, at: datetime
) -> tuple[Staff, dict[int, Span]] | None:
    """Give who can be there for the least travel added to their day, and that day as planned; None: nobody."""
    best: tuple[int, Staff, dict[int, Span]] | None = None
    for person in people:
        promised = _promised(person, order, _day_begin(order, window), at)
        before = plan_of_day(person, promised, at=at)
        after = plan_of_day(person, [*promised, _along(order, window)], at=at)
        if before is None or after is None:
            continue
        if best is None or after[1] - before[1] < best[0]:
            best = after[1] - before[1], person, after[0]
    return (best[1], best[2]) if best else None


def _along(order: WorkOrder, window: Span) -> Promise:
    return Promise(order, begins_within(order, window), helps=True)


def _day_begin(order: WorkOrder, window: Span) -> datetime:
    return (
        window[0]
        .astimezone(ZoneInfo(zone_of(order.unit_id)))
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )


def _promised(person: Staff, order: WorkOrder, start: datetime, at: datetime) -> list[Promise]:
    return promises_of(person.pk, start, start + timedelta(days=1), at=at, without=order.pk)
