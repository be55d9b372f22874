"""Parts that engineers lack: where they are, on their way, arrived, or not to be had."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.parts.selectors import sources_of, transfer_for, transfers_for
from aftercare.parts.services import receive_transfer, refuse_transfer, send_transfer
from aftercare.refusals import NotFound

from ..doors import actor, now, number_in, page


@page("arrange_parts")
def transfers_page(request: HttpRequest) -> HttpResponse:
    """List what is asked for and on its way, with the units that have it."""
    rows = transfers_for(actor(request))[:100]
    return render(request, "desk/transfers.html", {
        "place": "home", "rows": [(row, sources_of(row) if row.state == "asked" else []) for row in rows],
    })  # fmt: skip


@page("arrange_parts", "POST")
def transfer_act(request: HttpRequest, transfer_id: int) -> HttpResponse:
    who, at = actor(request), now()
    transfer = transfer_for(who, transfer_id)
    match request.POST.get("act"):
        case "send":
            source = request.POST.get("source", "")
            send_transfer(transfer, number_in(source, 0), by=who, at=at)
            messages.info(request, _("Sent on its way; the engineer sees it"))
        case "arrived":
            receive_transfer(transfer, by=who, at=at)
            messages.info(request, _("In stock now"))
        case "refuse":
            refuse_transfer(transfer, by=who, at=at, because=request.POST.get("because", ""))
            messages.info(request, _("Recorded"))
        case _:
            raise NotFound()
    return redirect("transfers_page")
