"""The rest of an engineer's day as a route: how far it is to each job, and when to set out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aftercare.people.selectors import positions_of, staff_by_key, zone_of
from aftercare.policies.selectors import policy_for
from aftercare.routing.places import Spot, great_circle_km
from aftercare.workorders.models import WorkOrder

from .keeping import pickup_of, place_of, spot_of
from .learned import calibration_for
from .rules import Span

FRESH = 30  # minutes for which the place a phone told last is where somebody is


@dataclass(frozen=True)
class Leg:
    """The way to a job, by the parts' store where there is one: minutes, kilometres, when to set out for it (None: not planned), and whether
    that is too late for its window.
    """

    minutes: int
    km: float
    leave_at: datetime | None
    late: bool = False


@dataclass(frozen=True)
class Route:
    """The ways to jobs, by order; `done_at`: when all of them are about done, None where that is not planned or one takes longer."""

    legs: Mapping[int, Leg]
    done_at: datetime | None


def route_ahead(
    staff_id: int,
    jobs: Sequence[WorkOrder],
    done: Sequence[WorkOrder],
    planned: Mapping[int, Span],
    *,
    at: datetime,
) -> Route:
    """Give the ways to these jobs, in their order, from where the engineer is; a job whose place nobody knows has none.

    They are where their phone said within half an hour, else at the last of the jobs `done`, else where they set out. For the first the
    hour is the latest by which to leave and be there as planned, as much earlier as the policy says where that is the beginning
    of the window; for those after it the hour at which they are expected to be free, or later. By the calibrated straight line,
    the detour included: a page waits for no road server.
    """
    staff = staff_by_key(staff_id)
    if staff is None or not jobs:
        return Route({}, None)
    seen = positions_of([staff_id], at=at).get(staff_id)
    places = [place for job in done if (place := place_of(job))]
    here = (
        Spot(seen.lat, seen.lon)
        if seen and seen.minutes <= FRESH
        else places[-1]
        if places
        else spot_of(staff)
    )
    early = timedelta(seconds=policy_for(staff.unit_id).pack.appointment.arrive_early)
    provider, zone = calibration_for(staff.unit_id).provider, ZoneInfo(zone_of(staff.unit_id))
    legs: dict[int, Leg] = {}
    free_at: datetime = at
    for n, job in enumerate(jobs):
        begins, ends = planned.get(job.pk, (job.window_starts_at, None))
        there, way = place_of(job), timedelta()
        if there is not None:
            store = pickup_of(job) if job.state == "booked" else None
            stretches = [(here, store), (store, there)] if store else [(here, there)]
            seconds = provider.seconds_at((begins or at).astimezone(zone).hour)
            way = timedelta(seconds=sum(seconds(a, b) for a, b in stretches))
            km = provider.detour * sum(great_circle_km(a, b) for a, b in stretches)
            leave_at = None
            if begins is not None and job.state == "booked":
                leave_at = begins - way - (early if begins == job.window_starts_at else timedelta())
                leave_at = max(leave_at, free_at) if n else leave_at
            there_at = max(leave_at, free_at) + way if leave_at else None
            late = there_at is not None and job.window_ends_at is not None and there_at > job.window_ends_at
            legs[job.pk] = Leg(round(way.total_seconds() / 60), km, leave_at, late)
            here = there
        if begins is not None and ends is not None and job.state == "booked":
            free_at = max(begins, free_at + way) + (ends - begins)
        else:
            free_at = max(ends or at, free_at)
    certain = all(job.pk in planned and (job.state == "booked" or planned[job.pk][1] > at) for job in jobs)
    return Route(legs, free_at if certain else None)
