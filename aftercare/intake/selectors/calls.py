"""Reads of calls that the telephone system tells of, and of how callers spoke."""

from __future__ import annotations

from datetime import datetime

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from aftercare.people.rules import Actor

from ..models import (
    Call,
    Passage,
)


def call_for(actor: Actor, ref: str) -> Call | None:
    """Give a call within reach by the telephone system's name for it, the latest where two units use the same one."""
    calls = Call.objects.filter(ref=ref)
    return (calls if actor.units is None else calls.filter(unit_id__in=actor.units)).order_by("-id").first()


def voice_of(call: Call) -> Passage | None:
    """Give how the caller spoke last, as far as the telephone system told."""
    return call.passages.order_by("-at").first()


def calls_to_register(actor: Actor, *, since: datetime) -> list[Call]:
    """Give the calls this actor has answered that have not led to a request yet, newest first."""
    calls = Call.objects.filter(answered_by_id=actor.id, request=None, rang_at__gte=since)
    return list(calls.order_by("-rang_at")[:5]) if actor.kind == "staff" else []


def call_keys(actor: Actor, *, since: datetime) -> QuerySet[Call, str]:
    """Give the keys of the clocks (`call:7`) of the calls within reach that came in since an instant."""
    calls = Call.objects.filter(rang_at__gte=since)
    calls = calls if actor.units is None else calls.filter(unit_id__in=actor.units)
    return calls.annotate(key=Concat(Value("call:"), Cast("id", CharField()))).values_list("key", flat=True)
