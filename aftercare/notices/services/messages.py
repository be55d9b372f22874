"""Write messages to customers, and send those that have a way to go."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from aftercare.customers.models import Customer
from aftercare.customers.selectors import is_verified
from aftercare.customers.services import make_link
from aftercare.intake.models import Request
from aftercare.people.services import count_against_limit
from aftercare.policies.rules import Links
from aftercare.policies.selectors import policy_for
from aftercare.refusals import TooMany

from ..models import Message
from ..rules import write_text

PURPOSE = {
    "slots": "slots",
    "booked": "slots",
    "rescheduled": "slots",
    "quote": "consent",
    "survey": "survey",
}


def tell_customer(
    request: Request, template: str, *, fact_id: int, at: datetime, purpose: str = "",
    values: dict[str, str] | None = None,
) -> Message | None:  # fmt: skip
    """Write a message to the customer of a request, with a fresh link where the template has one.

    Gives None when there is nobody to tell, or this contact has had the pack's share of messages (A5).
    """
    customer = request.customer
    if customer is None or request.is_history:
        return None
    links = policy_for(request.unit_id).pack.links
    if not _may_tell(request, customer, template, links, at=at):
        return None
    purpose = purpose or PURPOSE.get(template, "progress")
    link = ""
    if template not in ("reminder", "late"):
        token = make_link(
            customer, case_id=request.pk, purpose=purpose, lives_for=links.live_for, at=at, sent=True
        )
        link = f"{settings.PUBLIC_URL}/c/{token}"
    body = write_text(template, customer.language, {"number": request.number, "link": link, **(values or {})})
    channel = "email" if customer.email and settings.EMAIL_HOST else "sms"
    state, sent_at = ("kept", at) if channel == "sms" else ("queued", None)
    return Message.objects.create(
        fact_id=fact_id, template=template, channel=channel, customer=customer, case_id=request.pk,
        unit_id=request.unit_id, body=body, state=state, made_at=at, sent_at=sent_at,
    )  # fmt: skip


def _may_tell(request: Request, customer: Customer, template: str, links: Links, *, at: datetime) -> bool:
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
        if others.values("case_id").distinct().count() >= links.acknowledgements_per_day:
            return False
    try:
        share = f"tell:{bytes(customer.phone_index).hex()}"
        count_against_limit(share, limit=links.messages_per_day, per=86400, at=at)
    except TooMany:
        return False
    return True


def send_message(message_id: int) -> None:
    """Send one queued message by SMTP; what fails is kept with its error and raised for the retry."""
    message = Message.objects.select_related("customer").get(pk=message_id)
    if message.state != "queued":
        return
    mail = EmailMessage(subject="售后服务通知", body=message.body, to=[message.customer.email])
    try:
        mail.send()
    except OSError as error:
        Message.objects.filter(pk=message.pk).update(error=str(error)[:200])
        raise
    Message.objects.filter(pk=message.pk).update(state="sent", sent_at=timezone.now(), error="")
