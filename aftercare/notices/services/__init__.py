"""What can be done about messages and webhooks."""

from .messages import Telling, send_message, tell_customers
from .webhooks import add_endpoint, attempt_delivery, queue_deliveries, resend_delivery, switch_off_endpoint

__all__ = [
    "Telling", "add_endpoint", "attempt_delivery", "queue_deliveries", "resend_delivery", "send_message", "switch_off_endpoint",
    "tell_customers",
]  # fmt: skip
