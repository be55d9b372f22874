"""Follow facts, and give open clocks the targets of a policy that came into force."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from aftercare.ledger.models import Fact
from aftercare.policies.selectors import policy_for

from ..models import Clock, Replan
from .board import Board, steps_for


def follow_facts(facts: list[Fact], *, at: datetime) -> None:
    """Start, stop, pause, resume, restart or cancel the clocks that the packs tie to these facts, in their order."""
    steps = steps_for(facts)
    with transaction.atomic():
        board = Board(steps, at=at)
        for fact, policy in steps:
            board.follow(fact, policy)
        board.save()
        if any(fact.name == "policy.activated" for fact in facts):
            Replan.objects.create(asked_at=at)


def replan_clocks(*, at: datetime, limit: int = 500) -> int:
    """Derive open clocks anew under the policy now in force, keeping their events; give how many were looked at.

    Each activation asks for one pass over the open clocks. A clock that the new pack does not know keeps its promise.
    """
    with transaction.atomic():
        plan = Replan.objects.select_for_update(skip_locked=True).filter(done=False).order_by("id").first()
        if plan is None:
            return 0
        rows = Clock.objects.select_for_update().filter(id__gt=plan.last_id, state__in=["running", "paused"])
        clocks = list(rows.order_by("id")[:limit])
        board = Board([], at=at)
        for clock in clocks:
            policy = policy_for(clock.unit_id)
            known = any(rule.code == clock.code for rule in policy.pack.clocks.clocks)
            if clock.policy_id != policy.id and known:
                clock.policy_id = policy.id
                board.rederive(clock)
        board.save()
        plan.last_id, plan.done = (clocks[-1].pk if clocks else plan.last_id), len(clocks) < limit
        plan.save(update_fields=["last_id", "done"])
    return len(clocks)
