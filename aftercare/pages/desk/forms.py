"""The official forms on A4: on screen, printed, and as PDF; with their QR codes."""

from __future__ import annotations

import base64
import io
from typing import Any

import qrcode
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from aftercare.dispatch.selectors import last_matching
from aftercare.files.services import file_content
from aftercare.followup.selectors import recovery_of, survey_for
from aftercare.intake.selectors import request_for
from aftercare.people.selectors import root_unit
from aftercare.policies.selectors import policy_for
from aftercare.visits.selectors import appointment_for, visit_for, visits_of
from aftercare.visits.services import verify_record
from aftercare.workorders.selectors import work_order_for

from ..documents import can_make_pdf, pdf_of
from ..doors import actor, now, page


@page("read_work_order")
def print_work_order(request: HttpRequest, number: str) -> HttpResponse:
    """SA-WO-002 as it prints: masked, to be signed on paper; with `?as=pdf` as a file."""
    who = actor(request)
    order = work_order_for(who, number)
    values = {
        "order": order, "row": order.request, "company": root_unit(), "at": now(), "visits": visits_of(order.pk),
        "matching": last_matching(order.pk), "who": who.name, "pdf": can_make_pdf(),
    }  # fmt: skip
    if request.GET.get("as") != "pdf":
        return render(request, "print_wo.html", values)
    pictures = {reverse("work_order_qr", args=[number]): qr(order_address(request, number))}
    return pdf_of("print_wo.html", values, name=f"SA-WO-002-{number}", pictures=pictures, request=request)


@page("read_request")
def print_request(request: HttpRequest, number: str) -> HttpResponse:
    """SA-CR-001: what was received, as it prints and as PDF."""
    row = request_for(actor(request), number)
    forms = policy_for(row.unit_id).pack.forms
    values = {
        "row": row,
        "channels": forms.channels,
        "kinds": forms.kinds,
        "urgencies": forms.urgencies,
        "emotions": forms.emotions,
    }
    return _form(request, "print_cr.html", "SA-CR-001", number, row, values)


@page("read_work_order")
def print_appointment(request: HttpRequest, number: str) -> HttpResponse:
    """SA-AP-003: when who comes, and what to prepare."""
    appointment = appointment_for(actor(request), number)
    row, pack = appointment.order.request, policy_for(appointment.unit_id).pack
    suggested = [(parse_datetime(a), parse_datetime(b)) for a, b in appointment.slots]
    values = {
        "appointment": appointment, "order": appointment.order, "pack": pack, "suggested": [pair for pair in suggested if all(pair)],
        "prepare": pack.appointment.preparation.get(row.category) or pack.appointment.preparation["default"],
    }  # fmt: skip
    return _form(request, "print_ap.html", "SA-AP-003", number, row, values)


@page("read_survey")
def print_survey(request: HttpRequest, number: str) -> HttpResponse:
    """SA-CS-005: what the customer rated and said, word for word."""
    survey = survey_for(actor(request), number)
    pack = policy_for(survey.unit_id).pack
    values = {
        "survey": survey, "order": survey.order, "questions": pack.survey.questions, "complaints": pack.survey.complaints,
        "scores": {code: str(score) for code, score in survey.scores.items()}, "recovery": recovery_of(survey.order_id),
    }  # fmt: skip
    return _form(request, "print_cs.html", "SA-CS-005", number, survey.order.request, values)


def _form(
    request: HttpRequest, template: str, code: str, number: str, row: Any, values: dict[str, Any]
) -> HttpResponse:
    """Show a form of a case on A4, or give it as PDF."""
    picture = reverse("form_qr", args=[row.number])
    shown = {
        "code": code, "number": number, "row": row, "company": root_unit(), "at": now(), "who": actor(request).name, "pdf": can_make_pdf(),
        "qr": picture, "back": reverse("request_page", args=[row.number]), **values,
    }  # fmt: skip
    if request.GET.get("as") != "pdf":
        return render(request, template, shown)
    pictures = {picture: qr(_case_address(request, row.number))}
    return pdf_of(template, shown, name=f"{code}-{number}", pictures=pictures, request=request)


@page("read_request")
def form_qr(request: HttpRequest, number: str) -> HttpResponse:
    """Give the QR code that opens a case on screen."""
    return qr_answer(_case_address(request, request_for(actor(request), number).number))


def _case_address(request: HttpRequest, number: str) -> str:
    return request.build_absolute_uri(f"/requests/{number}")


@page("read_visit")
def print_visit(request: HttpRequest, number: str) -> HttpResponse:
    """SA-OS-004 as it prints, with what both signed; with `?as=pdf` as a file."""
    who = actor(request)
    visit = visit_for(who, number)
    if request.GET.get("as") == "pdf":
        return visit_pdf(request, visit, printed_by=who.name)
    return render(request, "print_os.html", visit_values(visit, printed_by=who.name))


def visit_values(visit: Any, *, printed_by: str) -> dict[str, Any]:
    """Give what the form of a visit shows, to whoever may see it."""
    pack = policy_for(visit.unit_id).pack
    return {
        "visit": visit, "order": visit.order, "row": visit.order.request, "company": root_unit(), "at": now(),
        "holds": verify_record(visit) if visit.state == "finished" else None, "who": printed_by,
        "checklist": pack.visit.checklist, "pack": pack, "signatures": {s.who: s for s in visit.signatures.all()}, "pdf": can_make_pdf(),
    }  # fmt: skip


def visit_pdf(request: HttpRequest, visit: Any, *, printed_by: str) -> HttpResponse:
    """Give SA-OS-004 as a PDF, masked, with signatures, QR code and the hash of the record."""
    values = visit_values(visit, printed_by=printed_by)
    pictures = {reverse("visit_qr", args=[visit.number]): qr(visit_address(request, visit.number))}
    for signature in values["signatures"].values():
        pictures[reverse("visit_file", args=[visit.number, signature.file_id])] = file_content(signature.file)
    return pdf_of(
        "print_os.html", values, name=f"SA-OS-004-{visit.number}", pictures=pictures, request=request
    )


@page("read_visit")
def visit_qr(request: HttpRequest, number: str) -> HttpResponse:
    """Give the QR code that opens the form on screen, where its hash is checked."""
    return qr_answer(visit_address(request, visit_for(actor(request), number).number))


@page("read_work_order")
def work_order_qr(request: HttpRequest, number: str) -> HttpResponse:
    return qr_answer(order_address(request, work_order_for(actor(request), number).number))


def visit_address(request: HttpRequest, number: str) -> str:
    return request.build_absolute_uri(f"/visits/{number}/print")


def order_address(request: HttpRequest, number: str) -> str:
    return request.build_absolute_uri(f"/work-orders/{number}")


def qr_answer(text: str) -> HttpResponse:
    return HttpResponse(qr(text), content_type="image/png")


def qr_data(text: str) -> str:
    """Give a QR code as an address that holds the picture itself: what it says is stored nowhere."""
    return f"data:image/png;base64,{base64.b64encode(qr(text)).decode()}"


def qr(text: str) -> bytes:
    """Draw a QR code as PNG."""
    out = io.BytesIO()
    qrcode.make(text, box_size=6, border=2).save(out, "PNG")
    return out.getvalue()
