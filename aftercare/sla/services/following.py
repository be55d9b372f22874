"""Follow facts, and give open clocks the targets of a policy that came into force."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from aftercare.ledger.models import Fact
from aftercare.policies.selectors import policy_for

from ..models import Clock, Replan
from .board import Board, steps_for

SETTLED = timedelta(seconds=2)


def follow_facts(facts: list[Fact], *, at: datetime) -> None:
    """Start, stop, pause, resume, restart or cancel the clocks that the packs tie to these facts, in their order."""
    steps = steps_for(facts)
    with transaction.atomic():
        board = Board(steps, at=at)
        for fact, policy in steps:
            board.follow(fact, policy)
        board.save()
        if any(fact.name in ("policy.activated", "policy.retired") for fact in facts):
            Replan.objects.create(asked_at=at)
        for fact in facts:
            if fact.name == "unit.hours_set":
                Replan.objects.create(asked_at=at, unit_id=fact.values["unit"])


def replan_clocks(*, at: datetime, limit: int = 500) -> int:
    """Derive open clocks anew under the policy and hours now in force, keeping their events; give how many were looked at.

    Each activation asks for one pass over the open clocks, other hours of a unit for one over its own. A clock that the
    new pack does not know keeps its promise. A pass begins once what processes remember for a second is forgotten.
    """
    with transaction.atomic():
        asked = Replan.objects.select_for_update(skip_locked=True).filter(
            done=False, asked_at__lte=at - SETTLED
        )
        plan = asked.order_by("id").first()
        if plan is None:
            return 0
        rows = Clock.objects.select_for_update().filter(id__gt=plan.last_id, state__in=["running", "paused"])
        rows = rows if plan.unit_id is None else rows.filter(unit_id=plan.unit_id)
        clocks = list(rows.order_by("id")[:limit])
        board = Board([], at=at)
        for clock in clocks:
            policy = policy_for(clock.unit_id)
            known = any(rule.code == clock.code for rule in policy.pack.clocks.clocks)
            if (clock.policy_id != policy.id or plan.unit_id is not None) and known:
                clock.policy_id = policy.id
                board.rederive(clock)
        board.save()
        plan.last_id, plan.done = (clocks[-1].pk if clocks else plan.last_id), len(clocks) < limit
        plan.save(update_fields=["last_id", "done"])
    return len(clocks)
