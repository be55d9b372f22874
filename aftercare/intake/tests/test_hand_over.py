"""Requests change hands with their clocks; notes call colleagues; followers hear what happens, once and never of themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.intake.services import (
    answer_request,
    colleague,
    follow_request,
    hand_over_requests,
    note_request,
    preview_hand_over,
    unfollow_request,
)
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import News
from aftercare.notices.selectors import unread_count
from aftercare.notices.services import note_news_seen
from aftercare.people.rules import MACHINE
from aftercare.refusals import Forbidden, Invalid, NotFound
from aftercare.sla.models import Clock
from aftercare.sla.rules import HAND, START, Event, holder_of
from tests.cast import MORNING


def minutes(n):
    return MORNING + timedelta(minutes=n)


@pytest.fixture
def question(cast):
    found = cast.request(kind="inquiry", description="想问问清洗一次要多久，现在还能用")
    deliver_until_idle(at=MORNING)
    return found


def test_the_clocks_of_a_case_go_to_whoever_answers_for_it(cast, question):
    zheng = cast.staff["zheng"]
    held = Clock.objects.filter(case_id=question.pk, state="running", holder_id=cast.staff["li"].pk)
    assert held.exists()
    changed = hand_over_requests([question], zheng, by=cast.actor("li"), at=minutes(5), because="交班")
    deliver_until_idle(at=minutes(5))
    question.refresh_from_db()
    assert (question.owner_id, [before for _row, before in changed]) == (zheng.pk, [cast.staff["li"].pk])
    assert not held.all().exists()
    fact = Fact.objects.get(name="request.handed_over")
    assert (fact.values["before"], fact.values["holder"], fact.because) == (
        cast.staff["li"].pk,
        zheng.pk,
        "交班",
    )
    hand_over_requests([question], cast.staff["li"], by=cast.actor("zheng"), at=minutes(6))
    deliver_until_idle(at=minutes(6))
    assert held.all().exists(), "and back"


def test_a_clock_goes_only_from_whoever_held_it():
    run = [
        Event(MORNING, 1, START),
        Event(MORNING, 2, HAND, value="7>9"),
        Event(MORNING, 3, HAND, value="9>7"),
    ]
    assert [holder_of(run[:n], 7) for n in (1, 2, 3)] == [7, 9, 7]
    assert holder_of(run[:2], 5) == 5, "the engineer's clock stays the engineer's"
    assert holder_of([run[0], Event(MORNING, 2, HAND, value=">9")], None) == 9, "what nobody held"


def test_what_can_not_change_hands_is_said_and_left(cast, question):
    ended = cast.request(
        phone="13800000099", name="赵一", kind="inquiry", description="请问保修多久，怎么算起"
    )
    answer_request(ended, by=cast.actor("li"), at=minutes(1), answer="整机三年，从开票那天算起")
    looked = preview_hand_over([question, ended], cast.staff["zheng"], by=cast.actor("li"))
    assert [bool(row.against) for row in looked] == [False, True]
    assert [
        row.against for row in preview_hand_over([question], cast.staff["zhou"], by=cast.actor("li"))
    ] == ["不能负责这家门店"]
    assert hand_over_requests([ended], cast.staff["zheng"], by=cast.actor("li"), at=minutes(2)) == []
    assert hand_over_requests([question], cast.staff["zheng"], by=cast.actor("tang"), at=minutes(2)) == [], (
        "out of reach"
    )
    with pytest.raises(Forbidden):
        hand_over_requests([question], cast.staff["zheng"], by=cast.actor("shen"), at=minutes(2))
    with pytest.raises(NotFound):
        colleague([question.unit_id], "XX9")
    with pytest.raises(Invalid):
        colleague([], "KF2024001")


def test_a_note_calls_colleagues_who_may_read_it(cast, question):
    zheng = cast.staff["zheng"]
    note_request(
        question,
        by=cast.actor("li"),
        at=minutes(1),
        text=f"@{zheng.number} 请看一下，@{zheng.number.lower()} 急",
    )
    deliver_until_idle(at=minutes(1))
    news = News.objects.get()
    assert (news.staff_id, news.reason, news.number) == (zheng.pk, "mentioned", question.number)
    before = unread_count(cast.actor("zheng"))
    assert note_news_seen(by=cast.actor("zheng"), at=minutes(2)) == 1
    assert unread_count(cast.actor("zheng")) == before - 1
    with pytest.raises(Invalid) as refusal:
        note_request(question, by=cast.actor("li"), at=minutes(3), text="@KF9999999 看一下")
    assert refusal.value.problems[0].what == "@KF9999999"
    assert Fact.objects.filter(name="request.noted").count() == 1, "what calls nobody is not half kept"
    note_request(question, by=cast.actor("li"), at=minutes(4), text="客户邮箱 a@KF2024001.cn，不是叫人")


def test_followers_hear_what_others_do(cast, question):
    follow_request(question, by=cast.actor("zheng"), at=MORNING)
    follow_request(question, by=cast.actor("zheng"), at=MORNING)
    note_request(question, by=cast.actor("li"), at=minutes(1), text="请您稍等，我问一下师傅", kind="out")
    note_request(question, by=cast.actor("zheng"), at=minutes(2), text="我来跟进这件事", kind="out")
    deliver_until_idle(at=minutes(3))
    assert [(n.fact_name, n.reason) for n in News.objects.order_by("id")] == [("request.told", "followed")]
    unfollow_request(question, by=cast.actor("zheng"))
    note_request(question, by=MACHINE, at=minutes(4), text="再等一下", kind="out")
    deliver_until_idle(at=minutes(4))
    assert News.objects.count() == 1
    with pytest.raises(NotFound):
        follow_request(question, by=cast.actor("tang"), at=MORNING)
