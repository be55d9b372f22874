"""Say that two requests are not the same matter, though they look like it: neither is suggested for the other again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid

from ..models import Request


def keep_apart(request: Request, other: Request, *, by: Actor, at: datetime) -> None:
    """Keep two requests apart; saying it again changes nothing. Refused for the same request, and where one was merged into the other.

    What reads texts learns from it which are not the same matter. They can still be merged by hand.
    """
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    require(by, "edit_request", unit_id=other.unit_id, reach=True)
    if request.pk == other.pk:
        raise Invalid(
            _("a request can't be kept apart from itself"), where="other", expected=_("another request")
        )
    with transaction.atomic():
        pair = [request.pk, other.pk]
        rows = {
            row.pk: row
            for row in Request.objects.select_for_update(of=("self",)).filter(pk__in=pair).order_by("pk")
        }
        for mine, theirs in (pair, pair[::-1]):
            if rows[mine].merged_into_id == theirs:
                raise Conflict(_("they were merged; undo the merge first"), where="other", code="merged")
        for mine, theirs in (pair, pair[::-1]):
            if theirs not in rows[mine].apart_from:
                known = [*rows[mine].apart_from, theirs]
                Request.objects.filter(pk=mine).update(apart_from=known, revision=F("revision") + 1)
                record("request.kept_apart", rows[mine], by=by, at=at, values={"from": rows[theirs].number})
