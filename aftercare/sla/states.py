"""The states of a clock."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ClockState(TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN = (ClockState.RUNNING, ClockState.PAUSED)
