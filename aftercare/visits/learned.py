"""What finished visits teach: how long ways and visits take, and from that when somebody on the way arrives."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from aftercare.people.selectors import positions_of, zone_of
from aftercare.policies.selectors import policy_for
from aftercare.routing.places import Spot, great_circle_km
from aftercare.routing.travel import Calibration, GreatCircle, TravelProvider, Trip, calibrate, provider_named
from aftercare.workorders.models import WorkOrder

from .models import QuoteLine, Visit

LEARNED_FROM = 40  # visits of a category that are looked at, the latest
LEAST = 5  # visits from which on the usual time is learned
FLOOR = 15  # minutes that no visit is planned shorter than
WORTH_BRINGING = 20  # percent of the visits like it that needed a part
ABOUT = 5  # minutes to which an expected arrival is rounded, up
LEARN_EVERY = 3600.0
Learned = TypeVar("Learned")
Kept = dict[tuple[str, str], tuple[float, Learned]]  # by category and model, until when
_learned: dict[int, tuple[float, Calibration]] = {}
_minutes: Kept[int] = {}
_parts: Kept[dict[int, int]] = {}
_roads: dict[str, TravelProvider] = {}


def travel_for(unit_id: int) -> TravelProvider:
    """Give the provider of ways that the settings name; the great circle is calibrated by the company's finished trips."""
    plain = calibration_for(unit_id).provider
    if not settings.TRAVEL:
        return plain
    if settings.TRAVEL not in _roads:  # kept, for what it remembers
        _roads[settings.TRAVEL] = provider_named(settings.TRAVEL, plain)
    return _roads[settings.TRAVEL]


def calibration_for(unit_id: int) -> Calibration:
    """Give what the latest trips say, looked at once an hour in each process."""
    found = _learned.get(unit_id)
    if found and found[0] > time.monotonic():
        return found[1]
    rules = policy_for(unit_id).pack.dispatch
    base = GreatCircle(rules.speed_kmh, rules.detour, settle=rules.settle)
    calibration = calibrate(finished_trips(zone_of(unit_id)), base)
    _learned[unit_id] = time.monotonic() + LEARN_EVERY, calibration
    return calibration


def finished_trips(zone: str, *, most: int = 2000) -> list[Trip]:
    """Give the latest trips from one customer to the next, in order of their departure."""
    rows = (
        Visit.objects.filter(is_remote=False, arrived_at__isnull=False, order__lat__isnull=False)
        .order_by("-id")
        .values_list("engineer_id", "departed_at", "arrived_at", "order__lat", "order__lon")[:most]
    )
    local, trips = ZoneInfo(zone), []
    known = sorted((who, out, there, lat, lon) for who, out, there, lat, lon in rows if there and lat and lon)
    for (who, _out, there, *first), (next_who, out, arrived, *second) in pairwise(known):
        if who == next_who and there.astimezone(local).date() == arrived.astimezone(local).date():
            km = great_circle_km((first[0], first[1]), (second[0], second[1]))
            trips.append(Trip(km, round((arrived - out).total_seconds()), out.astimezone(local).hour))
    return trips


def usual_minutes(order: WorkOrder) -> int:
    """Give how long a visit like this takes: the median of the latest of its category and model, else what the pack says."""

    def of_the_pack() -> int:
        rules = policy_for(order.unit_id).pack.appointment
        return rules.minutes_by_category.get(order.category, rules.minutes)

    return max(_of_visits_like(order, _minutes, _median_minutes, of_the_pack), FLOOR)


def usual_parts(order: WorkOrder) -> dict[int, int]:
    """Give the parts that visits like this need most: the percent of the latest of its model, else category, by part; three at most."""
    return _of_visits_like(order, _parts, _parts_used, dict)


def forget_learned() -> None:
    """Have this process look at the history anew."""
    _parts.clear()
    _learned.clear()
    _minutes.clear()
    _roads.clear()


def arrives_about(visit: Visit, order: WorkOrder, *, at: datetime) -> datetime | None:
    """Give when an engineer on the way may be expected, up to the next five minutes, by where they were last seen since they set out.

    The way is that of the calibrated straight line: a page waits for no road server. None when nobody knows where they
    were, and when they should have been there by now.
    """
    if visit.state != "travelling" or order.lat is None or order.lon is None:
        return None
    seen = positions_of([visit.engineer_id], at=at).get(visit.engineer_id)
    if seen is None:
        return None
    seen_at = at - timedelta(minutes=seen.minutes)
    if seen_at < visit.departed_at - timedelta(minutes=ABOUT):
        return None
    hour = at.astimezone(ZoneInfo(zone_of(order.unit_id))).hour
    way = calibration_for(order.unit_id).provider.seconds_at(hour)
    arrives = seen_at + timedelta(seconds=way(Spot(seen.lat, seen.lon), Spot(order.lat, order.lon)))
    if arrives <= at:
        return None
    arrives = arrives.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return arrives + timedelta(minutes=-arrives.minute % ABOUT)


def _of_visits_like(
    order: WorkOrder,
    kept: Kept[Learned],
    learn: Callable[[Q], Learned | None],
    otherwise: Callable[[], Learned],
) -> Learned:
    """Give what visits for the same model teach, else those of the same category, else `otherwise`; looked at once an hour in each process."""
    model = order.request.product_model
    key = (order.category, model)
    found = kept.get(key)
    if found and found[0] > time.monotonic():
        return found[1]
    taught = learn(Q(order__request__product_model=model)) if model else None
    if taught is None and order.category:
        taught = learn(Q(order__category=order.category))
    kept[key] = time.monotonic() + LEARN_EVERY, otherwise() if taught is None else taught
    return kept[key][1]


def _parts_used(like: Q) -> dict[int, int] | None:
    latest = Visit.objects.filter(like, state="finished", is_remote=False).order_by("-id")
    visits = list(latest.values_list("id", flat=True)[:LEARNED_FROM])
    if len(visits) < LEAST:
        return None
    lines = QuoteLine.objects.filter(visit_id__in=visits, part__isnull=False, declined=False)
    used = Counter(part_id for part_id, _visit in lines.values_list("part_id", "visit_id").distinct())
    shares = {part_id: round(100 * count / len(visits)) for part_id, count in used.most_common(3)}
    return {part_id: percent for part_id, percent in shares.items() if part_id and percent >= WORTH_BRINGING}


def _median_minutes(like: Q) -> int | None:
    rows = Visit.objects.filter(like, state="finished", is_remote=False, arrived_at__isnull=False).order_by(
        "-id"
    )
    spans = sorted(
        (end - begin).total_seconds() / 60
        for begin, end in rows.values_list("arrived_at", "finished_at")[:LEARNED_FROM]
        if end and begin
    )
    return round(spans[len(spans) // 2]) if len(spans) >= LEAST else None
