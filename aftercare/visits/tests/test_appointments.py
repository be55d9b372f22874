"""Slots from the real calendar, one visit of an engineer at a time, moved and cancelled in step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE, customer_actor
from aftercare.people.services import add_leave
from aftercare.refusals import Conflict, Invalid
from aftercare.visits.models import Appointment
from aftercare.visits.rules import free_slots
from aftercare.visits.services import (
    book_visit,
    cancel_appointment,
    choose_slot,
    remind_appointments,
    reschedule_visit,
)
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING

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


def test_slots_avoid_leave_and_what_is_booked():
    day = MORNING.replace(minute=0)
    slots = free_slots(
        shifts=[(day, day + 8 * HOUR)], busy=[(day + HOUR, day + 2 * HOUR), (day + 4 * HOUR, day + 5 * HOUR)], after=day,
        before=day + 24 * HOUR, slot_for=2 * HOUR, day=("08:00", "20:00"), zone="Asia/Shanghai", count=3,
    )  # fmt: skip
    assert [(a - day, b - day) for a, b in slots] == [(2 * HOUR, 4 * HOUR), (5 * HOUR, 7 * HOUR)]


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


@pytest.mark.parametrize("index", [-1, 3, 99])
def test_a_slot_that_was_not_offered_is_refused(cast, index):
    accepted(cast)
    with pytest.raises(Invalid):
        choose_slot(Appointment.objects.select_related("order").get(), index, by=MACHINE, at=MORNING)


def test_two_visits_of_one_engineer_never_overlap(cast):
    first = accepted(cast)
    second = accepted(cast, phone="13900002222", name="张三丰")
    start = MORNING + 3 * HOUR
    book_visit(first, starts_at=start, ends_at=start + 2 * HOUR, by=cast.actor("li"), at=MORNING)
    with pytest.raises(Conflict) as refusal:
        book_visit(second, starts_at=start + HOUR, ends_at=start + 3 * HOUR, by=cast.actor("li"), at=MORNING)
    assert refusal.value.code == "slot_gone"
    book_visit(second, starts_at=start + 2 * HOUR, ends_at=start + 4 * HOUR, by=cast.actor("li"), at=MORNING)
    second.refresh_from_db()
    assert second.state == "booked"


def test_the_database_itself_refuses_an_overlap(cast):
    order = accepted(cast)
    other = accepted(cast, phone="13900002222", name="张三丰")
    start = MORNING + 3 * HOUR
    book_visit(order, starts_at=start, ends_at=start + 2 * HOUR, by=cast.actor("li"), at=MORNING)
    with pytest.raises(IntegrityError, match="one_visit_at_a_time"):
        Appointment.objects.filter(order=other).update(state="booked", starts_at=start, ends_at=start + HOUR)


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
