"""Customers of the made-up day who pay by their link: most at once, some later, a few not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aftercare.ledger.models import Fact
from aftercare.payments.models import Payment
from aftercare.payments.providers import signed_headers
from aftercare.payments.services import begin_payment, hear_payment
from aftercare.people.rules import customer_actor

if TYPE_CHECKING:
    from .day import Day


def pays_by_link(visit_id: int) -> bool:
    """Say whether the customer of a visit pays online: every third, so that the luck of the day stays what it was."""
    return visit_id % 3 == 0


def payment_opened(day: Day, fact: Fact, now: datetime) -> None:
    visit_id = fact.values["visit"]
    if pays_by_link(visit_id) and visit_id % 12:
        day.at(now + timedelta(minutes=1 + visit_id % 25), lambda at: _pay(fact.subject_id, at))


def _pay(payment_id: int, at: datetime) -> None:
    payment = Payment.objects.select_related("order__request__customer").get(pk=payment_id)
    customer = payment.order.request.customer
    who = customer_actor(customer.pk if customer else 0, customer.name_masked if customer else "")
    begin_payment(payment, returns_to="/", by=who, at=at)
    told = {
        "number": f"{payment.number}.{payment.attempts + 1}", "amount_fen": payment.amount_fen, "state": "paid",
        "reference": f"SANDBOX-{payment.number}",
    }  # fmt: skip
    body = json.dumps(told)
    hear_payment(signed_headers(body, at=datetime.now(UTC)), body.encode(), at=at)
