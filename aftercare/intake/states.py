"""Life cycles of requests, raw inputs and import jobs."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RequestState(TextChoices):
    OPEN = "open", _("In progress")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")
    MERGED = "merged", _("Merged")


REQUEST_MOVES = {
    "open": frozenset({"answered", "closed", "cancelled", "merged"}),
    "answered": frozenset({"open"}),
    "closed": frozenset({"open"}),
    "cancelled": frozenset(),
    "merged": frozenset({"open"}),
}


class CallState(TextChoices):
    RINGING = "ringing", _("Ringing")
    ANSWERED = "answered", _("Picked up")
    MISSED = "missed", _("Hung up")


CALL_MOVES = {
    "ringing": frozenset({"answered", "missed"}),
    "answered": frozenset(),
    "missed": frozenset(),
}


class RawState(TextChoices):
    WAITING = "waiting", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    DISCARDED = "discarded", _("Discarded")


class JobState(TextChoices):
    LOADING = "loading", _("Loading")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
