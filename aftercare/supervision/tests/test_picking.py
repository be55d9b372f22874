"""The cases of a month that everybody learns from: three to five, the most telling, of different matters, once (M94)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.intake.models import Request
from aftercare.intake.services import answer_request
from aftercare.ledger.services import deliver_until_idle
from aftercare.policies.rules import load_pack
from aftercare.refusals import Invalid
from aftercare.sla.models import Clock
from aftercare.supervision.models import Grade, Paper
from aftercare.supervision.rules import Ended, telling_cases
from aftercare.supervision.services import file_paper, pick_cases
from tests.cast import MORNING

RULE = load_pack("appliance")[1].papers.monthly
NEXT_MONTH = MORNING + timedelta(days=20)
CALM = {"kind": "inquiry", "urgency": "normal", "emotion": "calm", "grade": "", "level": "", "team": False, "rating": 0, "recovered": False, "repeat": False, "late": False}  # fmt: skip


def ended(number: int, theme: str, **known) -> Ended:
    return Ended(number, {**CALM, **known}, ("aircon", theme))


def test_the_most_telling_of_different_matters():
    cases = [
        ended(1, "noise", late=True), ended(2, "noise", grade="crisis", level="headquarters"), ended(3, "attitude", rating=1),
        ended(4, "leak", recovered=True, rating=1), ended(5, "nothing"), ended(6, "slow", repeat=True),
    ]  # fmt: skip
    chosen = telling_cases(cases, RULE)
    assert [case.request_id for case, _counts in chosen] == [2, 4, 3, 6], (
        "the second about noise and the calm one are left"
    )
    assert [weight.code for weight in chosen[0][1]] == ["crisis", "headquarters"]


def test_where_little_happened_the_next_ones_fill_up():
    cases = [ended(1, "noise", late=True), ended(2, "noise", late=True), ended(3, "x"), ended(4, "y")]
    assert [case.request_id for case, _counts in telling_cases(cases, RULE)] == [1, 2, 3]
    assert telling_cases([], RULE) == []


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.integers(0, 5)), max_size=30))
def test_never_more_than_the_pack_allows_and_as_many_as_there_are(rows):
    cases = [ended(n, theme, late=late, rating=rating) for n, (theme, late, rating) in enumerate(rows)]
    chosen = telling_cases(cases, RULE)
    assert min(RULE.at_least, len(cases)) <= len(chosen) <= RULE.at_most
    assert len({case.request_id for case, _counts in chosen}) == len(chosen)


@pytest.fixture
def month(cast):
    rows = [
        cast.request(
            kind="inquiry", description=f"想问第 {n} 台怎么清洗", phone=f"1380000{n:04d}", name=f"顾客{n}"
        )
        for n in range(4)
    ]
    for row in rows:
        answer_request(
            row, by=cast.actor("li"), at=MORNING + timedelta(minutes=5), answer="滤网取下冲洗，晾干再装回去"
        )
    Grade.objects.update_or_create(
        request=rows[2], defaults={"unit": cast.store, "state": "crisis", "state_since": MORNING}
    )
    deliver_until_idle(at=MORNING + timedelta(minutes=6))
    return rows


def test_picked_once_with_the_reason_a_clock_and_a_paper_to_write(cast, month):
    assert pick_cases(at=MORNING + timedelta(days=1)) == 0, "the month is not over"
    assert pick_cases(at=NEXT_MONTH) == 3
    assert pick_cases(at=NEXT_MONTH + timedelta(hours=6)) == 0
    first = Paper.objects.get(code="case_review", request=month[2])
    assert first.asked_because == "2024-05 危机投诉"
    deliver_until_idle(at=NEXT_MONTH)
    clock = Clock.objects.get(key=f"paper:{first.pk}", code="case_review")
    assert (clock.due_at - clock.started_at).days == 10
    with pytest.raises(Invalid):
        file_paper(first, {"highlight": "及时致歉"}, by=cast.actor("zheng"), at=NEXT_MONTH)
    file_paper(
        first,
        {
            "highlight": "第一时间致歉并说明了下一步", "improve": "方案晚了一天才告知客户", "optimise": "话术里加上承诺时间的说法",
            "owner": "KF2024001", "done_by": (NEXT_MONTH + timedelta(days=9)).date().isoformat(),
        }, by=cast.actor("zheng"), at=NEXT_MONTH,
    )  # fmt: skip
    first.refresh_from_db()
    assert first.state == "closed"
    assert pick_cases(at=NEXT_MONTH + timedelta(days=1)) == 0, "written ones count as picked"


def test_history_is_not_picked(cast, month):
    Request.objects.update(is_history=True)
    assert pick_cases(at=NEXT_MONTH) == 0
