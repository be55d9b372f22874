"""Hard rules, then points; every candidate with its reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from aftercare.dispatch.rules import (
    Job,
    Person,
    Terms,
    after_trying,
    great_circle_km,
    passed_over,
    rank_candidates,
    what_would_give,
)
from aftercare.policies.rules import load_pack
from tests.cast import HERE

RULES = load_pack("appliance")[1].dispatch
ON = date(2024, 5, 20)
JOB = Job("aircon", "normal", *HERE)
ZHOU = Person(
    id=1, number="GY2024001", name="周*", skills=frozenset(), certificates={"refrigeration": date(2025, 3, 1)}, on_shift=True,
    next_shift_at=None, on_leave=False, unfinished=0, lat=30.243, lon=120.152,
)  # fmt: skip


def judge(person, job=JOB):
    return rank_candidates(job, [person], RULES, on=ON)[0]


def test_a_fit_person_is_possible_with_points_that_add_up():
    found = judge(ZHOU)
    assert found.is_possible
    assert found.total == sum(found.points.values()) <= 100


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("no_certificate", {"certificates": {}}),
        ("certificate_expired", {"certificates": {"refrigeration": date(2024, 5, 19)}}),
        ("not_authorised", {"skills": frozenset({"tv"})}),
        ("on_leave", {"on_leave": True}),
        ("off_shift", {"on_shift": False}),
        ("at_limit", {"unfinished": 3}),
        ("refused_before", {"refused_before": True}),
        ("provider", {"is_provider": True}),
        ("too_far", {"lat": 31.0, "lon": 121.0}),
    ],
)
def test_each_hard_rule_excludes_and_says_so(rule, changes):
    found = judge(replace(ZHOU, **changes))
    assert [name for name, _detail in found.against] == [rule]


def test_a_certificate_is_in_force_through_its_last_day():
    assert judge(replace(ZHOU, certificates={"refrigeration": ON})).is_possible


def test_two_unfinished_may_receive_and_three_may_not():
    assert judge(replace(ZHOU, unfinished=2)).is_possible
    assert not judge(replace(ZHOU, unfinished=3)).is_possible


def test_nearer_freer_and_known_come_first():
    far = replace(ZHOU, id=2, number="GY2", lat=30.33, lon=120.25)
    busy = replace(ZHOU, id=3, number="GY3", unfinished=2)
    known = replace(ZHOU, id=4, number="GY4", was_there=True)
    ranked = rank_candidates(JOB, [far, busy, ZHOU, known], RULES, on=ON)
    assert [c.person.id for c in ranked[:2]] == [4, 1]


def test_urgent_jobs_weigh_the_load_less():
    busy = replace(ZHOU, unfinished=2)
    assert judge(busy, replace(JOB, urgency="critical")).points["load"] > judge(busy).points["load"]


def test_without_a_place_nobody_is_preferred_by_distance():
    assert judge(ZHOU, Job("aircon", "normal", None, None)).km is None


def test_what_would_give_names_those_one_rule_away():
    two = replace(ZHOU, id=2, on_leave=True, unfinished=3)
    one = replace(ZHOU, id=3, unfinished=3)
    gives = what_would_give(rank_candidates(JOB, [two, one], RULES, on=ON))
    assert [(g["staff"], g["gives"][0]) for g in gives] == [(3, "at_limit")]


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [((0, 0), (0, 0), 0), ((0, 0), (0, 1), 111.195), ((52.52, 13.405), (48.8566, 2.3522), 877.46)],
)
def test_great_circle(a, b, km):
    assert great_circle_km(a, b) == pytest.approx(km, abs=0.5)


RETAIL = load_pack("retail")[1].dispatch


def test_whoever_has_more_than_three_gives_way_to_an_idle_colleague_of_the_group():
    rules = RETAIL.model_copy(update={"certificates": {}})
    busy = replace(ZHOU, unfinished=4, was_there=True, group=7)
    idle = replace(ZHOU, id=2, number="GY2024002", unfinished=1, lat=30.30, lon=120.19, group=7)
    far = replace(idle, id=3, number="GY2024003", group=8)
    ranked = rank_candidates(JOB, [busy, idle, far], rules, on=ON)
    assert [c.person.id for c in ranked] == [2, 3, 1]
    assert ranked[-1].gives_way_to == [2] and ranked[-1].as_values()["gives_way_to"] == [2]
    assert [c.person.id for c in passed_over(ranked, ranked[0])] == [1]
    alone = rank_candidates(JOB, [busy, far], rules, on=ON)
    assert alone[0].person.id == 1, "nobody of the group is idle: the points decide"
    three = rank_candidates(JOB, [replace(busy, unfinished=3), idle], rules, on=ON)
    assert not any(c.gives_way_to for c in three)


def test_providers_with_terms_come_last_and_the_cheapest_first():
    job = replace(JOB, units=frozenset({1, 4}))
    dear = replace(
        ZHOU, id=2, number="WB2", is_provider=True, was_there=True, terms=Terms(frozenset({4}), 9000, 2)
    )
    cheap = replace(dear, id=3, number="WB3", was_there=False, terms=Terms(frozenset({1}), 6000, 1))
    busy = replace(ZHOU, unfinished=2)
    assert [c.person.id for c in rank_candidates(job, [dear, cheap, busy], RULES, on=ON)] == [1, 3, 2]
    assert rank_candidates(job, [cheap], RULES, on=ON)[0].as_values()["visit_fen"] == 6000


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        (None, "provider"),
        (Terms(frozenset({9}), 6000, 2), "outside_area"),
        (Terms(frozenset({4}), 6000, 0), "quota_used"),
    ],
)
def test_a_provider_is_excluded_by_its_terms(terms, rule):
    found = judge(replace(ZHOU, is_provider=True, terms=terms), replace(JOB, units=frozenset({4})))
    assert [name for name, _detail in found.against] == [rule]


def test_whoever_can_begin_sooner_goes_before_whoever_is_nearer_but_busy():
    near, far = ZHOU, replace(ZHOU, id=2, number="GY2", lat=30.27, lon=120.17)
    ranked = rank_candidates(JOB, [near, far], RULES, on=ON)
    assert [c.person.id for c in ranked] == [1, 2]
    tried = after_trying(ranked, {1: None, 2: 15}, RULES)
    assert [c.person.id for c in tried] == [2, 1]
    assert tried[0].as_values()["begins_in"] == 15
    assert tried[1].points["travel"] == 0 and tried[1].is_possible, "it may be done another day"
