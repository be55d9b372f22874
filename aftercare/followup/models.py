"""Rows of surveys and recoveries."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import RECOVERY_MOVES, SURVEY_MOVES, RecoveryState, SurveyState


class Survey(Stateful):
    """SA-CS-005: one survey a completed work order; `opinion` is verbatim, `themes` what it speaks of."""

    KIND: ClassVar[str] = "survey"
    MOVES: ClassVar[Moves] = SURVEY_MOVES

    number = models.CharField(max_length=24, unique=True)
    order = models.OneToOneField("workorders.WorkOrder", on_delete=models.PROTECT)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=12, choices=SurveyState, default=SurveyState.DUE)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    channel = models.CharField(max_length=8, blank=True)
    scores = models.JSONField(default=dict)
    overall = models.PositiveSmallIntegerField(null=True)
    opinion = models.TextField(blank=True)
    themes = ArrayField(models.CharField(max_length=48), default=list)
    complaint = models.CharField(max_length=16, blank=True)
    follow_up = models.CharField(max_length=200, blank=True)
    asked_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="survey_due", condition=models.Q(state="due")),
            models.Index(
                fields=["answered_at"], name="survey_answered", condition=models.Q(answered_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="answered")
                | models.Q(answered_at__isnull=False, overall__isnull=False),
                name="answered_surveys_have_a_score",
            )
        ]

    @property
    def case_id(self) -> int:
        return int(self.order.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {"survey": self.number, "overall": self.overall}


class Recovery(Stateful):
    """What is done about a dissatisfied customer: taken over within the hour, solution within the day (M85)."""

    KIND: ClassVar[str] = "recovery"
    MOVES: ClassVar[Moves] = RECOVERY_MOVES

    survey = models.OneToOneField(Survey, on_delete=models.PROTECT)
    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=RecoveryState, default=RecoveryState.OPEN)
    reasons = models.JSONField(default=list)
    opened_at = models.DateTimeField()
    owner = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    solution = models.TextField(blank=True)
    remedy = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)

    @property
    def case_id(self) -> int:
        return int(self.order.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {"survey": self.survey.number, "holder": self.owner_id, "reasons": self.reasons}
