"""Every (from, to) pair of every MOVES table, walked: what the table forbids is refused and changes nothing."""

from __future__ import annotations

import pytest
from django.apps import apps

from aftercare.ledger.models import Fact, Stateful
from aftercare.ledger.rules import is_legal
from aftercare.ledger.services import move
from aftercare.people.rules import MACHINE
from aftercare.refusals import Conflict
from tests.cast import MORNING

TABLES = [m for m in apps.get_models() if issubclass(m, Stateful)]


def test_there_are_tables():
    assert {m.KIND for m in TABLES} >= {
        "request",
        "work_order",
        "appointment",
        "visit",
        "offer",
        "survey",
        "recovery",
    }


@pytest.mark.parametrize("model", TABLES, ids=lambda m: m.KIND)
def test_the_table_names_exactly_the_states(model):
    states = {value for value, _title in model._meta.get_field("state").choices}
    assert set(model.MOVES) == states
    assert {to for targets in model.MOVES.values() for to in targets} <= states


@pytest.mark.parametrize(
    ("model", "state", "to"),
    [(m, s, t) for m in TABLES for s in m.MOVES for t in m.MOVES if not is_legal(m.MOVES, s, t)],
    ids=lambda v: getattr(v, "KIND", v),
)
@pytest.mark.django_db
def test_illegal_moves_are_refused(model, state, to):
    row = model(pk=1, state=state, state_since=MORNING)
    with pytest.raises(Conflict) as refusal:
        move(row, to, by=MACHINE, at=MORNING)
    assert refusal.value.code == "illegal_move"
    assert row.state == state
    assert not Fact.objects.exists()


@pytest.mark.parametrize(
    ("model", "state", "to"),
    [(m, s, t) for m in TABLES for s in m.MOVES for t in sorted(m.MOVES[s])],
    ids=lambda v: getattr(v, "KIND", v),
)
@pytest.mark.django_db
def test_legal_moves_of_a_row_moved_meanwhile_are_refused(model, state, to):
    row = model(pk=1, state=state, state_since=MORNING)  # not in the database: as if somebody else was first
    with pytest.raises(Conflict) as refusal:
        move(row, to, by=MACHINE, at=MORNING)
    assert refusal.value.code == "moved_meanwhile"


def test_a_legal_move_is_saved_with_its_fact(cast):
    request = cast.request()
    fact = move(request, "cancelled", by=MACHINE, at=MORNING, because="重复")
    request.refresh_from_db()
    assert (request.state, request.state_since, request.revision) == ("cancelled", MORNING, 2)
    assert (fact.name, fact.because, fact.case_id) == ("request.cancelled", "重复", request.pk)
