"""Seal facts in commit order, and find the first seal that no longer fits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ..models import Fact, Seal
from ..rules import seal_digest
from .delivery import on_facts

_SEALED = (
    "id", "transaction", "name", "subject_kind", "subject_id", "case_id", "order_id", "unit_id", "actor_kind",
    "actor_id", "actor_name", "at", "because", "values", "policy_id",
)  # fmt: skip


@on_facts("*", consumer="seals")
def seal_facts(facts: list[Fact], at: datetime) -> None:
    """Seal a run of facts, as the delivery loop hands them out."""
    last = Seal.objects.order_by("-id").first()
    previous = last.digest if last else ""
    Seal.objects.create(
        first_transaction=facts[0].transaction,
        first_fact_id=facts[0].id,
        last_transaction=facts[-1].transaction,
        last_fact_id=facts[-1].id,
        count=len(facts),
        previous=previous,
        digest=seal_digest(previous, [_row(fact) for fact in facts]),
    )


def broken_seal() -> Seal | None:
    """Find the first seal whose facts were changed, removed or added to; None when all hold."""
    previous = ""
    for seal in Seal.objects.order_by("id").iterator():
        rows = [_row(fact) for fact in _facts_of(seal)]
        if seal.previous != previous or len(rows) != seal.count or seal_digest(previous, rows) != seal.digest:
            return seal
        previous = seal.digest
    return None


def _facts_of(seal: Seal) -> QuerySet[Fact]:
    return Fact.objects.extra(
        where=["(transaction, id) >= (%s, %s)", "(transaction, id) <= (%s, %s)"],
        params=[seal.first_transaction, seal.first_fact_id, seal.last_transaction, seal.last_fact_id],
    ).order_by("transaction", "id")


def _row(fact: Fact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in _SEALED}
