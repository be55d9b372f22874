"""Rows of supervision."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db import models

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves
from aftercare.privacy.models import EncryptedText

from .states import (
    AUTHORITY_MOVES,
    GRADE_MOVES,
    OWED,
    PAPER_MOVES,
    TEAM_MOVES,
    TEAM_STEP_MOVES,
    AuthorityState,
    GradeState,
    PaperState,
    TeamState,
    TeamStepState,
)


class Paper(Stateful):
    """A paper that a case owes: the delay report (M41), the legal risk report (M43), the joint sign-off (M79) and others of the pack.

    `about` lists what it was asked for (clocks: code, titles, by how long overdue); `similar` the cases attached to it.
    What was written may hold anything and is encrypted; the first choice made in it (the cause) is kept to be counted.
    """

    KIND: ClassVar[str] = "paper"
    MOVES: ClassVar[Moves] = PAPER_MOVES

    number = models.CharField(max_length=24, unique=True)
    code = models.CharField(max_length=32)
    request = models.ForeignKey("intake.Request", on_delete=models.PROTECT, related_name="papers")
    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=PaperState, default=PaperState.DUE)
    about = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    asked_because = models.CharField(max_length=200, blank=True)
    holder = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    written = EncryptedText(blank=True)
    cause = models.CharField(max_length=32, blank=True)
    owner = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    done_by = models.DateField(null=True)
    similar = models.JSONField(default=list)
    filed_at = models.DateTimeField(null=True)
    filed_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    signatures = models.JSONField(default=list)
    rounds = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "code"],
                condition=models.Q(state__in=OWED),
                name="one_owed_paper_of_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["code", "-id"], name="paper_by_code"),
            models.Index(fields=["unit", "state", "-id"], name="paper_by_unit"),
            models.Index(fields=["state", "-id"], name="paper_owed", condition=models.Q(state__in=OWED)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def case_id(self) -> int:
        return int(self.request_id)

    @property
    def content(self) -> dict[str, str]:
        """Give what was written, entry by entry."""
        found: dict[str, str] = json.loads(self.written) if self.written else {}
        return found

    def fact_values(self) -> dict[str, Any]:
        return {
            "paper": self.code, "number": self.number, "kind": self.request.kind, "urgency": self.request.urgency,
            "category": self.request.category, "holder": self.holder_id,
        }  # fmt: skip


class Check(models.Model):
    """One check of a paper by somebody who did not write it: the answers to the pack's questions, and what was seen."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="checks")
    at = models.DateTimeField()
    by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField()
    seen = EncryptedText()
    passed = models.BooleanField()


class Grade(Stateful):
    """The grade of a complaint (M35) and its class (M38)."""

    KIND: ClassVar[str] = "grade"
    MOVES: ClassVar[Moves] = GRADE_MOVES

    request = models.OneToOneField("intake.Request", on_delete=models.PROTECT, related_name="grade")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=GradeState)
    klass = models.CharField(max_length=2, blank=True)

    @property
    def case_id(self) -> int:
        return int(self.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {
            "grade": self.state, "class": self.klass, "kind": self.request.kind, "urgency": self.request.urgency,
            "category": self.request.category, "holder": self.request.owner_id, "number": self.request.number,
        }  # fmt: skip


class Authority(Stateful):
    """Which level decides a case (M42), what speaks for another one, and who has taken it over.

    A case without a row is the store's.
    """

    KIND: ClassVar[str] = "authority"
    MOVES: ClassVar[Moves] = AUTHORITY_MOVES

    request = models.OneToOneField("intake.Request", on_delete=models.PROTECT, related_name="authority")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=12, choices=AuthorityState, default=AuthorityState.STORE)
    amount_fen = models.PositiveIntegerField(default=0)
    reputation = models.BooleanField(default=False)
    group = models.JSONField(default=list)
    suggested = models.CharField(max_length=12, blank=True)
    because = models.CharField(max_length=200, blank=True)
    taken_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "-id"],
                name="authority_above",
                condition=~models.Q(state="store") | ~models.Q(suggested=""),
            )
        ]

    @property
    def case_id(self) -> int:
        return int(self.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {
            "level": self.state, "amount_fen": self.amount_fen, "kind": self.request.kind, "urgency": self.request.urgency,
            "category": self.request.category, "number": self.request.number,
        }  # fmt: skip


class Team(Stateful):
    """The emergency team of a case (M47): whom it was formed of, who leads it, and what was reported to the executives."""

    KIND: ClassVar[str] = "team"
    MOVES: ClassVar[Moves] = TEAM_MOVES

    request = models.OneToOneField("intake.Request", on_delete=models.PROTECT, related_name="team")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    code = models.CharField(max_length=32)
    state = models.CharField(max_length=12, choices=TeamState, default=TeamState.FORMED)
    lead = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    members = models.JSONField(default=list)
    formed_at = models.DateTimeField()
    report = EncryptedText(blank=True)
    reported_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)

    class Meta:
        indexes = [
            models.Index(fields=["unit", "-id"], name="team_at_work", condition=models.Q(state="formed")),
        ]

    @property
    def case_id(self) -> int:
        return int(self.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {
            "team": self.code, "number": self.request.number, "kind": self.request.kind, "urgency": "critical",
            "category": self.request.category, "holder": self.lead_id,
        }  # fmt: skip


class TeamStep(Stateful):
    """One step of an emergency team: one that the pack asks for, or what somebody noted; with its result."""

    KIND: ClassVar[str] = "team_step"
    MOVES: ClassVar[Moves] = TEAM_STEP_MOVES

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="steps")
    code = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=10, choices=TeamStepState, default=TeamStepState.DUE)
    result = EncryptedText(blank=True)
    done_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)

    @property
    def case_id(self) -> int:
        return self.team.case_id

    @property
    def unit_id(self) -> int:
        return int(self.team.unit_id)

    def fact_values(self) -> dict[str, Any]:
        return {
            "kind": self.code, "urgency": "critical", "category": self.team.request.category, "holder": self.team.lead_id,
            "number": self.team.request.number, "team": self.team.code,
        }  # fmt: skip
