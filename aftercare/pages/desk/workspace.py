"""Saved views, canned texts, and whom a note can call: what people arrange for their own work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from aftercare.intake.selectors import request_for
from aftercare.people.selectors import colleagues_for
from aftercare.refusals import Invalid, NotFound
from aftercare.sla.selectors import next_clocks
from aftercare.visits.selectors import open_appointment
from aftercare.workorders.selectors import orders_of_request
from aftercare.workspace.rules import ACTS, PLACES, VARIABLES, fill
from aftercare.workspace.selectors import text_for, texts_for, view_for, views_for
from aftercare.workspace.services import note_text_used, remove_text, remove_view, save_text, save_view

from ..doors import actor, now, number_in, page
from ..templatetags.show import due_text, window
from .listing import COUNTED, TABS, count_of

LISTS = {"requests": "request_list", "orders": "work_order_list"}
SHOWN = 12


def column_titles(place: str) -> list[tuple[str, str]]:
    """Give the columns a list can show, with their titles."""
    titles = {
        "number": _("Number"), "customer": _("Customer"), "product": _("Product"), "category": _("Category"),
        "channel": _("Channel"), "store": _("Store"), "owner": _("Owner"), "state": _("State"), "received": _("Received"),
        "engineer": _("Engineer"), "window": _("Promised"),
    }  # fmt: skip
    return [(code, titles[code]) for code in PLACES[place].columns]


@page("arrange_workspace", "POST")
def view_save(request: HttpRequest, place: str) -> HttpResponse:
    """Keep how a list is looked at now under a name."""
    posted = request.POST
    view = save_view(
        actor(request), place=place, name=posted.get("name", ""), filters={k: posted.get(k, "") for k in PLACES.get(place, PLACES["requests"]).filters},
        columns=posted.getlist("columns"), shared=posted.get("shared") == "1",
        colour=posted.get("colour", ""),
    )  # fmt: skip
    messages.info(request, _("View kept"))
    return redirect(f"{_address(place)}?{urlencode({'view': view.pk})}")


@page("arrange_workspace")
def view_counts(request: HttpRequest, place: str) -> JsonResponse:
    """Count what stands in the first views of a list, for the tabs above it."""
    who, at = actor(request), now()
    if place not in LISTS or not who.can("read_request" if place == "requests" else "read_work_order"):
        raise NotFound()
    counts = {view.pk: count_of(who, place, view.filters, at=at) for view in views_for(who, place)[:TABS]}
    return JsonResponse({str(pk): f"{COUNTED}+" if n > COUNTED else str(n) for pk, n in counts.items()})


@page("arrange_workspace", "POST")
def view_remove(request: HttpRequest, place: str, view_id: int) -> HttpResponse:
    who = actor(request)
    remove_view(view_for(who, place, view_id), by=who)
    messages.info(request, _("View removed; nothing it showed has changed"))
    return redirect(_address(place))


@page("arrange_workspace", "GET", "HEAD", "POST")
def texts_page(request: HttpRequest) -> HttpResponse:
    """Show the canned texts one has, and take a new one in or a changed one back."""
    who, posted = actor(request), request.POST
    values: dict[str, Any] = {
        "place": "texts",
        "variables": VARIABLES,
        "acts": ACTS,
        "ticked": posted.getlist("acts"),
        "refusal": None,
        "typed": posted,
    }
    status = 200
    if request.method == "POST":
        try:
            if posted.get("act") == "remove":
                remove_text(text_for(who, number_in(posted.get("text_id", "")) or 0), by=who)
                messages.info(request, _("Text removed"))
            else:
                save_text(
                    who, title=posted.get("title", ""), text=posted.get("text", ""), said_as=posted.get("said_as", ""),
                    shared=posted.get("shared") == "1", acts=posted.getlist("acts"),
                )  # fmt: skip
                messages.info(request, _("Text kept: type / in a case to use it"))
            return redirect("texts_page")
        except Invalid as refusal:
            values["refusal"], status = refusal, 422
    return render(request, "desk/texts.html", values | {"texts": list(texts_for(who)[:200])}, status=status)


@page("answer_request", "POST")
def request_texts(request: HttpRequest, number: str) -> HttpResponse:
    """Give the canned texts that begin like what was typed after `/`, filled for this request."""
    who = actor(request)
    row = request_for(who, number)
    values = holes_of(who.name, row)
    found = [
        (text, fill(text.text, values), [(act, ACTS[act]) for act in text.acts if act in ACTS])
        for text in texts_for(who, like=request.POST.get("q", "").strip()[:40])[:SHOWN]
    ]
    return render(request, "desk/text_options.html", {"found": found})


@page("answer_request", "POST")
def request_text_used(request: HttpRequest, number: str, text_id: int) -> HttpResponse:
    who = actor(request)
    request_for(who, number)
    note_text_used(text_for(who, text_id))
    return HttpResponse(status=204)


@page("note_request", "POST")
def request_colleagues(request: HttpRequest, number: str) -> HttpResponse:
    """Give the colleagues whom a note on this request can call, narrowed by what was typed after `@`."""
    row = request_for(actor(request), number)
    typed = request.POST.get("q", "").strip().upper()[:20]
    people = [
        person
        for person in colleagues_for(row.unit_id, verb="read_request")
        if typed in person.number
        or person.name_masked.startswith(typed)
        or person.name_key.upper().startswith(typed)
    ]
    return render(request, "desk/colleague_options.html", {"people": people[:SHOWN]})


def holes_of(writer: str, row: Any) -> dict[str, str]:
    """Give what the holes of a canned text are filled with: nothing of it is personal data in clear."""
    orders = orders_of_request(row.pk)
    order = orders[-1] if orders else None
    appointment = open_appointment(order.pk) if order else None
    clock = next_clocks([row.pk]).get(row.pk)
    booked = appointment is not None and appointment.starts_at
    return {
        "number": row.number, "model": row.product_model, "store": row.unit.name, "agent": writer,
        "engineer": f"{order.assignee.name_masked} {order.assignee.number}" if order and order.assignee else "",
        "window": window((appointment.starts_at, appointment.ends_at)) if appointment and booked else "",
        "due": due_text(clock.due_at) if clock else "",
    }  # fmt: skip


def _address(place: str) -> str:
    return reverse(LISTS.get(place, "request_list"))
