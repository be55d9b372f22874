"""Life cycles of offers and of orders that nobody could take."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OfferState(TextChoices):
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    EXPIRED = "expired", _("No answer")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OFFER_MOVES = {
    "offered": frozenset({"accepted", "refused", "expired", "withdrawn"}),
    "accepted": frozenset(),
    "refused": frozenset(),
    "expired": frozenset(),
    "withdrawn": frozenset(),
}


class QueueState(TextChoices):
    WAITING = "waiting", _("Waiting")
    SOLVED = "solved", _("Solved")


QUEUE_MOVES = {"waiting": frozenset({"solved"}), "solved": frozenset({"waiting"})}


class PlanState(TextChoices):
    PROPOSED = "proposed", _("Proposed")
    ACCEPTED = "accepted", _("Accepted")
    DISMISSED = "dismissed", _("Dismissed")
    OUTDATED = "outdated", _("Outdated")


PLAN_MOVES = {
    "proposed": frozenset({"accepted", "dismissed", "outdated"}),
    "accepted": frozenset(),
    "dismissed": frozenset(),
    "outdated": frozenset(),
}
