"""The plan of a day: what it may touch, what it proposes, what accepting it does, and that it can be made again."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from itertools import pairwise

import pytest

from aftercare.cli.main import main as command
from aftercare.dispatch.daily import day_of_unit, engine_day
from aftercare.dispatch.models import DayPlan, Offer, PlanWish
from aftercare.dispatch.services import (
    Replay,
    accept_offer,
    accept_plan,
    dismiss_plan,
    give_order,
    make_day_plan,
    pin_visit,
    plan_wished_days,
    replay_plan,
    try_move,
    wish_plan,
)
from aftercare.dispatch.services.replaying import day_from, digest_of, inputs_of
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.models import Unit
from aftercare.people.rules import MACHINE
from aftercare.people.services import add_leave
from aftercare.refusals import Conflict, Forbidden
from aftercare.routing.days import spare_in
from aftercare.routing.engine import EDITION
from aftercare.routing.places import great_circle_km
from aftercare.visits.models import Appointment
from aftercare.visits.services import book_visit
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING
from tests.together import at_once

HOUR = timedelta(hours=1)
TODAY = MORNING.date()
NEAR_ZHOU, NEAR_CHEN = (30.2431, 120.1521), (30.2621, 120.1601)


@pytest.fixture
def region(cast):
    return Unit.objects.get(kind="region")


def booked(cast, name: str, spot, begins, n: int = 0) -> WorkOrder:
    """Have somebody accept an order at a place and promise it for two hours."""
    order = cast.order(phone=f"1390000{n:04d}", name=f"客户{'甲乙丙丁戊己'[n]}", lat=spot[0], lon=spot[1])
    offer = Offer.objects.select_related("order").get(order=order, state="offered")
    Offer.objects.filter(pk=offer.pk).update(staff=cast.staff[name])
    offer = Offer.objects.select_related("order").get(pk=offer.pk)
    accept_offer(offer, by=cast.actor(name), at=MORNING)
    deliver_until_idle(at=MORNING)
    order.refresh_from_db()
    book_visit(order, starts_at=begins, ends_at=begins + 2 * HOUR, by=cast.actor("li"), at=MORNING)
    deliver_until_idle(at=MORNING)
    order.refresh_from_db()
    return order


def test_crossed_visits_are_uncrossed_and_promises_stay(cast, region):
    """Zhou has the visits by Chen's door and the other way round: the plan exchanges them within their windows."""
    begins, orders = MORNING + 3 * HOUR, crossed(cast)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    assert plan is not None
    assert {(row["number"], row["to"]) for row in plan.moves} == {
        (orders[0].number, cast.staff["chen"].pk), (orders[1].number, cast.staff["zhou"].pk),
    }  # fmt: skip
    assert plan.after["minutes"] < plan.before["minutes"]
    done = accept_plan(plan, None, by=cast.actor("pan"), at=MORNING)
    assert all(row["done"] for row in done)
    for order, name in zip(orders, ("chen", "zhou"), strict=True):
        order.refresh_from_db()
        appointment = Appointment.objects.get(order=order)
        assert (order.assignee, appointment.engineer) == (cast.staff[name], cast.staff[name])
        assert (order.state, order.window_starts_at) == ("booked", begins)
        assert begins <= appointment.planned_from <= begins + 2 * HOUR
    assert Fact.objects.filter(name="appointment.reassigned").count() == 2
    with pytest.raises(Conflict):
        accept_plan(plan, None, by=cast.actor("pan"), at=MORNING)


def crossed(cast) -> list[WorkOrder]:
    """Give two visits that Zhou and Chen had better exchange."""
    begins = MORNING + 3 * HOUR
    return [
        booked(cast, "zhou", (30.31, 120.16), begins, 0),
        booked(cast, "chen", (30.20, 120.15), begins, 1),
    ]


def test_a_proposal_of_which_nothing_is_left_is_outdated(cast, region):
    crossed(cast)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    plan_wished_days(at=MORNING + 2 * HOUR)
    plan.refresh_from_db()
    assert plan.state == "proposed"
    plan_wished_days(at=MORNING + 6 * HOUR)
    plan.refresh_from_db()
    assert plan.state == "outdated"


def test_a_proposal_goes_once_what_is_agreed_is_as_good(cast, region):
    orders = crossed(cast)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    for order, name in zip(orders, ("chen", "zhou"), strict=True):
        give_order(order.pk, cast.staff[name].pk, by=cast.actor("pan"), at=MORNING, because="by hand")
    assert make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING) is None
    plan.refresh_from_db()
    assert plan.state == "outdated"


def test_what_is_as_good_is_not_proposed(cast, region):
    booked(cast, "zhou", NEAR_ZHOU, MORNING + 3 * HOUR, 0)
    booked(cast, "chen", NEAR_CHEN, MORNING + 3 * HOUR, 1)
    assert make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING) is None


