"""What can be done about messages and webhooks."""

from .alerts import (
    acknowledge,
    acknowledge_all,
    deliver_staff_message,
    make_messages,
    raise_alerts,
    tell_of_readings,
    tell_team,
)
from .messages import Telling, forget_messages, send_message, tell_customers
from .news import CALLING, FOLLOWED, note_news_seen, tell_news
from .webhooks import add_endpoint, attempt_delivery, queue_deliveries, resend_delivery, switch_off_endpoint

__all__ = [
    "CALLING",
    "FOLLOWED",
    "Telling",
    "acknowledge",
    "acknowledge_all",
    "add_endpoint",
    "attempt_delivery",
    "deliver_staff_message",
    "forget_messages",
    "make_messages",
    "note_news_seen",
    "queue_deliveries",
    "raise_alerts",
    "resend_delivery",
    "send_message",
    "switch_off_endpoint",
    "tell_customers",
    "tell_news",
    "tell_of_readings",
    "tell_team",
]  # fmt: skip
