"""Outgoing work in the queue, with retries."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from .services import attempt_delivery, deliver_staff_message, make_messages, send_message

RETRIES = 6


@app.task(queue="webhooks", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def deliver_webhook(delivery_id: int) -> None:
    attempt_delivery(delivery_id)


@app.task(queue="messages", pass_context=True, retry=RetryStrategy(max_attempts=RETRIES, exponential_wait=4))
def deliver_message(context: JobContext, message_id: int) -> None:
    send_message(message_id, at=datetime.now(UTC), last=context.job.attempts >= RETRIES)


@app.task(queue="messages", retry=RetryStrategy(max_attempts=8, exponential_wait=2))
def deliver_alert(message_id: int) -> None:
    deliver_staff_message(message_id, at=datetime.now(UTC))


def send_alerts(*, at: datetime) -> int:
    """Make the messages that are due to members of staff and queue them; give how many."""
    with transaction.atomic():
        messages = make_messages(at=at)
        for message in messages:
            deliver_alert.defer(message_id=message.pk)
    return len(messages)
