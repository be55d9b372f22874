"""The engineer's phone: today's jobs, and a job through all its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.dispatch.selectors import offer_for, open_offers_to
from aftercare.dispatch.services import accept_offer, refuse_offer
from aftercare.intake.selectors import earlier_faults
from aftercare.parts.selectors import price_list, transfers_of
from aftercare.parts.services import ask_transfer
from aftercare.people.selectors import zone_of
from aftercare.people.services import report_position, reveal
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import warranty_of
from aftercare.refusals import Invalid, NotFound
from aftercare.visits.selectors import appointments_of, day_of, open_visit, planned_begins, visits_of
from aftercare.visits.services import (
    abandon_visit,
    add_photo,
    announce_lateness,
    arrive,
    book_visit,
    depart,
    diagnose,
    finish_repair,
    finish_visit,
    give_consent,
    measure_visit,
    quote_visit,
    start_remote_support,
)
from aftercare.workorders.selectors import jobs_of, work_order_for
from aftercare.workorders.services import convert_to_visit

from ..desk.work_orders import _slots, _window
from ..doors import actor, now, page

STEPS = ("travelling", "on_site", "diagnosed", "agreed", "repaired", "tested", "finished")


@page("answer_offer")
def field_today(request: HttpRequest) -> HttpResponse:
    """Today's jobs in the order of their promises, and what is newly offered."""
    who, at = actor(request), now()
    assert who.id is not None
    start, end = day_of(at, zone_of(who.unit_id or 0))
    jobs = jobs_of(who.id, start, end)
    done = [job for job in jobs if job.state == "completed"]
    ahead = [job for job in jobs if job.state in ("booked", "in_service")]
    planned = planned_begins(job.pk for job in ahead)
    ahead.sort(key=lambda job: (job.state != "in_service", planned.get(job.pk) or job.window_starts_at or at))
    return render(request, "field/today.html", {
        "offers": open_offers_to(who.id), "next": ahead[0] if ahead else None, "later": ahead[1:], "done": done,
        "unbooked": [job for job in jobs if job.state == "pending"], "at": at,
        "planned": planned, "reasons": policy_for(who.unit_id).pack.dispatch.refusal_reasons, "left": len(ahead),
    })  # fmt: skip


@page("answer_offer", "POST")
def field_offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    who, at = actor(request), now()
    offer = offer_for(who, offer_id)
    if request.POST.get("act") == "refuse":
        refuse_offer(
            offer, request.POST.get("reason", ""), by=who, at=at, remark=request.POST.get("remark", "")
        )
        messages.info(request, _("Refused; the next colleague is asked"))
    else:
        accept_offer(offer, by=who, at=at)
        messages.info(request, _("Accepted; the customer chooses a time"))
    return redirect("field_today")


@page("perform_visit")
def field_job(request: HttpRequest, number: str) -> HttpResponse:
    return render(request, "field/job.html", _values(request, number))


@page("perform_visit", "POST")
def field_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Do one step of a job; a refusal is shown on the job's own page, and nothing typed is lost."""
    act: Callable[[HttpRequest, str], None] | None = _STEPS.get(step)
    if act is None:
        raise NotFound()
    try:
        act(request, number)
    except Invalid as refusal:
        values = _values(request, number)
        values |= {
            "problems": {p.where: p for p in refusal.problems},
            "listed": refusal.problems,
            "typed": request.POST,
        }
        return render(request, "field/job.html", values, status=422)
    return redirect("field_job", number)


