"""The exact insertion test: when somebody could begin one more job without breaking what they promised today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .places import Spot

Way = Callable[[Spot, Spot], float]


class Stop(NamedTuple):
    """A visit that is promised: where, the seconds between which it begins, and how long it lasts."""

    spot: Spot | None
    opens: float
    closes: float
    lasts: float


def earliest_begin(
    start: Spot,
    free_at: float,
    stops: Sequence[Stop],
    spot: Spot | None,
    lasts: float,
    until: float,
    way: Way,
) -> float | None:
    """Give the earliest second at which a job at `spot` could begin and still be over by `until`; None: not at all.

    `stops` are in the order in which they are made; each place between them is tried, and all that follow must still
    begin in their windows. A place that nobody knows is taken as on the way.
    """
    latest = _latest_arrivals(stops, until, way)
    here, at = start, free_at
    for position in range(len(stops) + 1):
        begins = at + (way(here, spot) if spot else 0.0)
        leaves, there = begins + lasts, spot or here
        if leaves > until:
            return None
        if position == len(stops):
            return begins
        stop = stops[position]
        if leaves + (way(there, stop.spot) if stop.spot else 0.0) <= latest[position]:
            return begins
        at = max(at + (way(here, stop.spot) if stop.spot else 0.0), stop.opens) + stop.lasts
        here = stop.spot or here
    return None


def _latest_arrivals(stops: Sequence[Stop], until: float, way: Way) -> list[float]:
    """Give by position the latest arrival that keeps this window and all that follow."""
    latest = [0.0] * len(stops)
    after: Stop | None = None
    for n in range(len(stops) - 1, -1, -1):
        stop = stops[n]
        by = (
            stop.closes
            if after is None
            else min(stop.closes, latest[n + 1] - stop.lasts - _between(stop, after, way))
        )
        latest[n], after = by, stop
    return latest


def _between(one: Stop, other: Stop, way: Way) -> float:
    return way(one.spot, other.spot) if one.spot and other.spot else 0.0
