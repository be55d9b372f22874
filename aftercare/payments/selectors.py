"""Reads of payments."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from .models import Payment
from .providers import provider


def pays_online() -> bool:
    """Say whether customers of this installation can pay online at all."""
    return provider() is not None


def payments_for(actor: Actor, *, state: str = "") -> QuerySet[Payment]:
    """Give the payments within reach, the newest first; `state` may also be `doubted`."""
    require(actor, "read_payment")
    rows = Payment.objects.select_related("order__request__customer", "unit").order_by("-opened_at")
    if actor.units is not None:
        rows = rows.filter(unit_id__in=actor.units)
    if state == "doubted":
        return rows.exclude(doubt="")
    return rows.filter(state=state) if state else rows


def payment_for(actor: Actor, number: str) -> Payment:
    found = payments_for(actor).filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def count_payments(actor: Actor) -> dict[str, int]:
    """Count the payments within reach by state, and those doubted."""
    rows = payments_for(actor).order_by()
    counted = dict(rows.values_list("state").annotate(Count("id")))
    return {**counted, "doubted": rows.aggregate(n=Count("id", filter=~Q(doubt="")))["n"]}


def payment_of_visit(visit_id: int) -> Payment | None:
    return Payment.objects.filter(visit_id=visit_id).first()


def payment_of_case(case_id: int) -> Payment | None:
    """Give what a customer has to pay for a case, else what they paid last."""
    rows = list(
        Payment.objects.select_related("order")
        .filter(order__request_id=case_id)
        .exclude(state="dropped")
        .order_by("-id")
    )
    return next((row for row in rows if row.state == "open"), rows[0] if rows else None)
