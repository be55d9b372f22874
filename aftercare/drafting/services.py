"""Have a text drafted."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import structlog
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.intake.selectors import notes_of
from aftercare.knowledge.rules import without_people
from aftercare.knowledge.selectors import answers_for, seeker_of
from aftercare.ledger.services import record
from aftercare.people.rules import Actor
from aftercare.people.services import count_against_limit, require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid

from .rules import REPLY, WHAT, Line, messages_for, text_of

_log = structlog.get_logger()
TIMEOUT = httpx.Timeout(25.0, connect=3.0)
_one_at_a_time = threading.Semaphore(
    1
)  # a process works few requests at once; a slow model may hold one of them


@dataclass(frozen=True)
class Drafted:
    what: str
    text: str
    model: str


def drafting_allowed(unit_id: int | None) -> tuple[str, ...]:
    """Give what may be drafted: what the pack allows, if there is an address; nothing by default."""
    if not settings.DRAFTING_URL:
        return ()
    return tuple(what for what in policy_for(unit_id).pack.drafting.allowed if what in WHAT)


def draft_text(request: Request, what: str, *, by: Actor, at: datetime) -> Drafted:
    """Have a summary of a case, or a reply to its customer, drafted by the language model; nothing is sent or stored of it.

    What leaves holds what was said to and by the customer without names, numbers and addresses; internal notes stay. Refuses what
    the pack does not allow, more than 60 an hour by one person, and says so when the model does not answer.
    """
    require(by, "answer_request", unit_id=request.unit_id, reach=True)
    if what not in drafting_allowed(request.unit_id):
        raise Invalid(
            _("this is not allowed to leave the house"),
            where="what",
            expected=", ".join(drafting_allowed(request.unit_id)) or "drafting.toml: allowed",
        )
    count_against_limit(f"draft:{by.id}", limit=60, per=3600, at=at)
    lines = _lines(request)
    articles = (
        [f"{one.title}\n{one.text.body}" for one in answers_for(seeker_of(by), request.description, category=request.category, model=request.product_model, limit=2)]
        if what == REPLY else []
    )  # fmt: skip
    messages = messages_for(what, lines, articles=articles, language=get_language() or "zh")
    if not _one_at_a_time.acquire(timeout=1.0):
        raise Conflict(_("another draft is being written; try again in a moment"), code="busy")
    try:
        record("request.drafted", request, by=by, at=at, values={
            "what": what, "model": settings.DRAFTING_MODEL, "characters": sum(len(one["content"]) for one in messages),
        })  # fmt: skip
        text = _asked(messages)
    finally:
        _one_at_a_time.release()
    return Drafted(what, text, settings.DRAFTING_MODEL)


def _asked(messages: list[dict[str, str]]) -> str:
    headers = {"Authorization": f"Bearer {settings.DRAFTING_KEY}"} if settings.DRAFTING_KEY else {}
    body: dict[str, Any] = {
        "model": settings.DRAFTING_MODEL,
        "messages": messages,
        "temperature": 0.2,
        "max_tokens": 700,
    }
    try:
        answer = httpx.post(
            f"{settings.DRAFTING_URL}/chat/completions",
            json=body,
            headers=headers,
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )
        answer.raise_for_status()
        return text_of(answer.json())
    except (httpx.HTTPError, ValueError) as error:
        _log.warning("drafting_failed", problem=f"{type(error).__name__}: {error}"[:200])
        raise Conflict(_("the language model did not answer; write it yourself"), code="no_answer") from error


def _lines(request: Request) -> list[Line]:
    names = [request.customer.full_name] if request.customer else []
    said = [Line("customer", without_people(request.description, names=names))]
    for note in sorted(notes_of(request.pk).values(), key=lambda one: one.at):
        if note.kind in ("in", "out"):
            said.append(
                Line("customer" if note.kind == "in" else "us", without_people(note.text, names=names))
            )
    facts = f"{request.kind} · {request.product_model} · {request.urgency} · {request.get_state_display()}"
    return [Line("case", facts), *said]
