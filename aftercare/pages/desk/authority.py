"""What is decided about a request by people: its grade, its level of authority, what it is merged with or split into."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from aftercare.intake.selectors import request_for, requests_for
from aftercare.intake.services import keep_apart
from aftercare.refusals import Invalid
from aftercare.supervision.services import (
    change_grade,
    hand_back,
    note_dispute,
    raise_authority,
    take_authority,
)
from aftercare.workorders.services import Portion, merge_request, split_request, unmerge_request

from ..doors import actor, now, page


@page("grade_complaint", "POST")
def request_grade(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    because = request.POST.get("because", "")
    change_grade(request_for(who, number), request.POST.get("grade", ""), by=who, at=now(), because=because)
    messages.info(request, _("Grade changed; the clocks follow"))
    return redirect("request_page", number)


@page("raise_authority", "POST")
def request_authority(request: HttpRequest, number: str) -> HttpResponse:
    """Note what is at stake, hand the case up, take it over, or hand it back."""
    who, at, posted = actor(request), now(), request.POST
    row, because = request_for(who, number), request.POST.get("because", "")
    match posted.get("act", ""):
        case "note":
            amount = fen_of(posted.get("amount", ""))
            note_dispute(row, amount_fen=amount, reputation=posted.get("reputation") == "on", by=who, at=at)
            messages.info(request, _("Recorded"))
        case "raise":
            raise_authority(row, posted.get("level", ""), by=who, at=at, because=because)
            messages.info(request, _("Handed up"))
        case "take":
            take_authority(row, by=who, at=at)
            messages.info(request, _("The case is yours now"))
        case "back":
            hand_back(row, by=who, at=at, because=because)
            messages.info(request, _("Handed back"))
        case _:
            raise Invalid(_("unknown step"), where="act", expected="note, raise, take, back")
    return redirect("request_page", number)


@page("edit_request", "POST")
def request_merge(request: HttpRequest, number: str) -> HttpResponse:
    """Merge this request into another one, say that it is another matter (`apart`), or undo a merge."""
    who, at, because = actor(request), now(), request.POST.get("because", "")
    row = request_for(who, number)
    if request.POST.get("act") == "undo":
        unmerge_request(row, by=who, at=at, because=because)
        messages.info(request, _("The merge is undone; the clocks are as if it had not been"))
        return redirect("request_page", number)
    wanted = request.POST.get("into", "").strip().upper()
    into = requests_for(who).filter(number=wanted).first() if wanted else None
    if into is None:
        raise Invalid(_("there is no such request"), where="into", expected="CR20240520-001")
    if request.POST.get("act") == "apart":
        keep_apart(row, into, by=who, at=at)
        messages.info(request, _("Kept apart; they are not suggested for one another again"))
        return redirect("request_page", number)
    merge_request(row, into, by=who, at=at, because=because)
    messages.info(request, _("%(number)s was merged into this; its customer is told") % {"number": number})
    return redirect("request_page", into.number)


@page("edit_request", "POST")
def request_split(request: HttpRequest, number: str) -> HttpResponse:
    """Split matters off: one a row of the form, those left empty are left out."""
    who = actor(request)
    posted = request.POST
    rows = zip(
        posted.getlist("kind"), posted.getlist("description"), posted.getlist("category"), strict=False
    )
    children = split_request(request_for(who, number), [Portion(*row) for row in rows], by=who, at=now())
    messages.info(
        request, _("Split off: %(numbers)s") % {"numbers": ", ".join(child.number for child in children)}
    )
    return redirect("request_page", number)


def fen_of(text: str) -> int:
    try:
        return round(float(text or "0") * 100)
    except (ValueError, OverflowError):
        raise Invalid(_("this is not an amount"), where="amount", expected="0–20,000,000.00") from None
