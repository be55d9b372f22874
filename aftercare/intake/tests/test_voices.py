"""How a caller speaks is noticed while they do: by the agent, the request and the supervisor; words are not kept (M27)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from aftercare.intake.models import Passage, Request
from aftercare.intake.services import (
    CallNews,
    VoiceNews,
    note_call,
    note_voice,
    register_call,
)
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import StaffMessage
from aftercare.people.rules import MACHINE
from aftercare.refusals import Forbidden, Invalid, NotFound
from tests.cast import MORNING
from tests.together import at_once

ANGRY = {"seconds": 4.0, "loudness": -20.0, "syllables": 26}
CALM = {"seconds": 4.0, "loudness": -30.0, "syllables": 18}


def at(seconds):
    return MORNING + timedelta(seconds=seconds)


@pytest.fixture
def call(cast):
    note_call(
        CallNews("c-1", "phone", "ringing", at(0), "13812345678"), unit_id=cast.store.pk, by=MACHINE, at=at(0)
    )
    return note_call(
        CallNews("c-1", "phone", "answered", at(5), "", "KF2024001"),
        unit_id=cast.store.pk,
        by=MACHINE,
        at=at(5),
    )


def say(cast, after, **measures) -> Passage:
    news = VoiceNews("c-1", at(after), **measures)
    return note_voice(news, unit_id=cast.store.pk, by=MACHINE, at=at(after))


def test_anger_is_heard_against_the_beginning_and_told_once(cast, call):
    assert [say(cast, s, **CALM).emotion for s in (10, 15)] == ["calm", "calm"]
    heard = say(cast, 20, **ANGRY)
    assert (heard.emotion, heard.heard["faster"], heard.heard["louder"]) == ("angry", 44, 10)
    assert say(cast, 20, **CALM).pk == heard.pk, "told twice, it is one passage"
    say(cast, 25, **ANGRY)
    facts = Fact.objects.filter(name="call.heard")
    assert facts.count() == 1, "nothing new is said while it stays so"
    assert facts.get().values["staff"] == cast.staff["li"].pk
    deliver_until_idle(at=at(30))
    assert "情绪激动" in str(list(StaffMessage.objects.values_list("body", flat=True))), list(
        Fact.objects.filter(name="call.heard").values()
    )


def test_a_long_call_is_told_of_by_its_last_passage(cast, call):
    for n in range(25):
        say(cast, 10 + n, **CALM)
    say(cast, 40, **ANGRY)
    say(cast, 45, **CALM)
    say(cast, 50, **CALM)
    felt = [fact.values["emotion"] for fact in Fact.objects.filter(name="call.heard").order_by("id")]
    assert felt == ["angry", "calm"], "each change once, however long the call"


def test_the_request_it_leads_to_takes_it_over(cast, call):
    for s in (10, 15):
        say(cast, s, **CALM)
    say(cast, 20, **ANGRY)
    request = cast.request()
    register_call(call, request, by=cast.actor("li"), at=at(60))
    request.refresh_from_db()
    assert request.emotion == "angry"
    assert Fact.objects.filter(name="request.heard", subject_id=request.pk).get().values["voice"] is True
    call.refresh_from_db()
    say(cast, 70, **CALM)
    assert Request.objects.get(pk=request.pk).emotion == "calm", "as with what is written, the latest counts"


def test_words_are_read_and_not_kept(cast, call):
    words = "燃气味很重，孩子在家，你们快来啊"
    heard = say(cast, 10, seconds=3.0, text=words)
    assert heard.rate == round(14 / 3, 2)
    assert "danger" in heard.heard["follows"]
    kept = json.dumps([str(v) for v in Passage.objects.values().get().values()], ensure_ascii=False)
    kept += json.dumps(list(Fact.objects.values_list("values", flat=True)), ensure_ascii=False, default=str)
    assert "燃气味" not in kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0.0}, {"seconds": 601.0}, {"seconds": float("nan")}, {"seconds": 4.0, "loudness": 500.0}, {"seconds": 4.0, "syllables": -1},
        {"seconds": 1.0, "syllables": 400}, {"seconds": 4.0, "loudness": float("nan")},
    ],
)  # fmt: skip
def test_measures_no_voice_has_are_refused(cast, call, wrong):
    with pytest.raises(Invalid):
        say(cast, 10, **wrong)
    assert not Passage.objects.exists()


def test_who_may_tell_and_of_what(cast, call):
    with pytest.raises(NotFound):
        note_voice(VoiceNews("nobody", at(10), 4.0), unit_id=cast.store.pk, by=MACHINE, at=at(10))
    with pytest.raises(Forbidden):
        note_voice(VoiceNews("c-1", at(10), 4.0), unit_id=cast.store.pk, by=cast.actor("zhou"), at=at(10))
    with pytest.raises(Invalid):
        note_voice(VoiceNews("c-1", at(600), 4.0), unit_id=cast.store.pk, by=MACHINE, at=at(10))


@pytest.mark.django_db(transaction=True)
def test_the_same_passage_told_by_two_at_once(cast, call):
    told = at_once(*[lambda: say(cast, 10, **CALM) for _ in range(4)])
    assert all(told)
    assert Passage.objects.count() == 1
