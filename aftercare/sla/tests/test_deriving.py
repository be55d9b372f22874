"""What is derived stays true when facts come late, are corrected, or the policy changes; breaches are withdrawn."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from aftercare.intake.services import change_urgency, note_request, plan_request, raise_urgency
from aftercare.ledger.models import Fact
from aftercare.ledger.services import consumer_named, correct_fact, deliver, deliver_until_idle, record
from aftercare.people.models import Unit
from aftercare.people.rules import MACHINE
from aftercare.policies.selectors import policy_for
from aftercare.policies.services import activate_pack
from aftercare.refusals import Invalid
from aftercare.sla.models import Clock
from aftercare.sla.rules import read_run, split_runs
from aftercare.sla.services import explain_clock, replan_clocks, sweep_clocks
from aftercare.sla.services.board import events_of
from aftercare.sla.services.deriving import reading_of
from aftercare.sla.services.touching import clock_key
from aftercare.workorders.services import pause_work_order, resume_work_order
from tests.cast import MORNING


def minutes(n):
    return MORNING + timedelta(minutes=n)


def clock(request, code):
    return Clock.objects.get(case_id=request.pk, code=code)


def sweep(at):
    while sweep_clocks(at=at):
        pass


def noticed(case, code):
    facts = Fact.objects.filter(case_id=case.pk, subject_kind="clock", values__code=code).order_by("id")
    return [(f.name.removeprefix("clock."), int((f.at - MORNING).total_seconds() // 60)) for f in facts]


def test_a_stop_that_comes_late_withdraws_the_breach_and_both_are_shown(cast):
    request = cast.order().request
    sweep(minutes(40))
    assert clock(request, "plan").breached_at == minutes(30)
    record("request.planned", request, by=cast.actor("li"), at=minutes(22))  # from a phone that was offline
    deliver_until_idle(at=minutes(45))
    plan = clock(request, "plan")
    assert (plan.state, plan.ended_at, plan.breached_at) == ("met", minutes(22), None)
    assert noticed(request, "plan")[-3:] == [("breached", 30), ("escalated", 35), ("breach_withdrawn", 45)]
    lines = "\n".join(explain_clock(plan, "zh"))
    assert "撤销逾期" in lines
    assert "按时" in lines


def test_a_pause_that_comes_late_moves_the_due_instant_and_the_warning_comes_again(cast):
    request = cast.order().request
    order = request.workorder_set.get()
    sweep(minutes(24 * 60 + 1))
    assert clock(request, "closure").breached_at == minutes(24 * 60)
    for name, at in (("work_order.paused", 60), ("work_order.resumed", 180)):
        record(name, order, by=MACHINE, at=minutes(at))
    deliver_until_idle(at=minutes(24 * 60 + 2))
    closure = clock(request, "closure")
    assert (closure.state, closure.due_at, closure.breached_at) == ("running", minutes(26 * 60), None)
    sweep(minutes(26 * 60 + 1))
    assert [what for what, _at in noticed(request, "closure")].count("breached") == 2
    assert clock(request, "closure").breached_at == minutes(26 * 60)


def test_the_order_of_arrival_makes_no_difference_to_what_is_stored(cast):
    happened = [("work_order.paused", 60), ("work_order.resumed", 180), ("request.planned", 20)]
    for description, order_of in (("一", happened), ("二", happened[::-1])):
        order = cast.order(
            description=f"外机嗡嗡响，不出冷风，第{description}台", phone=f"1380000000{len(description)}"
        )
        for name, at in order_of:
            subject = order.request if name.startswith("request") else order
            record(name, subject, by=MACHINE, at=minutes(at))
            deliver_until_idle(at=minutes(200))
    fields = ("code", "state", "started_at", "due_at", "ended_at", "paused_at", "next_step_at", "noticed")
    first, second = (
        sorted(Clock.objects.filter(case_id=case).values_list(*fields))
        for case in sorted(set(Clock.objects.values_list("case_id", flat=True)))
    )
    assert first == second


def test_a_corrected_time_is_followed_and_the_record_stays(cast):
    request = cast.order().request
    plan_request(request, by=cast.actor("li"), at=minutes(40), plan="今天下午上门，保内免费")
    deliver_until_idle(at=minutes(40))
    assert clock(request, "plan").state == "missed"
    told = Fact.objects.get(name="request.planned", case_id=request.pk)
    correct_fact(told, happened_at=minutes(25), by=cast.actor("li"), at=minutes(50), because="通话录音 09:39")
    deliver_until_idle(at=minutes(50))
    assert clock(request, "plan").state == "met"
    assert Fact.objects.get(pk=told.pk).at == minutes(40)
    with pytest.raises(Invalid):
        correct_fact(told, happened_at=minutes(99), by=MACHINE, at=minutes(50), because="future")


def test_a_run_that_a_correction_left_empty_hides_no_other(cast):
    order = cast.order()
    request = order.request
    for name, at in (("request.closed", 10), ("request.received", 20)):
        record(name, request, by=MACHINE, at=minutes(at), values={"service_type": "visit"})
    deliver_until_idle(at=minutes(21), only=["sla"])
    assert Clock.objects.filter(case_id=request.pk, code="closure").count() == 2
    closed = Fact.objects.get(name="request.closed", case_id=request.pk)
    correct_fact(closed, happened_at=minutes(-5), by=MACHINE, at=minutes(25), because="记错了时间")
    deliver_until_idle(at=minutes(25), only=["sla"])
    record("request.closed", request, by=MACHINE, at=minutes(40))
    deliver_until_idle(at=minutes(40), only=["sla"])
    states = Clock.objects.filter(case_id=request.pk, code="closure").order_by("started_at")
    assert [(c.state, c.ended_at) for c in states] == [("met", minutes(40)), ("cancelled", minutes(20))]


def test_a_late_start_makes_the_clock_it_should_have_made(cast):
    order = cast.order()
    before = Clock.objects.filter(code="dispatch").count()
    record("work_order.released", order, by=MACHINE, at=minutes(-1), because="late")
    deliver_until_idle(at=minutes(5), only=["sla"])
    dispatch = Clock.objects.filter(code="dispatch").order_by("started_at")
    assert dispatch.count() == before
    assert dispatch[0].started_at == minutes(-1)


def test_a_new_policy_keeps_the_pauses_and_gives_its_targets(cast):
    order = cast.order()
    pause_work_order(order, "parts", by=cast.actor("li"), at=minutes(60))
    deliver_until_idle(at=minutes(60))
    activate_pack("retail", by=MACHINE, at=minutes(90))
    deliver_until_idle(at=minutes(90))
    while replan_clocks(at=minutes(91), limit=3):
        pass
    resume_work_order(order, by=MACHINE, at=minutes(180))
    deliver_until_idle(at=minutes(180))
    closure = clock(order.request, "closure")
    assert closure.target_seconds == 4 * 3600, "four hours of the retail pack for the urgent"
    assert closure.due_at == minutes(4 * 60 + 120)
    assert replan_clocks(at=minutes(200)) == 0


def test_a_lower_urgency_withdraws_what_is_no_longer_one(cast):
    request = cast.order().request
    sweep(minutes(31))
    change_urgency(request, "normal", by=cast.actor("li"), at=minutes(32), because="能用，只是响")
    deliver_until_idle(at=minutes(32))
    plan = clock(request, "plan")
    assert (plan.due_at, plan.breached_at, plan.calendar) == (minutes(120), None, "service")
    assert noticed(request, "plan")[-1] == ("breach_withdrawn", 32)


def test_a_unit_keeps_its_own_hours(cast):
    Unit.objects.filter(pk=cast.store.pk).update(
        hours={day: ["09:30-10:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    )
    request = cast.request(description="想问问清洗一次要多久，现在还能用")
    deliver_until_idle(at=MORNING)
    plan = clock(request, "plan")
    assert (request.urgency, plan.calendar) == ("normal", "service")
    assert plan.due_at == MORNING.replace(hour=2, minute=0) + timedelta(days=3), (
        "half an hour a day, two hours"
    )


def test_levels_of_the_ladder_follow_the_breach(cast):
    request = cast.order().request
    sweep(minutes(30 + 121))
    assert noticed(request, "plan") == [
        ("warned", 15), ("warned", 24), ("breached", 30), ("escalated", 35), ("escalated", 60), ("escalated", 150),
    ]  # fmt: skip
    levels = Fact.objects.filter(name="clock.escalated", values__code="plan").order_by("at")
    assert [fact.values["overdue_for"] for fact in levels] == [300, 1800, 7200]


def test_what_an_outage_missed_comes_oldest_first_and_marked_late(cast):
    cast.order()
    sweep(minutes(600))
    facts = list(Fact.objects.filter(subject_kind="clock").order_by("id"))
    by_clock: dict[int, list] = {}
    for fact in facts:
        by_clock.setdefault(fact.subject_id, []).append(fact.at)
        assert fact.values["late_by"] == int((minutes(600) - fact.at).total_seconds())
    assert all(instants == sorted(instants) for instants in by_clock.values())
    assert len({(f.subject_id, f.name, f.at) for f in facts}) == len(facts), "each step once"


NAMES = ("work_order.paused", "work_order.resumed", "request.planned", "request.answered", "request.reopened", "work_order.released",
         "offer.made", "request.received", "request.urgency_changed")  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_delivered_in_whatever_order_equals_the_pure_derivation(cast, seed):
    """Deliver random facts in random order, a few at a time, while later ones are in the ledger already."""
    luck = random.Random(seed)
    order = cast.order()
    for name in luck.choices(NAMES, k=14):
        subject = order.request if name.startswith("request") else order
        values = {"service_type": "visit"}
        if name == "request.urgency_changed":
            values |= {"urgency": luck.choice(("normal", "urgent", "critical")), "news": luck.random() < 0.5}
        record(name, subject, by=MACHINE, at=minutes(luck.randrange(-30, 600)), values=values)
        if luck.random() < 0.3:
            deliver(consumer_named("sla"), at=minutes(601), batch=luck.choice((1, 2, 100)))
    deliver_until_idle(at=minutes(601), only=["sla"])
    policy = policy_for(cast.store.pk)
    facts = list(Fact.objects.filter(case_id=order.request_id).exclude(subject_kind="clock").order_by("id"))
    for rule in policy.pack.clocks.clocks:
        for key in {clock_key(rule, fact) for fact in facts} - {None}:
            runs = split_runs(events_of(facts, rule, key))
            stored = Clock.objects.filter(key=key, code=rule.code).order_by("started_at", "id")
            kept = [c for c in stored if c.events[-1][3] != "void"]
            assert [c.started_at for c in kept] == [run[0].at for run in runs], (rule.code, key)
            for row, run in zip(kept, runs, strict=True):
                reading = read_run(run, reading_of(row)[1])
                assert (row.state, row.due_at, row.ended_at) == (
                    reading.state,
                    reading.due_at,
                    reading.ended_at,
                )


def test_news_that_make_a_case_urgent_count_from_the_news(cast):
    request = cast.request(description="想问问清洗一次要多久，现在还能用")
    deliver_until_idle(at=MORNING)
    note_request(request, by=cast.actor("li"), at=minutes(60), text="刚才插座冒火花了", kind="in")
    deliver_until_idle(at=minutes(60))
    request.refresh_from_db()
    plan = clock(request, "plan")
    assert (request.urgency, plan.urgency, plan.target_seconds) == ("critical", "critical", 600)
    assert (plan.due_at, plan.breached_at) == (minutes(70), None), (
        "ten minutes from the news, not from the call"
    )
    assert "自 05-20 10:14:00 情况变化起算" in explain_clock(plan, "zh")[0]
    sweep(minutes(71))
    assert clock(request, "plan").breached_at == minutes(70)


def test_a_person_says_since_when_a_case_is_urgent(cast):
    request = cast.request(description="想问问清洗一次要多久，现在还能用")
    deliver_until_idle(at=MORNING)
    with pytest.raises(Invalid):
        raise_urgency(request, "normal", by=cast.actor("li"), at=minutes(40), because="没有更急")
    raise_urgency(request, "urgent", by=cast.actor("li"), at=minutes(40), because="家里老人要用")
    deliver_until_idle(at=minutes(40))
    assert clock(request, "plan").due_at == minutes(70)
    change_urgency(request, "urgent", by=cast.actor("li"), at=minutes(50), because="电话里就说过了")
    deliver_until_idle(at=minutes(50))
    assert clock(request, "plan").due_at == minutes(30)
