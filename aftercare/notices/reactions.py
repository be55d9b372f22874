"""What customers are told when something happens, and what other systems are sent."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime

from aftercare.intake.selectors import request_by_id, requests_by_id
from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact, on_facts
from aftercare.people.selectors import zone_of
from aftercare.policies.selectors import policy_for
from aftercare.workorders.selectors import work_order_by_id

from .services import (
    CALLING,
    FOLLOWED,
    Telling,
    forget_messages,
    queue_deliveries,
    raise_alerts,
    tell_customers,
    tell_news,
    tell_of_readings,
    tell_team,
)
from .tasks import deliver_alert, deliver_message, deliver_webhook


@on_facts("request.received")
def on_requests_received(facts: list[Fact], at: datetime) -> None:
    requests = {request.pk: request for request in requests_by_id(fact.subject_id for fact in facts)}
    tellings = []
    for fact in facts:
        request = requests[fact.subject_id]
        language = request.customer.language if request.customer else "zh"
        read_back = policy_for(request.unit_id).pack.forms.read_back[language]
        tellings.append(Telling(request, "received", fact.pk, {"read_back": read_back}))
    _tell(tellings, at)


@on_facts("request.received", "request.heard", "call.heard", consumer="readings")
def on_requests_read(facts: list[Fact], at: datetime) -> None:
    for message in tell_of_readings([fact for fact in facts if fact.values.get("follows")], at=at):
        deliver_alert.defer(message_id=message.pk)


@on_fact("appointment.proposed")
def on_appointment_proposed(fact: Fact, at: datetime) -> None:
    request, lost = request_by_id(fact.case_id or 0), fact.values.get("instead_of")
    if lost:
        values = {"window": _span(lost[0], lost[1], zone_of(request.unit_id))}
        _tell([Telling(request, "other_times", fact.pk, values)], at)
    else:
        _tell([Telling(request, "slots", fact.pk)], at)


@on_fact("appointment.booked", "appointment.rescheduled", "appointment.reminded")
def on_appointment_set(fact: Fact, at: datetime) -> None:
    request = request_by_id(fact.case_id or 0)
    rules = policy_for(request.unit_id).pack.appointment
    language = request.customer.language if request.customer else "zh"
    prepare = rules.preparation.get(request.category) or rules.preparation["default"]
    template = {"booked": "booked", "rescheduled": "rescheduled", "reminded": "reminder"}[
        fact.name.split(".")[1]
    ]
    values = {
        "window": _window(fact, zone_of(request.unit_id)), "appointment": str(fact.values.get("appointment", "")),
        "preparation": "，".join(text[language] for text in prepare), "fee": rules.fee_notice[language],
    }  # fmt: skip
    _tell([Telling(request, template, fact.pk, values)], at)


@on_fact("request.link_asked")
def on_link_asked(fact: Fact, at: datetime) -> None:
    _tell([Telling(request_by_id(fact.subject_id), "link", fact.pk, purpose=fact.values["purpose"])], at)


@on_fact("request.answered")
def on_request_answered(fact: Fact, at: datetime) -> None:
    if not fact.values.get("history"):
        _tell([Telling(request_by_id(fact.subject_id), "answered", fact.pk)], at)


@on_fact("request.merged", "request.unmerged")
def on_request_merged(fact: Fact, at: datetime) -> None:
    values = {"into": str(fact.values.get("into", ""))}
    _tell([Telling(request_by_id(fact.subject_id), fact.name.removeprefix("request."), fact.pk, values)], at)


@on_fact("request.split")
def on_request_split(fact: Fact, at: datetime) -> None:
    values = {"children": "、".join(fact.values["children"])}
    _tell([Telling(request_by_id(fact.subject_id), "split", fact.pk, values)], at)


@on_facts(*CALLING, *FOLLOWED, consumer="news")
def on_news(facts: list[Fact], at: datetime) -> None:
    tell_news(facts)


@on_fact("customer.erased")
def on_customer_erased(fact: Fact, at: datetime) -> None:
    forget_messages(fact.values["customer"])


@on_facts("clock.escalated")
def on_clocks_escalated(facts: list[Fact], at: datetime) -> None:
    raise_alerts(facts)


@on_fact("team.formed", "team.stood_down")
def on_team_called(fact: Fact, at: datetime) -> None:
    for message in tell_team(fact, at=at):
        deliver_alert.defer(message_id=message.pk)


@on_fact("work_order.late")
def on_work_order_late(fact: Fact, at: datetime) -> None:
    """Tell the customer; not what a phone without network sent only when its engineer was there."""
    arrived_at = work_order_by_id(fact.subject_id).arrived_at
    if arrived_at is not None and arrived_at >= fact.at:
        return
    minutes = {"minutes": str(fact.values["minutes"])}
    _tell([Telling(request_by_id(fact.case_id or 0), "late", fact.pk, minutes)], at)


@on_fact("visit.quoted")
def on_visit_quoted(fact: Fact, at: datetime) -> None:
    if fact.values["total_fen"]:
        amount = {"amount": f"{fact.values['total_fen'] / 100:.2f}"}
        _tell([Telling(request_by_id(fact.case_id or 0), "quote", fact.pk, amount)], at)


@on_fact("visit.tested")
def on_visit_tested(fact: Fact, at: datetime) -> None:
    """Have a customer who was helped from afar sign by link: nobody is there with a phone to sign on."""
    if fact.values["remote"]:
        request = request_by_id(fact.case_id or 0)
        _tell([Telling(request, "sign", fact.pk, {"order": request.number})], at)


@on_fact("payment.asked", "payment.paid")
def on_payment(fact: Fact, at: datetime) -> None:
    values = {
        "amount": f"{fact.values.get('told_fen', fact.values['amount_fen']) / 100:.2f}",
        "payment": fact.values["payment"],
    }
    template = "paid" if fact.name == "payment.paid" else "pay"
    _tell([Telling(request_by_id(fact.case_id or 0), template, fact.pk, values)], at)


@on_fact("survey.opened")
def on_survey_opened(fact: Fact, at: datetime) -> None:
    request = request_by_id(fact.case_id or 0)
    language = request.customer.language if request.customer else "zh"
    care = {"care": policy_for(request.unit_id).pack.visit.care[language]}
    _tell([Telling(request, "survey", fact.pk, care)], at)


@on_facts("*", consumer="webhooks")
def on_any_facts(facts: list[Fact], at: datetime) -> None:
    """Queue a run of facts for the endpoints that want them."""
    for delivery_id in queue_deliveries(facts):
        deliver_webhook.defer(delivery_id=delivery_id)


def _tell(tellings: list[Telling], at: datetime) -> None:
    for message in tell_customers(tellings, at=at):
        if message.state == "queued":
            deliver_message.defer(message_id=message.pk)


def _window(fact: Fact, zone: str) -> str:
    return _span(fact.values.get("starts_at") or "", fact.values.get("ends_at") or "", zone)


def _span(begins: str, finishes: str, zone: str) -> str:
    starts, ends = parse_datetime(begins), parse_datetime(finishes)
    if not starts or not ends:
        return ""
    local = starts.astimezone(ZoneInfo(zone)), ends.astimezone(ZoneInfo(zone))
    return f"{local[0]:%m-%d %H:%M}–{local[1]:%H:%M}"
