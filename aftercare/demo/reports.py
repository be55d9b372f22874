"""How the made-up company answers for what was late: the supervisor writes, a store manager tries it as a customer would."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftercare.ledger.models import Fact
from aftercare.supervision.models import Paper
from aftercare.supervision.services import check_paper, file_paper, paper_rule

if TYPE_CHECKING:
    from .day import Day

WORDS = (
    ("people", "晚高峰只有一名客服在岗，电话排队，没能按时回电。", "晚班加一名客服，值班表已换。"),
    ("parts", "门店没有启动电容，从别的店调货用了半天。", "常用件安全库存提高到五件。"),
    ("customer", "打了三次电话客户都没接，晚上才联系上。", "两次未接即发短信附预约链接。"),
    ("handover", "早班接的单没有写交接，晚班不知道要回电。", "交接单改为必填下一步和时间。"),
    ("traffic", "雨天路上堵了一小时，没有提前告知客户。", "雨天出发提前三十分钟，迟到先打电话。"),
)


def paper_asked(day: Day, fact: Fact, now: datetime) -> None:
    if fact.values["paper"] == "delay_report" and day.luck.random() < 0.7:
        day.later(now, 40, 600, lambda at: _write(day, fact.subject_id, at))


def paper_filed(day: Day, fact: Fact, now: datetime) -> None:
    if fact.values["paper"] == "delay_report" and day.luck.random() < 0.8:
        day.later(now, 60, 500, lambda at: _check(day, fact.subject_id, at))


def _write(day: Day, paper_id: int, at: datetime) -> None:
    paper = Paper.objects.select_related("request").get(pk=paper_id)
    supervisor = day.founded.supervisor
    assert supervisor
    if paper.state == "due":
        cause, happened, measure = day.luck.choice(WORDS)
        owner = day.luck.choice(day.founded.agents)
        content = {"cause": cause, "happened": happened, "measure": measure, "owner": owner.number,
                   "done_by": (at + timedelta(days=3)).date().isoformat()}  # fmt: skip
        file_paper(paper, content, by=day.actor(supervisor), at=at)


def _check(day: Day, paper_id: int, at: datetime) -> None:
    paper = Paper.objects.select_related("request").get(pk=paper_id)
    manager = next(person for person in day.founded.managers if person.unit_id == paper.unit_id)
    if paper.state == "filed":
        passed = day.luck.random() < 0.8
        answers = {question.code: passed or n > 0 for n, question in enumerate(paper_rule(paper).check)}
        seen = "以顾客身份打了两次电话，都在时限内回电。" if passed else "打了电话，过了一小时才回。"
        check_paper(paper, answers, seen=seen, by=day.actor(manager), at=at)
