"""What the administrator keeps: keys of other systems, webhooks with their log, the audit, and what is known of one customer."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.customers.selectors import customer_for
from aftercare.followup.selectors import surveys_of_customer
from aftercare.intake.selectors import notes_of, requests_for
from aftercare.intake.services import forget_customer
from aftercare.ledger.selectors import facts_recorded
from aftercare.notices.selectors import deliveries, delivery_for, endpoint_for, endpoints, messages_of_case
from aftercare.notices.services import add_endpoint, resend_delivery, switch_off_endpoint
from aftercare.people.rules import MATRIX, Actor
from aftercare.people.selectors import client_for, clients, named_units, unit_for, zone_of
from aftercare.people.services import create_client, require, reveal, revoke_client
from aftercare.refusals import Invalid

from ..doors import actor, now, number_in, page
from .listing import day_in
from .naming import ACTORS, SUBJECTS
from .timeline import SENTENCES

LISTED = 100


@page("manage_clients", "GET", "HEAD", "POST")
def connections_page(request: HttpRequest) -> HttpResponse:
    """Show keys and webhooks; make and revoke them; send a delivery again. A key or secret is shown once, on the page that made it."""
    who, posted = actor(request), request.POST
    made, refusal = "", None
    if request.method == "POST":
        try:
            made = _act(who, request)
        except Invalid as problem:
            refusal = problem
        else:
            if not made:
                return redirect("connections_page")
    endpoint, shown = number_in(request.GET.get("endpoint", "")), deliveries(who)
    if endpoint is not None:
        shown = shown.filter(endpoint_id=endpoint)
    return render(request, "desk/connections.html", {
        "place": "connections", "clients": list(clients()), "endpoints": list(endpoints(who)), "deliveries": list(shown[:LISTED]),
        "verbs": sorted(MATRIX), "units": named_units(who), "made": made, "refusal": refusal, "typed": posted,
        "chosen": posted.getlist("verbs"),
    }, status=422 if refusal else 200)  # fmt: skip


def _act(who: Actor, request: HttpRequest) -> str:
    posted, at = request.POST, now()
    thing, unit_id = number_in(posted.get("id", "")) or 0, number_in(posted.get("unit", "")) or 0
    match posted.get("act", ""):
        case "client":
            unit = unit_for(who, unit_id)
            return create_client(
                name=posted.get("name", ""), unit=unit, verbs=posted.getlist("verbs"), by=who, at=at
            )[1]
        case "revoke":
            revoke_client(client_for(who, thing), by=who, at=at)
            messages.info(request, _("The key no longer opens anything"))
        case "endpoint":
            unit = unit_for(who, unit_id)
            events = posted.get("events", "").replace("，", ",").replace(" ", ",").split(",")
            return add_endpoint(url=posted.get("url", "").strip(), events=events, unit=unit, by=who, at=at)[1]
        case "off":
            switch_off_endpoint(endpoint_for(who, thing).pk, by=who, at=at)
            messages.info(request, _("Nothing more is sent there"))
        case "resend":
            resend_delivery(delivery_for(who, thing).pk, by=who)
            messages.info(request, _("Queued again"))
    return ""


@page("read_ledger")
def audit_page(request: HttpRequest) -> HttpResponse:
    """Search the ledger: who did what to which case, on which days; a week unless days are named."""
    who, at, asked = actor(request), now(), request.GET
    zone = ZoneInfo(zone_of(who.unit_id) if who.unit_id else "Asia/Shanghai")
    today = at.astimezone(zone).date()
    first, last = (
        day_in(asked.get("from", "")) or today - timedelta(days=6),
        day_in(asked.get("to", "")) or today,
    )
    number = asked.get("number", "").strip().upper()[:24]
    case = requests_for(who).filter(number=number).first() if number else None
    rows = facts_recorded(
        since=datetime.combine(first, datetime.min.time(), zone), until=datetime.combine(last + timedelta(days=1), datetime.min.time(), zone),
        name=asked.get("name", "").strip()[:60], who=asked.get("who", "").strip()[:40],
        case_id=(case.pk if case else -1) if number else None, units=who.units,
    )  # fmt: skip
    before = number_in(asked.get("before", ""))
    if before is not None:
        rows = rows.filter(id__lt=before)
    shown = list(rows[: LISTED + 1])
    return render(request, "desk/audit.html", {
        "place": "audit", "rows": [
            (fact, _(SENTENCES.get(fact.name, fact.name)), ACTORS.get(fact.actor_kind, fact.actor_kind), SUBJECTS.get(fact.subject_kind, fact.subject_kind))
            for fact in shown[:LISTED]
        ],
        "next": shown[LISTED - 1].pk if len(shown) > LISTED else None, "first": first, "last": last, "asked": asked,
        "names": sorted({name.partition(".")[0] for name in SENTENCES}),
    })  # fmt: skip


@page("export_customer", "GET", "HEAD", "POST")
def customer_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show what is kept about one customer, give it out, or forget who they were."""
    who, at, posted = actor(request), now(), request.POST
    customer, refusal = customer_for(who, customer_id), None
    rows = requests_for(who).filter(customer=customer)
    if request.method == "POST":
        try:
            if posted.get("act") == "export":
                return _exported(who, customer, rows, at=at, because=posted.get("because", ""))
            if posted.get("act") == "erase":
                count = forget_customer(customer, by=who, at=at, because=posted.get("because", ""))
                messages.info(
                    request, _("Who this was is forgotten; %(n)d requests stay, of nobody") % {"n": count}
                )
                return redirect("customer_page", customer_id)
        except Invalid as problem:
            refusal = problem
    return render(request, "desk/customer.html", {
        "place": "requests", "customer": customer, "rows": list(rows[:LISTED]), "refusal": refusal, "typed": posted,
    }, status=422 if refusal else 200)  # fmt: skip


def _exported(who: Actor, customer: Any, rows: Any, *, at: datetime, because: str) -> HttpResponse:
    """Write all that is kept about a customer as JSON; that it was given out is a fact, with the reason."""
    require(who, "export_customer")
    clear = reveal(who, customer, ["full_name", "phone", "email", "address"], at=at, because=because)
    given: dict[str, Any] = {
        "customer": {**clear, "wishes": customer.preference, "language": customer.language},
        "requests": [],
    }
    for row in rows:
        given["requests"].append({
            "number": row.number, "received_at": row.received_at.isoformat(), "channels": row.channels, "kind": row.kind,
            "description": row.description, "remark": row.remark, "address": row.address, "product": row.product_model, "serial": row.serial,
            "state": row.state,
            "said": [{"at": n.at.isoformat(), "kind": n.kind, "text": n.text} for n in notes_of(row.pk).values() if n.kind in ("in", "out")],
            "messages": [{"at": m.made_at.isoformat(), "channel": m.channel, "template": m.template} for m in messages_of_case(row.pk)],
        })  # fmt: skip
    given["surveys"] = [
        {
            "number": s.number,
            "answered_at": s.answered_at.isoformat() if s.answered_at else None,
            "scores": s.scores,
            "opinion": s.opinion,
        }
        for s in surveys_of_customer(who, customer.pk)
    ]
    answer = HttpResponse(
        json.dumps(given, ensure_ascii=False, indent=1), content_type="application/json; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="customer-{customer.pk}.json"'
    return answer
