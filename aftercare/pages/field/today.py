"""The engineer's phone: today's jobs, and a job through all its steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page

from aftercare.dispatch.selectors import offer_for, open_offers_to
from aftercare.dispatch.services import accept_offer, refuse_offer
from aftercare.intake.selectors import earlier_faults
from aftercare.parts.selectors import price_list, transfers_of
from aftercare.payments.selectors import payment_of_visit, pays_online
from aftercare.people.selectors import zone_of
from aftercare.people.services import reveal
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import warranty_of
from aftercare.refusals import Invalid, NotFound
from aftercare.visits.learned import usual_parts
from aftercare.visits.route import Leg, route_ahead
from aftercare.visits.rules import MEASURED, STEP_STATES
from aftercare.visits.selectors import (
    appointments_of,
    day_of,
    helping_on,
    open_visit,
    planned_spans,
    signed_by_link,
    visits_of,
)
from aftercare.visits.services import Told, add_photo, do_step, fee_for, show_trace
from aftercare.workorders.selectors import jobs_of, work_order_for

from ..desk.forms import qr_data
from ..desk.knowledge import help_for
from ..desk.work_orders import _slots
from ..doors import actor, now, page
from .words import words


@page("answer_offer")
@gzip_page
def field_today(request: HttpRequest) -> HttpResponse:
    """Today's jobs in the order of their promises, and what is newly offered."""
    who, at = actor(request), now()
    assert who.id is not None
    start, end = day_of(at, zone_of(who.unit_id or 0))
    jobs = jobs_of(who.id, start, end)
    done = sorted((job for job in jobs if job.state == "completed"), key=lambda job: job.completed_at or at)
    in_hand = [job for job in jobs if job.state in ("booked", "in_service")]
    ahead = [
        job
        for job in in_hand
        if job.state == "in_service" or not job.window_starts_at or job.window_starts_at < end
    ]
    spans = planned_spans(job.pk for job in in_hand)
    planned = {order_id: begins for order_id, (begins, _ends) in spans.items()}
    ahead.sort(key=lambda job: (job.state != "in_service", planned.get(job.pk) or job.window_starts_at or at))
    return render(request, "field/today.html", {
        "offers": [(offer, _way(offer)) for offer in open_offers_to(who.id)], "later": ahead[1:], "done": done, "at": at, "day_ends": end, "words": words(), "planned": planned,
        "pressing": [job for job in jobs if job.state == "pending" and job.urgency != "normal"],
        "unbooked": [job for job in jobs if job.state == "pending" and job.urgency == "normal"],
        "another_day": [job for job in in_hand if job not in ahead], "helping": helping_on(who.id, start, end), "left": len(ahead),
        "reasons": policy_for(who.unit_id).pack.dispatch.refusal_reasons, "route": route_ahead(who.id, ahead, done, spans, at=at),
        **(_next(ahead[0], who.id) if ahead else {"next": None}),
    })  # fmt: skip


def _way(offer: Any) -> Leg | None:
    """Give how far an offered job is, as the machine saw it when it chose; None where somebody chose by hand."""
    for one in offer.matching.candidates if offer.matching else ():
        if one["staff"] == offer.staff_id and one.get("km") is not None and one.get("minutes") is not None:
            return Leg(one["minutes"], one["km"], None)
    return None


def _next(order: Any, staff_id: int) -> dict[str, Any]:
    """Give the next job: the visit if one has begun, what to bring, and from when on a delay is asked for."""
    booked = order.state == "booked"
    return {
        "next": order, "begun": None if booked else open_visit(order.pk), "asked": transfers_of(order.pk),
        "bring": _bring(order, staff_id) if booked else [],
        "tell_by": _tell_by(order),
    }  # fmt: skip


def _tell_by(order: Any) -> datetime | None:
    notice = policy_for(order.unit_id).pack.appointment.late_notice
    return order.window_ends_at - timedelta(seconds=notice) if order.window_ends_at else None


def _bring(order: Any, staff_id: int) -> list[tuple[Any, int]]:
    """Give the parts that visits like this usually need, and to what percent of them."""
    usual = usual_parts(order)
    parts = (
        [part for part in price_list(order.category, order.unit_id, staff_id) if part.pk in usual]
        if usual
        else []
    )
    return sorted(((part, usual[part.pk]) for part in parts), key=lambda pair: -pair[1])


@page("answer_offer", "POST")
def field_offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    who, at = actor(request), now()
    answer_offer(who, offer_id, request.POST.get("act", ""), Told(dict(request.POST.lists())), at=at)
    if request.POST.get("act") == "refuse":
        messages.info(request, _("Refused; the next colleague is asked"))
    else:
        messages.info(request, _("Accepted; the customer chooses a time"))
    return redirect("field_today")


def answer_offer(who: Any, offer_id: int, act: str, told: Told, *, at: Any) -> None:
    """Accept an offer, or refuse it with a reason."""
    offer = offer_for(who, offer_id)
    if act == "refuse":
        refuse_offer(offer, told["reason"], by=who, at=at, remark=told["remark"])
    else:
        accept_offer(offer, by=who, at=at)


@page("perform_visit")
@gzip_page
def field_job(request: HttpRequest, number: str) -> HttpResponse:
    return render(request, "field/job.html", _values(request, number))


