"""A summary or a reply drafted by the language model, shown to whoever asked; nothing happens with it by itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aftercare.drafting.services import draft_text
from aftercare.intake.selectors import request_for
from aftercare.refusals import Conflict, Invalid, TooMany

from ..doors import actor, now, page


@page("answer_request", "POST")
def request_draft(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    row = request_for(who, number)
    try:
        drafted = draft_text(row, request.POST.get("what", ""), by=who, at=now())
    except (Conflict, Invalid, TooMany) as refusal:
        return render(
            request,
            "desk/draft.html",
            {"refusal": refusal},
            status=200 if isinstance(refusal, Conflict) else refusal.status,
        )
    return render(request, "desk/draft.html", {"drafted": drafted})
