"""An open order is dispatched; a refusal or silence asks the next; an acceptance offers slots to the customer."""

from __future__ import annotations

from datetime import datetime

from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact, on_facts
from aftercare.people.rules import MACHINE
from aftercare.refusals import Conflict
from aftercare.visits.selectors import open_appointment
from aftercare.visits.services import cancel_appointment, propose_slots
from aftercare.workorders.selectors import orders_of_request, work_order_by_id, work_orders_by_id
from aftercare.workorders.services import cancel_work_order

from .services import dispatch_orders, wake_queue, wish_plan, withdraw_offers


@on_facts(
    "work_order.opened",
    "work_order.released",
    "work_order.reopened",
    "offer.refused",
    "offer.expired",
    "offer.withdrawn",
)
def on_orders_free(facts: list[Fact], at: datetime) -> None:
    ids = {fact.order_id for fact in facts if fact.order_id is not None}
    for fact in facts:
        appointment = open_appointment(fact.order_id or 0) if fact.name == "work_order.released" else None
        if appointment:
            cancel_appointment(appointment, by=MACHINE, at=at, because="released")
    dispatch_orders(work_orders_by_id(ids), by=MACHINE, at=at)


@on_fact("offer.accepted")
def on_offer_accepted(fact: Fact, at: datetime) -> None:
    if fact.order_id is None:
        return
    order = work_order_by_id(fact.order_id)
    if order.service_type == "remote" or order.state != "pending" or open_appointment(order.pk):
        return
    try:
        propose_slots(order, by=MACHINE, at=at)
    except Conflict as refusal:
        if refusal.code != "no_slot":
            raise


@on_facts(
    "dispatch.stuck",
    "work_order.late",
    "work_order.cancelled",
    "appointment.behind",
    "appointment.cancelled",
    "appointment.rescheduled",
    "staff.shift_removed",
    "staff.on_leave",
    "staff.back",
)
def on_plans_upset(facts: list[Fact], at: datetime) -> None:
    """Have the day planned anew when an urgent order finds nobody, somebody is late, behind or away, or a visit falls out."""
    for fact in facts:
        calm = fact.name == "dispatch.stuck" and fact.values.get("urgency") == "normal"
        if fact.unit_id is not None and not calm:
            wish_plan(fact.unit_id, fact.name, at=at)


@on_fact("work_order.completed")
def on_work_order_completed(fact: Fact, at: datetime) -> None:
    wake_queue(at=at, category=fact.values.get("category", ""))


@on_fact("work_order.cancelled")
def on_work_order_cancelled(fact: Fact, at: datetime) -> None:
    order = work_order_by_id(fact.subject_id)
    withdraw_offers(order, by=MACHINE, at=at, because="cancelled")
    appointment = open_appointment(order.pk)
    if appointment:
        cancel_appointment(appointment, by=MACHINE, at=at, because="cancelled")


@on_fact("work_order.work_adopted")
def on_work_order_work_adopted(fact: Fact, at: datetime) -> None:
    """Ask nobody else any more: whoever had begun it without a network has the order again."""
    withdraw_offers(work_order_by_id(fact.subject_id), by=MACHINE, at=at, because=fact.name)


@on_fact("request.cancelled")
def on_request_cancelled(fact: Fact, at: datetime) -> None:
    for order in orders_of_request(fact.subject_id):
        if order.state in ("pending", "booked"):
            cancel_work_order(order, by=MACHINE, at=at, because="request cancelled")
