"""The bound of bench/bound is below the cheapest plan there is, found by trying them all, and near it."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from aftercare.routing.engine import COMPILED

pytestmark = pytest.mark.skipif(not COMPILED, reason="numba is not here")
BENCH = str(Path(__file__).resolve().parent.parent / "bench")


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    import bound
    import days

    yield bound, days
    for name in ("bound", "bound_labels", "days", "dispatch", "harness", "instant", "referees"):
        sys.modules.pop(name, None)


def cheapest(day, judge) -> float:
    """Try every way to give each of a few orders to one of two engineers, or to nobody, in every order."""

    def tours(orders):
        return (list(tour) for tour in itertools.permutations(orders))

    best = float("inf")
    for who in itertools.product((0, 1, None), repeat=len(day["tasks"])):
        given = [[n for n, v in enumerate(who) if v == one] for one in (0, 1)]
        for first, second in itertools.product(tours(given[0]), tours(given[1])):
            try:
                best = min(best, judge(day, {0: first, 1: second})["price"])
            except AssertionError:  # a hard rule is broken
                continue
    return best


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_no_plan_is_below_the_bound(bench, seed):
    bound, days = bench
    day = days.city(seed, 5, 2)
    best = cheapest(day, days.judge)
    found = bound.lower_bound(day, {0: [], 1: []}) / day["unit"]
    assert best * 0.99 <= found <= best + 0.01
