"""Papers: asked for by a breach, filed, checked by a stranger, sent back, closed, withdrawn; joint sign-off (M41, M43, M79)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.ledger.models import Fact
from aftercare.ledger.services import correct_fact, deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.people.services import add_staff
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.sla.models import Clock
from aftercare.sla.services import sweep_clocks
from aftercare.supervision.models import Paper
from aftercare.supervision.selectors import cause_counts, paper_counts, papers_for
from aftercare.supervision.services import ask_paper, check_paper, file_paper, sign_paper, withdraw_paper
from aftercare.workorders.services import merge_request, unmerge_request
from tests.cast import MORNING
from tests.together import at_once

REPORT = {
    "cause": "people", "happened": "早班只有一名客服，电话都占着，没有人回电。", "measure": "早班改为两名客服，值班表已经换好。",
    "owner": "KF2024001", "done_by": "2024-05-25",
}  # fmt: skip
ALL_YES = {"in_time": True, "told": True, "measure_seen": True}


def sweep(at) -> None:
    while sweep_clocks(at=at):
        pass
    deliver_until_idle(at=at)


def overdue(cast, minutes: int = 130, **changes) -> Paper:
    """Let nobody call a customer back until the ladder has begun."""
    at = changes.get("at", MORNING)
    cast.request(**changes)
    deliver_until_idle(at=at)
    later = at + timedelta(minutes=minutes)
    sweep(later)
    return Paper.objects.filter(code="delay_report").latest("id")


def test_a_breach_on_the_ladder_asks_for_one_report_a_case(cast):
    paper = overdue(cast)
    assert (paper.state, paper.number[:2]) == ("due", "RP")
    assert [row["code"] for row in paper.about] == ["plan"]
    sweep(MORNING + timedelta(days=4))
    paper.refresh_from_db()
    assert Paper.objects.filter(code="delay_report").count() == 1
    assert {"plan", "closure"} <= {row["code"] for row in paper.about}
    clock = Clock.objects.get(key=f"paper:{paper.pk}", code="delay_report")
    assert (clock.due_at - clock.started_at).total_seconds() == 24 * 3600


def test_a_report_is_refused_with_everything_that_is_missing(cast):
    paper = overdue(cast)
    with pytest.raises(Invalid) as refusal:
        file_paper(
            paper,
            {"cause": "fate", "happened": "忙", "owner": "XX1", "done_by": "2024-05-19"},
            by=cast.actor("zheng"),
            at=MORNING,
        )
    assert {p.where for p in refusal.value.problems} == {"cause", "happened", "measure", "owner", "done_by"}
    with pytest.raises(Forbidden):
        file_paper(paper, REPORT, by=cast.actor("zhou"), at=MORNING)
    paper.refresh_from_db()
    assert paper.state == "due"


def test_the_warning_closes_only_when_a_stranger_has_tried_it(cast):
    paper = overdue(cast)
    at = MORNING + timedelta(hours=3)
    file_paper(paper, REPORT, by=cast.actor("zheng"), at=at)
    assert (paper.state, paper.cause, paper.owner) == ("filed", "people", cast.staff["li"])
    for name in ("zheng", "li"):
        with pytest.raises((Conflict, Forbidden)):
            check_paper(paper, ALL_YES, seen="打了三次电话", by=cast.actor(name), at=at)
    with pytest.raises(Invalid):
        check_paper(paper, {"in_time": True}, seen="", by=cast.actor("dian"), at=at)
    assert not check_paper(
        paper, {**ALL_YES, "told": False}, seen="两小时后才回电", by=cast.actor("dian"), at=at
    )
    paper.refresh_from_db()
    assert (paper.state, paper.rounds) == ("due", 1)
    file_paper(paper, {**REPORT, "cause": "handover"}, by=cast.actor("zheng"), at=at)
    assert check_paper(paper, ALL_YES, seen="十分钟内回电", by=cast.actor("dian"), at=at)
    deliver_until_idle(at=at)
    names = Fact.objects.filter(subject_kind="paper").order_by("id").values_list("name", flat=True)
    assert list(names) == ["paper.asked", "paper.filed", "paper.returned", "paper.filed", "paper.closed"]
    assert not Clock.objects.filter(key=f"paper:{paper.pk}", state="running").exists()
    with pytest.raises(Conflict):
        check_paper(paper, ALL_YES, seen="再试一次", by=cast.actor("dian"), at=at)
    counted = paper_counts(cast.actor("zheng"), since=MORNING)
    assert counted == {("delay_report", "closed"): 1}
    assert cause_counts(cast.actor("zheng"), "delay_report", since=MORNING) == [("handover", 1)]


def test_a_breach_that_was_none_takes_its_report_back(cast):
    paper = overdue(cast)
    request = paper.request
    from aftercare.intake.services import plan_request

    at = MORNING + timedelta(hours=3)
    plan_request(request, by=cast.actor("li"), at=at, plan="明天上门")
    deliver_until_idle(at=at)
    planned = Fact.objects.get(name="request.planned")
    correct_fact(
        planned,
        happened_at=MORNING + timedelta(minutes=20),
        by=cast.actor("zheng"),
        at=at,
        because="当时已回电",
    )
    deliver_until_idle(at=at)
    paper.refresh_from_db()
    assert (paper.state, paper.about) == ("withdrawn", [])


def test_similar_cases_are_attached_by_the_machine(cast):
    first = overdue(cast)
    file_paper(first, REPORT, by=cast.actor("zheng"), at=MORNING + timedelta(hours=3))
    overdue(
        cast,
        description="洗衣机脱水时整机跳动",
        category="washer",
        product_model="XQG100",
        at=MORNING + timedelta(hours=4),
    )
    second = overdue(cast, at=MORNING + timedelta(hours=8))
    file_paper(second, REPORT, by=cast.actor("zheng"), at=MORNING + timedelta(hours=12))
    assert second.similar[0]["request"] == first.request.number
    assert {"clock", "model", "category", "words"} <= set(second.similar[0]["shared"])
    assert second.similar[0]["cause"] == "people"


def test_three_departments_sign_and_nobody_twice(cast):
    request = cast.request()
    paper = ask_paper(request, "joint_signoff", by=cast.actor("zheng"), at=MORNING, because="压缩机批次问题")
    with pytest.raises(Conflict):
        ask_paper(request, "joint_signoff", by=cast.actor("zheng"), at=MORNING, because="再来")
    written = {
        "supplier": "禾风",
        "finding": "同一批次压缩机三例异响",
        "plan": "更换压缩机，费用由供应商承担",
        "file": "批次质量扣分",
    }
    file_paper(paper, written, by=cast.actor("zheng"), at=MORNING)
    for name, roles in (("caigou", ["purchasing"]), ("zhijian", ["quality"])):
        cast.staff[name] = add_staff(
            number={"caigou": "CG2024001", "zhijian": "ZJ2024001"}[name],
            name="孙知夏",
            unit=cast.root,
            roles=roles,
            by=MACHINE,
            at=MORNING,
        )
    sign_paper(paper, "purchasing", by=cast.actor("caigou"), at=MORNING)
    with pytest.raises(Forbidden):
        sign_paper(paper, "quality", by=cast.actor("caigou"), at=MORNING)
    with pytest.raises(Conflict):
        sign_paper(paper, "purchasing", by=cast.actor("caigou"), at=MORNING)
    sign_paper(paper, "quality", by=cast.actor("zhijian"), at=MORNING)
    paper.refresh_from_db()
    assert paper.state == "filed"
    sign_paper(paper, "agent", by=cast.actor("li"), at=MORNING)
    paper.refresh_from_db()
    assert paper.state == "closed"


def test_the_legal_report_is_written_by_the_legal_department(cast):
    paper = ask_paper(cast.request(), "legal_risk", by=cast.actor("li"), at=MORNING, because="客户说要起诉")
    with pytest.raises(Forbidden):
        file_paper(paper, {}, by=cast.actor("li"), at=MORNING)
    cast.staff["fawu"] = add_staff(
        number="FW2024001", name="钱砚秋", unit=cast.root, roles=["legal"], by=MACHINE, at=MORNING
    )
    file_paper(
        paper,
        {"risk": "low", "basis": "合同第三条，保修期内免费维修", "advice": "先道歉，按保修处理，不谈赔偿"},
        by=cast.actor("fawu"),
        at=MORNING,
    )
    assert paper.state == "closed"
    deliver_until_idle(at=MORNING)
    assert Clock.objects.get(code="legal_risk").state == "met"


def test_a_complex_case_reports_again_and_again_while_it_is_open(cast):
    request = cast.request()
    paper = ask_paper(request, "progress_report", by=cast.actor("li"), at=MORNING, because="等厂家发主板")
    file_paper(
        paper,
        {"done": "已联系厂家", "next": "周三到货", "told": "已电话告知"},
        by=cast.actor("li"),
        at=MORNING,
    )
    assert Paper.objects.filter(code="progress_report", state="due").count() == 1


def test_nobody_sees_papers_of_other_stores_and_a_leader_may_withdraw(cast):
    paper = overdue(cast)
    assert not papers_for(cast.actor("tang")).exists()
    with pytest.raises(Forbidden):
        withdraw_paper(paper, by=cast.actor("li"), at=MORNING, because="不需要")
    withdraw_paper(paper, by=cast.actor("zheng"), at=MORNING, because="系统演练")
    assert paper.state == "withdrawn"


def test_a_merge_takes_papers_back_and_its_undoing_asks_again(cast):
    paper = overdue(cast)
    other = cast.request(at=MORNING + timedelta(hours=3))
    at = MORNING + timedelta(hours=4)
    merge_request(paper.request, other, by=cast.actor("li"), at=at, because="同一台空调")
    deliver_until_idle(at=at)
    paper.refresh_from_db()
    assert paper.state == "withdrawn"
    paper.request.refresh_from_db()
    unmerge_request(paper.request, by=cast.actor("li"), at=at, because="其实是两台")
    deliver_until_idle(at=at)
    again = Paper.objects.get(request=paper.request, state="due")
    assert again.code == "delay_report" and again.about == paper.about


def test_what_an_earlier_merge_took_back_does_not_come_twice(cast):
    paper = overdue(cast)
    other = cast.request(at=MORNING + timedelta(hours=3))

    def merge_and_undo(at) -> None:
        paper.request.refresh_from_db()
        merge_request(paper.request, other, by=cast.actor("li"), at=at, because="同一台空调")
        deliver_until_idle(at=at)
        unmerge_request(paper.request, by=cast.actor("li"), at=at, because="其实是两台")
        deliver_until_idle(at=at)

    merge_and_undo(MORNING + timedelta(hours=4))
    again = Paper.objects.select_related("request").get(request=paper.request, state="due")
    withdraw_paper(again, by=cast.actor("zheng"), at=MORNING + timedelta(hours=5), because="不需要")
    merge_and_undo(MORNING + timedelta(hours=6))
    assert not Paper.objects.filter(request=paper.request, state="due").exists()


def test_of_two_who_hand_a_paper_in_or_check_it_at_once_one_does(cast):
    paper = overdue(cast)
    at = MORNING + timedelta(hours=3)
    papers = [Paper.objects.get(pk=paper.pk) for _n in range(2)]
    went = at_once(*(lambda p=p: file_paper(p, REPORT, by=cast.actor("zheng"), at=at) for p in papers))
    assert sorted(went) == [False, True]
    papers = [Paper.objects.get(pk=paper.pk) for _n in range(2)]
    went = at_once(
        *(
            lambda p=p: check_paper(p, ALL_YES, seen="打了三次电话", by=cast.actor("dian"), at=at)
            for p in papers
        )
    )
    assert sorted(went) == [False, True]
    assert paper.checks.count() == 1
    assert Fact.objects.filter(name="paper.closed", subject_id=paper.pk).count() == 1
