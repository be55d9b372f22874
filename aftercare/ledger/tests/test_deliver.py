"""Facts reach every consumer exactly once, in commit order, and none in flight is skipped."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction

from aftercare.ledger.models import Fact, ParkedFact, Position
from aftercare.ledger.services import deliver, deliver_until_idle, each, record, retry_parked
from aftercare.ledger.services.delivery import Consumer, _consumers
from aftercare.people.rules import MACHINE
from tests.cast import MORNING


@pytest.fixture
def reader():
    got: list[int] = []
    consumer = Consumer("test-reader", {"*": [lambda facts, at: got.extend(f.pk for f in facts)]})
    _consumers["test-reader"] = consumer
    yield consumer, got
    _consumers.pop("test-reader")


def _fact(name: str = "test.happened") -> Fact:
    position = Position(consumer="x", pk="x")
    position.pk = 1  # type: ignore[assignment]
    return record(name, position, by=MACHINE, at=MORNING)


def _done() -> set[int]:
    rows = Position.objects.filter(consumer__startswith="got-").values_list("consumer", flat=True)
    return {int(name.removeprefix("got-")) for name in rows}


@pytest.mark.django_db(transaction=True)
def test_each_fact_is_delivered_once_in_order(reader):
    consumer, got = reader
    wrote = [_fact().pk for _ in range(7)]
    assert deliver(consumer, at=MORNING, batch=3) == 3
    deliver_until_idle(at=MORNING, only=["test-reader"])
    deliver_until_idle(at=MORNING, only=["test-reader"])
    assert got == wrote


@pytest.mark.django_db(transaction=True)
def test_a_transaction_in_flight_is_not_skipped(reader):
    consumer, got = reader
    written, go_on = threading.Event(), threading.Event()
    early: list[int] = []

    def slow_writer() -> None:
        with transaction.atomic():
            early.append(_fact("early").pk)
            written.set()
            go_on.wait(5)
        connections.close_all()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    written.wait(5)
    late = _fact("late").pk
    deliver(consumer, at=MORNING)
    assert got == [], "the later fact waits for the transaction that began before it"
    go_on.set()
    writer.join()
    deliver_until_idle(at=MORNING, only=["test-reader"])
    assert got == [early[0], late]


@pytest.mark.django_db(transaction=True)
def test_a_failing_reaction_is_parked_and_holds_nothing_up(reader):
    consumer, _got = reader
    broken = True

    def react(fact, at):
        if fact.name == "bad" and broken:
            raise ValueError("boom")
        Position.objects.create(consumer=f"got-{fact.pk}")  # fails when done twice

    consumer.reactions["*"] = [each(react)]
    first, bad, last = _fact().pk, _fact("bad").pk, _fact().pk
    deliver_until_idle(at=MORNING, only=["test-reader"])
    assert _done() == {first, last}
    assert ParkedFact.objects.get().fact_id == bad
    broken = False
    assert retry_parked(at=MORNING, also_given_up=True) == 1
    assert _done() == {first, bad, last}
    assert not ParkedFact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_a_consumer_without_doubles(reader):
    consumer, _got = reader
    counted: list[int] = []
    consumer.reactions["*"] = [each(lambda fact, at: counted.append(fact.pk))]
    wrote = {_fact().pk for _ in range(200)}

    def work() -> None:
        for _round in range(60):
            deliver(consumer, at=MORNING, batch=10)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deliver_until_idle(at=MORNING, only=["test-reader"])
    assert sorted(counted) == sorted(wrote)
    assert connection.is_usable()
