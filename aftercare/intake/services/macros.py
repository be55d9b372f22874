"""A canned text that also acts: said to one request or to many, looked at before, and taken back as far as it can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.people.models import Staff
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid, Refusal
from aftercare.triage.rules import RANK

from ..models import Request
from .answering import answer_request, note_request, plan_request
from .handing import follow_request, hand_over_requests, unfollow_request
from .judging import change_urgency, raise_urgency


@dataclass(frozen=True)
class Macro:
    """What is done: the title it is known by, the voice of its text (empty: a note for colleagues), and its acts."""

    title: str
    said_as: str
    acts: Sequence[str]


@dataclass(frozen=True)
class Outcome:
    """What a macro would do to a request, or did: in words; `against` says why nothing happens. What is needed to take it back."""

    request: Request
    does: list[str]
    against: str = ""
    owner_before: int | None = None
    urgency_before: str = ""
    followed: bool = False


def preview_macro(requests: Iterable[Request], macro: Macro, *, by: Actor) -> list[Outcome]:
    """Say for each request what would be done, or why not; nothing is written."""
    return [Outcome(row, _does(row, macro, by), _against(row, macro, by)) for row in requests]


def run_macro(
    requests: Iterable[Request], macro: Macro, texts: dict[int, str], *, by: Actor, at: datetime
) -> list[Outcome]:
    """Say the text (`texts`, by request) and do the acts, each request in a transaction of its own.

    One that is refused is left as it was, with the reason; the others are done.
    """
    require(by, "answer_request")
    return [_run(row, macro, texts.get(row.pk, ""), by=by, at=at) for row in requests]


def do_acts(request: Request, acts: Iterable[str], *, title: str, by: Actor, at: datetime) -> None:
    """Do what a macro does beside saying something; what is so already is left."""
    if by.kind != "staff" or by.id is None:
        raise Conflict(_("only people use macros"), where="staff", code="not_a_person")
    for act in acts:
        if act == "take":
            if request.owner_id != by.id:
                hand_over_requests([request], Staff.objects.get(pk=by.id), by=by, at=at, because=title)
                request.owner_id = by.id
        elif act == "follow":
            follow_request(request, by=by, at=at)
        elif act in ("urgent", "critical"):
            if RANK[act] > RANK.get(request.urgency, 0):
                raise_urgency(request, act, by=by, at=at, because=title)
        else:
            raise Invalid(_("a macro can't do that"), where="acts", expected="take, follow, urgent, critical")


def undo_macro(
    request: Request, *, owner_before: int | None, urgency_before: str, urgency_after: str, followed: bool, by: Actor, at: datetime
) -> bool:  # fmt: skip
    """Take back what a macro did beside saying something; what others have changed since stays. Gives whether anything changed."""
    changed = False
    with transaction.atomic():
        if owner_before and request.owner_id == by.id:
            before = Staff.objects.get(pk=owner_before)
            changed |= bool(hand_over_requests([request], before, by=by, at=at, because=_("taken back")))
        if urgency_before and request.urgency == urgency_after and request.state == "open":
            change_urgency(request, urgency_before, by=by, at=at, because=_("taken back"))
            changed = True
        if followed:
            unfollow_request(request, by=by)
            changed = True
    return changed


def _run(request: Request, macro: Macro, text: str, *, by: Actor, at: datetime) -> Outcome:
    against, does = _against(request, macro, by), _does(request, macro, by)
    owner, urgency = request.owner_id, request.urgency
    followed = "follow" in macro.acts and not request.followers.filter(staff_id=by.id or 0).exists()
    if not against:
        try:
            with transaction.atomic():
                do_acts(request, macro.acts, title=macro.title, by=by, at=at)
                _say(request, macro.said_as, text, by=by, at=at)
        except Refusal as refusal:
            against = refusal.reason
            request.refresh_from_db()
    if against:
        return Outcome(request, [], against)
    return Outcome(
        request, does, owner_before=owner if owner != request.owner_id else None,
        urgency_before=urgency if urgency != request.urgency else "", followed=followed,
    )  # fmt: skip


def _say(request: Request, said_as: str, text: str, *, by: Actor, at: datetime) -> None:
    if not text.strip():
        return
    if said_as == "plan":
        plan_request(request, by=by, at=at, plan=text)
    elif said_as == "answer":
        answer_request(request, by=by, at=at, answer=text)
    elif said_as == "out":
        note_request(request, by=by, at=at, text=text, kind="out")
    else:
        note_request(request, by=by, at=at, text=text)


def _does(request: Request, macro: Macro, by: Actor) -> list[str]:
    said = {"out": _("say it"), "plan": _("tell the plan"), "answer": _("answer and end it")}
    found = [said.get(macro.said_as, _("note it"))]
    if "take" in macro.acts and request.owner_id != by.id:
        found.append(_("take it over"))
    if "follow" in macro.acts:
        found.append(_("follow it"))
    for urgency, words in (("urgent", _("make it urgent")), ("critical", _("make it critical"))):
        if urgency in macro.acts and RANK[urgency] > RANK.get(request.urgency, 0):
            found.append(words)
    return found


def _against(request: Request, macro: Macro, by: Actor) -> str:
    if not by.reaches(request.unit_id):
        return _("out of your reach")
    if request.state != "open":
        return _("no longer open")
    if macro.said_as == "plan" and request.planned_at:
        return _("its plan has been told")
    return ""
