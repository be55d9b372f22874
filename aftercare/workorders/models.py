"""Rows of work orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import WORK_ORDER_MOVES, ServiceType, WorkOrderState


class WorkOrder(Stateful):
    """SA-WO-002. `parent` leaves room for child orders; a request may have several.

    `late_minutes`: how much later than the promised window the customer was told to expect somebody, told at `late_told_at`.
    `people`: how many must be there (1 or 2). `pickup_unit`: where the engineer fetches parts on the way.
    """

    KIND: ClassVar[str] = "work_order"
    MOVES: ClassVar[Moves] = WORK_ORDER_MOVES

    number = models.CharField(max_length=24, unique=True)
    request = models.ForeignKey("intake.Request", on_delete=models.PROTECT)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    service_type = models.CharField(max_length=16, choices=ServiceType)
    kind = models.CharField(max_length=16)
    category = models.CharField(max_length=32, blank=True)
    urgency = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=WorkOrderState, default=WorkOrderState.PENDING)
    assignee = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    assigned_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    window_starts_at = models.DateTimeField(null=True)
    window_ends_at = models.DateTimeField(null=True)
    late_minutes = models.PositiveSmallIntegerField(null=True)
    late_told_at = models.DateTimeField(null=True)
    people = models.PositiveSmallIntegerField(default=1)
    pickup_unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, null=True, related_name="+")
    waiting_for = models.CharField(max_length=16, blank=True)
    waiting_since = models.DateTimeField(null=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    arrived_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    is_repeat = models.BooleanField(default=False)
    visits = models.PositiveSmallIntegerField(default=0)
    parts_fen = models.PositiveIntegerField(default=0)
    parts_cost_fen = models.PositiveIntegerField(default=0)
    fee_fen = models.PositiveIntegerField(default=0)
    outcome = models.TextField(blank=True)
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)

    class Meta:
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="order_by_unit"),
            models.Index(fields=["state", "-id"], name="order_by_state"),
            models.Index(
                fields=["assignee"],
                name="order_in_hand",
                condition=models.Q(state__in=["pending", "booked", "in_service"]),
            ),
            models.Index(fields=["assignee", "window_starts_at"], name="order_of_day"),
            models.Index(
                fields=["completed_at"], name="order_by_end", condition=models.Q(completed_at__isnull=False)
            ),
            models.Index(fields=["opened_at"], name="order_by_start"),
            models.Index(
                fields=["urgency", "opened_at"],
                name="order_nobody_has",
                condition=models.Q(state="pending", assignee__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="completed") | models.Q(completed_at__isnull=False),
                name="completed_orders_say_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="booked") | models.Q(window_starts_at__isnull=False),
                name="booked_orders_have_a_window",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def case_id(self) -> int:
        return int(self.request_id)

    @property
    def order_id(self) -> int:
        return int(self.pk)

    def is_missed(self, at: datetime) -> bool:
        """Say whether the promised window is over, and the delay that was announced, and the visit has not begun."""
        if self.state != "booked" or self.window_ends_at is None:
            return False
        return self.window_ends_at + timedelta(minutes=self.late_minutes or 0) < at

    def fact_values(self) -> dict[str, Any]:
        return {
            "order": self.number, "kind": self.kind, "category": self.category, "urgency": self.urgency,
            "service_type": self.service_type, "holder": self.assignee_id,
        }  # fmt: skip
