"""Life cycles of papers, grades of complaints (M35) and levels of authority (M42)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PaperState(TextChoices):
    DUE = "due", _("To be written")
    FILED = "filed", _("Filed, not closed")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PAPER_MOVES = {
    "due": frozenset({"filed", "withdrawn"}),
    "filed": frozenset({"closed", "due", "withdrawn"}),
    "closed": frozenset(),
    "withdrawn": frozenset(),
}
OWED = ("due", "filed")


class GradeState(TextChoices):
    ORDINARY = "ordinary", _("Ordinary")
    URGENT = "urgent", _("Urgent")
    CRISIS = "crisis", _("Major crisis")


GRADE_MOVES = {
    "ordinary": frozenset({"urgent", "crisis"}),
    "urgent": frozenset({"ordinary", "crisis"}),
    "crisis": frozenset({"ordinary", "urgent"}),
}


class AuthorityState(TextChoices):
    STORE = "store", _("Store decides")
    REGION = "region", _("Region decides")
    HEADQUARTERS = "headquarters", _("Headquarters decides")


AUTHORITY_MOVES = {
    "store": frozenset({"region", "headquarters"}),
    "region": frozenset({"store", "headquarters"}),
    "headquarters": frozenset({"store", "region"}),
}
LEVELS = ("store", "region", "headquarters")


class TeamState(TextChoices):
    FORMED = "formed", _("At work")
    STOOD_DOWN = "stood_down", _("Stood down")


TEAM_MOVES = {"formed": frozenset({"stood_down"}), "stood_down": frozenset()}


class TeamStepState(TextChoices):
    DUE = "due", _("To be done")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Not needed")


TEAM_STEP_MOVES = {"due": frozenset({"done", "dropped"}), "done": frozenset(), "dropped": frozenset()}