def test_what_begins_soon_and_what_is_pinned_is_left_alone(cast, region):
    soon = booked(cast, "zhou", (30.31, 120.16), MORNING + timedelta(minutes=10), 0)
    pinned = booked(cast, "zhou", (30.32, 120.16), MORNING + 4 * HOUR, 1)
    pin_visit(pinned.pk, pinned=True, by=cast.actor("pan"), at=MORNING)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    assert plan is None or not {soon.number, pinned.number} & {row["number"] for row in plan.moves}


def test_a_plan_is_accepted_in_parts(cast, region):
    begins = MORNING + 3 * HOUR
    first = booked(cast, "zhou", (30.31, 120.16), begins, 0)
    second = booked(cast, "chen", (30.20, 120.15), begins, 1)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    accept_plan(plan, [first.pk], by=cast.actor("pan"), at=MORNING)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.assignee, second.assignee) == (cast.staff["chen"], cast.staff["chen"])


def test_a_plan_is_compared_in_kilometres_too(cast, region):
    begins = MORNING + 3 * HOUR
    orders = [
        booked(cast, "zhou", (30.31, 120.16), begins, 0),
        booked(cast, "chen", (30.20, 120.15), begins, 1),
    ]
    people = day_of_unit(region, TODAY, at=MORNING).people
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    moved = {row["order"]: row["to"] for row in plan.moves}

    def km(holders):
        """Give the kilometres of a day in which everybody's orders are done from the north to the south or the other way, whichever is shorter."""
        total = 0.0
        for who in set(holders.values()):
            stops = sorted((order.lat, order.lon) for order in orders if holders[order.pk] == who)
            home = (people[who].person.lat, people[who].person.lon)
            total += min(
                sum(great_circle_km(a, b) for a, b in pairwise([home, *stops[::step]])) for step in (1, -1)
            )
        return round(1.35 * total)

    before = {order.pk: order.assignee_id for order in orders}
    assert plan.before["km"] == km(before)
    assert plan.after["km"] == km(before | moved) < plan.before["km"]


def test_an_urgent_order_that_nobody_has_is_planned_for_somebody(cast, region):
    for name in ("zhou", "chen"):
        for n in range(3):
            booked(cast, name, NEAR_ZHOU, MORNING + (3 + 2 * n) * HOUR, n if name == "zhou" else n + 3)
    order = cast.order(phone="13900009999", name="客户急", description="空调漏电麻手，外壳带电，孩子碰到了")
    assert not Offer.objects.filter(order=order, state="offered").exists(), "everybody is at the limit"
    assert make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING) is None, (
        "the limit holds in plans too"
    )


def test_the_same_inputs_make_the_same_plan(cast, region):
    begins = MORNING + 3 * HOUR
    booked(cast, "zhou", (30.31, 120.16), begins, 0)
    booked(cast, "chen", (30.20, 120.15), begins, 1)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    plan = DayPlan.objects.get(pk=plan.pk)  # as the database gives it back
    assert replay_plan(plan) == Replay(plan.routes)
    plan.inputs["travel"][1] += 60
    assert replay_plan(plan) == Replay({}, "inputs")


def test_a_promised_visit_had_better_begin_an_hour_before_its_window_ends_and_a_replay_knows(cast, region):
    booked(cast, "zhou", (30.31, 120.16), MORNING + 3 * HOUR)
    waiting = cast.order(phone="13900009999", name="客户急")
    day, routes = engine_day(day_of_unit(region, TODAY, at=MORNING), at=MORNING)
    assert {job.id == waiting.pk: job.spare for job in day.jobs} == {False: 60, True: 0}
    again = day_from(json.loads(json.dumps(inputs_of(day, routes))))
    assert [job.spare for job in again.jobs] == [job.spare for job in day.jobs]
    assert list(again.problem.late_after) == list(day.problem.late_after)
    assert [spare_in((MORNING, MORNING + n * HOUR), 3600) for n in (0, 1, 2, 4)] == [0, 30, 60, 60]


def test_a_plan_that_comes_out_otherwise_says_whether_another_edition_made_it(cast, region):
    begins = MORNING + 3 * HOUR
    booked(cast, "zhou", (30.31, 120.16), begins, 0)
    booked(cast, "chen", (30.20, 120.15), begins, 1)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    made, plan.routes = plan.routes, {}
    assert replay_plan(plan) == Replay(made, "routes"), "the same search must not give another plan"
    plan.inputs["engine"] = EDITION - 1
    plan.digest = digest_of(plan.inputs)
    assert replay_plan(plan) == Replay(made, "engine")


def test_the_command_makes_a_plan_again_and_says_why_where_it_can_not(cast, region, monkeypatch, capsys):
    monkeypatch.setattr("aftercare.cli.planning.installation", nullcontext)
    booked(cast, "zhou", (30.31, 120.16), MORNING + 3 * HOUR, 0)
    booked(cast, "chen", (30.20, 120.15), MORNING + 3 * HOUR, 1)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    assert command(["plan", "list"]) == 0
    assert f"{plan.pk:>6}  {TODAY}  proposed" in capsys.readouterr().out
    assert command(["plan", "replay", str(plan.pk)]) == 0
    assert capsys.readouterr().out.endswith("the same plan\n")
    DayPlan.objects.filter(pk=plan.pk).update(digest="0" * 64)
    assert command(["plan", "replay", str(plan.pk)]) == 1
    assert "the inputs are no longer those" in capsys.readouterr().out
    assert [command(["plan", "replay", wrong]) for wrong in ("999999", "eight", "9" * 40)] == [2, 2, 2]


