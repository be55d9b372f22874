"""What customers pay online: to be paid, paid, and what a person must look at."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as n_

from aftercare.payments.selectors import count_payments, payment_for, payments_for, pays_online
from aftercare.payments.services import clear_doubt
from aftercare.payments.states import PaymentState
from aftercare.refusals import Invalid

from ..doors import actor, now, page

SHOWN = 50
DOUBTS = {
    "amount": n_("another amount than owed"),
    "twice": n_("paid twice"),
    "nothing": n_("nothing was owed"),
}


@page("read_payment")
def payments_page(request: HttpRequest) -> HttpResponse:
    """List payments, those to look at first when there are any."""
    return _list(request)


@page("clear_payment", "POST")
def payment_act(request: HttpRequest, number: str) -> HttpResponse:
    """Note what was found and done about a doubted payment."""
    who = actor(request)
    payment = payment_for(who, number)
    try:
        clear_doubt(payment, by=who, at=now(), because=request.POST.get("because", ""))
    except Invalid as refusal:
        return _list(request, refused=number, refusal=refusal)
    messages.info(request, _("Recorded"))
    return redirect("payments_page")


def _list(request: HttpRequest, *, refused: str = "", refusal: Invalid | None = None) -> HttpResponse:
    who = actor(request)
    counts = count_payments(who)
    asked = request.GET.get("state", "doubted" if counts["doubted"] else "")
    state = asked if asked in (*PaymentState.values, "doubted") else ""
    rows = Paginator(payments_for(who, state=state), SHOWN).get_page(request.GET.get("page"))
    choices = [("", _("All"), sum(n for code, n in counts.items() if code != "doubted"))]
    choices += [("doubted", _("To look at"), counts["doubted"])]
    choices += [(code, str(label), counts.get(code, 0)) for code, label in PaymentState.choices]
    return render(request, "desk/payments.html", {
        "place": "payments", "state": state, "choices": choices, "rows": rows, "online": pays_online(),
        "doubts": {code: _(text) for code, text in DOUBTS.items()}, "refused": refused, "refusal": refusal, "typed": request.POST,
    }, status=422 if refusal else 200)  # fmt: skip
