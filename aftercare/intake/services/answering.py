"""Answer, plan, note, close, cancel and reopen requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.customers.services import make_link
from aftercare.files.models import StoredFile
from aftercare.ledger.services import move, record
from aftercare.people.rules import Actor
from aftercare.people.services import count_against_limit, require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid

from ..models import Note, Request, RequestFile
from .handing import mentioned_in
from .hearing import read_heard

MOST_FILES = 24


def plan_request(request: Request, *, by: Actor, at: datetime, plan: str) -> None:
    """Note the plan fed back to the customer (M23); the first one stops the plan clock."""
    require(by, "answer_request", unit_id=request.unit_id, reach=True)
    text = to_customer(request, _said(plan, where="plan"))
    with transaction.atomic():
        if request.planned_at is None:
            Request.objects.filter(pk=request.pk, planned_at=None).update(planned_at=at)
            request.planned_at = at
        _note(request, "request.planned", "out", text, by=by, at=at)


def answer_request(request: Request, *, by: Actor, at: datetime, answer: str) -> None:
    """Answer a question at the desk; that ends an inquiry without a work order."""
    require(by, "answer_request", unit_id=request.unit_id, reach=True)
    text = to_customer(request, _said(answer, where="answer"))
    refuse_before_children(request)
    with transaction.atomic():
        fact = move(request, "answered", by=by, at=at, planned_at=request.planned_at or at)
        Note.objects.create(request=request, at=at, kind="out", author=by.name, text=text, fact_id=fact.pk)


def note_request(request: Request, *, by: Actor, at: datetime, text: str, kind: str = "internal") -> None:
    """Write a note: `internal` (customers never see it), `out` (said to the customer) or `in` (said by them)."""
    if by.kind == "staff":
        require(by, "note_request", unit_id=request.unit_id, reach=not by.own_only)
    if kind not in ("internal", "out", "in"):
        raise Invalid(_("unknown kind of note"), where="kind", expected="internal, out, in")
    with transaction.atomic():
        name = {"internal": "request.noted", "out": "request.told", "in": "request.heard"}[kind]
        said = _said(text, where="text")
        if kind == "out":
            to_customer(request, said)
        values = read_heard(request, said, at=at) if kind == "in" else None
        called = mentioned_in(said, request) if kind == "internal" else []
        values = {"mentioned": called} if called else values
        _note(request, name, kind, said, by=by, at=at, values=values)


def note_looked(request: Request, articles: list[str], *, door: str, by: Actor, at: datetime) -> None:
    """Note which answers somebody was offered before they wrote this request: what was not enough (M14)."""
    record("request.asked_first", request, by=by, at=at, values={"door": door, "articles": articles})


def hand_out_link(request: Request, purpose: str, *, by: Actor, at: datetime) -> str:
    """Make a link for the customer to read out or send by hand; that leaves a fact, for a link acts for them."""
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    if request.customer is None:
        raise Invalid(_("No contact was given."), where="customer")
    lives_for = policy_for(request.unit_id).pack.links.live_for
    with transaction.atomic():
        record("request.link_made", request, by=by, at=at, values={"purpose": purpose})
        return make_link(request.customer, case_id=request.pk, purpose=purpose, lives_for=lives_for, at=at)


def ask_for_link(request: Request, purpose: str, *, by: Actor, at: datetime) -> None:
    """Have a fresh link sent to the stored contact, whoever asks; three times an hour at most."""
    count_against_limit(f"ask:{request.pk}", limit=3, per=3600, at=at)
    with transaction.atomic():
        record("request.link_asked", request, by=by, at=at, values={"purpose": purpose})


def close_request(request: Request, *, by: Actor, at: datetime) -> None:
    """Close a request whose work is done, and whose children are over."""
    refuse_before_children(request)
    move(request, "closed", by=by, at=at, closed_at=at)


def cancel_request(request: Request, *, by: Actor, at: datetime, because: str) -> None:
    """Cancel a request, with the reason."""
    require(by, "cancel_work_order", unit_id=request.unit_id, reach=True)
    refuse_before_children(request)
    move(request, "cancelled", by=by, at=at, because=_said(because, where="because"))


def reopen_request(request: Request, *, by: Actor, at: datetime, because: str) -> None:
    """Open a request again, with the reason."""
    move(
        request,
        "open",
        by=by,
        at=at,
        because=_said(because, where="because"),
        fact="request.reopened",
        closed_at=None,
        planned_at=None,
    )


def reopen_by_customer(request: Request, *, by: Actor, at: datetime, because: str) -> None:
    """Open a request again because its customer says that it is not solved; its clocks start anew.

    Refuses one that is not over, and one that ended longer ago than the pack allows.
    """
    if request.state not in ("answered", "closed"):
        raise Conflict(_("this is still in progress"), where="state", code="not_over")
    within = policy_for(request.unit_id).pack.links.reopen_within
    if at > request.state_since + timedelta(seconds=within):
        raise Conflict(
            _("this ended more than %(days)d days ago; please report it anew") % {"days": within // 86400}, where="state",
            code="too_late",
        )  # fmt: skip
    said = _said(because, where="text")
    with transaction.atomic():
        reopen_request(request, by=by, at=at, because=_("the customer says that it is not solved"))
        note_request(request, by=by, at=at, text=said, kind="in")


def attach_files(request: Request, files: Sequence[StoredFile], *, by: Actor, at: datetime) -> None:
    """Add photos, videos and voice notes to a request; who may say something about it may show it. Refuses more than the most a case holds."""
    if by.kind == "staff":
        require(by, "note_request", unit_id=request.unit_id, reach=not by.own_only)
    if not files:
        return
    if request.files.count() + len(files) > MOST_FILES:
        raise Invalid(
            _("this case holds as many files as it can"),
            where="files",
            expected=_("at most %(n)d") % {"n": MOST_FILES},
        )
    with transaction.atomic():
        RequestFile.objects.bulk_create([RequestFile(request=request, file=file) for file in files])
        record("request.files_added", request, by=by, at=at, values={"files": [file.kind for file in files]})


def refuse_before_children(request: Request) -> None:
    """Refuse to end a request while one that was split from it is open."""
    child = request.children.filter(state="open").order_by("id").first()
    if child is not None:
        raise Conflict(
            _("%(number)s was split from this and is still open") % {"number": child.number},
            where="state",
            code="open_child",
        )


def to_customer(request: Request, text: str) -> str:
    """Give a text back that may be said to a customer. Refuses the phrases the pack forbids, with what to say instead (M77)."""
    for word, rule in policy_for(request.unit_id).pack.knowledge.forbidden_in(text):
        raise Invalid(
            _("this is never said to a customer: “%(word)s”") % {"word": word}, where="text",
            expected=_("say instead: %(text)s") % {"text": rule.say[get_language() or "zh"]},
        )  # fmt: skip
    return text


def _note(
    request: Request,
    name: str,
    kind: str,
    text: str,
    *,
    by: Actor,
    at: datetime,
    values: dict[str, Any] | None = None,
) -> None:
    fact = record(name, request, by=by, at=at, values=values)
    Note.objects.create(request=request, at=at, kind=kind, author=by.name, text=text, fact_id=fact.pk)


def _said(text: str, *, where: str) -> str:
    plain = text.strip()
    if len(plain) < 2:
        raise Invalid(_("nothing was written"), where=where, expected=_("a sentence"))
    if len(plain) > 4000:
        raise Invalid(_("this is too long"), where=where, expected=_("at most 4,000 characters"))
    return plain
