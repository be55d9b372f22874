"""Life cycles of messages and webhook deliveries."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MessageState(TextChoices):
    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    KEPT = "kept", _("Kept: no gateway")
    FAILED = "failed", _("Failed")


class DeliveryState(TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class NewsReason(TextChoices):
    MENTIONED = "mentioned", _("called you")
    HANDED = "handed", _("handed to you")
    FOLLOWED = "followed", _("you follow it")
