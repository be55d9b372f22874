"""Rows of triage: the models that were trained on the company's own corrections."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import MODEL_MOVES, ModelState


class ReadingModel(Stateful):
    """A trained model: its file as safetensors with its checksum, and how it and the one before it did on held-out corrections."""

    KIND: ClassVar[str] = "reading_model"
    MOVES: ClassVar[Moves] = MODEL_MOVES

    number = models.PositiveIntegerField(unique=True)
    body = models.BinaryField()
    digest = models.CharField(max_length=64)
    pairs = models.BinaryField(default=b"")  # the model of pairs, where there was enough to learn from
    pairs_digest = models.CharField(max_length=64, blank=True)
    trained_at = models.DateTimeField()
    trained_by = models.CharField(max_length=80)
    trained_on = models.PositiveIntegerField()
    fields = models.JSONField(
        default=dict
    )  # field → measures on held-out corrections, of this model and of what read before
    shares = models.JSONField(default=dict)  # field → value → share among the examples, for drift
    state = models.CharField(max_length=10, choices=ModelState, default=ModelState.CANDIDATE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="active"), name="one_model_in_use")
        ]

    def __str__(self) -> str:
        return f"M{self.number}"

    def fact_values(self) -> dict[str, Any]:
        return {"number": self.number}
