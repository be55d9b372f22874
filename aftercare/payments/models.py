"""Rows of payments."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import PAYMENT_MOVES, PaymentState


class Payment(Stateful):
    """What is owed for one visit. `attempts`: how often somebody set out to pay; each has a trade number of its own.

    `doubt`: why a person must look at it (paid twice, another amount, paid at the door as well); empty once they have.
    """

    KIND: ClassVar[str] = "payment"
    MOVES: ClassVar[Moves] = PAYMENT_MOVES

    number = models.CharField(max_length=24, unique=True)
    visit = models.OneToOneField("visits.Visit", on_delete=models.PROTECT)
    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=8, choices=PaymentState, default=PaymentState.OPEN)
    amount_fen = models.PositiveIntegerField()
    paid_fen = models.PositiveIntegerField(default=0)
    provider = models.CharField(max_length=10, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reference = models.CharField(max_length=64, blank=True)
    doubt = models.CharField(max_length=10, blank=True)
    opened_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="paid") | models.Q(paid_at__isnull=False),
                name="paid_payments_have_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["unit", "-opened_at"], name="payment_by_unit"),
            models.Index(fields=["begun_at"], name="payment_on_its_way", condition=models.Q(state="open", begun_at__isnull=False)),
            models.Index(fields=["unit"], name="payment_doubted", condition=~models.Q(doubt="")),
        ]  # fmt: skip

    @property
    def case_id(self) -> int:
        return int(self.order.request_id)

    @property
    def trade(self) -> str:
        """The number under which the provider knows the present attempt."""
        return f"{self.number}.{self.attempts}"

    def trades(self, most: int) -> list[str]:
        """Give the numbers of the last attempts, the present one first."""
        return [f"{self.number}.{n}" for n in range(self.attempts, max(0, self.attempts - most), -1)]

    def fact_values(self) -> dict[str, Any]:
        return {"payment": self.number, "visit": self.visit_id, "amount_fen": self.amount_fen}
