"""Which groups are more than chance: exact tails, planted defects found, and few false alarms where there is nothing."""

from __future__ import annotations

import math
import random

import pytest

from aftercare.quality.rules import Group, at_least, suspects

SPANS = {"window": 28.0, "history": 112.0, "false_alarms": 0.05, "least": 4}


@pytest.mark.parametrize(
    ("r", "n", "p", "expected"),
    [(0, 5, 0.3, 1.0), (5, 5, 0.5, 1 / 32), (3, 4, 0.5, 5 / 16), (6, 5, 0.5, 0.0), (1, 10, 0.1, 1 - 0.9**10)],
)
def test_the_tail_is_exact(r, n, p, expected):
    assert at_least(r, n, p) == pytest.approx(expected)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_the_tail_at_its_ends(p):
    assert at_least(3, 10, p) == (1.0 if p else 0.0)
    assert 0 <= at_least(900, 1000, 0.9) <= 1


def company(luck, planted=0.0):
    """Forty models of four categories with six symptoms each, 1.2 repairs a week of each; one grows if `planted`."""
    groups = []
    for model in range(40):
        for symptom in range(6):
            rate = 1.2
            grown = rate * planted if (model, symptom) == (7, 3) and planted else rate
            groups.append(
                Group(
                    f"M{model}",
                    f"c{model % 4}",
                    f"s{symptom}",
                    _poisson(luck, 4 * grown),
                    _poisson(luck, 16 * rate),
                )
            )
    totals = {
        category: (
            sum(g.recent for g in groups if g.category == category),
            sum(g.before for g in groups if g.category == category),
        )
        for category in {g.category for g in groups}
    }
    return groups, totals


def _poisson(luck, mean):
    k, p, limit = 0, 1.0, math.exp(-mean)
    while True:
        p *= luck.random()
        if p <= limit:
            return k
        k += 1


def test_a_planted_defect_is_found_and_little_else():
    luck, found, false = random.Random(5), 0, 0
    for _company in range(40):
        groups, totals = company(luck, planted=6.0)
        names = [
            (s.group.model, s.group.symptom) for s in suspects(groups, totals=totals, pieces={}, **SPANS)
        ]
        found += ("M7", "s3") in names
        false += sum(name != ("M7", "s3") for name in names)
    assert found >= 34, f"found {found} of 40"
    assert false <= 8, f"{false} false alarms"


def test_where_nothing_is_wrong_there_is_hardly_an_alarm():
    luck, alarmed = random.Random(6), 0
    for _company in range(100):
        groups, totals = company(luck)
        alarmed += bool(suspects(groups, totals=totals, pieces={}, **SPANS))
    assert alarmed <= 10, f"{alarmed} of 100 companies were alarmed"


def test_a_season_is_no_defect():
    groups = [Group(f"M{n}", "aircon", "no_cooling", 20, 8) for n in range(10)]
    assert suspects(groups, totals={"aircon": (200, 80)}, pieces={}, **SPANS) == []


def test_a_model_that_was_always_bad_stands_out_among_its_peers():
    groups = [
        Group("BAD", "fridge", "seal", 18, 72),
        *(Group(f"M{n}", "fridge", "seal", 2, 8) for n in range(9)),
    ]
    pieces = {"BAD": 1000} | {f"M{n}": 1000 for n in range(9)}
    first, *others = suspects(groups, totals={"fridge": (36, 144)}, pieces=pieces, **SPANS)
    assert (first.group.model, first.against, others) == ("BAD", "peers", [])
    assert first.expected == pytest.approx(2.0)
    assert suspects(groups, totals={"fridge": (36, 144)}, pieces={}, **SPANS) == [], (
        "nobody knows how many are out there"
    )


def test_three_repairs_are_never_a_defect():
    assert suspects([Group("M", "c", "s", 3, 0)], totals={"c": (3, 500)}, pieces={}, **SPANS) == []
