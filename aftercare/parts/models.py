"""Rows about parts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import TRANSFER_MOVES, TransferState


class Part(models.Model):
    """A spare part with its public price in fen; `cover` names the warranty part it falls under, if any."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    model = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=32, db_index=True)
    cover = models.CharField(max_length=32, blank=True)
    price_fen = models.PositiveIntegerField()
    cost_fen = models.PositiveIntegerField(default=0)
    KIND = "part"

    def __str__(self) -> str:
        return f"{self.name} {self.model}"


class Stock(models.Model):
    """How many pieces of a part a unit has."""

    part = models.ForeignKey(Part, on_delete=models.CASCADE)
    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["part", "unit"], name="one_stock_a_part_and_unit")]


class VanStock(models.Model):
    """How many pieces of a part somebody has in their van."""

    part = models.ForeignKey(Part, on_delete=models.CASCADE)
    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["part", "staff"], name="one_stock_a_part_and_van")]


class Transfer(Stateful):
    """Pieces that an engineer lacks for a job and the desk has brought from another unit (M54)."""

    KIND: ClassVar[str] = "transfer"
    MOVES: ClassVar[Moves] = TRANSFER_MOVES

    part = models.ForeignKey(Part, on_delete=models.PROTECT)
    quantity = models.PositiveSmallIntegerField()
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey("people.Unit", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=TransferState, default=TransferState.ASKED)
    case_id = models.BigIntegerField(db_index=True)
    order_id = models.BigIntegerField()
    order_number = models.CharField(max_length=24)
    asked_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["asked_at"], name="transfer_open", condition=models.Q(state__in=["asked", "sent"])
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order_id", "part"],
                condition=models.Q(state__in=["asked", "sent"]),
                name="one_open_transfer",
            )
        ]

    def fact_values(self) -> dict[str, Any]:
        return {"part": self.part.code, "quantity": self.quantity, "source": self.source_id}
