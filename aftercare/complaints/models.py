"""Rows of complaints."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import REVIEW_MOVES, OrderEventKind, ReviewState


class OrderEvent(models.Model):
    """What a shop's system told of an order, once for each of its references."""

    KIND: ClassVar[str] = "order_event"

    client = models.CharField(max_length=80)
    ref = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=OrderEventKind)
    order_number = models.CharField(max_length=40, blank=True)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, null=True)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "ref"], name="one_order_event_a_reference")]
        indexes = [models.Index(fields=["customer", "at"], name="order_event_of_customer")]


class Review(Stateful):
    """A customer who may have a complaint they did not make: the signs by the pack's codes, and the counts behind them."""

    KIND: ClassVar[str] = "review"
    MOVES: ClassVar[Moves] = REVIEW_MOVES

    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    signs = ArrayField(models.CharField(max_length=32))
    counts = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReviewState, default=ReviewState.OPEN)
    request = models.ForeignKey("intake.Request", on_delete=models.PROTECT, null=True)
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state="open"), name="one_open_review_a_customer"
            ),
            models.CheckConstraint(
                condition=~Q(state="raised") | Q(request__isnull=False), name="raised_reviews_say_where"
            ),
        ]
        indexes = [models.Index(fields=["customer", "-found_at"], name="review_of_customer")]

    def fact_values(self) -> dict[str, Any]:
        return {"signs": self.signs, "counts": self.counts}
