"""Requests that change hands, one or many at once, looked at before and taken back after; and who follows one."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftercare.intake.selectors import request_for, requests_numbered
from aftercare.intake.services import (
    colleague,
    follow_request,
    hand_over_requests,
    preview_hand_over,
    unfollow_request,
)
from aftercare.people.selectors import staff_by_id
from aftercare.refusals import NotFound

from ..doors import actor, now, page


@page("hand_over_request", "POST")
def requests_hand_over(request: HttpRequest) -> HttpResponse:
    """Give the chosen requests to somebody: asked for as a preview first (`act=try`), then done, and undone with `act=undo`."""
    who, posted = actor(request), request.POST
    if posted.get("act") == "undo":
        return _undone(request)
    rows = requests_numbered(who, posted.getlist("numbers"))
    to = colleague([row.unit_id for row in rows], posted.get("to", "").strip())
    looked = preview_hand_over(rows, to, by=who)
    if posted.get("act") == "try":
        load = Counter(
            (row.request.owner.name_masked if row.request.owner else "—") for row in looked if not row.against
        )
        return render(request, "desk/hand_over.html", {
            "to": to, "able": [row for row in looked if not row.against], "unable": [row for row in looked if row.against],
            "load": load.most_common(), "because": posted.get("because", ""), "back": posted.get("back", ""), "place": "requests",
        })  # fmt: skip
    changed = hand_over_requests(rows, to, by=who, at=now(), because=posted.get("because", ""))
    if changed:
        request.session["handed"] = [(row.number, before, to.pk) for row, before in changed]
        text = ngettext("%(n)d request handed to %(who)s", "%(n)d requests handed to %(who)s", len(changed))
        messages.info(request, text % {"n": len(changed), "who": to.name_masked}, extra_tags="undo_hand_over")
    else:
        messages.info(request, _("Nothing changed hands"))
    return redirect(back_to_list(posted.get("back", "")))


@page("read_request", "POST")
def request_follow(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    row = request_for(who, number)
    if request.POST.get("act") == "stop":
        unfollow_request(row, by=who)
    else:
        follow_request(row, by=who, at=now())
    return redirect("request_page", number)


def _undone(request: HttpRequest) -> HttpResponse:
    """Give back what was handed over last, to whom each had it; what has moved on meanwhile stays."""
    who, at, count = actor(request), now(), 0
    kept = {number: (before, to) for number, before, to in request.session.pop("handed", [])}
    by_owner: dict[int, list[str]] = {}
    for number, (before, _to) in kept.items():
        by_owner.setdefault(before or 0, []).append(number)
    for before, numbers in by_owner.items():
        person = staff_by_id(before) if before else None
        rows = [row for row in requests_numbered(who, numbers) if row.owner_id == kept[row.number][1]]
        if person is not None and rows:
            count += len(hand_over_requests(rows, person, by=who, at=at, because=_("taken back")))
    if not kept:
        raise NotFound(_("there is nothing to take back"))
    text = ngettext("%(n)d request given back", "%(n)d requests given back", count)
    messages.info(request, text % {"n": count})
    return redirect(back_to_list(request.POST.get("back", "")))


def back_to_list(query: str) -> str:
    """Give the list again as it was looked at; only its own query is taken from the form, never an address."""
    plain = "".join(c for c in query if c.isalnum() or c in "=&_-.|:+%")[:300]
    return reverse("request_list") + (f"?{plain}" if plain else "")
