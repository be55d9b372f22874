"""Clocks start, pause, stop and go overdue with the facts of a real case."""

from __future__ import annotations

from datetime import timedelta

from aftercare.intake.services import change_urgency, plan_request
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.sla.models import Clock
from aftercare.sla.services import explain_clock, sweep_clocks
from aftercare.workorders.services import pause_work_order, resume_work_order
from tests.cast import MORNING


def clock(request, code):
    return Clock.objects.get(case_id=request.pk, code=code)


def minutes(n):
    return MORNING + timedelta(minutes=n)


def test_a_received_request_starts_its_clocks_with_the_rule_that_says_so(cast):
    order = cast.order()
    plan = clock(order.request, "plan")
    assert order.request.urgency == "urgent"
    assert (plan.state, plan.due_at, plan.rule) == ("running", minutes(30), "clocks.plan.by_urgency.urgent")
    assert clock(order.request, "order").state == "met"
    assert clock(order.request, "dispatch").state == "met"
    assert clock(order.request, "accept").due_at == minutes(15)


def test_the_plan_told_in_time_meets_its_clock(cast):
    request = cast.order().request
    plan_request(request, by=cast.actor("li"), at=minutes(12), plan="今天下午上门，保内免费")
    deliver_until_idle(at=minutes(12))
    assert clock(request, "plan").state == "met"


def test_waiting_moves_the_due_instant_by_exactly_the_wait(cast):
    order = cast.order()
    due = clock(order.request, "closure").due_at
    pause_work_order(order, "parts", by=cast.actor("li"), at=minutes(20))
    deliver_until_idle(at=minutes(20))
    assert clock(order.request, "closure").state == "paused"
    resume_work_order(order, by=MACHINE, at=minutes(95))
    deliver_until_idle(at=minutes(95))
    assert clock(order.request, "closure").due_at == due + timedelta(minutes=75)


def test_a_breach_happened_when_it_was_due_and_is_noticed_once(cast):
    request = cast.order().request
    late = minutes(50)
    assert sweep_clocks(at=late) > 0
    while sweep_clocks(at=late):
        pass
    breach = Fact.objects.get(name="clock.breached", case_id=request.pk, values__code="plan")
    assert breach.at == minutes(30)
    assert breach.values["late_by"] == 20 * 60
    warned = Fact.objects.filter(name="clock.warned", case_id=request.pk, values__code="plan").order_by("at")
    assert [f.at for f in warned] == [minutes(15), minutes(24)]
    plan_request(request, by=cast.actor("li"), at=late, plan="抱歉久等，方案如下")
    deliver_until_idle(at=late)
    plan = clock(request, "plan")
    assert (plan.state, plan.breached_at) == ("missed", minutes(30))


def test_a_new_urgency_gives_new_targets(cast):
    request = cast.order().request
    change_urgency(request, "critical", by=cast.actor("li"), at=minutes(1), because="闻到焦味")
    deliver_until_idle(at=minutes(1))
    plan = clock(request, "plan")
    assert (plan.due_at, plan.urgency) == (minutes(10), "critical")


def test_a_clock_explains_itself(cast):
    lines = explain_clock(clock(cast.order().request, "plan"), "zh")
    assert lines[0].startswith("clocks.plan.by_urgency.urgent · 时限 30m")
    assert "开始 ← request.received" in lines[1]
