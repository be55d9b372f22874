"""What a fact is made of, and how a seal is computed; no database here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

Moves = Mapping[str, frozenset[str]]


class By(Protocol):
    """Whoever acts: a member of staff, a customer, an API client or the machine itself."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


def is_legal(moves: Moves, state: str, to: str) -> bool:
    """Say whether `moves` allows going from `state` to `to`."""
    return to in moves.get(state, frozenset())


def fact_line(row: Mapping[str, Any]) -> bytes:
    """Write one fact as the canonical bytes that a seal covers."""
    kept = {key: row[key] for key in sorted(row)}
    return json.dumps(
        kept, ensure_ascii=False, sort_keys=True, default=_plain, separators=(",", ":")
    ).encode()


def seal_digest(previous: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Compute the SHA-256 that binds `rows`, in order, to the seal before them."""
    digest = hashlib.sha256(previous.encode())
    for row in rows:
        digest.update(hashlib.sha256(fact_line(row)).digest())
    return digest.hexdigest()


def form_number(prefix: str, day: datetime, serial: int, *, with_prefix: bool = True) -> str:
    """Write the number of a form, `CR20240520-001`: at least three digits, growing past 999."""
    head = prefix if with_prefix else ""
    return f"{head}{day:%Y%m%d}-{serial:03d}"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
