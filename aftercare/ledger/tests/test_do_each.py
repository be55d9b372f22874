"""One verb for many rows: what is refused leaves the others, and two who act on the same rows both come through."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event

import pytest
from django.db import transaction

from aftercare.ledger.services import do_each
from aftercare.people.models import Unit
from aftercare.refusals import Conflict
from tests.together import at_once


@pytest.fixture
def units(cast):
    return list(Unit.objects.filter(kind="store").order_by("pk")[:2])


def named(unit: Unit) -> str:
    return Unit.objects.get(pk=unit.pk).name


def add_a_letter(unit: Unit, letter: str) -> None:
    row = Unit.objects.select_for_update().get(pk=unit.pk)
    row.name += letter
    row.save(update_fields=["name"])


def test_one_that_is_refused_stays_as_it_was_with_the_reason(units):
    before = [named(unit) for unit in units]

    def act(unit):
        add_a_letter(unit, "甲")
        if unit == units[0]:
            raise Conflict("not this one")

    assert [one.against for one in do_each(units, act)] == ["not this one", ""]
    assert [named(unit) for unit in units] == [before[0], before[1] + "甲"]


def test_what_is_tried_is_taken_back(units):
    before = [named(unit) for unit in units]
    assert [one.against for one in do_each(units, lambda unit: add_a_letter(unit, "甲"), keep=False)] == [
        "",
        "",
    ]
    assert [named(unit) for unit in units] == before


def test_two_who_wait_for_each_other_both_come_through_and_nothing_is_done_twice(units):
    before, met, again, through = [named(unit) for unit in units], Barrier(2), [], Event()

    def acting(letter):
        def act(unit):
            add_a_letter(unit, letter)
            with suppress(BrokenBarrierError):  # both hold their first row before either asks for the second
                met.wait(3)

        return act

    def meet_no_more():
        met.abort()
        again.append(True)
        through.wait(10)  # else it may come back before the other was woken, and give way once more

    def go(rows, letter):
        do_each([Unit.objects.get(pk=row.pk) for row in rows], acting(letter), afresh=meet_no_more)
        through.set()

    one, other = units, units[::-1]
    went = at_once(lambda: go(one, "甲"), lambda: go(other, "乙"))
    assert (went, len(again)) == ([True, True], 1)
    for unit, name in zip(units, before, strict=True):
        assert sorted(named(unit).removeprefix(name)) == sorted("甲乙")


def test_within_another_transaction_it_is_not_tried_again(units, monkeypatch):
    from django.db import OperationalError
    from psycopg.errors import DeadlockDetected

    tries = []

    def act(_unit):
        tries.append(True)
        raise OperationalError("deadlock") from DeadlockDetected()

    with pytest.raises(OperationalError), transaction.atomic():
        do_each(units, act)
    assert len(tries) == 1
    with pytest.raises(OperationalError):
        do_each(units, act)
    assert len(tries) == 4, "three times, then the reader is told"
