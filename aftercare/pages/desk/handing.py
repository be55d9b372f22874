"""Requests that change hands, one or many at once, looked at before and taken back after; and who follows one."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
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

from ..doors import actor, now, page
from .together import back_to_list, chosen, kept_for_undo, looked_at


@page("hand_over_request", "POST")
def requests_hand_over(request: HttpRequest) -> HttpResponse:
    """Give the chosen requests to somebody: asked for as a preview first (`act=try`), then done, and undone with `act=undo`."""
    who, posted = actor(request), request.POST
    if posted.get("act") == "undo":
        return _undone(request)
    rows = chosen(requests_numbered(who, posted.getlist("numbers")))
    to = colleague([row.unit_id for row in rows], posted.get("to", "").strip())
    looked = preview_hand_over(rows, to, by=who)
    if posted.get("act") == "try":
        load = Counter(
            (row.request.owner.name_masked if row.request.owner else "—") for row in looked if not row.against
        )
        able = [row.request for row in looked if not row.against]
        words = {"n": len(able), "who": to.name_masked, "number": to.number}
        had = f"{_('Had by')} {'、'.join(f'{name} {n}' for name, n in load.most_common())}" if load else ""
        heading = ngettext(
            "%(n)d request goes to %(who)s %(number)s", "%(n)d requests go to %(who)s %(number)s", len(able)
        )
        return looked_at(
            request, place="requests", title=_("Hand over"), heading=heading % words, fields={"to": to.number, "because": posted.get("because", "")},
            note=f"{_('Their running clocks go along. Nothing has changed yet.')} {had}",
            heads=[(_("Matter"), ""), (_("Store"), "hide-p"), (_("Owner now"), "")],
            able=[(row.number, [
                (row.description[:80], "cw one"), (row.unit.name, "hide-p"), (row.owner.name_masked if row.owner else "—", ""),
            ]) for row in able],
            unable=[(row.request.number, row.request.description, row.against) for row in looked if row.against],
            button=ngettext("Hand %(n)d over", "Hand %(n)d over", len(able)) % words,
        )  # fmt: skip
    changed = hand_over_requests(rows, to, by=who, at=now(), because=posted.get("because", ""))
    if changed:
        request.session["requests_hand_over"] = [(row.number, before, to.pk) for row, before in changed]
        text = ngettext("%(n)d request handed to %(who)s", "%(n)d requests handed to %(who)s", len(changed))
        messages.info(
            request, text % {"n": len(changed), "who": to.name_masked}, extra_tags="requests_hand_over"
        )
    else:
        messages.info(request, _("Nothing changed hands"))
    return redirect(back_to_list("requests", posted.get("back", "")))


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
    kept = {number: (before, to) for number, before, to in kept_for_undo(request, "requests_hand_over")}
    by_owner: dict[int, list[str]] = {}
    for number, (before, _to) in kept.items():
        by_owner.setdefault(before or 0, []).append(number)
    for before, numbers in by_owner.items():
        person = staff_by_id(before) if before else None
        rows = [row for row in requests_numbered(who, numbers) if row.owner_id == kept[row.number][1]]
        if person is not None and rows:
            count += len(hand_over_requests(rows, person, by=who, at=at, because=_("taken back")))
    text = ngettext("%(n)d request given back", "%(n)d requests given back", count)
    messages.info(request, text % {"n": count})
    return redirect(back_to_list("requests", request.POST.get("back", "")))
