"""Rows of dispatch."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import OFFER_MOVES, PLAN_MOVES, QUEUE_MOVES, OfferState, PlanState, QueueState


class Matching(models.Model):
    """One decision of the machine: all candidates with points or reasons against them, and the policy that decided."""

    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.CASCADE, related_name="matchings")
    at = models.DateTimeField()
    candidates = models.JSONField()
    possible = models.PositiveSmallIntegerField()
    excluded = models.PositiveSmallIntegerField()
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)


class Offer(Stateful):
    """An order offered to one person, to accept or refuse within the pack's time (M34)."""

    KIND: ClassVar[str] = "offer"
    MOVES: ClassVar[Moves] = OFFER_MOVES

    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.CASCADE, related_name="offers")
    staff = models.ForeignKey("people.Staff", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    matching = models.ForeignKey(Matching, on_delete=models.PROTECT, null=True)
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.OFFERED)
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=16, blank=True)
    remark = models.CharField(max_length=200, blank=True)
    points = models.SmallIntegerField(default=0)
    manual = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(state="offered"), name="one_open_offer_an_order"
            )
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="offer_expiry", condition=models.Q(state="offered")),
            models.Index(fields=["staff"], name="offer_open", condition=models.Q(state="offered")),
        ]

    @property
    def case_id(self) -> int:
        return int(self.order.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {"holder": self.staff_id, "order": self.order.number, "urgency": self.order.urgency}


class QueueEntry(Stateful):
    """An order that waits for the dispatcher, with what would have to give."""

    KIND: ClassVar[str] = "dispatch_queue"
    MOVES: ClassVar[Moves] = QUEUE_MOVES

    order = models.OneToOneField("workorders.WorkOrder", on_delete=models.CASCADE)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=QueueState, default=QueueState.WAITING)
    since = models.DateTimeField()
    gives = models.JSONField(default=list)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["retry_at"], name="queue_retry", condition=models.Q(state="waiting"))]

    @property
    def case_id(self) -> int:
        return int(self.order.request_id)


class DayPlan(Stateful):
    """A proposal for the rest of a unit's day: who goes where and when, against what is agreed now.

    `inputs`, `seed` and `course` are all the search was given: going the course again makes the same plan. `moves` are
    what would change for people; they are carried out only when somebody accepts them.
    """

    KIND: ClassVar[str] = "plan"
    MOVES: ClassVar[Moves] = PLAN_MOVES

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    state = models.CharField(max_length=10, choices=PlanState, default=PlanState.PROPOSED)
    made_at = models.DateTimeField()
    because = models.CharField(max_length=40)
    frozen_until = models.DateTimeField()
    seed = models.PositiveIntegerField()
    course = models.JSONField()
    inputs = models.JSONField()
    digest = models.CharField(max_length=64)
    routes = models.JSONField()
    moves = models.JSONField()
    before = models.JSONField()
    after = models.JSONField()
    took_ms = models.PositiveIntegerField()
    decided_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    done = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "day"], condition=models.Q(state="proposed"), name="one_open_plan_a_day"
            )
        ]

    def fact_values(self) -> dict[str, Any]:
        return {"day": self.day.isoformat(), "moves": len(self.moves), "because_of": self.because}


class PlanWish(models.Model):
    """Something happened that a better plan may answer; several in a short time are answered by one."""

    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE, related_name="+")
    because = models.CharField(max_length=40)
    wished_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["unit", "-answered_at"], name="wish_answered")]
