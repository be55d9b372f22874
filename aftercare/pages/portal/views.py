"""The customer's pages: by a signed link without a login, and the public report form behind a QR code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.customers.rules import acts_of
from aftercare.customers.selectors import customer_by_id
from aftercare.customers.services import check_phone_tail, make_link, open_link, use_link
from aftercare.files.services import store_file
from aftercare.followup.selectors import survey_of
from aftercare.followup.services import answer_survey
from aftercare.intake.rules import RequestForm
from aftercare.intake.selectors import last_answer, report_point, request_by_id
from aftercare.intake.services import (
    ask_for_link,
    attach_files,
    keep_refused_input,
    note_looked,
    note_request,
    receive_from_customer,
    reopen_by_customer,
)
from aftercare.knowledge.services import ask_question
from aftercare.people.rules import Actor, customer_actor
from aftercare.people.selectors import holds_certificate, root_unit, zone_of
from aftercare.people.services import count_against_limit
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import product_of_model, warranty_of
from aftercare.refusals import Conflict, Invalid, NotFound
from aftercare.sla.selectors import clocks_of_case
from aftercare.visits.learned import arrives_about
from aftercare.visits.selectors import hash_of, open_appointment, open_visit, slots_for, visits_of
from aftercare.visits.services import choose_slot, decline_line, give_consent, reschedule_visit, sign_record
from aftercare.workorders.selectors import orders_of_request

from ..desk.forms import visit_pdf
from ..desk.work_orders import _window
from ..documents import can_make_pdf
from ..doors import now, number_in, public, sender
from ..templatetags.show import certificate_titles
from .paying import payment_shown
from .stages import DECISION, purpose_now, stage_of

MAX_FILES = 4


@public()
def case_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show a customer what happens with their case: promised times, who comes, what to decide, how it went."""
    link = open_link(token, at=now(), sender=sender(request))
    return render(request, "portal/case.html", _values(link, token))


@public("POST")
def case_act(request: HttpRequest, token: str, act: str) -> HttpResponse:
    """Choose or move a time, agree to a quote, leave a service out, write, or rate."""
    at = now()
    link = open_link(token, at=at, sender=sender(request))
    who = customer_actor(link.customer_id, link.customer.name_masked)
    count_against_limit(f"portal:{link.pk}", limit=60, per=3600, at=at)
    done = _ACTS.get(act)
    if done is None:
        raise NotFound()
    try:
        with use_link(link, act, at=at):
            done(request, link, who)
    except (Invalid, Conflict) as refusal:
        values = {**_values(link, token), "refusal": refusal, "typed": request.POST}
        return render(request, "portal/case.html", values, status=refusal.status)
    return redirect("case_page", token)


@public("GET", "HEAD", "POST")
def report_form(request: HttpRequest, code: str) -> HttpResponse:
    """Report in thirty seconds: what is wrong, a photo or short video, a phone number (M3, M4)."""
    at = now()
    point = report_point(code)
    pack = policy_for(point.unit_id).pack
    product = point.item.product if point.item else point.product
    values: dict[str, Any] = {
        "point": point, "company": root_unit(), "pack": pack, "typed": {}, "problems": {}, "listed": [], "product": product,
        "kinds": [k for k in pack.forms.kinds if k.code != "install"], "plan": _plan_minutes(pack, "normal"),
    }  # fmt: skip
    if request.method == "POST":
        try:
            _row, token = _report(request, point, product, at)
        except Invalid as refusal:
            values |= {
                "typed": request.POST,
                "problems": {p.where: p for p in refusal.problems},
                "listed": refusal.problems,
            }
            return render(request, "portal/report.html", values, status=422)
        return redirect("report_done", code, token)
    return render(request, "portal/report.html", values)


@public()
def report_done(request: HttpRequest, code: str, token: str) -> HttpResponse:
    """Say the number, the next step and the time."""
    link = open_link(token, at=now(), sender=sender(request))
    point = report_point(code)
    row = request_by_id(link.case_id)
    pack = policy_for(row.unit_id).pack
    return render(request, "portal/done.html", {
        "row": row, "token": token, "point": point, "company": root_unit(), "pack": pack,
        "minutes": _plan_minutes(pack, row.urgency),
        "prepare": pack.appointment.preparation.get(row.category) or pack.appointment.preparation["default"],
    })  # fmt: skip


@public("GET", "HEAD", "POST")
def record_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the whole service record behind a link; contact data need the phone's last four digits too (A7)."""
    at = now()
    link = open_link(token, at=at, sender=sender(request))
    row = request_by_id(link.case_id)
    known = False
    wrong = False
    if request.method == "POST":
        tries = policy_for(row.unit_id).pack.links.wrong_tries
        known = check_phone_tail(link, request.POST.get("tail", ""), at=at, tries=tries)
        wrong = not known
    orders = orders_of_request(row.pk)
    visits = [visit for order in orders for visit in visits_of(order.pk)]
    return render(request, "portal/record.html", {
        "row": row, "customer": customer_by_id(link.customer_id) if known else None, "visits": visits, "token": token,
        "company": root_unit(), "wrong": wrong, "payment": payment_shown(row.pk), "pdf": can_make_pdf(),
    }, status=422 if wrong else 200)  # fmt: skip


