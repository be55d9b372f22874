"""Answers and guides on the engineer's phone."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.knowledge.selectors import answers_for, article_for, often_helped, seeker_of, version_of
from aftercare.knowledge.services import ask_question, note_help
from aftercare.people.selectors import zone_of
from aftercare.visits.selectors import day_of
from aftercare.workorders.selectors import work_order_for

from ..desk.knowledge import shown_version, video_of
from ..doors import actor, now, page
from .words import words


@page("perform_visit")
def field_find(request: HttpRequest) -> HttpResponse:
    """Find an answer; before anything is typed, what helped most."""
    who, at = actor(request), now()
    often = often_helped(seeker_of(who), language=get_language() or "zh")
    return render(request, "field/find.html", {
        "often": [(row, shown_version(row, version_of(row))) for row in often], "words": words(),
        "day_ends": day_of(at, zone_of(who.unit_id or 0))[1],
    })  # fmt: skip


@page("perform_visit", "POST")
def field_answers(request: HttpRequest) -> HttpResponse:
    """Find while somebody types, or keep the question that nothing answers."""
    who, asked = actor(request), request.POST.get("q", "")[:400]
    if request.POST.get("act") == "ask":
        row = ask_question(asked, door="field", unit_id=who.unit_id or 0, by=who, at=now())
        messages.info(
            request, _("Kept; whoever knows the answer writes it") if row else _("Nothing was written")
        )
        return redirect("field_find")
    found = [(one, shown_version(one.row, one.text)) for one in answers_for(seeker_of(who), asked)]
    return render(request, "field/answers.html", {"answers": found, "asked": asked})


@page("perform_visit", "POST")
def field_helped(request: HttpRequest, article: str) -> HttpResponse:
    """Note that an article helped with what was looked for, or with a job's own fault."""
    who = actor(request)
    order = work_order_for(who, request.POST["order"]) if request.POST.get("order") else None
    asked = order.request.description if order else request.POST.get("q", "")
    note_help(article_for(who, article), asked, door="field", seeker=seeker_of(who), by=who, at=now())
    messages.info(request, _("Counted; these words lead here from now on"))
    return redirect("field_job", order.number) if order else redirect("field_find")


@page("perform_visit")
def field_video(request: HttpRequest, article: str) -> HttpResponse:
    return video_of(article_for(actor(request), article))
