"""The five states of a work order (M33) and its kinds of service (M122)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class WorkOrderState(TextChoices):
    PENDING = "pending", _("Pending")
    BOOKED = "booked", _("Booked")
    IN_SERVICE = "in_service", _("In service")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


WORK_ORDER_MOVES = {
    "pending": frozenset({"booked", "in_service", "cancelled"}),
    "booked": frozenset({"pending", "in_service", "cancelled"}),
    "in_service": frozenset({"pending", "completed", "cancelled"}),
    "completed": frozenset(),
    "cancelled": frozenset({"pending"}),  # only when the merge that cancelled it is undone
}

UNFINISHED = ("pending", "booked", "in_service")


class ServiceType(TextChoices):
    VISIT = "visit", _("On-site repair")
    REMOTE = "remote", _("Remote support")
    INSTALL = "install", _("Installation")
    RETURN_EXCHANGE = "return_exchange", _("Return or exchange")
