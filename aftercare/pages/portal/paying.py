"""Paying online: from a customer's link to the provider and back, what the provider tells, and the sandbox."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from aftercare.customers.services import open_link
from aftercare.payments.providers import Trade, sandbox_trade, signed_headers
from aftercare.payments.selectors import payment_of_case, pays_online
from aftercare.payments.services import begin_payment, hear_payment
from aftercare.people.rules import customer_actor
from aftercare.people.selectors import root_unit
from aftercare.people.services import count_against_limit
from aftercare.refusals import NotFound, Refusal

from ..doors import now, public, sender

TOLD_AT_MOST = 16_384


def payment_shown(case_id: int) -> Any:
    """Give the payment of a case that its customer should see: owed and payable here, or paid."""
    payment = payment_of_case(case_id)
    if payment is None or payment.state == "settled" or (payment.state == "open" and not pays_online()):
        return None
    return payment


@public("POST")
def case_pay(request: HttpRequest, token: str) -> HttpResponse:
    """Send whoever has a link of the case on to where its charge is paid."""
    at = now()
    link = open_link(token, at=at, sender=sender(request))
    count_against_limit(f"pay:{link.pk}", limit=20, per=3600, at=at)
    payment = payment_of_case(link.case_id)
    if payment is None:
        raise NotFound()
    address = begin_payment(
        payment, returns_to=f"{settings.PUBLIC_URL}/c/{token}", by=customer_actor(link.customer_id, link.customer.name_masked),
        at=at,
    )  # fmt: skip
    answer = render(request, "portal/pay.html", {"payment": payment, "address": address, "token": token, "company": root_unit()})  # fmt: skip
    answer.headers["Refresh"] = (
        f"0; url={address}"  # no redirect: the policy of the page lets forms go nowhere else
    )
    return answer


@csrf_exempt
@public("POST")
def payment_told(request: HttpRequest) -> HttpResponse:
    """Take in what the provider tells about a payment; only its signature opens this door."""
    at = now()
    count_against_limit(f"paid:{sender(request)}", limit=600, per=60, at=at)
    try:
        hear_payment(request.headers, request.read(TOLD_AT_MOST), at=at)
    except Refusal as refusal:
        return JsonResponse({"heard": False, "what": str(refusal.what)}, status=refusal.status)
    return JsonResponse({"heard": True})


@public("GET", "HEAD", "POST")
def sandbox_page(request: HttpRequest, trade_token: str) -> HttpResponse:
    """Stand in for a provider's page: nothing is paid, and what is chosen is told as a provider would tell it."""
    trade = sandbox_trade(trade_token)
    if trade is None:
        raise NotFound()
    outcome = request.POST.get("outcome", "")
    if request.method == "POST" and outcome in ("paid", "failed"):
        _tell(trade, outcome, at=now())
    return render(request, "portal/sandbox.html", {"trade": trade, "outcome": outcome, "company": root_unit()})  # fmt: skip


def _tell(trade: Trade, outcome: str, *, at: datetime) -> None:
    told = {"number": trade.number, "amount_fen": trade.amount_fen, "state": outcome, "reference": f"SANDBOX-{trade.number}"}  # fmt: skip
    body = json.dumps(told)
    hear_payment(signed_headers(body, at=at), body.encode(), at=at)
