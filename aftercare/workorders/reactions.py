"""A received request gets its work order; an order ends a request; parts that have arrived are fetched on the way."""

from __future__ import annotations

from datetime import datetime

from aftercare.intake.selectors import parent_of, requests_by_id
from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact, on_facts
from aftercare.people.rules import MACHINE

from .selectors import requests_with_orders, work_order_by_id
from .services import close_finished_request, note_pickup, open_work_orders


@on_facts("request.received")
def on_requests_received(facts: list[Fact], at: datetime) -> None:
    wanted = {
        fact.subject_id: fact.values.get("service_type", "")
        for fact in facts
        if not fact.values.get("history")
    }
    known = requests_with_orders(wanted)
    requests = [
        request for request in requests_by_id(wanted) if request.state == "open" and request.pk not in known
    ]
    open_work_orders([(r, wanted[r.pk]) for r in requests if wanted[r.pk]], by=MACHINE, at=at)


@on_fact("work_order.completed")
def on_work_order_completed(fact: Fact, at: datetime) -> None:
    close_finished_request(work_order_by_id(fact.subject_id).request_id, at=fact.at)


@on_fact("request.closed", "request.answered", "request.cancelled", "request.merged")
def on_request_over(fact: Fact, at: datetime) -> None:
    parent = None if fact.values.get("history") else parent_of(fact.subject_id)
    if parent is not None:
        close_finished_request(parent, at=fact.at)


@on_fact("transfer.arrived")
def on_transfer_arrived(fact: Fact, at: datetime) -> None:
    """Have the engineer come by where the parts for an order have arrived."""
    order_id, unit_id = fact.order_id, fact.unit_id
    if order_id is not None and unit_id is not None:
        note_pickup(work_order_by_id(order_id), unit_id, at=fact.at)
