"""A verb done to many rows at once: one that is refused stays as it was, with the reason; and tried first, nothing being kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Model
from psycopg.errors import DeadlockDetected

from aftercare.refusals import Refusal

Row = TypeVar("Row", bound=Model)
TRIES = 3


@dataclass(frozen=True)
class Outcome(Generic[Row]):
    """What became of one row; `against` says why nothing did (empty: it was done)."""

    row: Row
    against: str = ""


def do_each(
    rows: Iterable[Row],
    act: Callable[[Row], Any],
    *,
    keep: bool = True,
    afresh: Callable[[], Any] = lambda: None,
) -> list[Outcome[Row]]:
    """Do something to each row, in one transaction; a refusal undoes that row alone and is kept as its reason.

    Rows should come in the order of their keys, so that two people who act on the same ones wait rather than lock each other out.
    Where the database finds that they wait for each other all the same, everything is taken back and done anew, with the rows as they are
    then; `afresh` forgets what else was read. With `keep=False` everything is done and taken back again: what it says is what would have
    happened, limits that fill up included.
    """
    chosen = list(rows)
    tries_left = TRIES
    while True:
        try:
            return _do_each(chosen, act, keep=keep)
        except OperationalError as error:
            tries_left -= 1
            alone = not connection.in_atomic_block
            if not (tries_left and alone and isinstance(error.__cause__, DeadlockDetected)):
                raise
        afresh()
        for row in chosen:
            row.refresh_from_db()


def _do_each(rows: list[Row], act: Callable[[Row], Any], *, keep: bool) -> list[Outcome[Row]]:
    outcomes = []
    with transaction.atomic():
        for row in rows:
            try:
                with transaction.atomic():
                    act(row)
            except Refusal as refusal:
                outcomes.append(Outcome(row, refusal.reason))
            else:
                outcomes.append(Outcome(row))
        if not keep:
            transaction.set_rollback(True)
    return outcomes
