"""Customers who may have a complaint they did not make."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as n_

from aftercare.complaints.selectors import requests_of_customers, review_for, reviews_for
from aftercare.complaints.services import dismiss_review, raise_complaint, sign_title
from aftercare.refusals import Invalid

from ..doors import actor, now, page

SHOWN = 60
EARLIER = timedelta(days=60)
COUNTS = {
    "contacts": n_("in touch"), "repeats": n_("repairs of one piece"), "cancels": n_("requests cancelled"),
    "waited_hours": n_("hours waited before cancelling"), "refunds": n_("refunds"), "order_cancels": n_("orders cancelled"),
    "non_renewals": n_("not renewed"),
}  # fmt: skip


@page("read_review")
def reviews_page(request: HttpRequest) -> HttpResponse:
    """List who to look at, the oldest first, with the signs, the counts behind them and what they asked for."""
    return render(request, "desk/reviews.html", _values(request))


@page("decide_review", "POST")
def review_act(request: HttpRequest, review_id: int) -> HttpResponse:
    """Make it a complaint with what the customer said, or say why it is none."""
    who, at, data = actor(request), now(), request.POST
    row = review_for(who, review_id)
    try:
        if data.get("act") == "raise":
            made = raise_complaint(row, data.get("words", ""), by=who, at=at)
            messages.info(request, _("Received: %(number)s") % {"number": made.number})
            return redirect("request_page", made.number)
        dismiss_review(row, by=who, at=at, because=data.get("because", ""))
    except Invalid as refusal:
        typed = {
            "at": row.pk,
            "words": data.get("words", ""),
            "because": data.get("because", ""),
            "problems": refusal.problems,
        }
        return render(request, "desk/reviews.html", _values(request) | {"typed": typed}, status=422)
    messages.info(request, _("Recorded"))
    return redirect("reviews_page")


def _values(request: HttpRequest) -> dict[str, Any]:
    who = actor(request)
    rows = list(reviews_for(who, state="open")[:SHOWN])
    earliest = min((row.found_at for row in rows), default=now()) - EARLIER
    requests = requests_of_customers(who, [row.customer_id for row in rows], since=earliest)
    return {
        "place": "reviews", "decided": list(reviews_for(who).exclude(state="open").order_by("-state_since")[:12]),
        "rows": [
            (row, [sign_title(row, code) for code in row.signs], [(str(COUNTS[name]), n) for name, n in row.counts.items() if n and name in COUNTS],
             requests.get(row.customer_id, []))
            for row in rows
        ],
    }  # fmt: skip