@public()
def record_pdf(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Give the customer the signed form of a visit of their case as a PDF, masked."""
    at = now()
    link = open_link(token, at=at, sender=sender(request))
    count_against_limit(f"pdf:{link.pk}", limit=20, per=3600, at=at)
    visits = [visit for order in orders_of_request(link.case_id) for visit in visits_of(order.pk)]
    visit = next((v for v in visits if v.number == number and v.state == "finished"), None)
    if visit is None:
        raise NotFound()
    return visit_pdf(request, visit, printed_by=_("customer"))


def _values(link: Any, token: str) -> dict[str, Any]:
    at = now()
    row = request_by_id(link.case_id)
    orders = orders_of_request(row.pk)
    order = orders[-1] if orders else None
    visit = open_visit(order.pk) if order else None
    visits = visits_of(order.pk) if order else []
    survey = survey_of(order.pk) if order else None
    appointment = open_appointment(order.pk) if order else None
    stage = stage_of(row, order, appointment, visit, survey)
    pack = policy_for(row.unit_id).pack
    plan = next((clock for clock in clocks_of_case(row.pk) if clock.code == "plan"), None)
    company = root_unit()
    begins = order.window_starts_at if order is not None else None
    return {
        "row": row, "order": order, "visit": visit, "last": visits[-1] if visits else None, "survey": survey,
        "appointment": appointment, "token": token, "company": company, "pack": pack, "plan": plan,
        "missed": stage == "booked" and order is not None and order.is_missed(at),
        "reminds": begins is not None and at < begins - timedelta(seconds=pack.appointment.remind_before),
        "call": row.unit.phone or (company.phone if company else ""),
        "slots": _choices(appointment, order, at), "stage": stage, "said": last_answer(row.pk) if stage == "answered" else "",
        "can": acts_of(link.purpose, used=link.used_at is not None), "decision": DECISION.get(stage, ""),
        "lines": list(visit.lines.order_by("id")) if visit and stage in ("quote", "sign") else [],
        "prepare": pack.appointment.preparation.get(row.category) or pack.appointment.preparation["default"],
        "warranty": warranty_of(pack, category=row.category, purchased_on=row.purchased_on, on=at.date()),
        "payment": payment_shown(row.pk), "record_hash": hash_of(visit) if stage == "sign" and visit else "",
        "questions": pack.survey.questions, "scores": range(1, 6), "refusal": None, "typed": {},
        "engineer": order.assignee if order and order.assignee_id else None, "licence": _licence(order, at),
        "arrives": arrives_about(visit, order, at=at) if visit and order and stage == "visit" else None,
    }  # fmt: skip


def _licence(order: Any, at: Any) -> str:
    """Name the certificate that work of this category wants, where the engineer has it in force today."""
    if not order or not order.assignee_id:
        return ""
    code = policy_for(order.unit_id).pack.dispatch.certificates.get(order.category, "")
    on = at.astimezone(ZoneInfo(zone_of(order.unit_id))).date()
    if not code or not holds_certificate(order.assignee_id, code, on=on):
        return ""
    return certificate_titles(order.unit_id).get(code, "")


def _choices(appointment: Any, order: Any, at: Any) -> list[tuple[Any, Any]]:
    """Give the windows a customer may choose: those proposed, or fresh ones to move to."""
    from django.utils.dateparse import parse_datetime

    if appointment is None:
        return []
    if appointment.state == "proposed":
        pairs = [(parse_datetime(a), parse_datetime(b)) for a, b in appointment.slots]
        return [(a, b) for a, b in pairs if a and b]
    return slots_for(order, appointment.engineer_id, at=at)


def _choose(request: HttpRequest, link: Any, who: Actor) -> None:
    appointment = _appointment(link)
    if appointment.state == "proposed":
        index = request.POST.get("slot", "")
        choose_slot(appointment, number_in(index, -1), by=who, at=now())
        return
    starts, ends = _window(request)
    offered = slots_for(appointment.order, appointment.engineer_id, at=now())
    if (starts, ends) not in offered:
        raise Conflict(
            _("this time is no longer free; please choose another"), where="slot", code="slot_gone"
        )
    reschedule_visit(
        appointment, starts_at=starts, ends_at=ends, by=who, at=now(), because=_("by the customer")
    )


def _consent(request: HttpRequest, link: Any, who: Actor) -> None:
    visit = _visit(link)
    amount = request.POST.get("amount", "")
    give_consent(visit, amount_fen=number_in(amount, -1), channel="link", by=who, at=now())


def _sign(request: HttpRequest, link: Any, who: Actor) -> None:
    posted = request.POST
    sign_record(_visit(link), posted.get("signature", ""), seen=posted.get("seen", ""), by=who, at=now())
    messages.success(request, _("Signed; thank you"))


def _decline(request: HttpRequest, link: Any, who: Actor) -> None:
    line = request.POST.get("line", "")
    decline_line(_visit(link), number_in(line, 0), by=who, at=now())


def _write(request: HttpRequest, link: Any, who: Actor) -> None:
    """Take in what a customer says: words, photos, videos, a voice note, or any of them."""
    row, at = request_by_id(link.case_id), now()
    files = [
        store_file(f.read(), name=f.name or "", where="files")
        for f in request.FILES.getlist("files")[:MAX_FILES]
    ]
    attach_files(row, files, by=who, at=at)
    if request.POST.get("text", "").strip() or not files:
        note_request(row, by=who, at=at, text=request.POST.get("text", ""), kind="in")
    messages.success(request, _("Received; it stands with your case"))


def _reopen(request: HttpRequest, link: Any, who: Actor) -> None:
    reopen_by_customer(request_by_id(link.case_id), by=who, at=now(), because=request.POST.get("text", ""))
    messages.success(request, _("Open again; we see to it at once"))


def _rate(request: HttpRequest, link: Any, who: Actor) -> None:
    orders = orders_of_request(link.case_id)
    survey = survey_of(orders[-1].pk) if orders else None
    if survey is None:
        raise NotFound()
    codes = [q.code for q in policy_for(survey.unit_id).pack.survey.questions]
    scores = {code: n for code in codes if (n := number_in(request.POST.get(code, ""))) is not None}
    answer_survey(survey, scores, opinion=request.POST.get("opinion", ""), channel="sms", by=who, at=now())


def _ask(request: HttpRequest, link: Any, who: Actor) -> None:
    row = request_by_id(link.case_id)
    ask_for_link(row, purpose_now(row), by=who, at=now())
    messages.success(request, _("A fresh link is on its way to your phone."))


_ACTS = {
    "choose": _choose, "consent": _consent, "sign": _sign, "decline": _decline, "write": _write, "rate": _rate, "ask": _ask, "reopen": _reopen,
}  # fmt: skip


def _appointment(link: Any) -> Any:
    for order in orders_of_request(link.case_id)[::-1]:
        found = open_appointment(order.pk)
        if found is not None:
            return found
    raise NotFound()


def _visit(link: Any) -> Any:
    for order in orders_of_request(link.case_id)[::-1]:
        found = open_visit(order.pk)
        if found is not None:
            return found
    raise NotFound()


def _report(request: HttpRequest, point: Any, product: Any, at: Any) -> tuple[Any, str]:
    links = policy_for(point.unit_id).pack.links
    count_against_limit(f"report:{sender(request)}", limit=links.reports_per_hour, per=3600, at=at)
    data = request.POST
    who = Actor("customer", None, _("customer"))
    files = [
        store_file(f.read(), name=f.name or "", where="files").pk
        for f in request.FILES.getlist("files")[:MAX_FILES]
    ]
    model = data.get("product_model", "").strip() or (product.model if product else "")
    known = product_of_model(model) if model else None
    form = RequestForm(
        kind=data.get("kind", "repair"), description=data.get("description", ""), channels=("qr",), name=data.get("name", ""),
        phone=data.get("phone", ""), product_model=model, category=known.category if known else "",
        address=data.get("address", ""), file_ids=tuple(files), strict_writing=False,
        purchased_on=point.item.purchased_on if point.item else None,
    )  # fmt: skip
    try:
        row = receive_from_customer(form, unit_id=point.unit_id, item=point.item, by=who, at=at)
    except Invalid as refusal:
        if form.description.strip():
            body = {
                k: data.get(k, "")
                for k in ("kind", "description", "name", "phone", "product_model", "address")
            }
            keep_refused_input("qr", body, refusal, unit_id=point.unit_id)
        raise
    looked = [number for number in data.get("looked", "").split() if len(number) <= 24][:6]
    if looked:
        note_looked(row, looked, door="portal", by=who, at=at)
    if form.kind == "inquiry":
        ask_question(form.description, door="portal", unit_id=row.unit_id, by=who, at=at)
    assert row.customer is not None
    token = make_link(row.customer, case_id=row.pk, purpose="progress", lives_for=links.live_for, at=at)
    return row, token


def _plan_minutes(pack: Any, urgency: str) -> int:
    plan = next(clock for clock in pack.clocks.clocks if clock.code == "plan")
    return int(plan.target(urgency=urgency, kind="", category="")[0] // 60)
