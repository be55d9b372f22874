"""What a customer says in the course of a request is read, too: anger is noticed, danger raises the urgency (M27, M31)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aftercare.ledger.services import record
from aftercare.people.rules import MACHINE, Actor
from aftercare.policies.selectors import policy_for
from aftercare.triage.rules import RANK, Reading
from aftercare.triage.selectors import reader_for

from ..models import Passage, Request


def read_heard(request: Request, text: str, *, at: datetime) -> dict[str, Any]:
    """Read what the customer says now; the request takes their latest emotion, and a higher urgency where a rule demands it.

    Urgency is never lowered by what somebody writes, and what is raised counts from now: nobody knew before. Gives what the fact of the message keeps: emotion, strength, what follows.
    """
    reading = reader_for(policy_for(request.unit_id)).read(
        text, today=at.date(), known={"kind": request.kind, "category": request.category}
    )
    emotion = reading.fields["emotion"].value
    _take_in(request, emotion)
    if request.state == "open" and RANK[reading.urgency.value] > RANK[request.urgency]:
        _raise_urgency(request, reading, at=at)
    return {"emotion": emotion, "strength": round(reading.strength, 2), "follows": list(reading.follows)}


def take_voice(request: Request, passage: Passage, *, by: Actor, at: datetime) -> None:
    """Let a request take what was heard in a voice, as it takes what is read in a message; a fact says so."""
    _take_in(request, passage.emotion)
    record("request.heard", request, by=by, at=at, values={**passage.values, "voice": True})


def _take_in(request: Request, emotion: str) -> None:
    if emotion != request.emotion:
        Request.objects.filter(pk=request.pk).update(emotion=emotion)
        request.emotion = emotion


def _raise_urgency(request: Request, reading: Reading, *, at: datetime) -> None:
    before, request.urgency = request.urgency, reading.urgency.value
    request.urgency_reason = {**reading.urgency.as_values(), "chosen": request.urgency}
    Request.objects.filter(pk=request.pk).update(
        urgency=request.urgency, urgency_reason=request.urgency_reason
    )
    record(
        "request.urgency_changed", request, by=MACHINE, at=at, because="、".join(reading.urgency.words),
        values={"before": before, "judged": request.urgency_reason, "news": True},
    )  # fmt: skip
