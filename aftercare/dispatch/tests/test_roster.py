"""Who is looked at in a large company: the nearest and least busy, seniors where wanted, and everybody before giving up."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.dispatch import crew
from aftercare.dispatch.models import Matching, Offer, QueueEntry
from aftercare.dispatch.roster import EXPLAINED, LOOKED_AT, Roster
from aftercare.dispatch.rules import Job, Person, Terms, rank_candidates
from aftercare.dispatch.services import dispatch_order
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.models import Shift
from aftercare.people.rules import MACHINE
from aftercare.people.services import add_certificate, add_shift, add_staff
from aftercare.policies.rules import load_pack
from aftercare.routing.places import great_circle_km
from tests.cast import HERE, MORNING

RULES = load_pack("appliance")[1].dispatch
ON = date(2024, 5, 20)


def people(seed: int, count: int = 600) -> list[Person]:
    luck = random.Random(seed)
    return [
        Person(
            n, f"GY{n:05d}", "工*", frozenset(), {luck.choice(("refrigeration", "gas")): ON + timedelta(days=luck.randint(-3, 300))},
            luck.random() < 0.7, None, luck.random() < 0.05, luck.randint(0, 3), HERE[0] + luck.uniform(-0.3, 0.3),
            HERE[1] + luck.uniform(-0.3, 0.3), is_senior=luck.random() < 0.1, group=n % 9,
        )
        for n in range(count)
    ]  # fmt: skip


def look(roster: Roster, job: Job, seniors: bool = False) -> list[int]:
    return roster.worth_a_look(
        job, RULES.certificates.get(job.category, ""), limit=RULES.max_unfinished, near_km=RULES.near_km,
        far_km=RULES.far_km, seniors=seniors,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_best_of_those_looked_at_is_about_the_best_of_all(seed):
    everybody, luck = people(seed), random.Random(seed)
    job = Job("aircon", "normal", HERE[0] + luck.uniform(-0.2, 0.2), HERE[1] + luck.uniform(-0.2, 0.2))
    roster = Roster(everybody)
    chosen = rank_candidates(job, [roster.people[one] for one in look(roster, job)], RULES, on=ON)
    best = rank_candidates(job, everybody, RULES, on=ON)[0]
    assert best.is_possible == chosen[0].is_possible
    assert len(chosen) < 40, "only some are looked at"
    if best.is_possible:
        assert chosen[0].total >= best.total - 5, "of a hundred points"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_those_looked_at_are_the_nearest_with_the_least_in_hand(seed):
    """The same as asking everybody in turn; whoever is nowhere comes when there are not enough others."""
    luck = random.Random(seed)
    everybody = [
        replace(
            one, lat=None if luck.random() < 0.05 else one.lat,
            skills=frozenset(luck.sample(["aircon", "washer", "fridge"], 2)) if luck.random() < 0.3 else frozenset(),
            is_provider=luck.random() < 0.1,
        )
        for one in people(seed, luck.choice((5, 60, 600, 2000)))
    ]  # fmt: skip
    job = Job("aircon", "normal", HERE[0] + luck.uniform(-0.5, 0.5), HERE[1])
    needed, most = RULES.certificates["aircon"], RULES.max_unfinished

    def km(one: Person) -> float:
        return 0.0 if one.lat is None else great_circle_km((job.lat, job.lon), (one.lat, one.lon))

    def can(one: Person) -> bool:
        free = one.on_shift and not one.on_leave and not one.is_provider and one.unfinished < most
        authorised = needed in one.certificates and (not one.skills or "aircon" in one.skills)
        return free and authorised and km(one) <= RULES.far_km

    def price(one: Person) -> float:
        return km(one) / RULES.near_km + one.unfinished

    everybody = [one for one in everybody if abs(km(one) - RULES.far_km) > 0.3]  # the earth is taken as flat
    near = [one for one in everybody if one.lat is not None and can(one)]
    nowhere = [one.id for one in everybody if one.lat is None and can(one)]
    roster = Roster(everybody)
    found = [one for one in look(roster, job) if can(roster.people[one])]
    firsts = [one for one in found if roster.people[one].lat is not None]
    expected = sorted(map(price, near))[:LOOKED_AT]
    assert [price(roster.people[one]) for one in firsts] == pytest.approx(expected, rel=0.01)
    assert sorted(set(found) - set(firsts)) == sorted(nowhere)[: LOOKED_AT - len(firsts)]
    impossible = [roster.people[one] for one in look(roster, job)[len(found) :]]
    others = [one for one in everybody if one.lat is not None and needed in one.certificates and not can(one)]
    nearest = sorted(km(one) for one in others if km(one) <= RULES.far_km)[:EXPLAINED]
    assert len(impossible) <= EXPLAINED and all(needed in one.certificates for one in impossible)
    assert [km(one) for one in impossible][: len(nearest)] == pytest.approx(nearest, rel=0.01)


def test_senior_technicians_are_looked_for_beyond_the_nearest():
    near = [
        replace(one, is_senior=False, on_shift=True, on_leave=False, unfinished=0) for one in people(1, 300)
    ]
    far = replace(near[0], id=999, number="GY999", is_senior=True, lat=HERE[0] + 0.29, lon=HERE[1])
    roster = Roster([*near, replace(far, certificates={"refrigeration": ON})])
    job = Job("aircon", "critical", *HERE)
    assert 999 not in look(roster, job)
    assert look(roster, job, seniors=True)[0] == 999


def test_providers_next_door_never_crowd_out_the_own_staff_farther_away():
    fit = replace(
        people(1, 1)[0], certificates={"refrigeration": ON}, on_shift=True, on_leave=False, unfinished=0
    )
    terms = Terms(frozenset({4}), 6000, 9)
    outside = [
        replace(fit, id=n, number=f"WB{n}", lat=HERE[0], lon=HERE[1], is_provider=True, terms=terms) for n in range(100, 140)
    ]  # fmt: skip
    own = replace(fit, id=7, number="GY7", lat=HERE[0] + 0.2, lon=HERE[1])
    job = Job("aircon", "normal", *HERE, units=frozenset({4}))
    roster = Roster([*outside, own])
    assert (
        rank_candidates(job, [roster.people[one] for one in look(roster, job)], RULES, on=ON)[0].person is own
    )
    alone = Roster(outside)
    found = rank_candidates(job, [alone.people[one] for one in look(alone, job)], RULES, on=ON)
    assert found[0].is_possible and found[0].person.is_provider


def test_without_a_place_everybody_with_the_certificate_may_be_looked_at():
    roster = Roster(people(3))
    found = look(roster, Job("aircon", "normal", None, None))
    assert LOOKED_AT <= len(found) < 40
    assert all("refrigeration" in roster.people[one].certificates for one in found)


def test_a_large_company_asks_the_nearest_and_looks_at_everybody_before_an_order_is_stuck(cast, monkeypatch):
    monkeypatch.setattr(crew, "EVERYBODY", 2)
    monkeypatch.setattr("aftercare.dispatch.roster.LOOKED_AT", 2)
    monkeypatch.setattr("aftercare.dispatch.roster.EXPLAINED", 1)
    for n in range(12):  # colleagues near the customer who could, but whose certificate lapsed yesterday
        staff = add_staff(
            number=f"GY2025{n:03d}",
            name="钱多",
            unit=cast.store,
            roles=["engineer"],
            by=MACHINE,
            at=MORNING,
            home=HERE,
        )
        add_certificate(
            staff,
            code="refrigeration",
            valid_on=ON - timedelta(days=90),
            expires_on=ON - timedelta(days=1),
            by=MACHINE,
            at=MORNING,
        )
        add_shift(staff, starts_at=MORNING, ends_at=MORNING + timedelta(hours=8), by=MACHINE)
    order = cast.order()
    assert Offer.objects.get(order=order, state="offered").staff == cast.staff["zhou"]
    assert Matching.objects.get(order=order).excluded >= 12, "all within reach were judged before giving up"

    Shift.objects.all().delete()
    crew._ROSTERS.forget()
    alone = cast.order(phone="13900005555", name="孙甲")
    entry = QueueEntry.objects.get(order=alone)
    assert entry.state == "waiting" and not Offer.objects.filter(order=alone).exists()


def test_two_orders_of_one_run_go_to_two_people_where_one_is_at_the_limit(cast):
    for n in range(2):
        cast.order(phone=f"1390000{n:04d}", name="孙甲")
    offers = Offer.objects.filter(state="offered", staff=cast.staff["zhou"])
    last = [cast.request(phone=f"1390001{n:04d}", name="孙乙") for n in range(3)]
    deliver_until_idle(at=MORNING)
    assert len(last) == 3 and offers.count() <= RULES.max_unfinished
    assert Offer.objects.filter(state="offered", staff=cast.staff["chen"]).count() >= 1
    assert dispatch_order(offers[0].order, by=MACHINE, at=MORNING) is None, "it is offered already"


def test_people_are_read_again_some_at_a_time_while_those_known_serve_on(cast, monkeypatch):
    monkeypatch.setattr(crew, "SLICE", 1)
    monkeypatch.setattr(crew, "PAUSE", 0.01)
    known = crew.roster_of(MORNING, ON)
    new = add_staff(
        number="GY2025001", name="钱多", unit=cast.store, roles=["engineer"], by=MACHINE, at=MORNING
    )
    crew._ROSTERS._people_until = 0.0
    assert crew.roster_of(MORNING, ON) is known and new.pk not in known.people
    deadline = time.monotonic() + 10
    while new.pk not in crew.roster_of(MORNING, ON).people and time.monotonic() < deadline:
        time.sleep(0.02)
    assert set(crew.roster_of(MORNING, ON).people) == {*known.people, new.pk}


def test_what_people_have_in_hand_is_counted_again_beside_the_work(cast, monkeypatch):
    monkeypatch.setattr(crew, "EVERYBODY", 2)
    known, zhou = crew.roster_of(MORNING, ON), cast.staff["zhou"].pk
    known.reload({zhou: 3})
    crew._ROSTERS._loads_until = 0.0
    assert crew.roster_of(MORNING, ON).load_of(zhou) == 3, "nobody waits for it"
    deadline = time.monotonic() + 10
    while known.load_of(zhou) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert known.load_of(zhou) == 0


@pytest.mark.parametrize("again", ["read", "count"])
def test_when_the_database_refuses_those_known_serve_on(cast, monkeypatch, again):
    known = crew.roster_of(MORNING, ON)
    before = {one: known.load_of(one) for one in known.people}

    def gone(*_asked, **_narrowed):
        raise OperationalError("gone")

    monkeypatch.setattr(crew, "read_people", gone)
    monkeypatch.setattr(crew, "workloads", gone)
    rosters = crew._ROSTERS
    work = (
        (rosters._read_again, (MORNING, known), MORNING, ON)
        if again == "read"
        else (rosters._count_again, known)
    )
    crew._beside(*work).join()
    assert (
        crew.roster_of(MORNING, ON) is known and {one: known.load_of(one) for one in known.people} == before
    )
