"""Write facts, and wake those who wait for them once the transaction has committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from ..models import Fact
from ..rules import By

CHANNEL = "aftercare_facts"


def record(
    name: str,
    subject: models.Model,
    *,
    by: By,
    at: datetime,
    values: Mapping[str, Any] | None = None,
    because: str = "",
) -> Fact:
    """Append one fact about `subject`; its `case_id`, `order_id`, `unit_id` and `policy_id` are taken along.

    `values` must be JSON and hold no personal data in clear.
    """
    fact = _fact(name, subject, by=by, at=at, values=values, because=because)
    fact.save(force_insert=True)
    wake_readers()
    return fact


def record_many(
    name: str, happenings: Iterable[tuple[models.Model, Mapping[str, Any], datetime]], *, by: By
) -> list[Fact]:
    """Append a fact about each subject, with its values and instant, in one statement."""
    facts = [_fact(name, subject, by=by, at=at, values=values) for subject, values, at in happenings]
    if facts:
        Fact.objects.bulk_create(facts)
        wake_readers()
    return facts


def _fact(
    name: str,
    subject: models.Model,
    *,
    by: By,
    at: datetime,
    values: Mapping[str, Any] | None = None,
    because: str = "",
) -> Fact:
    about: dict[str, Any] = getattr(subject, "fact_values", dict)()
    return Fact(
        name=name, subject_kind=getattr(subject, "KIND", "") or subject._meta.model_name or "", subject_id=subject.pk,
        case_id=getattr(subject, "case_id", None), order_id=getattr(subject, "order_id", None),
        unit_id=getattr(subject, "unit_id", None), policy_id=getattr(subject, "policy_id", None), actor_kind=by.kind,
        actor_id=by.id, actor_name=by.name, at=at, because=because, values={**about, **(values or {})},
    )  # fmt: skip


def wake_readers() -> None:
    """Send one NOTIFY after the commit, however many facts the transaction holds.

    NOTIFY inside the transaction would take a database-wide lock at commit; outside it costs one round trip.
    """
    hooks = connection.run_on_commit
    if any(hook[1] is _notify for hook in hooks):
        return
    transaction.on_commit(_notify)


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