@page("perform_visit", "POST")
def field_reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show phone and address for the visit; that leaves a fact."""
    who = actor(request)
    order = work_order_for(who, number)
    if order.request.customer is None:
        raise NotFound()
    values = _values(request, number)
    shown = reveal(
        who,
        order.request.customer,
        ["full_name", "phone"],
        at=now(),
        because=_("visit %(n)s") % {"n": number},
    )
    values["revealed"] = {**shown, "address": order.request.address}
    return render(request, "field/job.html", values)


def _values(request: HttpRequest, number: str) -> dict[str, Any]:
    who, at = actor(request), now()
    order = work_order_for(who, number)
    visit = open_visit(order.pk)
    every = visits_of(order.pk)
    last = visit or (every[-1] if every else None)
    pack = policy_for(order.unit_id).pack
    state = last.state if last else ""
    reached = STEPS.index(state) if state in STEPS else STEPS.index("diagnosed") if state == "quoted" else -1
    labels = (_("Depart"), _("Arrive"), _("Diagnose"), _("Quote"), _("Repair"), _("Test"), _("Sign"))
    return {
        "order": order, "row": order.request, "visit": last, "pack": pack, "at": at,
        "steps": [(label, "past" if i <= reached else "now" if i == reached + 1 else "") for i, label in enumerate(labels)],
        "tests": pack.visit.tests.get(order.category) or pack.visit.tests["default"],
        "parts": list(price_list(order.category, order.unit_id)), "transfers": transfers_of(order.pk), "slots": _slots(order),
        "faults": earlier_faults(order.request, customer_id=order.request.customer_id, serial=order.request.serial),
        "warranty": warranty_of(pack, category=order.category, purchased_on=order.request.purchased_on, on=at.date()),
        "appointments": appointments_of(order.pk), "problems": {}, "listed": [], "typed": {}, "revealed": None,
    }  # fmt: skip


def _visit(request: HttpRequest, number: str) -> Any:
    visit = open_visit(work_order_for(actor(request), number).pk)
    if visit is None:
        raise NotFound()
    return visit


def _depart(request: HttpRequest, number: str) -> None:
    who, order = actor(request), work_order_for(actor(request), number)
    if order.service_type == "remote":
        start_remote_support(order, by=who, at=now())
    else:
        depart(order, by=who, at=now())
    lat, lon = request.POST.get("lat", ""), request.POST.get("lon", "")
    if lat and lon and who.id is not None:
        try:
            report_position(who.id, lat=float(lat), lon=float(lon), at=now())
        except ValueError as error:
            raise Invalid(_("this is not a place"), where="lat, lon") from error


def _book(request: HttpRequest, number: str) -> None:
    starts, ends = _window(request)
    book_visit(
        work_order_for(actor(request), number), starts_at=starts, ends_at=ends, by=actor(request), at=now()
    )


def _ask_part(request: HttpRequest, number: str) -> None:
    who, order = actor(request), work_order_for(actor(request), number)
    quantity = request.POST.get("quantity", "1")
    ask_transfer(
        request.POST.get("part", ""), int(quantity) if quantity.isdigit() else 0, unit_id=order.unit_id,
        case_id=order.request_id, order_id=order.pk, order_number=order.number, by=who, at=now(),
    )  # fmt: skip
    messages.info(request, _("Asked; the desk arranges it"))


def _late(request: HttpRequest, number: str) -> None:
    minutes = request.POST.get("minutes", "")
    announce_lateness(
        work_order_for(actor(request), number),
        int(minutes) if minutes.isdigit() else 0,
        by=actor(request),
        at=now(),
    )


def _diagnose(request: HttpRequest, number: str) -> None:
    diagnose(
        _visit(request, number), phenomenon=request.POST.get("phenomenon", ""), cause=request.POST.get("cause", ""),
        by=actor(request), at=now(),
    )  # fmt: skip


def _quote(request: HttpRequest, number: str) -> None:
    parts = [
        (name.removeprefix("part:"), int(count))
        for name, count in request.POST.dict().items()
        if name.startswith("part:") and count.isdigit() and int(count) > 0
    ]
    name, price = request.POST.get("service", "").strip(), request.POST.get("service_price", "").strip()
    services = []
    if name:
        try:
            services = [(name, round(float(price) * 100))]
        except ValueError as error:
            raise Invalid(_("this is not a price"), where="service_price", expected="50.00") from error
    quote_visit(_visit(request, number), parts=parts, services=services, by=actor(request), at=now())


def _consent(request: HttpRequest, number: str) -> None:
    visit = _visit(request, number)
    amount = request.POST.get("amount", "")
    give_consent(
        visit, amount_fen=int(amount) if amount.isdigit() else -1, channel="glass", signature=request.POST.get("signature", ""),
        by=actor(request), at=now(),
    )  # fmt: skip


def _test(request: HttpRequest, number: str) -> None:
    readings = {}
    for name, value in request.POST.dict().items():
        if name.startswith("reading:") and value.strip():
            try:
                readings[name.removeprefix("reading:")] = float(value)
            except ValueError as error:
                raise Invalid(
                    _("this is not a number"),
                    where=f"readings.{name.removeprefix('reading:')}",
                    expected="16.0",
                ) from error
    measure_visit(
        _visit(request, number), readings, checklist=request.POST.getlist("checklist"), by=actor(request), at=now(),
        because=request.POST.get("because", ""),
    )  # fmt: skip


def _sign(request: HttpRequest, number: str) -> None:
    finish_visit(
        _visit(request, number), customer_signature=request.POST.get("customer_signature", ""),
        engineer_signature=request.POST.get("engineer_signature", ""), by=actor(request), at=now(),
        feedback=request.POST.get("feedback", ""), paid_by=request.POST.get("paid_by", ""),
        invoice_wanted=request.POST.get("invoice") == "1",
    )  # fmt: skip


def _photo(request: HttpRequest, number: str) -> None:
    file = request.FILES.get("photo")
    if file is None:
        raise Invalid(_("no photo was taken"), where="photo", expected="JPEG, PNG")
    visit = _visit(request, number)
    add_photo(visit, file.read(), step=visit.state, by=actor(request), at=now(), name=file.name or "")


_STEPS = {
    "depart": _depart,
    "book": _book,
    "late": _late,
    "ask_part": _ask_part,
    "arrive": lambda r, n: arrive(_visit(r, n), by=actor(r), at=now()),
    "diagnose": _diagnose,
    "quote": _quote,
    "consent": _consent,
    "repair": lambda r, n: finish_repair(
        _visit(r, n), solution=r.POST.get("solution", ""), by=actor(r), at=now()
    ),
    "test": _test,
    "sign": _sign,
    "photo": _photo,
    "abandon": lambda r, n: abandon_visit(
        _visit(r, n), because=r.POST.get("because", ""), by=actor(r), at=now()
    ),
    "convert": lambda r, n: convert_to_visit(
        work_order_for(actor(r), n), by=actor(r), at=now(), because=r.POST.get("because", "") or "—"
    ),
}
