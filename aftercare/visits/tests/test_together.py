"""Two people, parts fetched on the way, and breaks: kept when times are offered, booked, handed over and planned."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from aftercare.dispatch.daily import day_of_unit, engine_day
from aftercare.dispatch.models import PlanWish
from aftercare.dispatch.services import accept_offer, give_order
from aftercare.dispatch.services.replaying import day_from, inputs_of
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.models import Shift, Unit
from aftercare.people.rules import MACHINE
from aftercare.people.services import add_leave
from aftercare.refusals import Conflict, Invalid
from aftercare.routing.engine import Course
from aftercare.visits.keeping import Promise, pickup_of, plan_of_day, rests_in, shifts_between
from aftercare.visits.models import Appointment
from aftercare.visits.selectors import helping_on, slots_for
from aftercare.visits.services import book_visit, depart, note_behind, reschedule_visit
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import equip_work_order
from tests.cast import MORNING
from tests.together import at_once

HOUR = timedelta(hours=1)
NOON = MORNING + 4 * HOUR


@pytest.fixture
def order(cast):
    """Give an order that Zhou has accepted."""
    found = cast.order()
    offer = found.offers.select_related("order").get(state="offered")
    accept_offer(offer, by=cast.actor("zhou"), at=MORNING)
    found.refresh_from_db()
    return found


def equip(cast, order, people=2, pickup=None):
    equip_work_order(order, people=people, pickup_unit_id=pickup, by=cast.actor("pan"), at=MORNING)


def book(cast, order, begins=NOON) -> Appointment:
    book_visit(order, starts_at=begins, ends_at=begins + 2 * HOUR, by=cast.actor("li"), at=MORNING)
    deliver_until_idle(at=MORNING)
    order.refresh_from_db()
    return Appointment.objects.get(order=order, state="booked")


def test_a_colleague_comes_along_and_both_begin_together(cast, order):
    equip(cast, order)
    visit = book(cast, order)
    assert visit.helper == cast.staff["chen"], "the nearer of two who are free"
    assert visit.planned_from == visit.starts_at == NOON
    assert Fact.objects.get(name="appointment.booked").values["helper"] == visit.helper_id
    start = MORNING.replace(hour=0)
    assert [a.pk for a in helping_on(visit.helper_id, start, start + timedelta(days=1))] == [visit.pk]
    board = day_of_unit(Unit.objects.get(kind="region"), MORNING.date(), at=MORNING)
    assert [v.state for v in board.people[visit.helper_id].visits] == ["helping"]


def test_the_colleague_has_no_other_visit_then(cast, order):
    equip(cast, order)
    book(cast, order)
    other = cast.order(phone="13900001111", name="孙甲")
    other.offers.filter(state="offered").update(staff=cast.staff["chen"])
    accept_offer(other.offers.select_related("order").get(state="offered"), by=cast.actor("chen"), at=MORNING)
    other.refresh_from_db()
    with pytest.raises(Conflict):
        book_visit(
            other, starts_at=NOON, ends_at=NOON + timedelta(minutes=10), by=cast.actor("li"), at=MORNING
        )
    assert not any(
        a <= NOON < b for a, b in slots_for(other, cast.staff["chen"].pk, at=MORNING) if b - a < HOUR
    )


def test_no_time_is_offered_or_booked_when_nobody_can_come_along(cast, order):
    equip(cast, order)
    for name in ("chen", "huang"):
        add_leave(
            cast.staff[name], starts_at=MORNING, ends_at=MORNING + timedelta(days=9), by=MACHINE, at=MORNING
        )
    assert slots_for(order, order.assignee_id, at=MORNING) == []
    with pytest.raises(Conflict) as refused:
        book_visit(order, starts_at=NOON, ends_at=NOON + 2 * HOUR, by=cast.actor("li"), at=MORNING)
    assert refused.value.code == "no_helper"
    assert not Appointment.objects.filter(order=order, state="booked").exists()


def test_nobody_is_in_two_places_when_two_visits_for_two_are_booked_at_once(cast, order):
    other = cast.order(phone="13900001111", name="孙甲")
    other.offers.filter(state="offered").update(staff=cast.staff["chen"])
    accept_offer(other.offers.select_related("order").get(state="offered"), by=cast.actor("chen"), at=MORNING)
    other.refresh_from_db()
    for one in (order, other):
        equip(cast, one)
    li = cast.actor("li")
    went = at_once(
        *(
            lambda one=one: book_visit(one, starts_at=NOON, ends_at=NOON + 2 * HOUR, by=li, at=MORNING)
            for one in (order, other)
        )
    )
    booked = Appointment.objects.filter(state="booked")
    busy = [person for visit in booked for person in (visit.engineer_id, visit.helper_id)]
    assert went.count(True) == booked.count() >= 1
    assert len(busy) == len(set(busy)), "all begin at noon, so each person is in one visit"


def test_moved_or_handed_over_somebody_still_comes_along(cast, order):
    equip(cast, order)
    visit = book(cast, order)
    reschedule_visit(
        visit,
        starts_at=NOON + HOUR,
        ends_at=NOON + 3 * HOUR,
        by=cast.actor("li"),
        at=MORNING,
        because="customer",
    )
    visit.refresh_from_db()
    assert (visit.helper, visit.planned_from) == (cast.staff["chen"], NOON + HOUR)
    give_order(order.pk, cast.staff["chen"].pk, by=cast.actor("pan"), at=MORNING, because="by hand")
    visit.refresh_from_db()
    assert (visit.engineer, visit.helper) == (cast.staff["chen"], cast.staff["zhou"])


def test_the_day_plan_leaves_those_who_meet_alone_and_can_be_made_again(cast, order):
    equip(cast, order)
    visit = book(cast, order)
    for n in range(3):
        cast.order(phone=f"1390000{n:04d}", name="孙甲", lat=30.2621 + n / 300, lon=120.1601)
    region = Unit.objects.get(kind="region")
    board = day_of_unit(region, MORNING.date(), at=MORNING)
    day, routes = engine_day(board, at=MORNING)
    meeting = {job.id: job for job in day.jobs if abs(job.id) == order.pk}
    assert set(meeting) == {order.pk, -order.pk}
    assert {job.windows for job in meeting.values()} == {((visit.planned_from, visit.planned_from),)}
    assert routes[visit.engineer_id] == [order.pk] and routes[visit.helper_id] == [-order.pk]
    planned = day.plan(kept=routes, again=Course(1, 50, (300.0,) * 4))
    who = {job.id: person for person, rows in day.stops(planned).items() for job, _stop in rows}
    assert (who[order.pk], who[-order.pk]) == (visit.engineer_id, visit.helper_id)
    again = day_from(json.loads(json.dumps(inputs_of(day, routes)))).plan(kept=routes, again=planned.course)
    assert (again.routes, again.price) == (planned.routes, planned.price)


def test_how_many_are_needed_is_not_changed_under_a_promise(cast, order):
    book(cast, order)
    with pytest.raises(Conflict) as refused:
        equip(cast, order, people=2)
    assert refused.value.code == "booked_already"
    equip(cast, order, people=1, pickup=cast.other_store.pk)
    assert Fact.objects.get(name="work_order.equipped").values == {
        **Fact.objects.get(name="work_order.equipped").values, "people": 1, "pickup": cast.other_store.pk,
    }  # fmt: skip
    with pytest.raises(Invalid):
        equip(cast, order, people=3)
    with pytest.raises(Invalid):
        equip(cast, order, people=1, pickup=cast.root.pk)  # nobody knows where it is


def test_parts_are_fetched_on_the_way(cast, order):
    zhou = cast.staff["zhou"]
    window = (MORNING, MORNING + 4 * HOUR)
    plain = plan_of_day(zhou, [Promise(order, window)], at=MORNING)
    equip(cast, order, people=1, pickup=cast.other_store.pk)
    order = WorkOrder.objects.select_related("request", "pickup_unit").get(pk=order.pk)
    around = plan_of_day(zhou, [Promise(order, window)], at=MORNING)
    assert pickup_of(order) == (cast.other_store.lat, cast.other_store.lon)
    assert around[1] > plain[1] + 900, "it is a long way round"
    assert around[0][order.pk][0] == MORNING, "the visit begins at the customer's, not at the store"


def rests_on(engineer, start):
    span = start, start + timedelta(days=1)
    return rests_in(shifts_between([engineer.pk], *span), *span, {engineer.pk: engineer.unit_id})


def test_no_time_is_offered_in_which_the_break_would_fall_away(cast, order):
    zhou = cast.staff["zhou"]
    start = MORNING.replace(hour=0) - timedelta(hours=8)
    Shift.objects.filter(staff=zhou, starts_at__lte=MORNING, ends_at__gt=MORNING).update(
        rest_from=NOON, rest_until=NOON + timedelta(minutes=30), rest_minutes=90
    )
    rest = rests_on(zhou, start)[zhou.pk]
    assert rest == (NOON, NOON + timedelta(minutes=30), 90)
    at_noon = Promise(order, (NOON + timedelta(minutes=20), NOON + timedelta(minutes=40)))
    assert plan_of_day(zhou, [at_noon], at=MORNING) is not None
    assert plan_of_day(zhou, [at_noon], at=MORNING, rest=rest) is None


def test_the_break_of_the_pack_holds_where_the_shift_has_none_of_its_own(cast):
    zhou = cast.staff["zhou"]
    start = MORNING.replace(hour=0, minute=0) - timedelta(hours=8)  # midnight in Shanghai
    assert rests_on(zhou, start.astimezone())[zhou.pk][2] == 45
    Shift.objects.filter(staff=zhou).update(rest_minutes=0)
    assert rests_on(zhou, start) == {}


def test_a_visit_that_has_not_begun_as_planned_is_noted_once_and_the_day_is_planned_anew(cast, order):
    visit = book(cast, order)
    late = visit.planned_from + timedelta(minutes=20)
    assert note_behind(at=late - timedelta(seconds=1)) == 0
    assert (note_behind(at=late), note_behind(at=late)) == (1, 0)
    assert Fact.objects.get(name="appointment.behind").values["minutes"] == 20
    deliver_until_idle(at=late)
    assert PlanWish.objects.filter(because="appointment.behind").count() == 1
    reschedule_visit(
        visit,
        starts_at=late + HOUR,
        ends_at=late + 3 * HOUR,
        by=cast.actor("li"),
        at=late,
        because="customer",
    )
    visit.refresh_from_db()
    assert visit.behind_at is None
    depart(order, by=cast.actor("zhou"), at=visit.planned_from)
    assert note_behind(at=visit.planned_from + HOUR) == 0, "somebody has set off"
