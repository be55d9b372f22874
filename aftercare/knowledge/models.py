"""Rows of knowledge."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves

from .states import ARTICLE_MOVES, QUESTION_MOVES, ArticleKind, ArticleState, Audience, QuestionState


class Article(Stateful):
    """An article. `shown` is the number of the version that is published (0: none yet); newer ones wait for it.

    It concerns the `categories` and `product_models` it names, or all; `unit` is whose it is: those below it and above it read it.
    """

    KIND: ClassVar[str] = "article"
    MOVES: ClassVar[Moves] = ARTICLE_MOVES

    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=8, choices=ArticleKind)
    title = models.CharField(max_length=160)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.DESK)
    owner = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=ArticleState, default=ArticleState.DRAFT)
    review_on = models.DateField(null=True)
    latest = models.PositiveIntegerField(default=1)
    shown = models.PositiveIntegerField(default=0)
    categories = ArrayField(models.CharField(max_length=32), default=list)
    product_models = ArrayField(models.CharField(max_length=40), default=list)
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True)
    drafted_from = models.BigIntegerField(null=True, db_index=True)
    helped = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["state", "kind", "-id"], name="article_by_state"),
            models.Index(fields=["review_on"], name="article_by_review", condition=Q(state="published")),
            models.Index(fields=["title"], name="article_by_title"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published") | Q(shown__gt=0), name="published_articles_show_a_version"
            )
        ]

    def __str__(self) -> str:
        return self.number

    def fact_values(self) -> dict[str, Any]:
        return {"article": self.number, "kind": self.kind}


class ArticleVersion(models.Model):
    """What an article said from one change to the next; never changed once written."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    body = models.TextField(blank=True)
    fields = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    because = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="one_version_a_number")]


class Wording(models.Model):
    """Words with which somebody asked for what an article answers; without personal data."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="wordings")
    text = models.CharField(max_length=200)
    times = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "text"], name="one_wording_a_text")]


class Question(Stateful):
    """A question that nothing answered, without personal data; the same words again are counted (M97)."""

    KIND: ClassVar[str] = "question"
    MOVES: ClassVar[Moves] = QUESTION_MOVES

    text = models.CharField(max_length=400)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    door = models.CharField(max_length=8)
    times = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    article = models.ForeignKey(Article, on_delete=models.PROTECT, null=True)
    state = models.CharField(max_length=10, choices=QuestionState, default=QuestionState.OPEN)

    class Meta:
        indexes = [models.Index(fields=["unit", "-times"], name="question_open", condition=Q(state="open"))]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "text"], condition=Q(state="open"), name="one_open_question_a_text"
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(article__isnull=False), name="answered_questions_say_where"
            ),
        ]
