"""The exact insertion test against an engine that tries every order of everything."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.routing.insertion import Stop, earliest_begin
from aftercare.routing.places import Spot


def way(a: Spot, b: Spot) -> float:
    return 600 * (abs(a.lat - b.lat) + abs(a.lon - b.lon))


def driven(start, free_at, stops, until):
    """Drive the stops in this order; give when each begins, or None where one is late."""
    at, here, begins = free_at, start, []
    for stop in stops:
        at = max(at + way(here, stop.spot), stop.opens)
        if at > stop.closes:
            return None
        begins.append(at)
        at, here = at + stop.lasts, stop.spot
    return begins if at <= until else None


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**6))
def test_it_is_the_earliest_of_all_places_that_keep_every_promise(seed):
    luck = random.Random(seed)

    def spot() -> Spot:
        return Spot(luck.randint(0, 6), luck.randint(0, 6))

    start, free_at, until = spot(), luck.randint(0, 3600), 8 * 3600
    stops, opens = [], 0
    for _n in range(luck.randint(0, 4)):
        opens += luck.randint(0, 7200)
        stops.append(Stop(spot(), opens, opens + luck.randint(600, 7200), luck.randint(0, 2400)))
    if driven(start, free_at, stops, 10**9) is None:
        return  # what was promised can't be kept anyway
    place, lasts = spot(), luck.randint(0, 3600)
    new = Stop(place, 0, 10**9, lasts)
    tries = []
    for at in range(len(stops) + 1):
        begins = driven(start, free_at, [*stops[:at], new, *stops[at:]], 10**9)
        if begins is not None and begins[at] + lasts <= until:
            tries.append(begins[at])
    assert earliest_begin(start, free_at, stops, place, lasts, until, way) == (min(tries) if tries else None)


def test_a_place_that_nobody_knows_is_on_the_way():
    stops = [Stop(None, 0, 3600, 600)]
    assert earliest_begin(Spot(0, 0), 100, stops, None, 300, 9000, way) == 100
