"""Outgoing work in the queue, with retries."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from .services import attempt_delivery, send_message


@app.task(queue="webhooks", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def deliver_webhook(delivery_id: int) -> None:
    attempt_delivery(delivery_id)


@app.task(queue="messages", retry=RetryStrategy(max_attempts=6, exponential_wait=4))
def deliver_message(message_id: int) -> None:
    send_message(message_id)
