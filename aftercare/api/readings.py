"""Operations on readings: of a text that is not kept, and of a request, confirmed or corrected."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from aftercare.intake.selectors import checks_of, request_for
from aftercare.intake.services import check_reading
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.triage.selectors import reader_for

from .framing import PROBLEMS, actor, now, once
from .shapes import CheckIn, ProblemOut, ReadingOut, TextIn

router = Router()
refusals = frozenset(PROBLEMS)
Number = Annotated[str, Field(max_length=24)]


@router.post("/readings", response={200: ReadingOut, refusals: ProblemOut})
def read_text(request: HttpRequest, body: TextIn) -> Any:
    """Read a text by the dictionary and the model in use; nothing is kept, nobody is told."""
    who = actor(request)
    require(who, "receive_request")
    reading = reader_for(policy_for(who.unit_id)).read(body.text, today=now().date())
    return {
        "urgency": reading.urgency.value,
        "because": list(reading.urgency.words),
        **_out(reading.as_values()),
        "checked": {},
    }


@router.get("/requests/{number}/reading", response={200: ReadingOut, refusals: ProblemOut})
def reading_of(request: HttpRequest, number: Number) -> Any:
    """Give what was read of a request when it was received, and what somebody said of it since."""
    row = request_for(actor(request), number)
    return {
        "urgency": row.urgency, "because": list(row.urgency_reason.get("words", ())), **_out(row.reading), "checked": checks_of(row.pk),
    }  # fmt: skip


@router.post("/requests/{number}/reading", response={200: ReadingOut, refusals: ProblemOut})
def check(request: HttpRequest, number: Number, body: CheckIn) -> Any:
    """Say what fields of a request really are, confirmed or corrected; models learn from it."""
    who, at = actor(request), now()
    require(who, "edit_request")
    row = request_for(who, number)

    def act() -> dict[str, Any]:
        check_reading(row, body.right, by=who, at=at)
        return {
            "urgency": row.urgency, "because": list(row.urgency_reason.get("words", ())), **_out(row.reading), "checked": checks_of(row.pk),
        }  # fmt: skip

    return once(request, 200, act)


def _out(kept: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": kept.get("model", 0), "strength": kept.get("strength", 0.0), "fields": kept.get("fields", {}),
        "notes": kept.get("notes", {}), "follows": kept.get("follows", []),
        "values": [{"kind": k, "value": v, "unit": u, "from": a, "to": b} for k, v, u, a, b in kept.get("values", ())],
    }  # fmt: skip
