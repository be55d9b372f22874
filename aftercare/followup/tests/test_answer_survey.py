"""Customers are asked in time; a low score reaches the supervisor within the hour."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.followup.models import Recovery, Survey
from aftercare.followup.services import (
    answer_recovery,
    answer_survey,
    close_recovery,
    mark_unreachable,
    open_survey,
    take_recovery,
)
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE, customer_actor
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.sla.models import Clock
from tests.cast import MORNING

ALL = dict.fromkeys(("timeliness", "expertise", "friendliness", "resolution", "overall", "recommend"), 5)


@pytest.fixture
def survey(cast):
    order = cast.order()
    return open_survey(order, by=MACHINE, at=MORNING)


def test_it_is_due_within_the_packs_time_and_opened_once(cast, survey):
    assert (survey.number, survey.due_at) == ("CS20240520-001", MORNING + timedelta(hours=24))
    assert open_survey(survey.order, by=MACHINE, at=MORNING).pk == survey.pk


def test_a_happy_answer_opens_nothing(cast, survey):
    assert (
        answer_survey(survey, ALL, opinion="师傅讲得清楚", channel="phone", by=cast.actor("li"), at=MORNING)
        is None
    )
    survey.refresh_from_db()
    assert (survey.state, survey.overall, survey.asked_by) == ("answered", 5, cast.staff["li"])


@pytest.mark.parametrize(
    ("scores", "opinion", "reason"),
    [
        ({**ALL, "overall": 3}, "", "score:overall"),
        ({**ALL, "timeliness": 2}, "", "score:timeliness"),
        (ALL, "修完又坏了，失望", "word:失望"),
    ],
)
def test_a_low_score_or_negative_words_open_a_recovery_with_its_clocks(cast, survey, scores, opinion, reason):
    recovery = answer_survey(
        survey, scores, opinion=opinion, channel="phone", by=cast.actor("li"), at=MORNING, complaint="slow"
    )
    assert reason in recovery.reasons
    deliver_until_idle(at=MORNING)
    clocks = {c.code: c for c in Clock.objects.filter(key=f"recovery:{recovery.pk}")}
    assert clocks["hand_over"].due_at == MORNING + timedelta(hours=1)
    assert clocks["recover"].due_at == MORNING + timedelta(hours=24)
    zheng = cast.actor("zheng")
    take_recovery(recovery, by=zheng, at=MORNING)
    answer_recovery(recovery, solution="致歉，免费复检", remedy="免费复检一次", by=zheng, at=MORNING)
    close_recovery(recovery, by=zheng, at=MORNING)
    deliver_until_idle(at=MORNING)
    assert set(Clock.objects.filter(key=f"recovery:{recovery.pk}").values_list("state", flat=True)) == {"met"}
    assert Survey.objects.get().follow_up == "致歉，免费复检"


def test_an_agent_does_not_handle_a_recovery(cast, survey):
    answer_survey(
        survey, {"overall": 1}, opinion="", channel="sms", by=customer_actor(cast.wang.pk, "王*"), at=MORNING
    )
    with pytest.raises(Forbidden):
        take_recovery(Recovery.objects.get(), by=cast.actor("li"), at=MORNING)


@pytest.mark.parametrize(
    ("scores", "where"),
    [
        ({}, "scores.overall"),
        ({"overall": 6}, "scores.overall"),
        ({"overall": 0}, "scores.overall"),
        ({"overall": 5, "taste": 5}, "scores.taste"),
    ],
)
def test_wrong_scores_are_refused(cast, survey, scores, where):
    with pytest.raises(Invalid) as refusal:
        answer_survey(survey, scores, opinion="", channel="phone", by=cast.actor("li"), at=MORNING)
    assert where in {p.where for p in refusal.value.problems}


def test_an_agent_names_the_class_of_a_low_score(cast, survey):
    with pytest.raises(Invalid):
        answer_survey(survey, {"overall": 2}, opinion="", channel="phone", by=cast.actor("li"), at=MORNING)


def test_answers_are_given_once_but_the_unreachable_may_still_answer(cast, survey):
    mark_unreachable(survey, by=cast.actor("li"), at=MORNING)
    answer_survey(survey, ALL, opinion="", channel="sms", by=customer_actor(cast.wang.pk, "王*"), at=MORNING)
    with pytest.raises(Conflict):
        answer_survey(
            survey, ALL, opinion="", channel="sms", by=customer_actor(cast.wang.pk, "王*"), at=MORNING
        )
