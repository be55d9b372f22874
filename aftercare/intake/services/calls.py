"""What the telephone system tells of calls and chats (M9): when it rang, who answered, when the caller gave up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from aftercare.ledger.selectors import last_fact
from aftercare.ledger.services import correct_fact, move, record
from aftercare.people.rules import Actor
from aftercare.people.selectors import staff_numbered
from aftercare.people.services import require
from aftercare.privacy.rules import masked_phone, normal_phone
from aftercare.refusals import Conflict, Invalid, NotFound

from ..models import Call, Request
from .hearing import take_voice

LINES = ("phone", "online")
NEWS = ("ringing", "answered", "missed")
AHEAD = timedelta(minutes=1)  # how far the clock of a telephone system may be ahead of ours
BEHIND = timedelta(days=7)  # what is told later than this is of no use
SILENT = timedelta(minutes=10)  # a call of which nothing more was heard is taken as given up


@dataclass(frozen=True)
class CallNews:
    """One thing that happened to a call: `ref` is the telephone system's own name for it, `staff` a staff number."""

    ref: str
    line: str
    what: str
    at: datetime
    caller: str = ""
    staff: str = ""


def note_call(news: CallNews, *, unit_id: int, by: Actor, at: datetime) -> Call:
    """Note what happened to a call, in whatever order and however often it is told.

    Refused are unknown lines, events and staff numbers, and instants in the future.
    """
    require(by, "note_call")
    if not by.reaches(unit_id):
        raise NotFound(_("no such unit"))
    _check(news, at)
    with transaction.atomic():
        call = _call(news, unit_id, by)
        _give_up_silent(call, by=by, at=at)
        if news.what == "ringing":  # told after the answer, it says that it rang earlier than was thought
            _note_ringing(call, news, by=by, at=at)
        elif news.what == "answered" and call.state != "answered":
            _note_answer(call, news, by=by)
        elif news.what == "missed" and call.state == "ringing":
            move(call, "missed", by=by, at=max(news.at, call.rang_at))
    return call


def register_call(call: Call, request: Request, *, by: Actor, at: datetime) -> None:
    """Note which request a call led to; one that led to a request already is left as it is."""
    require(by, "receive_request", unit_id=request.unit_id, reach=True)
    if not Call.objects.filter(pk=call.pk, request=None).update(request=request):
        return
    seconds = round((call.answered_at - call.rang_at).total_seconds()) if call.answered_at else None
    record("request.call_registered", request, by=by, at=at, values={"seconds": seconds, "line": call.line})
    last = call.passages.order_by("-at").first()
    if last is not None and last.emotion != "calm":
        take_voice(request, last, by=by, at=at)


def _check(news: CallNews, at: datetime) -> None:
    if news.line not in LINES:
        raise Invalid(_("no such line"), where="line", expected=", ".join(LINES))
    if news.what not in NEWS:
        raise Invalid(_("no such event of a call"), where="event", expected=", ".join(NEWS))
    if not news.ref.strip() or len(news.ref) > 80:
        raise Invalid(_("this is no reference of a call"), where="ref", expected=_("1 to 80 characters"))
    if not at - BEHIND <= news.at <= at + AHEAD:
        raise Invalid(_("this can't be"), where="at", expected=_("an instant of the last seven days"))
    if news.staff and staff_numbered(news.staff) is None:
        raise Invalid(_("nobody has this staff number"), where="staff", expected="GY2024001")


def _call(news: CallNews, unit_id: int, by: Actor) -> Call:
    """Give the call, locked; the first that is told of it makes it and has it ring."""
    known = Call.objects.select_for_update().filter(unit_id=unit_id, ref=news.ref).first()
    if known is not None:
        return known
    call = Call(
        ref=news.ref, line=news.line, caller=normal_phone(news.caller)[:20], caller_masked=masked_phone(news.caller)[:40],
        rang_at=news.at, unit_id=unit_id, state_since=news.at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            call.save(force_insert=True)
    except IntegrityError:
        raise Conflict(_("this call is being noted"), where="ref", code="in_progress") from None
    record("call.ringing", call, by=by, at=news.at)
    return call


def _note_ringing(call: Call, news: CallNews, *, by: Actor, at: datetime) -> None:
    """Take what only the ringing tells; told after the answer, it says that it rang earlier than was thought."""
    changes = {}
    if news.caller and not call.caller_masked:
        changes = {"caller": normal_phone(news.caller)[:20], "caller_masked": masked_phone(news.caller)[:40]}
    if news.at < call.rang_at:
        rang = last_fact("call", call.pk, "call.ringing")
        assert rang is not None  # every call begins with it
        correct_fact(rang, happened_at=news.at, by=by, at=at, because=_("told later"))
        changes["rang_at"] = news.at  # type: ignore[assignment]
    if changes:
        Call.objects.filter(pk=call.pk).update(**changes)
        for name, value in changes.items():
            setattr(call, name, value)


def _note_answer(call: Call, news: CallNews, *, by: Actor) -> None:
    staff = staff_numbered(news.staff) if news.staff else None
    answered = max(news.at, call.rang_at)
    call.answered_by = staff
    move(
        call, "answered", by=by, at=answered, answered_at=answered, answered_by_id=staff.pk if staff else None,
        values={"staff": staff.pk if staff else None, "seconds": round((answered - call.rang_at).total_seconds())},
    )  # fmt: skip


def _give_up_silent(call: Call, *, by: Actor, at: datetime) -> None:
    """Take calls of the unit that rang long ago, and of which nothing more was heard, as given up."""
    silent = Call.objects.filter(unit_id=call.unit_id, state="ringing", rang_at__lt=at - SILENT).exclude(
        pk=call.pk
    )
    for other in silent.select_for_update(skip_locked=True).order_by("pk")[:20]:
        move(other, "missed", by=by, at=other.rang_at + SILENT, because=_("nothing more was heard"))
