"""Emergency teams: formed by the type of the problem, every step recorded with its clock, reported (M47, M81, M82)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.intake.services import change_urgency
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import StaffMessage
from aftercare.people.rules import MACHINE
from aftercare.policies.services import activate_pack
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.sla.models import Clock
from aftercare.supervision.models import Team, TeamStep
from aftercare.supervision.services import drop_step, form_team, record_step, stand_down
from tests.cast import MORNING
from tests.together import at_once

GAS = "燃气灶漏气，厨房有很浓的煤气味，不敢开灯"


@pytest.fixture
def emergency(cast):
    activate_pack("appliance", overlays=["emergency"], by=MACHINE, at=MORNING)
    return cast


@pytest.fixture
def team(emergency):
    request = emergency.request(description=GAS)
    deliver_until_idle(at=MORNING)
    return Team.objects.get(request=request)


def test_a_critical_request_has_its_team_formed_and_told_at_once(emergency, team):
    assert (team.code, team.lead) == ("product_safety", emergency.staff["zheng"])
    told = {message.staff.number for message in StaffMessage.objects.all()}
    assert {"ZG2024001", "PD2024001", "DZ2024001"} <= told
    assert all(GAS not in message.body for message in StaffMessage.objects.all())
    clocks = Clock.objects.filter(code="emergency_step", state="running")
    due = {clock.kind: (clock.due_at - MORNING).total_seconds() for clock in clocks}
    assert due == {"message": 60, "make_safe": 600, "plan": 1800, "feedback": 86400}


def test_others_get_none_and_a_change_of_urgency_forms_it(emergency):
    request = emergency.request()
    deliver_until_idle(at=MORNING)
    assert not Team.objects.exists()
    change_urgency(request, "critical", by=emergency.actor("li"), at=MORNING, because="外机冒烟")
    deliver_until_idle(at=MORNING)
    change_urgency(request, "critical", by=emergency.actor("li"), at=MORNING, because="再次确认")
    deliver_until_idle(at=MORNING)
    assert Team.objects.get().code == "product_safety"


def test_by_hand_for_a_reason_once(emergency):
    request = emergency.request()
    li = emergency.actor("li")
    for code, because in (("circus", "系统打不开"), ("system_outage", " ")):
        with pytest.raises(Invalid):
            form_team(request, code, by=li, at=MORNING, because=because)
    form_team(request, "system_outage", by=li, at=MORNING, because="收银系统打不开")
    deliver_until_idle(at=MORNING)
    backup = Clock.objects.get(code="emergency_step", kind="backup")
    assert backup.due_at - MORNING == timedelta(minutes=5)
    with pytest.raises(Conflict):
        form_team(request, "supply", by=li, at=MORNING, because="缺货")


def test_every_step_is_recorded_and_the_report_ends_it(emergency, team):
    zheng, li = emergency.actor("zheng"), emergency.actor("li")
    record_step(team, "message", result="群里已通知", by=li, at=MORNING + timedelta(seconds=40))
    record_step(team, "", result="物业已关总阀", by=li, at=MORNING + timedelta(minutes=2))
    with pytest.raises(Conflict) as early:
        stand_down(team, report="总阀已关闭，无人受伤，明日更换软管。" * 2, by=zheng, at=MORNING)
    assert (early.value.code, early.value.problems[0].expected) == ("steps_due", "make_safe, plan, feedback")
    record_step(team, "make_safe", result="客户已到楼下", by=li, at=MORNING + timedelta(minutes=12))
    record_step(team, "plan", result="周工上门检测", by=zheng, at=MORNING + timedelta(minutes=20))
    with pytest.raises(Forbidden):
        drop_step(team, "feedback", by=li, at=MORNING, because="已经说过")
    drop_step(team, "feedback", by=zheng, at=MORNING, because="电话里已经说过")
    with pytest.raises(Invalid):
        stand_down(team, report="好了", by=zheng, at=MORNING)
    stand_down(
        team, report="总阀已关闭，无人受伤，明日更换软管。" * 2, by=zheng, at=MORNING + timedelta(hours=1)
    )
    deliver_until_idle(at=MORNING + timedelta(hours=1))
    states = dict(Clock.objects.filter(code="emergency_step").values_list("kind", "state"))
    assert states == {"message": "met", "make_safe": "missed", "plan": "met", "feedback": "cancelled"}
    assert "无人受伤" not in str(list(Fact.objects.values_list("values", "because")))
    with pytest.raises(Conflict):
        record_step(team, "", result="还有一件事", by=li, at=MORNING)


def test_two_who_finish_a_step_at_once_finish_it_once(emergency):
    team = form_team(emergency.request(), "supply", by=emergency.actor("li"), at=MORNING, because="缺压缩机")
    went = at_once(
        lambda: record_step(team, "plan", result="明早到货", by=emergency.actor("li"), at=MORNING),
        lambda: record_step(team, "plan", result="改用他仓", by=emergency.actor("pan"), at=MORNING),
    )
    assert sorted(went) == [False, True]
    assert TeamStep.objects.filter(code="plan", state="done").count() == 1
    assert Fact.objects.filter(name="team_step.done").count() == 1
