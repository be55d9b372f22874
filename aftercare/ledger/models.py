"""Rows of the ledger: facts, positions of those who read them, parked facts, seals and counters."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Func
from django.db.models.functions import Now

from .rules import Moves

COUNTED = ("article.helped", "question.asked", "request.asked_first")  # counted by time, few among many


class CurrentTransaction(Func):
    """The 64-bit id of the transaction that writes the row; PostgreSQL's `pg_current_xact_id()`."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Fact(models.Model):
    """Who did what to which thing, when, with which values. Append-only; never holds personal data in clear."""

    id = models.BigAutoField(primary_key=True)
    transaction = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    name = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    case_id = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=80)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    because = models.TextField(blank=True)
    values = models.JSONField(default=dict)
    policy_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["transaction", "id"], name="fact_commit_order"),
            models.Index(fields=["case_id", "id"], name="fact_by_case"),
            BrinIndex(fields=["recorded_at"], name="fact_by_day", autosummarize=True),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="fact_by_subject"),
            models.Index(fields=["at"], name="fact_of_answers", condition=models.Q(name__in=COUNTED)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_kind}:{self.subject_id}"


class Position(models.Model):
    """How far one consumer has read, in commit order."""

    consumer = models.CharField(max_length=32, primary_key=True)
    transaction = models.BigIntegerField(default=0)
    fact_id = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(db_default=Now())


class ParkedFact(models.Model):
    """A fact whose reaction failed again and again: shown to the administrator, retried on command, never lost."""

    consumer = models.CharField(max_length=32)
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT)
    error = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=1)
    next_try_at = models.DateTimeField()
    given_up = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consumer", "fact"], name="parked_once")]


class Seal(models.Model):
    """A hash over a run of facts and the seal before it: whoever changes one fact breaks every seal after it."""

    id = models.BigAutoField(primary_key=True)
    first_transaction = models.BigIntegerField()
    first_fact_id = models.BigIntegerField()
    last_transaction = models.BigIntegerField()
    last_fact_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=Now())


class Counter(models.Model):
    """The last serial given out for one kind of form on one local day."""

    prefix = models.CharField(max_length=8)
    day = models.DateField()
    value = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "day"], name="one_counter_a_day")]


class Stateful(models.Model):
    """A row with a life cycle: only `ledger.services.move` writes its `state`."""

    MOVES: ClassVar[Moves] = {}
    KIND: ClassVar[str] = ""

    state_since = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    def fact_values(self) -> dict[str, Any]:
        """Give the values that every fact about this row carries."""
        return {}
