"""A received request gets its work order; a finished order may close its request."""

from __future__ import annotations

from datetime import datetime

from aftercare.intake.selectors import request_by_id
from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact
from aftercare.people.rules import MACHINE

from .selectors import orders_of_request, work_order_by_id
from .services import close_finished_request, open_work_order


@on_fact("request.received")
def on_request_received(fact: Fact, at: datetime) -> None:
    service_type = fact.values.get("service_type")
    if not service_type or fact.values.get("history"):
        return
    request = request_by_id(fact.subject_id)
    if request.state == "open" and not orders_of_request(request.pk):
        open_work_order(request, service_type=service_type, by=MACHINE, at=at)


@on_fact("work_order.completed")
def on_work_order_completed(fact: Fact, at: datetime) -> None:
    close_finished_request(work_order_by_id(fact.subject_id), at=fact.at)
