"""What customers do is looked at for signs as it happens."""

from __future__ import annotations

from datetime import datetime

from aftercare.intake.selectors import requests_by_id
from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_facts

from .services import review_customers


@on_facts("request.received", "request.heard", "request.cancelled", "order_event.told", consumer="complaints")
def on_doings(facts: list[Fact], at: datetime) -> None:
    """Review the customers of these facts; of what was taken over from another system, none."""
    cases = {fact.case_id for fact in facts if fact.case_id and not fact.values.get("history")}
    customers = {request.customer_id for request in requests_by_id(cases)} if cases else set()
    customers |= {fact.values.get("customer") for fact in facts if fact.name == "order_event.told"}
    review_customers({one for one in customers if one is not None}, at=max(fact.at for fact in facts))
