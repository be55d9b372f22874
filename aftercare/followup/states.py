"""Life cycles of surveys and recoveries."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SurveyState(TextChoices):
    DUE = "due", _("To follow up")
    ANSWERED = "answered", _("Answered")
    UNREACHABLE = "unreachable", _("Unreachable")


SURVEY_MOVES = {
    "due": frozenset({"answered", "unreachable"}),
    "unreachable": frozenset({"answered"}),
    "answered": frozenset(),
}


class RecoveryState(TextChoices):
    OPEN = "open", _("In progress")
    TAKEN = "taken", _("Taken over")
    ANSWERED = "answered", _("Solution given")
    CLOSED = "closed", _("Closed")


RECOVERY_MOVES = {
    "open": frozenset({"taken"}),
    "taken": frozenset({"answered"}),
    "answered": frozenset({"closed", "taken"}),
    "closed": frozenset(),
}
