"""Life cycle of a transfer of parts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class TransferState(TextChoices):
    ASKED = "asked", _("Asked for")
    SENT = "sent", _("On the way")
    ARRIVED = "arrived", _("Arrived")
    REFUSED = "refused", _("Can't be had")


TRANSFER_MOVES = {
    "asked": frozenset({"sent", "refused"}),
    "sent": frozenset({"arrived"}),
    "arrived": frozenset(),
    "refused": frozenset(),
}
