"""Every fact of a case may start, stop or pause a clock; the pack says which."""

from __future__ import annotations

from datetime import datetime

from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact
from aftercare.policies.selectors import policy_for

from .services import follow_change, follow_fact


@on_fact()
def on_any_fact(fact: Fact, at: datetime) -> None:
    if fact.case_id is None or fact.subject_kind == "clock":
        return
    policy = policy_for(fact.unit_id)
    if fact.name == "request.urgency_changed":
        follow_change(fact, policy)
    follow_fact(fact, policy)
