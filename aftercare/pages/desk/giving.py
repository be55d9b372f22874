"""Many work orders at once: offered to one person, left to wait, or let go on; looked at before, and taken back after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftercare.dispatch.services import give_orders, take_orders_back
from aftercare.ledger.services import Outcome
from aftercare.people.selectors import staff_numbered
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Invalid
from aftercare.workorders.selectors import work_orders_numbered
from aftercare.workorders.services import pause_work_orders, resume_work_orders

from ..doors import actor, now, page
from ..templatetags.show import in_language
from .together import back_to_list, chosen, kept_for_undo, looked_at

Done = Sequence[Outcome[Any]]


@page("dispatch_work_order", "POST")
def orders_give(request: HttpRequest) -> HttpResponse:
    """Offer the chosen orders to one person: as a preview first (`act=try`), then done, and taken back with `act=undo`."""
    who, at, posted = actor(request), now(), request.POST
    if posted.get("act") == "undo":
        kept = kept_for_undo(request, "orders_give")
        given = _again(request, kept)
        had = {row.pk: kept["before"].get(row.number) for row in given}
        return _taken_back(request, take_orders_back(given, kept["staff"], had, by=who, at=at))
    rows, to = _chosen(request), staff_numbered(posted.get("to", "").strip().upper())
    if to is None:
        raise Invalid(_("nobody has this number"), where="to", expected="GY2024001")
    because, trying = posted.get("because", ""), posted.get("act") == "try"
    before = {row.number: row.assignee_id for row in rows}
    done = give_orders(rows, to.pk, by=who, at=at, because=because, keep=not trying)
    n = sum(not outcome.against for outcome in done)
    words = {"n": n, "who": f"{to.name_masked} {to.number}"}
    if not trying:
        said = ngettext("%(n)d order given to %(who)s", "%(n)d orders given to %(who)s", n)
        return _said(request, "orders_give", done, said % words, {"staff": to.pk, "before": before})
    heading = ngettext("%(n)d order goes to %(who)s", "%(n)d orders go to %(who)s", n)
    return _looked(
        request, done, title=_("Give"), heading=heading % words, button=ngettext("Give %(n)d", "Give %(n)d", n) % words,
        note=_("Free ones are offered, booked visits change hands within their window; what was offered to others is withdrawn. Nothing has changed yet."), fields={"to": to.number, "because": because},
    )  # fmt: skip


@page("pause_work_order", "POST")
def orders_wait(request: HttpRequest) -> HttpResponse:
    """Let the chosen orders wait for `reason`, or go on where there is none: looked at before, done, and taken back."""
    who, at, posted = actor(request), now(), request.POST
    if posted.get("act") == "undo":
        return _wait_undone(request)
    rows, reason, trying = _chosen(request), posted.get("reason", ""), posted.get("act") == "try"
    waited_for = {row.number: row.waiting_for for row in rows}
    if reason:
        done = pause_work_orders(rows, reason, by=who, at=at, keep=not trying)
    else:
        done = resume_work_orders(rows, by=who, at=at, keep=not trying)
    n = sum(not outcome.against for outcome in done)
    if reason:
        titles = {one.code: one.title for one in policy_for().pack.clocks.pause_reasons}
        words = {"n": n, "for": in_language(titles.get(reason)) or reason}
        said = ngettext("%(n)d order: %(for)s", "%(n)d orders: %(for)s", n) % words
        button = ngettext("Let %(n)d wait", "Let %(n)d wait", n) % words
    else:
        said = ngettext("%(n)d order goes on", "%(n)d orders go on", n) % {"n": n}
        button = ngettext("Let %(n)d go on", "Let %(n)d go on", n) % {"n": n}
    if not trying:
        return _said(request, "orders_wait", done, said, {"reason": reason, "waited_for": waited_for})
    note = _("Their clocks stand still meanwhile. Nothing has changed yet.") if reason else _("Their clocks run again. Nothing has changed yet.")  # fmt: skip
    title = _("Wait") if reason else _("Go on")
    return _looked(
        request, done, title=title, heading=said, note=note, button=button, fields={"reason": reason}
    )


def _wait_undone(request: HttpRequest) -> HttpResponse:
    """Let go on what was left to wait, or wait again, each for what it had waited for."""
    who, at, kept = actor(request), now(), kept_for_undo(request, "orders_wait")
    rows, done = _again(request, kept), []
    if kept["reason"]:
        done = resume_work_orders(rows, reason=kept["reason"], by=who, at=at)
    else:
        for reason in sorted({kept["waited_for"][row.number] for row in rows}):
            same = [row for row in rows if kept["waited_for"][row.number] == reason]
            done += pause_work_orders(same, reason, by=who, at=at)
    return _taken_back(request, done)


def _chosen(request: HttpRequest) -> Sequence[Any]:
    return chosen(work_orders_numbered(actor(request), request.POST.getlist("numbers")))


def _again(request: HttpRequest, kept: Any) -> list[Any]:
    return work_orders_numbered(actor(request), kept["numbers"])


def _looked(request: HttpRequest, done: Done, **words: Any) -> HttpResponse:
    able = [
        (row.number, [
            (row.request.description[:80], "cw one hide-p"), (row.unit.name, "hide-p"), (row.get_state_display(), ""),
            (row.assignee.name_masked if row.assignee else "—", ""),
        ])
        for row in (outcome.row for outcome in done if not outcome.against)
    ]  # fmt: skip
    unable = [
        (outcome.row.number, outcome.row.request.description, outcome.against)
        for outcome in done
        if outcome.against
    ]
    heads = [(_("Matter"), "hide-p"), (_("Store"), "hide-p"), (_("State"), ""), (_("Engineer"), "")]
    return looked_at(request, place="orders", heads=heads, able=able, unable=unable, **words)


def _said(request: HttpRequest, name: str, done: Done, said: str, kept: dict[str, Any]) -> HttpResponse:
    """Say what was done, with the button that takes it back, and of the first few why they were left."""
    able = [outcome.row.number for outcome in done if not outcome.against]
    if able:
        request.session[name] = {"numbers": able, **kept}
        messages.info(request, said, extra_tags=name)
    for outcome in [outcome for outcome in done if outcome.against][:5]:
        messages.warning(request, f"{outcome.row.number}: {outcome.against}")
    return redirect(back_to_list("orders", request.POST.get("back", "")))


def _taken_back(request: HttpRequest, done: Done) -> HttpResponse:
    n = sum(not outcome.against for outcome in done)
    messages.info(
        request, ngettext("Taken back for %(n)d order", "Taken back for %(n)d orders", n) % {"n": n}
    )
    return redirect(back_to_list("orders", request.POST.get("back", "")))
