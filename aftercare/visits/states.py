"""Life cycles of appointments and visits."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AppointmentState(TextChoices):
    PROPOSED = "proposed", _("Proposed")
    BOOKED = "booked", _("Booked")
    KEPT = "kept", _("Kept")
    CANCELLED = "cancelled", _("Cancelled")


APPOINTMENT_MOVES = {
    "proposed": frozenset({"booked", "cancelled"}),
    "booked": frozenset({"booked", "kept", "cancelled"}),
    "kept": frozenset(),
    "cancelled": frozenset(),
}


class VisitState(TextChoices):
    TRAVELLING = "travelling", _("On the way")
    ON_SITE = "on_site", _("On site")
    DIAGNOSED = "diagnosed", _("Diagnosed")
    QUOTED = "quoted", _("Quoted")
    AGREED = "agreed", _("Agreed")
    REPAIRED = "repaired", _("Repaired")
    TESTED = "tested", _("Tested")
    FINISHED = "finished", _("Finished")
    ABANDONED = "abandoned", _("Broken off")


VISIT_MOVES = {
    "travelling": frozenset({"on_site", "abandoned"}),
    "on_site": frozenset({"diagnosed", "abandoned"}),
    "diagnosed": frozenset({"quoted", "abandoned"}),
    "quoted": frozenset({"quoted", "agreed", "abandoned"}),
    "agreed": frozenset({"quoted", "repaired", "abandoned"}),
    "repaired": frozenset({"tested", "quoted", "abandoned"}),
    "tested": frozenset({"tested", "finished", "repaired", "abandoned"}),
    "finished": frozenset(),
    "abandoned": frozenset(),
}

OPEN_VISITS = ("travelling", "on_site", "diagnosed", "quoted", "agreed", "repaired", "tested")


class Outcome(TextChoices):
    """What became of an action that a phone sent."""

    DONE = "done", _("Done")
    KNOWN = "known", _("Already done")
    REFUSED = "refused", _("Refused")
    HELD = "held", _("Kept aside")
