"""Slots from the real calendar, one visit of an engineer at a time, moved and cancelled in step."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError

from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Message
from aftercare.people.rules import MACHINE, customer_actor
from aftercare.people.services import add_leave
from aftercare.refusals import Conflict, Invalid
from aftercare.routing.travel import Osrm
from aftercare.visits.keeping import windows_kept
from aftercare.visits.learned import LEAST, forget_learned, travel_for, usual_minutes
from aftercare.visits.models import Appointment, Visit
from aftercare.visits.rules import choose_windows, possible_windows
from aftercare.visits.services import (
    book_visit,
    cancel_appointment,
    choose_slot,
    depart,
    offer_other_times,
    remind_appointments,
    reschedule_visit,
)
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING
from tests.together import at_once

HOUR = timedelta(hours=1)


def accepted(cast, **changes):
    order = cast.order(**changes)
    accept_offer(
        Offer.objects.select_related("order").get(order=order, state="offered"),
        by=cast.actor("zhou"),
        at=MORNING,
    )
    deliver_until_idle(at=MORNING)
    return WorkOrder.objects.get(pk=order.pk)


def test_windows_lie_in_shifts_and_the_hours_of_the_day():
    day = MORNING.replace(minute=0)
    windows = possible_windows(
        shifts=[(day, day + 4 * HOUR), (day + 9 * HOUR, day + 14 * HOUR)], after=day + timedelta(minutes=5),
        before=day + 24 * HOUR, slot_for=2 * HOUR, day=("08:00", "20:00"), zone="Asia/Shanghai",
    )  # fmt: skip
    assert [(a - day) / HOUR for a, _b in windows] == [1, 2, 9]


def test_the_cheapest_windows_are_chosen_without_overlap_and_not_all_on_a_day():
    day = MORNING.replace(minute=0)
    spans = [(day + n * HOUR, day + (n + 2) * HOUR) for n in (0, 1, 2, 4)] + [
        (day + 24 * HOUR, day + 26 * HOUR)
    ]
    chosen = choose_windows(zip((500, 100, 90, 300, 900), spans, strict=True), count=3, zone="Asia/Shanghai")
    assert [(a - day) / HOUR for a, _b in chosen] == [2, 4, 24]
    prices = (500, 900, 800, 700, 100)
    late = choose_windows(
        zip(prices, spans, strict=True), count=2, zone="Asia/Shanghai", soon=day + 20 * HOUR
    )
    assert [(a - day) / HOUR for a, _b in late] == [0, 24], "one within the day, though it costs more"


def test_acceptance_offers_slots_and_the_clocks_wait(cast):
    order = accepted(cast)
    appointment = Appointment.objects.get()
    assert 2 <= len(appointment.slots) <= 3
    assert order.waiting_for == "customer"


def test_the_customer_chooses_and_is_reminded_an_hour_before(cast):
    order = accepted(cast)
    appointment = Appointment.objects.select_related("order").get()
    choose_slot(appointment, 0, by=customer_actor(cast.wang.pk, "王*"), at=MORNING)
    order.refresh_from_db()
    assert (order.state, order.waiting_for, order.window_starts_at) == ("booked", "", appointment.starts_at)
    assert remind_appointments(at=appointment.starts_at - HOUR - timedelta(seconds=1)) == 0
    assert remind_appointments(at=appointment.starts_at - HOUR) == 1
    assert remind_appointments(at=appointment.starts_at) == 0


def test_a_promise_that_cant_be_kept_is_taken_back_with_other_times_in_hand(cast):
    order = accepted(cast)
    first = Appointment.objects.select_related("order").get()
    choose_slot(first, 0, by=customer_actor(cast.wang.pk, "王*"), at=MORNING)
    deliver_until_idle(at=MORNING)
    with pytest.raises(Invalid):
        offer_other_times(first, by=cast.actor("li"), at=MORNING + HOUR, because="")
    lost = (first.starts_at, first.ends_at)
    second = offer_other_times(first, by=cast.actor("li"), at=MORNING + HOUR, because="周工的车坏了")
    deliver_until_idle(at=MORNING + HOUR)
    order.refresh_from_db()
    assert (first.state, second.state, order.state, order.waiting_for) == (
        "cancelled",
        "proposed",
        "pending",
        "customer",
    )
    assert order.assignee_id == cast.staff["zhou"].pk, "in the same hands"
    said = Message.objects.filter(template="other_times").get()
    assert f"{lost[0].astimezone(ZoneInfo('Asia/Shanghai')):%m-%d %H:%M}" in said.body and "/c/" in said.body
    with pytest.raises(Conflict):
        offer_other_times(first, by=cast.actor("li"), at=MORNING + HOUR, because="再试一次")


def test_a_promise_stays_when_no_other_time_can_be_offered(cast):
    accepted(cast)
    first = Appointment.objects.select_related("order").get()
    choose_slot(first, 0, by=customer_actor(cast.wang.pk, "王*"), at=MORNING)
    add_leave(
        cast.staff["zhou"], starts_at=MORNING, ends_at=MORNING + timedelta(days=30), reason="住院", by=cast.actor("zheng"), at=MORNING
    )  # fmt: skip
    with pytest.raises(Conflict):
        offer_other_times(first, by=cast.actor("li"), at=MORNING + HOUR, because="周工住院")
    first.refresh_from_db()
    assert first.state == "booked"


@pytest.mark.parametrize("index", [-1, 3, 99])
def test_a_slot_that_was_not_offered_is_refused(cast, index):
    accepted(cast)
    with pytest.raises(Invalid):
        choose_slot(Appointment.objects.select_related("order").get(), index, by=MACHINE, at=MORNING)


def test_two_visits_of_one_engineer_never_overlap(cast):
    """Windows may, visits may not: two of an hour fit into two hours, a third does not."""
    cast.staff["chen"].certificates.all().delete()
    orders = [accepted(cast, phone=f"1390000222{n}", name=f"张三{'一二三'[n]}") for n in range(3)]
    start = MORNING + 3 * HOUR
    for order in orders[:2]:
        book_visit(order, starts_at=start, ends_at=start + HOUR, by=cast.actor("li"), at=MORNING)
    planned = sorted(Appointment.objects.filter(state="booked").values_list("planned_from", "planned_to"))
    assert planned[0][1] <= planned[1][0]
    assert all(start <= begins <= start + HOUR for begins, _ends in planned)
    with pytest.raises(Conflict) as refusal:
        book_visit(orders[2], starts_at=start, ends_at=start + HOUR, by=cast.actor("li"), at=MORNING)
    assert refusal.value.code == "slot_gone"
    book_visit(
        orders[2], starts_at=start + 2 * HOUR, ends_at=start + 4 * HOUR, by=cast.actor("li"), at=MORNING
    )
    orders[2].refresh_from_db()
    assert orders[2].state == "booked"


def test_the_database_itself_refuses_an_overlap(cast):
    order = accepted(cast)
    other = accepted(cast, phone="13900002222", name="张三丰")
    start = MORNING + 3 * HOUR
    book_visit(order, starts_at=start, ends_at=start + 2 * HOUR, by=cast.actor("li"), at=MORNING)
    planned = Appointment.objects.get(order=order)
    with pytest.raises(IntegrityError, match="one_visit_at_a_time"):
        Appointment.objects.filter(order=other).update(
            state="booked", starts_at=start, ends_at=start + HOUR, planned_from=planned.planned_from,
            planned_to=planned.planned_to,
        )  # fmt: skip


def test_what_somebody_is_on_their_way_to_is_not_planned_anew(cast):
    """Planned late in its window behind a visit that is over by now; a further one is planned around it."""
    order, other = accepted(cast), accepted(cast, phone="13900002222", name="张三丰")
    start = MORNING + HOUR
    under_way = book_visit(order, starts_at=start, ends_at=start + 2 * HOUR, by=cast.actor("li"), at=MORNING)
    planned = start + HOUR, start + 2 * HOUR
    Appointment.objects.filter(pk=under_way.pk).update(planned_from=planned[0], planned_to=planned[1])
    order.refresh_from_db()
    depart(order, by=cast.actor("zhou"), at=start + HOUR / 2)
    with pytest.raises(Conflict):  # only if the one under way were made earlier, which is too late now
        book_visit(other, starts_at=planned[0], ends_at=planned[0] + HOUR / 6, by=cast.actor("li"), at=start + HOUR / 2)  # fmt: skip
    booked = book_visit(other, starts_at=start, ends_at=start + 3 * HOUR, by=cast.actor("li"), at=start + HOUR / 2)  # fmt: skip
    under_way.refresh_from_db()
    booked.refresh_from_db()
    assert under_way.state == "booked"
    assert under_way.planned_from == planned[0]
    assert booked.planned_from >= under_way.planned_to or booked.planned_to <= under_way.planned_from


def test_of_two_who_book_the_last_place_at_once_one_gets_it(cast):
    orders = [accepted(cast, phone=f"1390000222{n}", name=f"张三{'一二'[n]}") for n in range(2)]
    start = MORNING + 3 * HOUR
    half = timedelta(minutes=30)
    went = at_once(
        *(
            lambda o=order: book_visit(
                o, starts_at=start, ends_at=start + half, by=cast.actor("li"), at=MORNING
            )
            for order in orders
        )
    )
    assert sorted(went) == [False, True]


def test_slots_that_a_customer_is_choosing_from_are_held_for_some_minutes(cast):
    """The engineer can keep one of half an hour only; whoever comes second is not offered it, until the hold is over."""
    order, other = accepted(cast), accepted(cast, phone="13900002222", name="张三丰")
    zhou = cast.staff["zhou"]
    start = MORNING + 3 * HOUR
    window = (start, start + timedelta(minutes=30))
    held = Appointment.objects.get(order=order)
    Appointment.objects.filter(pk=held.pk).update(slots=[[t.isoformat() for t in window]])
    Appointment.objects.filter(order=other).delete()
    kept = {"zone": "Asia/Shanghai"}
    assert windows_kept(other, zhou, [window], at=MORNING + timedelta(minutes=9), **kept) == []
    assert len(windows_kept(other, zhou, [window], at=MORNING + timedelta(minutes=11), **kept)) == 1


def test_the_time_a_visit_takes_is_learned_and_never_below_the_floor(cast):
    order = accepted(cast)
    forget_learned()
    assert usual_minutes(order) == 60
    for n in range(LEAST):
        visit = Visit(
            number=f"OS{n}", order=order, engineer=cast.staff["zhou"], unit=cast.store, state="finished", record_hash="x",
            departed_at=MORNING, arrived_at=MORNING, finished_at=MORNING + timedelta(minutes=5 + 20 * n),
            state_since=MORNING, policy_id=order.policy_id,
        )  # fmt: skip
        visit.save()
    forget_learned()
    assert usual_minutes(order) == 45
    Visit.objects.update(finished_at=MORNING + timedelta(minutes=2))
    forget_learned()
    assert usual_minutes(order) == 15


def test_moving_and_cancelling_keep_the_order_in_step(cast):
    order = accepted(cast)
    start = MORNING + 3 * HOUR
    appointment = book_visit(
        order, starts_at=start, ends_at=start + 2 * HOUR, by=cast.actor("li"), at=MORNING
    )
    reschedule_visit(
        appointment,
        starts_at=start + 24 * HOUR,
        ends_at=start + 26 * HOUR,
        by=cast.actor("li"),
        at=MORNING,
        because="客户改期",
    )
    order.refresh_from_db()
    assert order.window_starts_at == start + 24 * HOUR
    cancel_appointment(appointment, by=cast.actor("li"), at=MORNING, because="客户不在家")
    order.refresh_from_db()
    assert (order.state, order.window_starts_at, order.assignee) == ("pending", None, cast.staff["zhou"])
    assert Fact.objects.filter(name="appointment.rescheduled").get().values["before"][0]


def test_leave_takes_slots_away(cast):
    add_leave(
        cast.staff["zhou"], starts_at=MORNING, ends_at=MORNING + timedelta(days=10), by=MACHINE, at=MORNING
    )
    order = cast.order()
    assert Offer.objects.get(order=order).staff == cast.staff["chen"]


@pytest.mark.parametrize(("starts", "ends"), [(2, 1), (2, 20), (-5, -3)])
def test_a_window_that_is_none_is_refused(cast, starts, ends):
    with pytest.raises(Invalid):
        book_visit(
            accepted(cast),
            starts_at=MORNING + starts * HOUR,
            ends_at=MORNING + ends * HOUR,
            by=cast.actor("li"),
            at=MORNING,
        )


def test_a_routing_server_is_kept_for_what_it_remembers(cast, settings):
    settings.TRAVEL = "osrm http://127.0.0.1:9"
    assert isinstance(travel_for(cast.store.pk), Osrm)
    assert travel_for(cast.store.pk) is travel_for(cast.store.pk)
