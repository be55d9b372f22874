"""Life cycle of a defect."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DefectState(TextChoices):
    SUSPECTED = "suspected", _("Suspected")
    CONFIRMED = "confirmed", _("Confirmed")
    REMEDIED = "remedied", _("Remedied")
    DISMISSED = "dismissed", _("No defect")


DEFECT_MOVES = {
    "suspected": frozenset({"confirmed", "dismissed"}),
    "confirmed": frozenset({"remedied", "dismissed"}),
    "remedied": frozenset({"confirmed"}),
    "dismissed": frozenset({"suspected"}),
}
