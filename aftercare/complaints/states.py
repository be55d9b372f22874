"""Life cycle of a review."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ReviewState(TextChoices):
    OPEN = "open", _("To look at")
    RAISED = "raised", _("Made a complaint")
    DISMISSED = "dismissed", _("No complaint")


class OrderEventKind(TextChoices):
    CANCEL = "cancel", _("order cancelled")
    REFUND = "refund", _("refunded")
    NON_RENEWAL = "non_renewal", _("not renewed")


REVIEW_MOVES = {
    "open": frozenset({"raised", "dismissed"}),
    "raised": frozenset(),
    "dismissed": frozenset(),
}
