"""The cases of a month that everybody learns from: three to five, the most telling, of different matters, once (M94)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.intake.models import Request
from aftercare.intake.services import answer_request
from aftercare.ledger.services import deliver_until_idle
from aftercare.policies.rules import load_pack, parse_pack
from aftercare.refusals import Invalid
from aftercare.sla.models import Clock
from aftercare.supervision.models import Grade, Paper
from aftercare.supervision.rules import Ended, heaviest_matter, telling_cases
from aftercare.supervision.selectors import _matter
from aftercare.supervision.services import file_paper, pick_cases
from tests.cast import MORNING

RULE = load_pack("appliance")[1].papers.monthly
NEXT_QUARTER = datetime(2024, 7, 1, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning
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


def test_the_matter_that_weighs_most_together():
    cases = [
        ended(1, "noise", grade="crisis"), ended(2, "leak", grade="urgent", late=True), ended(3, "leak", grade="urgent"), ended(4, "leak", rating=1),
        ended(5, "nothing"),
    ]  # fmt: skip
    found = heaviest_matter(cases, RULE.weights)
    assert [case.request_id for case, _counts in found] == [2, 3, 4], (
        "11 points against 8, the late one first"
    )
    assert heaviest_matter([], RULE.weights) == []
    calm = [ended(6, "nothing"), ended(7, "noise"), ended(8, "noise")]
    assert [case.request_id for case, _counts in heaviest_matter(calm, RULE.weights)] == [7, 8], (
        "where nothing happened, the most frequent"
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 5)), min_size=1, max_size=30))
def test_no_other_matter_weighs_more_and_none_of_its_cases_is_left_out(rows):
    cases = [ended(n, theme, late=late, rating=rating) for n, (theme, late, rating) in enumerate(rows)]

    def points(theme):
        return sum(2 * c.known["late"] + 3 * (1 <= c.known["rating"] <= 2) for c in cases if c.theme == theme)

    found = heaviest_matter(cases, RULE.weights)
    theme = found[0][0].theme
    assert {case.request_id for case, _counts in found} == {c.request_id for c in cases if c.theme == theme}
    assert points(theme) == max(points(c.theme) for c in cases)


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


def test_a_case_is_about_what_was_told_of_it(cast):
    told = {"danger": [{"code": "gas_leak"}], "symptom": [{"code": "no_fire"}]}
    rows = [
        ({"fields": {"component": {"value": "valve"}}, "notes": told}, "valve"),
        ({"fields": {}, "notes": told}, "gas_leak"),
        ({"fields": {}, "notes": {"symptom": told["symptom"]}}, "no_fire"),
        ({}, "repair"),
    ]
    for reading, matter in rows:
        assert _matter(Request(kind="repair", reading=reading)) == matter


def test_history_is_not_picked(cast, month):
    Request.objects.update(is_history=True)
    assert pick_cases(at=NEXT_MONTH) == 0
    assert pick_cases(at=NEXT_QUARTER) == 0


def test_a_workshop_each_quarter_once_in_office_hours_within_72_hours(cast, month, client):
    pick_cases(at=NEXT_MONTH)
    night = NEXT_QUARTER.replace(hour=16, minute=30)  # half past midnight of 2 July
    pick_cases(at=night)
    assert not Paper.objects.filter(code="workshop").exists(), "nobody is at work"
    assert pick_cases(at=NEXT_QUARTER) == 1
    assert pick_cases(at=NEXT_QUARTER + timedelta(hours=1)) == 0
    paper = Paper.objects.get(code="workshop")
    assert paper.request == month[2], "the most telling one of its matter"
    assert [row["case"] for row in paper.about] == [month[2].number, *(month[n].number for n in (0, 1, 3))]
    assert paper.about[0]["zh"] == "危机投诉"
    assert paper.asked_because == "2024 Q2：空调 · 咨询，4 件"
    deliver_until_idle(at=NEXT_QUARTER)
    clock = Clock.objects.get(key=f"paper:{paper.pk}", code="workshop")
    assert clock.due_at - clock.started_at == timedelta(hours=72)
    client.force_login(cast.staff["zheng"])
    page = client.get(f"/papers/{paper.number}").content.decode()
    assert "这类问题的个案" in page
    assert month[3].number in page
    assert "2024 Q2：空调" in page
    assert "逾期的事" not in page
    file_paper(
        paper,
        {
            "taken_part": "客服、门店、质量", "cause": "说明书没有写清滤网怎么拆", "changes": "改说明书，补一段拆洗视频和话术", "measure": "每月咨询拆洗的件数",
            "owner": "KF2024001", "done_by": (NEXT_QUARTER + timedelta(days=9)).date().isoformat(),
        }, by=cast.actor("zheng"), at=NEXT_QUARTER + timedelta(days=2),
    )  # fmt: skip
    deliver_until_idle(at=NEXT_QUARTER + timedelta(days=2))
    paper.refresh_from_db()
    clock.refresh_from_db()
    assert (paper.state, clock.breached_at) == ("closed", None)


@pytest.mark.parametrize(
    ("begins", "paper", "wanted"),
    [("office", "no_such", "quarterly.paper: expected one of the papers"), ("at_noon", "workshop", "no calendar 'at_noon'; expected always, office")],
)  # fmt: skip
def test_a_pack_with_a_workshop_that_cant_be_held_is_refused(begins, paper, wanted):
    content = load_pack("appliance")[0]
    content["papers"]["quarterly"] = {"paper": paper, "begins": begins}
    with pytest.raises(Invalid) as refused:
        parse_pack(content, where="appliance")
    assert wanted in str([*refused.value.problems])
