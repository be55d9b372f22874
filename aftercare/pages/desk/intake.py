"""A call in progress: the customer found while typing, the form, and what to say."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.customers.selectors import customer_for, customers_by_phone
from aftercare.intake.rules import RequestForm
from aftercare.intake.selectors import (
    call_for,
    calls_to_register,
    earlier_faults,
    possible_duplicates,
    requests_for,
    voice_of,
)
from aftercare.intake.services import receive_request, register_call
from aftercare.knowledge.selectors import answers_for, seeker_of
from aftercare.people.selectors import named_units
from aftercare.policies.rules import Pack
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import item_of, items_of, products, warranty_of
from aftercare.refusals import Invalid, NotFound
from aftercare.triage.selectors import reader_for

from ..doors import actor, now, number_in, page
from .knowledge import LEAST, shown_version
from .reading import pieces_of, shown_reading

WAITING = timedelta(hours=12)  # how long an answered call is offered to be recorded
CHANNEL_OF = {"phone": "phone", "online": "shop_chat"}
TEXTS = (
    "name",
    "phone",
    "email",
    "address",
    "product_model",
    "serial",
    "kind",
    "description",
    "urgency",
    "emotion",
    "remark",
)


@page("receive_request", "GET", "HEAD", "POST")
def new_request(request: HttpRequest) -> HttpResponse:
    who, at = actor(request), now()
    pack = policy_for(who.unit_id).pack
    values: dict[str, Any] = {}
    problems: list[Any] = []
    call = call_for(who, request.GET.get("call", "") or request.POST.get("call", ""))
    if request.method == "POST":
        values = request.POST.dict()
        try:
            with transaction.atomic():
                row = receive_request(form_of(request), by=who, at=at)
                if call is not None:
                    register_call(call, row, by=who, at=at)
        except Invalid as refusal:
            problems = refusal.problems
        else:
            messages.info(request, _("Received: %(number)s") % {"number": row.number})
            return redirect("request_page", row.number)
    elif call is not None:
        values = {"phone": call.caller}
    line = call.line if call else "phone"
    return render(request, "desk/intake.html", {
        "place": "home", "values": values, "problems": {p.where: p for p in problems}, "listed": problems, "pack": pack,
        "units": named_units(who, but=("provider", "department")), "models": list(products()[:400]), "at": at,
        "channels": request.POST.getlist("channels") or [CHANNEL_OF[line]], "my_unit": who.unit_id, "call": call,
        "calls": calls_to_register(who, since=at - WAITING), "answer_within": _target(pack, "answer", kind=line),
    }, status=422 if problems else 200)  # fmt: skip


@page("receive_request", "POST")
def intake_caller(request: HttpRequest) -> HttpResponse:
    """Show who calls, while the number is typed: the customer, their products, earlier faults, open requests."""
    who, at = actor(request), now()
    text = request.POST.get("phone", "").strip()
    found = customers_by_phone(who, text)
    item = item_of(text) if not found else None
    if item is not None and who.reaches(item.customer.unit_id):
        found = [item.customer]
    customer = found[0] if len(found) == 1 else None
    values: dict[str, Any] = {"found": found, "customer": customer, "text": text}
    if customer is not None:
        pack = policy_for(customer.unit_id).pack
        pieces = [
            (piece, warranty_of(pack, category=piece.product.category, purchased_on=piece.purchased_on, on=at.date()),
             json.dumps(_filled(piece)))
            for piece in items_of(customer.pk)
        ]  # fmt: skip
        values |= {
            "pieces": pieces, "faults": earlier_faults(None, customer_id=customer.pk),
            "duplicates": possible_duplicates(
                customer_id=customer.pk, serial="", description=request.POST.get("description", ""), at=at
            ),
            "count": requests_for(who).filter(customer=customer).count(),
        }  # fmt: skip
    return render(request, "desk/intake_caller.html", values)


@page("receive_request", "POST")
def intake_judgement(request: HttpRequest) -> HttpResponse:
    """Judge what is being typed: urgency and emotion with the words that decided, and what to say."""
    who, at = actor(request), now()
    policy = policy_for(who.unit_id)
    pack, language, text = policy.pack, get_language() or "zh", request.POST.get("description", "")[:4000]
    kind, reader = request.POST.get("kind", "repair"), reader_for(policy)
    reading = reader.read(text, today=at.date())
    urgency = reader.read(
        text, today=at.date(), known={"kind": kind}
    ).urgency  # as it will be judged when it is received
    call = call_for(who, request.POST.get("call", ""))
    voice = voice_of(call) if call is not None else None
    emotion = reading.fields["emotion"].value
    if voice is not None and emotion != "angry" and voice.emotion != "calm":
        emotion = voice.emotion
    return render(request, "desk/intake_judgement.html", {
        "text": text, "urgency": urgency, "emotion": emotion, "voice": voice, "policy": policy, "read": shown_reading(pack, reading.as_values()),
        "pieces": pieces_of(text, reading.as_values()), "other_kind": reading.value("kind") if reading.value("kind") != kind else "",
        "comfort": pack.forms.comfort[language] if emotion != "calm" else "",
        "calming": [step[language] for step in pack.triage.calming] if emotion == "angry" else [],
        "answers": [
            (one, shown_version(one.row, one.text))
            for one in answers_for(seeker_of(who), text, category=reading.value("category"), model=request.POST.get("product_model", ""), limit=3)
            if one.covers >= LEAST
        ],
        "read_back": pack.forms.read_back[language], "minutes": (_target(pack, "plan", urgency=urgency.value) or 0) // 60,
        "reason": urgency.reason_en if language.startswith("en") else urgency.reason_zh,
    })  # fmt: skip


def form_of(request: HttpRequest) -> RequestForm:
    """Read the posted form; what can't be read is refused with what was expected."""
    data = request.POST
    customer_id = data.get("customer_id", "")
    item_id = data.get("item_id", "")
    who = actor(request)
    known = customer_for(who, number_in(customer_id, 0)) if customer_id else None
    if customer_id and known is None:
        raise NotFound()
    texts: dict[str, Any] = {name: data.get(name, "").strip() for name in TEXTS}
    return RequestForm(
        **texts, channels=tuple(data.getlist("channels")),
        purchased_on=_day(data.get("purchased_on", "")), customer_id=known.pk if known else None,
        item_id=number_in(item_id),
        unit_id=number_in(data.get("unit_id", "")),
    )  # fmt: skip


def _target(pack: Pack, code: str, *, urgency: str = "normal", kind: str = "") -> int | None:
    """Give how many seconds a clock of the pack may run; None where the pack has no such clock."""
    rule = next((clock for clock in pack.clocks.clocks if clock.code == code), None)
    return rule.target(urgency=urgency, kind=kind, category="")[0] if rule else None


def _filled(piece: Any) -> dict[str, str]:
    return {
        "product_model": piece.product.model, "serial": piece.serial,
        "purchased_on": piece.purchased_on.isoformat() if piece.purchased_on else "",
    }  # fmt: skip


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("this is not a date"), where="purchased_on", expected="2024-05-20") from error
