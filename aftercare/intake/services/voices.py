"""How a caller speaks, told by the telephone system while they do (M27): anger and haste are noticed before they are words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Invalid, NotFound
from aftercare.triage.rules import Speech, hear, syllables_in
from aftercare.triage.selectors import reader_for

from ..models import Call, Passage, Request
from .calls import AHEAD, BEHIND
from .hearing import take_voice

LONGEST = 600.0  # seconds of a passage
FASTEST = 20.0  # syllables a second that somebody may be said to speak
COMPARED = 20  # passages of a call that may count as its beginning


@dataclass(frozen=True)
class VoiceNews:
    """One passage of a call: when it began, how many seconds, how loud (dB, None: not measured), the words or their syllables."""

    ref: str
    at: datetime
    seconds: float
    loudness: float | None = None
    syllables: int | None = None
    text: str = ""


def note_voice(news: VoiceNews, *, unit_id: int, by: Actor, at: datetime) -> Passage:
    """Note how a passage of a call was spoken, against its beginning; the same instant again changes nothing.

    The words, where they are told, are read and not kept. Where the call has led to a request and the emotion is another than
    before, the request takes it and a fact says so, from which the supervisor is told as of what is written. Refused are calls
    nobody told of, an instant that can't be, and measures no voice has.
    """
    require(by, "note_call")
    if not by.reaches(unit_id):
        raise NotFound(_("no such unit"))
    _check(news, at)
    with transaction.atomic():
        call = Call.objects.select_for_update(of=("self",)).filter(unit_id=unit_id, ref=news.ref).first()
        if call is None:
            raise NotFound(_("no such call"))
        known = Passage.objects.filter(call=call, at=news.at).first()
        if known is not None:
            return known
        before = Passage.objects.filter(call=call, at__lt=news.at)
        last = before.order_by("-at").first()
        passage = _heard(news, call, list(before.order_by("at")[:COMPARED]))
        passage.save(force_insert=True)  # nobody else tells of this call meanwhile: it is locked
        latest = not Passage.objects.filter(call=call, at__gt=news.at).exists()
        if latest and passage.emotion != (last.emotion if last else "calm"):
            _tell(call, passage, by=by)
    return passage


def _tell(call: Call, passage: Passage, *, by: Actor) -> None:
    """Say that the emotion has changed: to whoever answered, and to the request; what follows is told once, by the one that leads."""
    values = {**passage.values, "staff": call.answered_by_id, "number": call.caller_masked or call.ref}
    if call.request_id:
        values.pop("follows", None)
        take_voice(Request.objects.get(pk=call.request_id), passage, by=by, at=passage.at)
    record("call.heard", call, by=by, at=passage.at, values=values)


def _heard(news: VoiceNews, call: Call, before: list[Passage]) -> Passage:
    policy = policy_for(call.unit_id)
    count = news.syllables if news.syllables is not None else syllables_in(news.text) or None
    rate = round(count / news.seconds, 2) if count is not None else None
    if rate is not None and rate > FASTEST:
        raise Invalid(
            _("nobody speaks this fast"),
            where="syllables",
            expected=_("at most %(n)d a second") % {"n": FASTEST},
        )
    voice = hear(
        Speech(rate, news.loudness),
        [Speech(one.rate, one.loudness) for one in before],
        policy.pack.triage.voice,
    )
    reading = reader_for(policy).read(news.text, today=news.at.date(), heard=voice)
    return Passage(
        call=call, at=news.at, seconds=news.seconds, rate=rate, loudness=news.loudness, emotion=reading.fields["emotion"].value,
        strength=round(reading.strength, 2), heard={"follows": list(reading.follows), "faster": voice.faster, "louder": voice.louder, "rate": rate},
    )  # fmt: skip


def _check(news: VoiceNews, at: datetime) -> None:
    if not at - BEHIND <= news.at <= at + AHEAD:
        raise Invalid(_("this can't be"), where="at", expected=_("an instant of the last seven days"))
    if not 0 < news.seconds <= LONGEST:
        raise Invalid(
            _("this is no length of a passage"), where="seconds", expected=_("more than 0, at most 600")
        )
    if news.loudness is not None and not -120 <= news.loudness <= 120:
        raise Invalid(_("this is no loudness"), where="loudness_db", expected=_("-120 to 120 dB"))
    if news.syllables is not None and news.syllables < 0:
        raise Invalid(_("this is no number of syllables"), where="syllables", expected=_("0 or more"))