@page("perform_visit", "POST")
def field_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Do one step of a job; a refusal is shown on the job's own page, and nothing typed is lost."""
    who, at = actor(request), now()
    order = work_order_for(who, number)
    try:
        if step == "photo" and request.FILES:
            _photo(request, order, at)
        else:
            do_step(order, step, Told(dict(request.POST.lists())), by=who, at=at)
        if step == "ask_part":
            messages.info(request, _("Asked; the desk arranges it"))
    except Invalid as refusal:
        values = _values(request, number)
        values |= {
            "problems": {p.where: p for p in refusal.problems},
            "listed": refusal.problems,
            "typed": request.POST,
        }
        return render(request, "field/job.html", values, status=422)
    if step in ("abandon", "convert"):  # the order is in nobody's hands now
        return redirect("field_today")
    return redirect("field_job", number)


@page("perform_visit", "POST")
def field_reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show phone and address for the visit, or give them to the phone that keeps the day; either leaves a fact."""
    who = actor(request)
    order = work_order_for(who, number)
    if order.request.customer is None:
        raise NotFound()
    shown = reveal(
        who,
        order.request.customer,
        ["full_name", "phone"],
        at=now(),
        because=_("visit %(n)s") % {"n": number},
    )
    shown = {**shown, "address": order.request.address}
    if "json" in request.headers.get("Accept", ""):
        return JsonResponse(shown)
    values = _values(request, number)
    values["revealed"] = shown
    return render(request, "field/job.html", values)


@page("perform_visit", "POST")
def field_trace(request: HttpRequest, number: str) -> HttpResponse:
    """Show a QR code under which the customer reads the whole service record on their own phone."""
    token = show_trace(work_order_for(actor(request), number), by=actor(request), at=now())
    values = _values(request, number)
    values["trace"] = qr_data(request.build_absolute_uri(f"/c/{token}/record"))
    return render(request, "field/job.html", values)


def _photo(request: HttpRequest, order: Any, at: Any) -> None:
    """Take a photo sent by a plain form, where the page could not keep it on the phone first."""
    file, visit = request.FILES.get("photo"), open_visit(order.pk)
    if visit is None:
        raise NotFound()
    if not isinstance(file, UploadedFile):
        raise Invalid(_("no photo was taken"), where="photo", expected="JPEG, PNG")
    add_photo(visit, file.read(), step=visit.state, by=actor(request), at=at, name=file.name or "")


def _values(request: HttpRequest, number: str) -> dict[str, Any]:
    who, at = actor(request), now()
    order = work_order_for(who, number)
    visit = open_visit(order.pk)
    every = visits_of(order.pk)
    last = visit or (every[-1] if every else None)
    pack = policy_for(order.unit_id).pack
    stage = visit.state if visit else "finished" if order.state == "completed" else order.state
    reached = _reached(stage)
    labels = (_("Depart"), _("Arrive"), _("Diagnose"), _("Quote"), _("Repair"), _("Test"), _("Sign"))
    slots = _slots(order)
    footed = "booked travelling on_site diagnosed quoted agreed repaired tested"
    if slots or order.service_type == "remote":
        footed += " pending"
    lines = list(last.lines.all()) if last else []
    warranty = warranty_of(
        pack, category=order.category, purchased_on=order.request.purchased_on, on=at.date()
    )
    fee, fee_free = fee_for(order, warranty, at=at)
    appointments = appointments_of(order.pk)
    parts = list(price_list(order.category, order.unit_id, order.assignee_id))
    for part in parts:
        part.is_free = warranty.covers_part(part.cover)  # type: ignore[attr-defined]
    return {
        "order": order, "row": order.request, "visit": last, "pack": pack, "at": at, "stage": stage,
        "steps": [(label, reach, "past" if i <= reached else "now" if i == reached + 1 else "")
                  for i, (label, reach) in enumerate(zip(labels, REACHED, strict=True))],
        "quoted": {line.part_id: line.quantity for line in lines if line.part_id},
        "other": next((line for line in lines if line.kind == "service"), None),
        "tests": pack.visit.tests.get(order.category) or pack.visit.tests["default"], "measured": MEASURED,
        "parts": parts, "transfers": transfers_of(order.pk), "slots": slots, "fee": fee, "fee_free": fee_free,
        "faults": earlier_faults(order.request, customer_id=order.request.customer_id, serial=order.request.serial),
        "warranty": warranty, "guides": pack.visit.guides.get(order.category, []), "day_ends": day_of(at, zone_of(who.unit_id or 0))[1],
        "appointments": appointments, "helper": next((a.helper for a in appointments if a.state == "booked"), None), "problems": {}, "listed": [], "typed": {}, "revealed": None,
        "tell_by": _tell_by(order),
        "signed": signed_by_link(visit) if visit and visit.state == "tested" else None, "online": pays_online(),
        "paid": bool(visit and (payment := payment_of_visit(visit.pk)) and payment.state == "paid"),
        "words": words(), "footed": footed, "trace": "", **help_for(who, order.request),
    }  # fmt: skip


REACHED = ("travelling", "on_site", "diagnosed", "agreed", "repaired", "tested", "finished")


def _reached(stage: str) -> int:
    """Give how many of the seven shown steps a job has behind it, less one."""
    ranks = list(STEP_STATES.values())
    return sum(stage in ranks and ranks.index(state) <= ranks.index(stage) for state in REACHED) - 1
