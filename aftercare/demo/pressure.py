"""How the made-up company's phones ring, and how its emergency teams do their steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftercare.intake.models import Call, Request
from aftercare.intake.services import CallNews, note_call, register_call
from aftercare.ledger.models import Fact
from aftercare.people.models import Staff
from aftercare.people.rules import MACHINE
from aftercare.supervision.models import Team
from aftercare.supervision.services import record_step, stand_down

if TYPE_CHECKING:
    from .day import Day

RESULTS = {
    "message": "应急群已通知，组员已到位。",
    "make_safe": "客户已切断电源和气源，人在楼下。",
    "off_shelf": "同批次已下架封存，库存系统已锁定。",
    "plan": "先停用，工程师带备件上门，必要时换机。",
    "feedback": "已电话告知客户处理方案和时间。",
}
REPORT = "接报后已先保证人员安全，随后安排工程师到场处理；客户情绪平稳，后续由区域主管跟进更换。"
SECONDS = (3, 4, 5, 5, 6, 6, 7, 8, 8, 9, 13, 21)


def call_came(day: Day, request: Request, agent: Staff, now: datetime) -> None:
    """Let the call that a request came by have rung, been answered and led to it; some callers hang up."""
    ref, seconds = f"PBX-{request.number}", day.luck.choice(SECONDS)
    rang = now - timedelta(seconds=seconds + 90)
    phone = request.customer.phone if request.customer else ""

    def tell(what: str, at: datetime, ref: str = ref) -> None:
        staff = agent.number if what == "answered" else ""
        note_call(CallNews(ref, "phone", what, at, phone, staff), unit_id=request.unit_id, by=MACHINE, at=now)

    tell("ringing", rang)
    tell("answered", rang + timedelta(seconds=seconds))
    call = Call.objects.get(ref=ref)
    register_call(call, request, by=day.actor(agent), at=now)
    if day.luck.random() < 0.04:
        given_up = f"{ref}-0"
        tell("ringing", rang - timedelta(seconds=80), given_up)
        tell("missed", rang - timedelta(seconds=80 - day.luck.choice((4, 7, 26))), given_up)


def team_formed(day: Day, fact: Fact, now: datetime) -> None:
    minutes = 0.3
    for step in Team.objects.get(pk=fact.subject_id).steps.order_by("id"):
        minutes += day.luck.uniform(0.2, 0.5) if step.code == "message" else day.luck.uniform(3, 22)
        _later(day, fact.subject_id, step.code, now + timedelta(minutes=minutes))
    if day.luck.random() < 0.8:
        day.at(now + timedelta(minutes=minutes + 20), lambda at: _stand_down(day, fact.subject_id, at))


def _later(day: Day, team_id: int, code: str, when: datetime) -> None:
    by = day.luck.choice(day.founded.agents)

    def act(at: datetime) -> None:
        record_step(
            Team.objects.get(pk=team_id), code, result=RESULTS.get(code, "已完成。"), by=day.actor(by), at=at
        )

    day.at(when, act)


def _stand_down(day: Day, team_id: int, at: datetime) -> None:
    supervisor = day.founded.supervisor
    assert supervisor
    stand_down(Team.objects.get(pk=team_id), report=REPORT, by=day.actor(supervisor), at=at)
