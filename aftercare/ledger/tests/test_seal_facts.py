"""Seals hold over untouched facts, and break when one is changed or removed."""

from __future__ import annotations

import pytest

from aftercare.ledger.models import Fact, Seal
from aftercare.ledger.services import broken_seal, deliver_until_idle
from tests.cast import MORNING, found

pytestmark = pytest.mark.django_db(transaction=True)


def test_seals_hold_then_break_at_the_changed_fact():
    cast = found()
    cast.order()
    deliver_until_idle(at=MORNING)
    assert Seal.objects.exists()
    assert broken_seal() is None
    fact = Fact.objects.filter(name="request.received").get()
    Fact.objects.filter(pk=fact.pk).update(values={**fact.values, "urgency": "normal"})
    broken = broken_seal()
    assert broken is not None
    assert broken.first_fact_id <= fact.pk <= broken.last_fact_id


def test_a_removed_fact_breaks_its_seal():
    found().order()
    deliver_until_idle(at=MORNING)
    Fact.objects.filter(name="work_order.opened").delete()
    assert broken_seal() is not None
