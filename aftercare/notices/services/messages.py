"""Write messages to customers, and send those that have a way to go."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from aftercare.customers.services import make_link
from aftercare.intake.models import Request
from aftercare.people.services import count_against_limit
from aftercare.policies.selectors import policy_for
from aftercare.refusals import TooMany

from ..models import Message
from ..rules import write_text

PURPOSE = {
    "slots": "slots",
    "booked": "progress",
    "rescheduled": "progress",
    "quote": "consent",
    "survey": "survey",
}


def tell_customer(
    request: Request, template: str, *, fact_id: int, at: datetime, values: dict[str, str] | None = None
) -> Message | None:
    """Write a message to the customer of a request, with a fresh link where the template has one.

    Gives None when there is nobody to tell, or the customer has had the pack's share of messages today.
    """
    customer = request.customer
    if customer is None or request.is_history:
        return None
    links = policy_for(request.unit_id).pack.links
    try:
        count_against_limit(f"tell:{customer.pk}", limit=20, per=86400, at=at)
    except TooMany:
        return None
    purpose = PURPOSE.get(template, "progress")
    link = ""
    if template not in ("reminder", "late"):
        token = make_link(customer, case_id=request.pk, purpose=purpose, lives_for=links.live_for, at=at)
        link = f"{settings.PUBLIC_URL}/c/{token}"
    body = write_text(template, customer.language, {"number": request.number, "link": link, **(values or {})})
    channel = "email" if customer.email and settings.EMAIL_HOST else "sms"
    message, made = Message.objects.get_or_create(
        fact_id=fact_id, template=template, channel=channel,
        defaults={"customer": customer, "case_id": request.pk, "unit_id": request.unit_id, "body": body, "made_at": at},
    )  # fmt: skip
    if made and channel == "sms":
        Message.objects.filter(pk=message.pk).update(state="kept", sent_at=at)
    return message


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
