"""Shifts with breaks, what somebody is authorised for, and what a provider has agreed to."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from aftercare.ledger.models import Fact
from aftercare.people.models import Shift
from aftercare.people.rules import MACHINE
from aftercare.people.selectors import provider_terms
from aftercare.people.services import (
    add_shift,
    add_unit,
    end_provider_terms,
    plan_shifts,
    remove_shift,
    set_provider_terms,
    set_skills,
)
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.cast import MORNING

MONDAY = (MORNING + timedelta(days=30 - MORNING.weekday())).date()
MONDAY -= timedelta(days=MONDAY.weekday())


def plan(cast, name="zhou", by="zheng", **changes):
    given = {
        "first": MONDAY, "last": MONDAY + timedelta(days=13), "weekdays": {0, 1, 2, 3, 4}, "begins": time(8, 30), "ends": time(18),
    }  # fmt: skip
    return plan_shifts(cast.staff[name], **{**given, **changes}, by=cast.actor(by), at=MORNING)


def test_shifts_are_planned_on_weekdays_in_local_time_with_a_break(cast):
    assert plan(cast, rest=(time(11, 30), time(13), 45)) == 10
    first = Shift.objects.filter(staff=cast.staff["zhou"], rest_minutes=45).order_by("starts_at").first()
    assert first.starts_at.isoformat() == f"{MONDAY}T00:30:00+00:00", "half past eight in Shanghai"
    assert (first.rest_from - first.starts_at, first.rest_until - first.rest_from) == (
        timedelta(hours=3),
        timedelta(minutes=90),
    )
    assert Fact.objects.get(name="staff.shifts_planned").values["shifts"] == 10


def test_a_night_shift_ends_on_the_day_after_and_its_break_may_too(cast):
    assert plan(cast, last=MONDAY, begins=time(20), ends=time(6), rest=(time(0, 30), time(2), 30)) == 1
    night = Shift.objects.get(staff=cast.staff["zhou"], rest_minutes=30)
    assert night.ends_at - night.starts_at == timedelta(hours=10)
    assert night.rest_from - night.starts_at == timedelta(hours=4.5)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"last": MONDAY - timedelta(days=1)}, "last"),
        ({"last": MONDAY + timedelta(days=93)}, "last"),
        ({"weekdays": set()}, "weekdays"),
        ({"weekdays": {9}}, "weekdays"),
        ({"ends": time(8, 30)}, "ends"),
        ({"rest": (time(7), time(9), 45)}, "rest"),
        ({"rest": (time(11), time(12), 400)}, "rest"),
        ({"last": MONDAY, "weekdays": {5}}, "weekdays"),
    ],
)
def test_what_is_no_shift_is_refused_as_a_whole(cast, changes, where):
    before = Shift.objects.count()
    with pytest.raises(Invalid) as refused:
        plan(cast, **changes)
    assert where in [problem.where for problem in refused.value.problems]
    assert Shift.objects.count() == before


def test_a_shift_over_another_refuses_all_of_them(cast):
    plan(cast, last=MONDAY + timedelta(days=1))
    with pytest.raises(Conflict) as refused:
        plan(cast)
    assert refused.value.code == "shift_there"
    assert Shift.objects.filter(staff=cast.staff["zhou"], starts_at__date__gte=MONDAY).count() == 2


def test_only_leaders_within_reach_plan_shifts(cast):
    for name in ("li", "zhou"):
        with pytest.raises(Forbidden):
            plan(cast, by=name)
    with pytest.raises(NotFound):
        plan(cast, name="huang", by="dian")


def test_a_shift_is_removed_until_it_begins(cast):
    plan(cast, last=MONDAY)
    shift = Shift.objects.filter(staff=cast.staff["zhou"]).latest("starts_at")
    with pytest.raises(NotFound):
        remove_shift(cast.staff["chen"], shift.pk, by=cast.actor("zheng"), at=MORNING)
    with pytest.raises(Conflict):
        remove_shift(cast.staff["zhou"], shift.pk, by=cast.actor("zheng"), at=shift.starts_at)
    remove_shift(cast.staff["zhou"], shift.pk, by=cast.actor("zheng"), at=MORNING)
    assert not Shift.objects.filter(pk=shift.pk).exists()


def test_a_break_outside_a_shift_is_refused(cast):
    with pytest.raises(Invalid):
        add_shift(
            cast.staff["zhou"], starts_at=MORNING, ends_at=MORNING + timedelta(hours=8), by=MACHINE,
            rest=(MORNING - timedelta(hours=1), MORNING, 30),
        )  # fmt: skip


def test_authorised_categories_are_for_those_who_visit(cast):
    set_skills(cast.staff["zhou"], ["fridge", "aircon", "fridge"], by=cast.actor("zheng"), at=MORNING)
    assert cast.staff["zhou"].skills == ["aircon", "fridge"]
    with pytest.raises(Conflict):
        set_skills(cast.staff["li"], [], by=cast.actor("zheng"), at=MORNING)


def test_terms_are_for_providers_and_for_units_within_reach(cast):
    provider = add_unit(kind="provider", name="顺合", parent=cast.root, by=MACHINE, at=MORNING)
    good = {"areas": [cast.store.pk], "visit_fen": 8000, "daily_quota": 3}
    with pytest.raises(NotFound):
        set_provider_terms(provider, **good, by=cast.actor("zheng"), at=MORNING)
    boss = cast.actor("boss")
    for wrong, where in (
        ({"areas": []}, "areas"), ({"areas": [provider.pk]}, "areas"), ({"visit_fen": -1}, "visit_fen"),
        ({"daily_quota": 5000}, "daily_quota"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            set_provider_terms(provider, **{**good, **wrong}, by=boss, at=MORNING)
        assert [problem.where for problem in refused.value.problems] == [where]
    with pytest.raises(Invalid):
        set_provider_terms(cast.store, **good, by=boss, at=MORNING)
    set_provider_terms(provider, **good, by=boss, at=MORNING)
    set_provider_terms(provider, **{**good, "visit_fen": 7000}, by=boss, at=MORNING)
    assert provider_terms([provider.pk])[provider.pk].visit_fen == 7000
    end_provider_terms(provider, by=boss, at=MORNING)
    assert provider_terms([provider.pk]) == {}
    assert list(Fact.objects.filter(name__startswith="unit.terms").values_list("name", flat=True)) == [
        "unit.terms_set", "unit.terms_set", "unit.terms_ended",
    ]  # fmt: skip
