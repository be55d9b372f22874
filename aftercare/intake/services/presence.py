"""Who has a request open: told to those who have it open too, so that two do not do the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from aftercare.ledger.services import tell_live
from aftercare.people.rules import Actor
from aftercare.people.services import require

from ..models import Presence, Request

FORGOTTEN_AFTER = timedelta(minutes=10)


def note_presence(request: Request, *, by: Actor, at: datetime, writes: bool) -> None:
    """Note that somebody has a request open; who watches it is told when that is news."""
    require(by, "read_request", unit_id=request.unit_id, reach=not by.own_only)
    before = Presence.objects.filter(request=request, staff_id=by.id or 0).first()
    Presence.objects.update_or_create(
        request=request, staff_id=by.id or 0, defaults={"writes": writes, "seen_at": at}
    )
    if before is None or before.writes != writes:
        Presence.objects.filter(seen_at__lt=at - FORGOTTEN_AFTER).delete()
        tell_live(request.pk)


def leave_request(request: Request, *, by: Actor) -> None:
    """Note that somebody has closed a request."""
    if Presence.objects.filter(request=request, staff_id=by.id or 0).delete()[0]:
        tell_live(request.pk)
