"""The delivery loop: facts reach each consumer exactly once, in commit order, whatever crashes.

A consumer's position and what its reactions wrote commit in one transaction. Facts are read only below
`pg_snapshot_xmin(pg_current_snapshot())`, so that no transaction still in flight can be skipped.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from ..models import Fact, ParkedFact, Position

One = Callable[[Fact, datetime], None]
Reaction = Callable[[list[Fact], datetime], None]
log = structlog.get_logger(__name__)

BATCH = 100
GIVE_UP_AFTER = 8


_BEHIND = """
SELECT p.consumer, (
    SELECT true FROM ledger_fact f
    WHERE (f.transaction, f.id) > (p.transaction, p.fact_id)
      AND f.transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
      AND (wanted.names IS NULL OR f.name = ANY(string_to_array(wanted.names, ' ')))
    ORDER BY f.transaction, f.id LIMIT 1  -- so that the index is walked, however wrong the estimate
) IS NOT NULL
FROM ledger_position p JOIN unnest(%s::text[], %s::text[]) AS wanted(consumer, names) USING (consumer)
"""


@dataclass
class Consumer:
    """One domain that reacts: what it does with facts of each name, `*` standing for every fact."""

    name: str
    reactions: dict[str, list[Reaction]] = field(default_factory=dict)

    @property
    def wants_all(self) -> bool:
        return "*" in self.reactions

    def react(self, facts: list[Fact], at: datetime) -> None:
        """Hand facts over in their order: to each reaction as long a run as nothing else of this consumer breaks."""
        for reactions, run in groupby(facts, key=self._reactions_to):
            together = list(run)
            for reaction in reactions:
                reaction(together, at)

    def _reactions_to(self, fact: Fact) -> list[Reaction]:
        return [*self.reactions.get(fact.name, ()), *self.reactions.get("*", ())]


_consumers: dict[str, Consumer] = {}


def consumer_named(name: str) -> Consumer:
    return _consumers.setdefault(name, Consumer(name))


def each(reaction: One) -> Reaction:
    """Make a reaction to one fact take a run of them."""

    def react(facts: list[Fact], at: datetime) -> None:
        for fact in facts:
            reaction(fact, at)

    return react


def on_fact(*names: str) -> Callable[[One], One]:
    """Make the decorated `on_<fact>(fact, at)` of a `reactions.py` react to each fact of these names."""

    def register(reaction: One) -> One:
        _register(consumer_named(reaction.__module__.split(".")[1]), names, each(reaction))
        return reaction

    return register


def on_facts(*names: str, consumer: str = "") -> Callable[[Reaction], Reaction]:
    """Make the decorated `on_<facts>(facts, at)` react to runs of facts of these names (`*`: of every name).

    A run is at most a batch, in commit order. What many facts at once can share (rows read, rows written) is what
    makes this worth its while. `consumer`: a position of its own, by default that of the domain.
    """

    def register(reaction: Reaction) -> Reaction:
        _register(consumer_named(consumer or reaction.__module__.split(".")[1]), names, reaction)
        return reaction

    return register


def _register(consumer: Consumer, names: Iterable[str], reaction: Reaction) -> None:
    for name in names:
        consumer.reactions.setdefault(name, []).append(reaction)


def consumers() -> list[Consumer]:
    return list(_consumers.values())


def deliver(consumer: Consumer, *, at: datetime, batch: int = BATCH) -> int:
    """Deliver up to `batch` facts to one consumer; give how many it read. 0 when idle or served by another worker.

    A batch is one transaction. When a reaction in it fails, the batch is undone and its facts go one by one, so that
    only the bad fact is parked.
    """
    try:
        return _deliver_batch(consumer, Consumer.react, at=at, batch=batch)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - found again, and parked, one fact at a time
        return _deliver_batch(consumer, _react_or_park, at=at, batch=1)


def _deliver_batch(consumer: Consumer, react: Callable[..., None], *, at: datetime, batch: int) -> int:
    with transaction.atomic():
        position = _locked_position(consumer.name)
        if position is None:
            return 0
        facts, horizon = _unread(consumer, position, batch)
        react(consumer, facts, at)
        if facts and len(facts) == batch:
            position.transaction, position.fact_id = facts[-1].transaction, facts[-1].id
        else:
            position.transaction, position.fact_id = horizon - 1, 2**62
        position.moved_at = at
        position.save(update_fields=["transaction", "fact_id", "moved_at"])
        return len(facts)


def deliver_until_idle(*, at: datetime, only: Iterable[str] | None = None, rounds: int = 1000) -> int:
    """Deliver to every consumer until none has anything left; give the number of facts read."""
    total = 0
    for _round in range(rounds):
        waiting = [c for c in consumers_behind() if only is None or c.name in only]
        if not waiting:
            return total
        total += sum(deliver(consumer, at=at) for consumer in waiting)
    return total


def consumers_behind() -> list[Consumer]:
    """Give the consumers for whom committed facts wait; one cheap query when there are none."""
    every = consumers()
    names = [None if c.wants_all else " ".join(c.reactions) for c in every]
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, [[c.name for c in every], names])
        behind = {row[0]: row[1] for row in cursor.fetchall()}
    return [consumer for consumer in consumers() if behind.get(consumer.name, True)]


def catch_up_positions(*, at: datetime) -> int:
    """Move the positions of consumers that nothing concerned for a while, so that they never scan far."""
    return sum(deliver(consumer, at=at) for consumer in consumers())


def backlog() -> dict[str, int]:
    """Count, for each consumer, the facts that wait for it."""
    waiting = {}
    for consumer in consumers():
        position = Position.objects.filter(consumer=consumer.name).first() or Position()
        unread = Fact.objects.extra(
            where=["(transaction, id) > (%s, %s)"], params=[position.transaction, position.fact_id]
        )
        if not consumer.wants_all:
            unread = unread.filter(name__in=list(consumer.reactions))
        waiting[consumer.name] = unread.count()
    return waiting


def retry_parked(*, at: datetime, also_given_up: bool = False) -> int:
    """Try the reactions of parked facts that are due again; give how many went through."""
    due = ParkedFact.objects.select_related("fact").order_by("id")
    due = due if also_given_up else due.filter(given_up=False, next_try_at__lte=at)
    healed = 0
    for parked_id in due.values_list("id", flat=True)[:BATCH]:
        with transaction.atomic():
            parked = (
                ParkedFact.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(id=parked_id)
                .first()
            )
            if parked is None or parked.consumer not in _consumers:
                continue
            try:
                with transaction.atomic():
                    _consumers[parked.consumer].react([parked.fact], at)
            except Exception:  # noqa: BLE001 - whatever a reaction raises is kept with the fact
                _park(parked.consumer, parked.fact, at=at, attempts=parked.attempts + 1)
            else:
                parked.delete()
                healed += 1
    return healed


def _locked_position(name: str) -> Position | None:
    rows = Position.objects.select_for_update(skip_locked=True).filter(consumer=name)
    found = rows.first()
    if found is None and not Position.objects.filter(consumer=name).exists():
        Position.objects.bulk_create([Position(consumer=name)], ignore_conflicts=True)
        found = rows.first()
    return found


def _unread(consumer: Consumer, position: Position, batch: int) -> tuple[list[Fact], int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        horizon: int = cursor.fetchone()[0]
    unread = Fact.objects.extra(
        where=["(transaction, id) > (%s, %s)", "transaction < %s"],
        params=[position.transaction, position.fact_id, horizon],
    ).order_by("transaction", "id")
    if not consumer.wants_all:
        unread = unread.filter(name__in=list(consumer.reactions))
    return list(unread[:batch]), horizon


def _react_or_park(consumer: Consumer, facts: list[Fact], at: datetime) -> None:
    for fact in facts:
        try:
            with transaction.atomic():
                consumer.react([fact], at)
        except Exception:  # noqa: BLE001 - one bad fact must not hold the others back
            _park(consumer.name, fact, at=at, attempts=1)


def _park(consumer: str, fact: Fact, *, at: datetime, attempts: int) -> None:
    error = traceback.format_exc(limit=-6)
    log.error(
        "reaction_failed", consumer=consumer, fact=fact.id, name=fact.name, attempts=attempts, error=error
    )
    ParkedFact.objects.update_or_create(
        consumer=consumer,
        fact=fact,
        defaults={
            "error": error,
            "attempts": attempts,
            "next_try_at": at + timedelta(seconds=min(2**attempts, 3600)),
            "given_up": attempts >= GIVE_UP_AFTER,
        },
    )
