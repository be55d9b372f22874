"""Numbers of forms: unique and without gaps, however many write at once."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from ..rules import form_number

_NEXT = """
INSERT INTO ledger_counter (prefix, day, value) VALUES (%s, %s, %s)
ON CONFLICT (prefix, day) DO UPDATE SET value = ledger_counter.value + excluded.value
RETURNING value
"""


def next_number(prefix: str, *, at: datetime, zone: str, with_prefix: bool = True) -> str:
    """Take the next number of `prefix` for the local day of `at`; call it as late in the transaction as can be.

    The counter's row stays locked until the commit: that is what keeps the numbers without gaps.
    """
    return next_numbers(prefix, at=at, zone=zone, count=1, with_prefix=with_prefix)[0]


def next_numbers(prefix: str, *, at: datetime, zone: str, count: int, with_prefix: bool = True) -> list[str]:
    """Take a run of numbers, as `next_number` takes one."""
    local = at.astimezone(ZoneInfo(zone))
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [prefix, local.date(), count])
        last = cursor.fetchone()[0]
    serials = range(last - count + 1, last + 1)
    return [form_number(prefix, local, serial, with_prefix=with_prefix) for serial in serials]