def test_a_try_says_what_would_happen_and_changes_nothing(cast, region):
    begins = MORNING + 3 * HOUR
    order = booked(cast, "zhou", (30.31, 120.16), begins, 0)
    facts = Fact.objects.count()
    good = try_move(order, cast.staff["chen"].pk, TODAY, by=cast.actor("pan"), at=MORNING)
    assert good["ok"] and good["in_hand"] == [0, 1] and good["spare_minutes"] > 0
    assert good["more_minutes"] < 0 and good["more_km"] < 0, "Chen lives nearer"
    bad = try_move(order, cast.staff["huang"].pk, TODAY, by=cast.actor("pan"), at=MORNING)
    assert not bad["ok"] and bad["against"][0][0] == "certificate_expired"
    nobody = try_move(order, cast.staff["li"].pk, TODAY, by=cast.actor("pan"), at=MORNING)
    assert not nobody["ok"]
    assert Fact.objects.count() == facts


def test_something_that_happens_is_answered_once_it_is_quiet(cast, region):
    begins = MORNING + 3 * HOUR
    booked(cast, "zhou", (30.31, 120.16), begins, 0)
    booked(cast, "chen", (30.20, 120.15), begins, 1)
    PlanWish.objects.all().delete()
    for seconds in (0, 5, 9):
        wish_plan(cast.store.pk, "work_order.late", at=MORNING + timedelta(seconds=seconds))
    assert plan_wished_days(at=MORNING + timedelta(seconds=20)) == 0, "the last wish is eleven seconds old"
    assert plan_wished_days(at=MORNING + timedelta(seconds=30)) == 1
    assert DayPlan.objects.get().because == "work_order.late"
    assert plan_wished_days(at=MORNING + timedelta(seconds=60)) == 0
    wish_plan(cast.store.pk, "work_order.late", at=MORNING + timedelta(minutes=5))
    plan_wished_days(at=MORNING + timedelta(minutes=6))
    assert PlanWish.objects.filter(answered_at=None).count() == 1, "the last plan is six minutes old"
    wish_plan(cast.store.pk, "dispatch.stuck", at=MORNING + timedelta(minutes=6))
    plan_wished_days(at=MORNING + timedelta(minutes=7))
    assert not PlanWish.objects.filter(answered_at=None).exists(), "an urgent order is not kept waiting"
    assert DayPlan.objects.count() == 1, "the same moves are not proposed again"


def test_leave_takes_the_rest_of_a_day_out_of_the_plan(cast, region):
    order = booked(cast, "zhou", NEAR_ZHOU, MORNING + 3 * HOUR, 0)
    add_leave(cast.staff["zhou"], starts_at=MORNING, ends_at=MORNING + 12 * HOUR, by=MACHINE, at=MORNING)
    deliver_until_idle(at=MORNING)
    assert PlanWish.objects.filter(because="staff.on_leave").exists()
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    assert [(row["number"], row["to"]) for row in plan.moves] == [(order.number, cast.staff["chen"].pk)]


def test_of_two_who_accept_and_dismiss_at_once_one_decides(cast, region):
    begins = MORNING + 3 * HOUR
    booked(cast, "zhou", (30.31, 120.16), begins, 0)
    booked(cast, "chen", (30.20, 120.15), begins, 1)
    plan = make_day_plan(region.pk, TODAY, by=cast.actor("pan"), at=MORNING)
    copies = [DayPlan.objects.get(pk=plan.pk) for _n in range(2)]
    went = at_once(
        lambda: accept_plan(copies[0], None, by=cast.actor("pan"), at=MORNING),
        lambda: dismiss_plan(copies[1], by=cast.actor("zheng"), at=MORNING),
    )
    assert sorted(went) == [False, True]
    assert Fact.objects.filter(name__in=["plan.accepted", "plan.dismissed"]).count() == 1


def test_who_may_not_steer_plans_nothing(cast, region):
    with pytest.raises(Forbidden):
        make_day_plan(region.pk, TODAY, by=cast.actor("zhou"), at=MORNING)


def test_the_board_shows_everybody_at_work_with_their_visits(cast, region):
    order = booked(cast, "zhou", NEAR_ZHOU, MORNING + 3 * HOUR, 0)
    board = day_of_unit(region, TODAY, at=MORNING)
    assert set(board.people) == {cast.staff[name].pk for name in ("zhou", "chen", "huang")}
    visit = board.people[cast.staff["zhou"].pk].visits[0]
    assert (visit.order, visit.state, visit.ends - visit.begins) == (order, "booked", HOUR)
