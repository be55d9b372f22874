"""Rows of quality."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import DEFECT_MOVES, DefectState


class Defect(Stateful):
    """One model with one symptom that is repaired more often than it should be; the figures are those of the last look.

    `against` says what it was compared with (its past, or its peers), `chance` how likely so many are if nothing is wrong.
    """

    KIND: ClassVar[str] = "defect"
    MOVES: ClassVar[Moves] = DEFECT_MOVES

    number = models.CharField(max_length=24, unique=True)
    product_model = models.CharField(max_length=60)
    category = models.CharField(max_length=32)
    symptom = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=DefectState, default=DefectState.SUSPECTED)
    found_at = models.DateTimeField()
    looked_at = models.DateTimeField()
    since = models.DateTimeField()
    before_from = models.DateTimeField()
    recent = models.PositiveIntegerField()
    before = models.PositiveIntegerField()
    expected = models.FloatField()
    against = models.CharField(max_length=8)
    chance = models.FloatField()
    false_share = models.FloatField()
    pieces = models.PositiveIntegerField(default=0)
    cause = models.CharField(max_length=120, blank=True)
    cause_percent = models.PositiveSmallIntegerField(default=0)
    article = models.ForeignKey("knowledge.Article", on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product_model", "symptom"],
                condition=Q(state__in=["suspected", "confirmed"]),
                name="one_open_defect",
            )
        ]
        indexes = [models.Index(fields=["product_model", "state"], name="defect_by_model")]

    def __str__(self) -> str:
        return self.number

    @property
    def times(self) -> float:
        """How many times as many as expected."""
        return round(self.recent / max(self.expected, 0.5), 1)

    def fact_values(self) -> dict[str, Any]:
        return {"defect": self.number, "model": self.product_model, "symptom": self.symptom}
