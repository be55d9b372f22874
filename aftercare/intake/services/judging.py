"""Overrule how urgent a request was judged: from the start, or from now on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid
from aftercare.triage.rules import RANK

from ..models import Request


def change_urgency(request: Request, urgency: str, *, by: Actor, at: datetime, because: str) -> None:
    """Overrule the judged urgency from the start: it was misjudged; the clocks follow, and the overruling is a fact."""
    _change_urgency(request, urgency, by=by, at=at, because=because, values={})


def raise_urgency(request: Request, urgency: str, *, by: Actor, at: datetime, because: str) -> None:
    """Raise the urgency from now on: the case has become worse. Clocks count what is promised now from this instant.

    Refuses an urgency that is not higher than the present one.
    """
    if RANK.get(urgency, 9) <= RANK.get(request.urgency, 0):
        raise Invalid(
            _("from now on a case can only become more urgent"),
            where="urgency",
            expected=_("a higher urgency, or from the start"),
        )
    _change_urgency(request, urgency, by=by, at=at, because=because, values={"news": True})


def _change_urgency(
    request: Request, urgency: str, *, by: Actor, at: datetime, because: str, values: dict[str, bool]
) -> None:
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    pack = policy_for(request.unit_id).pack
    if urgency not in {u.code for u in pack.forms.urgencies}:
        raise Invalid(_("unknown urgency"), where="urgency", expected="normal, urgent, critical")
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    if request.state != "open":
        raise Conflict(_("the request is no longer open"))
    before, request.urgency = request.urgency, urgency
    with transaction.atomic():
        Request.objects.filter(pk=request.pk).update(
            urgency=urgency, urgency_reason={**request.urgency_reason, "overruled": because.strip()}
        )
        record(
            "request.urgency_changed",
            request,
            by=by,
            at=at,
            because=because.strip(),
            values={"before": before, **values},
        )
