"""Rows of clocks."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .rules import Event
from .states import ClockState


class Clock(models.Model):
    """One clock of one request, work order or other thing: the projection of its events."""

    code = models.CharField(max_length=32)
    key = models.CharField(max_length=48)
    case_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField()
    policy_id = models.BigIntegerField()
    rule = models.CharField(max_length=64)
    title_zh = models.CharField(max_length=40)
    title_en = models.CharField(max_length=60)
    step_zh = models.CharField(max_length=60)
    step_en = models.CharField(max_length=80)
    urgency = models.CharField(max_length=10)
    holder_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=ClockState)
    kind = models.CharField(max_length=16, blank=True)
    category = models.CharField(max_length=32, blank=True)
    first_urgency = models.CharField(max_length=10, default="normal")
    calendar = models.CharField(max_length=32, default="always")
    target_seconds = models.PositiveIntegerField()
    events = models.JSONField(default=list)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(null=True)
    steps_at = ArrayField(models.DateTimeField(), default=list)
    step_keys = ArrayField(models.CharField(max_length=10), default=list)
    noticed = ArrayField(models.CharField(max_length=10), default=list)
    breached_at = models.DateTimeField(null=True)
    KIND = "clock"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "code"],
                condition=models.Q(state__in=["running", "paused"]),
                name="one_open_clock",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"], name="clock_sweep", condition=models.Q(next_step_at__isnull=False)
            ),
            models.Index(
                fields=["-breached_at"], name="clock_breached", condition=models.Q(breached_at__isnull=False)
            ),
            models.Index(fields=["unit_id"], name="clock_paused", condition=models.Q(state="paused")),
            models.Index(fields=["case_id"], name="clock_of_case"),
            models.Index(fields=["key"], name="clock_of_thing"),
            models.Index(fields=["due_at", "id"], name="clock_running", condition=models.Q(state="running")),
            models.Index(
                fields=["unit_id", "due_at"], name="clock_of_unit", condition=models.Q(state="running")
            ),
            models.Index(
                fields=["holder_id", "due_at"], name="clock_of_holder", condition=models.Q(state="running")
            ),
            models.Index(
                fields=["role", "unit_id", "due_at"],
                name="clock_of_role",
                condition=models.Q(state="running"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.key} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in ("running", "paused")

    @property
    def run(self) -> list[Event]:
        """Give the events of this run of the clock."""
        return [Event.from_values(values) for values in self.events]

    @property
    def is_void(self) -> bool:
        """Say whether a correction left nothing of this run; the row stays, for its facts are about it."""
        return bool(self.events[-1][3] == "void")

    def knows(self, fact_id: int) -> bool:
        """Say whether a fact is among the events already: a derivation from all facts may be ahead of the delivery."""
        return any(values[1] == fact_id for values in self.events)

    @property
    def last_event(self) -> tuple[datetime, int]:
        last = Event.from_values(self.events[-1])
        return last.at, last.fact_id

    def title(self, language: str) -> str:
        return self.title_en if language.startswith("en") else self.title_zh

    def step(self, language: str) -> str:
        return self.step_en if language.startswith("en") else self.step_zh

    def sign(self, now: datetime) -> str:
        """Give the sign shown for it: over, crit, ok, hold, met; critical in the last fifth or half hour."""
        if self.state == "paused":
            return "hold"
        if self.state in ("met", "cancelled"):
            return "met"
        if self.state == "missed" or self.due_at <= now:
            return "over"
        left = (self.due_at - now).total_seconds()
        return "crit" if left <= max(self.target_seconds * 0.2, 0) or left <= 1800 else "ok"

    def used(self, now: datetime) -> int:
        """Give how much of the promise is used, in percent, 0 to 100."""
        whole = (self.due_at - self.started_at).total_seconds() or 1
        until = self.ended_at or self.paused_at or now
        return max(0, min(100, round(100 * (until - self.started_at).total_seconds() / whole)))


class Replan(models.Model):
    """One pass over the open clocks because a policy came into force, or a unit (all of its own) has other hours: how far it is."""

    asked_at = models.DateTimeField()
    unit_id = models.BigIntegerField(null=True)
    last_id = models.BigIntegerField(default=0)
    done = models.BooleanField(default=False)
