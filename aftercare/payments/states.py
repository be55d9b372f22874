"""Life cycle of payments."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PaymentState(TextChoices):
    OPEN = "open", _("To be paid")
    PAID = "paid", _("Paid online")
    SETTLED = "settled", _("Paid at the door")
    DROPPED = "dropped", _("Nothing to pay")


PAYMENT_MOVES = {
    "open": frozenset({"paid", "settled", "dropped"}),
    "settled": frozenset({"paid"}),
    "dropped": frozenset({"paid", "open"}),
    "paid": frozenset(),
}
