"""Count what a customer did in a span of time, and say which counts are signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from aftercare.policies.rules import Sign, holds


class Done(NamedTuple):
    """One request of a customer, as far as it is counted."""

    kind: str
    state: str
    serial: str
    received_at: datetime
    ended_at: datetime | None
    heard: int


def counts_of(requests: Iterable[Done], events: Iterable[str]) -> dict[str, int]:
    """Count: `contacts` (requests and messages on them), `repeats` (repairs of the piece repaired most), `cancels`,
    `waited_hours` (the longest until a cancellation), `refunds`, `order_cancels`, `non_renewals`, `complaints`."""
    done, happened = list(requests), Counter(events)
    cancelled = [one for one in done if one.state == "cancelled"]
    pieces = Counter(
        one.serial for one in done if one.kind == "repair" and one.serial and one.state != "cancelled"
    )
    waited = [(one.ended_at - one.received_at).total_seconds() / 3600 for one in cancelled if one.ended_at]
    return {
        "contacts": len(done) + sum(one.heard for one in done), "repeats": max(pieces.values(), default=0), "cancels": len(cancelled),
        "waited_hours": int(max(waited, default=0)), "refunds": happened["refund"], "order_cancels": happened["cancel"],
        "non_renewals": happened["non_renewal"], "complaints": sum(one.kind == "complaint" for one in done),
    }  # fmt: skip


def signs_in(counts: dict[str, int], signs: Iterable[Sign]) -> list[str]:
    """Give the codes of the signs that hold; none where the customer complained themselves."""
    return [] if counts["complaints"] else [sign.code for sign in signs if holds(sign.when, counts)]
