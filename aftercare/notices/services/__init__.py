"""What can be done about messages and webhooks."""

from .messages import send_message, tell_customer
from .webhooks import add_endpoint, attempt_delivery, queue_deliveries, resend_delivery, switch_off_endpoint

__all__ = [
    "add_endpoint", "attempt_delivery", "queue_deliveries", "resend_delivery", "send_message", "switch_off_endpoint",
    "tell_customer",
]  # fmt: skip
