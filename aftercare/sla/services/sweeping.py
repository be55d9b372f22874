"""Notice what is due: one statement finds and moves the clocks, one writes the facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from aftercare.ledger.services import record_rows
from aftercare.people.rules import MACHINE

from ..rules import BREACH

_SWEEP = """
WITH due AS (
    SELECT id, steps_at[1] AS step_at, step_keys[1] AS step_key FROM sla_clock
    WHERE next_step_at <= %s ORDER BY next_step_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE sla_clock c SET
    noticed = c.noticed || due.step_key,
    breached_at = CASE WHEN due.step_key = %s THEN due.step_at ELSE c.breached_at END,
    next_step_at = c.steps_at[2], steps_at = c.steps_at[2:], step_keys = c.step_keys[2:]
FROM due WHERE c.id = due.id
RETURNING c.id, c.case_id, c.order_id, c.unit_id, c.policy_id, c.code, c.role, c.holder_id, due.step_at, due.step_key
"""


def sweep_clocks(*, at: datetime, limit: int = 1000) -> int:
    """Notice what is due by `at`: pre-warnings, breaches and levels of the ladder, each once, oldest first.

    Several workers may sweep at once (`SKIP LOCKED`). A step happened when it was due, not when it was noticed: its
    fact says by how many seconds it was late. Gives how many steps were noticed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SWEEP, [at, limit, BREACH])
        rows = sorted(cursor.fetchall(), key=lambda row: (row[8], row[0]))
        if rows:
            record_rows(
                [
                    {
                        "name": _name(row[9]), "subject_kind": "clock", "subject_id": row[0], "case_id": row[1],
                        "order_id": row[2], "unit_id": row[3], "policy_id": row[4], "at": row[8], "values": _values(row, at),
                    }
                    for row in rows
                ],
                by=MACHINE,
            )  # fmt: skip
    return len(rows)


def _name(key: str) -> str:
    return "clock.breached" if key == BREACH else "clock.escalated" if key.startswith("+") else "clock.warned"


def _values(row: tuple[Any, ...], at: datetime) -> dict[str, Any]:
    key = row[9]
    late_by = int((at - row[8]).total_seconds())
    values = {"code": row[5], "late_by": late_by, "role": row[6], "holder": row[7]}
    if key.startswith("+"):
        return {**values, "overdue_for": int(key[1:])}
    return {**values, "percent": int(key)}
