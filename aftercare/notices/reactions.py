"""What customers are told when something happens, and what other systems are sent."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime

from aftercare.intake.models import Request
from aftercare.intake.selectors import request_by_id, requests_by_id
from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact, on_facts
from aftercare.people.selectors import zone_of
from aftercare.policies.selectors import policy_for

from .models import Message
from .services import queue_deliveries, tell_customer
from .tasks import deliver_message, deliver_webhook


@on_facts("request.received")
def on_requests_received(facts: list[Fact], at: datetime) -> None:
    requests = {request.pk: request for request in requests_by_id(fact.subject_id for fact in facts)}
    for fact in facts:
        request = requests[fact.subject_id]
        pack = policy_for(request.unit_id).pack
        language = request.customer.language if request.customer else "zh"
        _tell(request, "received", fact, at, read_back=pack.forms.read_back[language])


@on_fact("appointment.proposed")
def on_appointment_proposed(fact: Fact, at: datetime) -> None:
    _tell(request_by_id(fact.case_id or 0), "slots", fact, at)


@on_fact("appointment.booked", "appointment.rescheduled", "appointment.reminded")
def on_appointment_set(fact: Fact, at: datetime) -> None:
    request = request_by_id(fact.case_id or 0)
    rules = policy_for(request.unit_id).pack.appointment
    language = request.customer.language if request.customer else "zh"
    prepare = rules.preparation.get(request.category) or rules.preparation["default"]
    template = {"booked": "booked", "rescheduled": "rescheduled", "reminded": "reminder"}[
        fact.name.split(".")[1]
    ]
    _tell(
        request, template, fact, at, window=_window(fact, zone_of(request.unit_id)),
        appointment=str(fact.values.get("appointment", "")), preparation="，".join(text[language] for text in prepare),
        fee=rules.fee_notice[language],
    )  # fmt: skip


@on_fact("request.link_asked")
def on_link_asked(fact: Fact, at: datetime) -> None:
    _tell(request_by_id(fact.subject_id), "link", fact, at, purpose=fact.values["purpose"])


@on_fact("work_order.late")
def on_work_order_late(fact: Fact, at: datetime) -> None:
    _tell(request_by_id(fact.case_id or 0), "late", fact, at, minutes=str(fact.values["minutes"]))


@on_fact("visit.quoted")
def on_visit_quoted(fact: Fact, at: datetime) -> None:
    if fact.values["total_fen"]:
        _tell(
            request_by_id(fact.case_id or 0),
            "quote",
            fact,
            at,
            amount=f"{fact.values['total_fen'] / 100:.2f}",
        )


@on_fact("survey.opened")
def on_survey_opened(fact: Fact, at: datetime) -> None:
    request = request_by_id(fact.case_id or 0)
    language = request.customer.language if request.customer else "zh"
    _tell(request, "survey", fact, at, care=policy_for(request.unit_id).pack.visit.care[language])


@on_facts("*", consumer="webhooks")
def on_any_facts(facts: list[Fact], at: datetime) -> None:
    """Queue a run of facts for the endpoints that want them."""
    for delivery_id in queue_deliveries(facts):
        deliver_webhook.defer(delivery_id=delivery_id)


def _tell(
    request: Request, template: str, fact: Fact, at: datetime, *, purpose: str = "", **values: str
) -> None:
    message: Message | None = tell_customer(
        request, template, fact_id=fact.pk, at=at, purpose=purpose, values=values
    )
    if message and message.channel == "email" and message.state == "queued":
        deliver_message.defer(message_id=message.pk)


def _window(fact: Fact, zone: str) -> str:
    starts = parse_datetime(fact.values.get("starts_at") or "")
    ends = parse_datetime(fact.values.get("ends_at") or "")
    if not starts or not ends:
        return ""
    local = starts.astimezone(ZoneInfo(zone)), ends.astimezone(ZoneInfo(zone))
    return f"{local[0]:%m-%d %H:%M}–{local[1]:%H:%M}"
