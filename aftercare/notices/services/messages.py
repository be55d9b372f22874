"""Write messages to customers, and send those that have a way to go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings

from aftercare.customers.models import Customer, Link
from aftercare.customers.selectors import is_verified
from aftercare.customers.services import new_link
from aftercare.intake.models import Request
from aftercare.people.services import count_against_limit
from aftercare.policies.rules import Links
from aftercare.policies.selectors import policy_for
from aftercare.refusals import TooMany

from ..channels import NotAccepted, send_mail, send_sms
from ..models import Message

PURPOSE = {
    "slots": "slots",
    "other_times": "slots",
    "booked": "slots",
    "rescheduled": "slots",
    "quote": "consent",
    "sign": "sign",
    "survey": "survey",
}


@dataclass(frozen=True)
class Telling:
    """What a fact has us tell the customer of a request; `purpose` of the link, by default that of the template."""

    request: Request
    template: str
    fact_id: int
    values: dict[str, str] = field(default_factory=dict)
    purpose: str = ""


def tell_customers(tellings: Iterable[Telling], *, at: datetime) -> list[Message]:
    """Write the messages, each with a fresh link where its template has one.

    Left out are those with nobody to tell, and those to a contact that has had the pack's share of messages (A5).
    """
    links: list[Link] = []
    told: list[Message] = []
    for telling in tellings:
        request, customer = telling.request, telling.request.customer
        if customer is None or request.is_history:
            continue
        policy = policy_for(request.unit_id).pack
        rules = policy.links
        if not _may_tell(request, customer, telling.template, rules, told, at=at):
            continue
        address = ""
        if telling.template not in ("reminder", "late"):
            purpose = telling.purpose or PURPOSE.get(telling.template, "progress")
            link, token = new_link(
                customer, case_id=request.pk, purpose=purpose, lives_for=rules.live_for, at=at, sent=True
            )
            links.append(link)
            address = f"{settings.PUBLIC_URL}/c/{token}"
        values = {"number": request.number, "link": address, **telling.values}
        channel = next(iter(_ways(customer)), "")
        state, sent_at = ("queued", None) if channel else ("kept", at)
        told.append(
            Message(
                fact_id=telling.fact_id, template=telling.template, channel=channel or "sms", customer=customer,
                case_id=request.pk, unit_id=request.unit_id, state=state, made_at=at, sent_at=sent_at,
                body=policy.messages.text(telling.template, customer.language).format(**values),
            )
        )  # fmt: skip
    Link.objects.bulk_create(links)
    return Message.objects.bulk_create(told)


def _may_tell(
    request: Request,
    customer: Customer,
    template: str,
    rules: Links,
    about_to: list[Message],
    *,
    at: datetime,
) -> bool:
    """Hold back what would make us somebody's mail bomb (A5).

    A contact that a stranger typed into the public form gets the pack's acknowledgements a day and hears of no further
    request, until somebody opens a link that was sent there. Everybody has a share of messages a day.
    """
    if "qr" in request.channels and (template == "received" or not is_verified(customer)):
        others = Message.objects.filter(
            customer__phone_index=customer.phone_index, made_at__gt=at - timedelta(days=1)
        ).exclude(case_id=request.pk)
        if template == "received":
            others = others.filter(template="received")
        cases = set(others.values_list("case_id", flat=True).distinct())
        cases |= {m.case_id for m in about_to if m.customer.phone_index == customer.phone_index} - {
            request.pk
        }
        if len(cases) >= rules.acknowledgements_per_day:
            return False
    try:
        share = f"tell:{bytes(customer.phone_index).hex()}"
        count_against_limit(share, limit=rules.messages_per_day, per=86400, at=at)
    except TooMany:
        return False
    return True


def send_message(message_id: int, *, at: datetime, last: bool = False) -> None:
    """Send one queued message by SMS, else by mail, whichever takes it first.

    Raises `NotAccepted` when none did, so that it is tried again; after the `last` try it stands as failed, with the error.
    """
    message = Message.objects.select_related("customer").get(pk=message_id)
    if message.state != "queued":
        return
    errors = []
    for channel, send in _ways(message.customer).items():
        try:
            send(message.body)
        except NotAccepted as refusal:
            errors.append(str(refusal))
            continue
        Message.objects.filter(pk=message.pk).update(state="sent", channel=channel, sent_at=at, error="")
        return
    state = ("failed" if last else "queued") if errors else "kept"
    Message.objects.filter(pk=message.pk).update(state=state, error="; ".join(errors)[:200])
    if errors:
        raise NotAccepted("; ".join(errors))


def _ways(customer: Customer) -> dict[str, Callable[[str], None]]:
    """Give how a customer can be reached, in the order tried: SMS through the gateway, mail through the server."""
    found: dict[str, Callable[[str], None]] = {}
    if settings.SMS_URL and customer.phone:
        found["sms"] = partial(send_sms, customer.phone)
    if settings.EMAIL_HOST and customer.email:
        subject = "About your service request" if customer.language.startswith("en") else "售后服务通知"
        found["email"] = partial(send_mail, customer.email, subject=subject)
    return found


def forget_messages(customer_id: int) -> None:
    """Empty what was written to a customer who is forgotten; that it was sent, and when, stays."""
    Message.objects.filter(customer_id=customer_id).update(body="")
