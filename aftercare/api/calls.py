"""What a telephone or chat system tells: calls that ring, are answered or given up (M9)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from aftercare.intake.services import CallNews, VoiceNews, note_call, note_voice
from aftercare.people.services import require
from aftercare.refusals import Invalid

from .framing import PROBLEMS, actor, now
from .shapes import CallIn, CallOut, ProblemOut, VoiceIn, VoiceOut

router = Router()


@router.post("/calls", response={200: CallOut, frozenset(PROBLEMS): ProblemOut})
def tell_call(request: HttpRequest, body: CallIn) -> Any:
    """Tell what happened to a call, in any order and as often as you like; the clock of answering it follows."""
    who = actor(request)
    unit_id = _unit(who, body.unit_id)
    news = CallNews(body.ref, body.line, body.event, body.at, body.caller, body.staff)
    call = note_call(news, unit_id=unit_id, by=who, at=now())
    return {
        "ref": call.ref, "line": call.line, "state": call.state, "rang_at": call.rang_at, "answered_at": call.answered_at,
        "caller": call.caller_masked, "unit_id": call.unit_id,
    }  # fmt: skip


@router.post("/calls/voice", response={200: VoiceOut, frozenset(PROBLEMS): ProblemOut})
def tell_voice(request: HttpRequest, body: VoiceIn) -> Any:
    """Tell how a passage of a call was spoken, while it goes on; gives what is heard in it. The words are read and not kept."""
    who = actor(request)
    unit_id = _unit(who, body.unit_id)
    news = VoiceNews(body.ref, body.at, body.seconds, body.loudness_db, body.syllables, body.text)
    passage = note_voice(news, unit_id=unit_id, by=who, at=now())
    return {
        "ref": body.ref, "at": passage.at, "emotion": passage.emotion, "strength": passage.strength, "rate": passage.rate,
        "faster_pct": passage.heard.get("faster"), "louder_db": passage.heard.get("louder"), "follows": passage.heard.get("follows", []),
    }  # fmt: skip


def _unit(who: Any, unit_id: int | None) -> int:
    require(who, "note_call")
    unit_id = unit_id or who.unit_id
    if unit_id is None:
        raise Invalid("unit_id is missing", where="unit_id", expected="the id of a unit")
    return unit_id
