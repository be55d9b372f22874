"""What an engineer has in the van: put in from the store, taken out again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.parts.selectors import stock_of_unit, van_of
from aftercare.parts.services import load_van, unload_van
from aftercare.people.selectors import zone_of
from aftercare.refusals import Conflict, Invalid
from aftercare.visits.selectors import day_of

from ..doors import actor, now, page
from .words import words


@page("perform_visit", "GET", "HEAD", "POST")
def field_van(request: HttpRequest) -> HttpResponse:
    """Show the van and the store; posted to, pieces are put in (`load`) or taken out (`unload`)."""
    who, at = actor(request), now()
    refusal = None
    if request.method == "POST":
        try:
            text = request.POST.get("quantity", "")
            quantity = int(text) if text.isdecimal() and len(text) < 4 else 0
            verbs = {"load": load_van, "unload": unload_van}
            verb = verbs.get(request.POST.get("act", ""))
            if verb is None:
                raise Invalid(_("unknown step"), where="act", expected="load, unload")
            verb(request.POST.get("part", ""), quantity, by=who, at=at)
            messages.info(request, _("Recorded"))
            return redirect("field_van")
        except (Invalid, Conflict) as refused:
            refusal = refused
    return render(request, "field/van.html", {
        "van": van_of(who.id or 0), "stock": stock_of_unit(who.unit_id or 0), "refusal": refusal, "words": words(),
        "day_ends": day_of(at, zone_of(who.unit_id or 0))[1],
    }, status=refusal.status if refusal else 200)  # fmt: skip
