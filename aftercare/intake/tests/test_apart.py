"""Requests that look like one matter: suggested with how likely, kept apart by a person, and learned from."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.intake.models import Request
from aftercare.intake.selectors import Likeness, kin, kin_of, likeness
from aftercare.intake.services import keep_apart
from aftercare.intake.services.checking import _pairs
from aftercare.ledger.models import Fact
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.workorders.services import merge_request
from tests.cast import MORNING

AT = MORNING + timedelta(minutes=20)
AGAIN = "还是那台空调，外机嗡嗡响不制冷，刚才电话里说过"


@pytest.fixture
def two(cast):
    first = cast.request()
    return Request.objects.get(pk=first.pk), cast.request(description=AGAIN, channels=("shop_chat",))


def fresh(row: Request) -> Request:
    return Request.objects.get(pk=row.pk)


def test_kept_apart_they_are_not_suggested_again(cast, two):
    first, second = two
    assert [row.pk for row, _alike in kin_of(second).duplicates] == [first.pk]
    for _again in range(2):
        keep_apart(fresh(second), fresh(first), by=cast.actor("li"), at=AT)
    assert kin_of(fresh(second)).duplicates == kin_of(fresh(first)).duplicates == []
    facts = Fact.objects.filter(name="request.kept_apart").order_by("id")
    assert [fact.values["from"] for fact in facts] == [first.number, second.number], "once each"


def test_the_likeliest_stands_first(cast, two):
    _first, second = two
    third = cast.request(description="想问一下空调遥控器怎么锁")
    found = kin_of(fresh(second)).duplicates
    assert [alike.percent for _row, alike in found] == sorted((a.percent for _r, a in found), reverse=True)
    assert found[-1][0].pk == third.pk
    assert likeness("", AGAIN).percent == likeness(AGAIN, " ").percent == 0
    assert likeness(AGAIN, AGAIN).percent == 100 and not likeness(AGAIN, AGAIN).learned


def test_what_can_not_be_kept_apart(cast, two):
    first, second = two
    with pytest.raises(Invalid):
        keep_apart(first, first, by=cast.actor("li"), at=AT)
    with pytest.raises(Forbidden):
        keep_apart(second, first, by=cast.actor("zhou"), at=AT)
    merge_request(second, first, by=cast.actor("li"), at=AT, because="同一件事")
    for pair in ((first, second), (second, first)):
        with pytest.raises(Conflict) as refusal:
            keep_apart(fresh(pair[0]), fresh(pair[1]), by=cast.actor("li"), at=AT)
        assert refusal.value.code == "merged"


def test_merged_and_kept_apart_are_what_is_learned_from(cast, two):
    first, second = two
    third = cast.request(description="想问一下空调遥控器怎么锁")
    fourth = cast.request(description="发票抬头开错了，麻烦改成公司名称")
    merge_request(second, first, by=cast.actor("li"), at=AT, because="同一件事")
    keep_apart(fresh(third), fresh(first), by=cast.actor("li"), at=AT)
    pairs = _pairs(AT)
    assert [(pair.one, pair.same) for pair in pairs if pair.same] == [(AGAIN, True)]
    assert [pair.other for pair in pairs if not pair.same] == [third.description], "the fourth nobody judged"
    Request.objects.filter(pk__in=[third.pk, fourth.pk]).update(state="closed", closed_at=AT)
    assert {pair.other for pair in _pairs(AT) if not pair.same} == {third.description, fourth.description}


def test_once_it_was_learned_only_what_is_likely_is_suggested(cast, two, monkeypatch):
    first, second = two
    cast.request(description="想问一下空调遥控器怎么锁")

    class Learned:
        def chance(self, one, other):
            return 0.1 if "遥控器" in one + other else 0.9

        def shared(self, one, other):
            return ["外机"]

    monkeypatch.setattr(kin, "pairs_in_use", Learned)
    assert [(row.pk, alike) for row, alike in kin_of(fresh(second)).duplicates] == [
        (first.pk, Likeness(90, ["外机"], True))
    ]
    assert likeness("", AGAIN).percent == 0, "nothing was said yet"
