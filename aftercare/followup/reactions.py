"""A completed order is followed up."""

from __future__ import annotations

from datetime import datetime

from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact
from aftercare.people.rules import MACHINE
from aftercare.workorders.selectors import work_order_by_id

from .services import forget_opinions, open_survey


@on_fact("work_order.completed")
def on_work_order_completed(fact: Fact, at: datetime) -> None:
    open_survey(work_order_by_id(fact.subject_id), by=MACHINE, at=fact.at)


@on_fact("customer.erased")
def on_customer_erased(fact: Fact, at: datetime) -> None:
    forget_opinions(fact.values["customer"])
