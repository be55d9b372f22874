"""A macro for many requests: looked at before, done, and taken back as far as it can be."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftercare.intake.selectors import requests_numbered
from aftercare.intake.services import Macro, preview_macro, run_macro, undo_macro
from aftercare.refusals import Conflict, Invalid
from aftercare.workspace.rules import fill
from aftercare.workspace.selectors import text_for
from aftercare.workspace.services import note_text_used

from ..doors import actor, now, number_in, page
from .together import back_to_list, chosen, kept_for_undo, looked_at
from .workspace import holes_of

SAID = ("out", "plan", "answer")


@page("answer_request", "POST")
def requests_macro(request: HttpRequest) -> HttpResponse:
    """Say a canned text to the chosen requests, with its acts: as a preview first (`act=try`), then done; `act=undo` takes back."""
    who, posted = actor(request), request.POST
    if posted.get("act") == "undo":
        return _undone(request)
    rows = chosen(requests_numbered(who, posted.getlist("numbers")))
    text = text_for(who, number_in(posted.get("text_id", "")) or 0)
    macro = Macro(text.title, text.said_as, text.acts)
    filled = {row.pk: fill(text.text, holes_of(who.name, row)) for row in rows}
    if posted.get("act") == "try":
        looked = preview_macro(rows, macro, by=who)
        able = [row for row in looked if not row.against]
        words = {"n": len(able), "title": text.title}
        heading = ngettext("“%(title)s” for %(n)d request", "“%(title)s” for %(n)d requests", len(able))
        stays = _("What is said to customers can't be taken back; everything else can.") if text.said_as in SAID else _("The note stays; everything else can be taken back.")  # fmt: skip
        return looked_at(
            request, place="requests", title=text.title, heading=heading % words, note=f"{_('Nothing has been done yet.')} {stays}",
            heads=[(_("Matter"), "hide-p"), (_("What is done"), ""), (_("Text"), "hide-p")],
            able=[(row.request.number, [
                (row.request.description[:24], "hide-p"), (" · ".join(row.does), ""), (filled[row.request.pk][:120], "cw one hide-p"),
            ]) for row in able],
            unable=[(row.request.number, row.request.description, row.against) for row in looked if row.against],
            fields={"text_id": text.pk}, button=ngettext("Do it for %(n)d", "Do it for %(n)d", len(able)) % words,
        )  # fmt: skip
    done = run_macro(rows, macro, filled, by=who, at=now())
    able, unable = [row for row in done if not row.against], [row for row in done if row.against]
    if able:
        note_text_used(text)
        request.session["requests_macro"] = [
            (row.request.number, row.owner_before, row.urgency_before, row.request.urgency, row.followed)
            for row in able if row.owner_before or row.urgency_before or row.followed
        ]  # fmt: skip
        said = ngettext("“%(title)s” for %(n)d request", "“%(title)s” for %(n)d requests", len(able))
        tag = "requests_macro" if request.session["requests_macro"] else ""
        messages.info(request, said % {"title": text.title, "n": len(able)}, extra_tags=tag)
    for row in unable[:5]:
        messages.warning(request, f"{row.request.number}: {row.against}")
    return redirect(back_to_list("requests", posted.get("back", "")))


def _undone(request: HttpRequest) -> HttpResponse:
    """Take back the acts of the last macro; what was said stays said."""
    who, at, count = actor(request), now(), 0
    kept = {number: rest for number, *rest in kept_for_undo(request, "requests_macro")}
    for row in requests_numbered(who, kept):
        owner, urgency, raised_to, followed = kept[row.number]
        try:
            count += undo_macro(
                row,
                owner_before=owner,
                urgency_before=urgency,
                urgency_after=raised_to,
                followed=followed,
                by=who,
                at=at,
            )
        except (Conflict, Invalid) as refusal:
            messages.warning(request, f"{row.number}: {refusal.what}")
    said = ngettext("Taken back for %(n)d request", "Taken back for %(n)d requests", count)
    messages.info(request, said % {"n": count})
    return redirect(back_to_list("requests", request.POST.get("back", "")))
