"""Write facts, and wake those who wait for them once the transaction has committed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from aftercare.compiled import insert
from aftercare.refusals import Invalid

from ..models import Fact
from ..rules import By

CHANNEL = "aftercare_facts"
LIVE = "aftercare_live"  # what is told to open pages and is no fact


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
    insert([fact])
    wake_readers()
    return fact


def record_many(
    name: str,
    happenings: Iterable[tuple[models.Model, Mapping[str, Any], datetime]],
    *,
    by: By,
    because: str = "",
) -> list[Fact]:
    """Append a fact about each subject, with its values and instant, in one statement."""
    facts = [
        _fact(name, subject, by=by, at=at, values=values, because=because)
        for subject, values, at in happenings
    ]
    if facts:
        insert(facts)
        wake_readers()
    return facts


def correct_fact(fact: Fact, *, happened_at: datetime, by: By, at: datetime, because: str) -> Fact:
    """Note that a fact happened at another instant than it says; what is derived from it follows.

    The fact itself stays as it was recorded. Refused are instants in the future and a correction without a reason.
    """
    if happened_at > at:
        raise Invalid(_("this lies in the future"), where="happened_at", expected=_("an instant of the past"))
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    return _correct(fact, {"at": happened_at.isoformat()}, by=by, at=at, because=because.strip())


def void_fact(fact: Fact, *, by: By, at: datetime, because: str) -> Fact:
    """Note that what a fact says was taken back: what is derived from it is derived as if it had not happened."""
    return _correct(fact, {"at": fact.at.isoformat(), "void": True}, by=by, at=at, because=because)


def _correct(fact: Fact, values: Mapping[str, Any], *, by: By, at: datetime, because: str) -> Fact:
    corrected = Fact.objects.create(
        name="fact.corrected", subject_kind=fact.subject_kind, subject_id=fact.subject_id, case_id=fact.case_id,
        order_id=fact.order_id, unit_id=fact.unit_id, policy_id=fact.policy_id, actor_kind=by.kind, actor_id=by.id,
        actor_name=by.name, at=at, because=because,
        values={"fact": fact.pk, "name": fact.name, "before": fact.at.isoformat(), **values},
    )  # fmt: skip
    wake_readers()
    return corrected


_COLUMNS = (
    ("name", "text"), ("subject_kind", "text"), ("subject_id", "bigint"), ("case_id", "bigint"), ("order_id", "bigint"),
    ("unit_id", "bigint"), ("policy_id", "bigint"), ("at", "timestamptz"), ("values", "text"),
)  # fmt: skip


def record_rows(rows: Iterable[Mapping[str, Any]], *, by: By) -> None:
    """Append facts given as columns (`name`, `subject_kind`, `subject_id`, …, `values`), in the order given.

    For thousands at once: no row of a model is built.
    """
    listed = list(rows)
    columns = [
        [json.dumps(row["values"]) if name == "values" else row[name] for row in listed]
        for name, _kind in _COLUMNS
    ]
    arrays = ", ".join(f"%s::{kind}[]" for _name, kind in _COLUMNS)
    names = ", ".join(f'"{name}"' for name, _kind in _COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ledger_fact ({names}, actor_kind, actor_id, actor_name, because) "  # noqa: S608 - names of ours
            "SELECT name, subject_kind, subject_id, case_id, order_id, unit_id, policy_id, at, values::jsonb, %s, %s, %s, '' "
            f"FROM unnest({arrays}) WITH ORDINALITY AS t ({names}, n) ORDER BY n",
            [by.kind, by.id, by.name, *columns],
        )
    wake_readers()


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


def listen_live() -> None:
    """Have this connection told of new facts and of what `tell_live` says."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
        cursor.execute(f"LISTEN {LIVE}")


def tell_live(case_id: int) -> None:
    """Tell the open pages of a case that something of no lasting importance changed, such as who looks at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [LIVE, str(case_id)])
