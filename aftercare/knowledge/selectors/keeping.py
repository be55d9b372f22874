"""Articles and questions as those who keep them see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet

from aftercare.ledger.models import Fact
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from ..models import Article, ArticleVersion, Question
from .seeking import seeker_of, visible_to

WAITING = Q(state="draft") | Q(state="published", latest__gt=F("shown"))  # to be published
HELPED, PASSED_ON = ("article.helped",), ("question.asked", "request.asked_first")


@dataclass(frozen=True)
class Coverage:
    """How often an answer helped at a door, and how often it did not."""

    door: str
    helped: int
    passed_on: int

    @property
    def percent(self) -> int:
        return round(100 * self.helped / max(1, self.helped + self.passed_on))


def articles_for(
    actor: Actor, *, state: str = "", kind: str = "", waiting: bool = False, due_on: date | None = None
) -> QuerySet[Article]:
    """Give the articles within reach, those changed last first. `waiting`: only those with something to
    publish; `due_on`: those to be looked at again by then."""
    rows = visible_to(seeker_of(actor)).select_related("owner", "unit").order_by("-changed_at", "-id")
    if not actor.can("write_knowledge"):
        rows = rows.filter(state="published")
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if waiting:
        rows = rows.filter(WAITING)
    if due_on is not None:
        rows = rows.filter(state="published", review_on__lte=due_on).order_by("review_on", "id")
    return rows


def article_for(actor: Actor, number: str) -> Article:
    """Give one article; missing and hidden look the same."""
    row = articles_for(actor).filter(number=number).first()
    if row is None:
        raise NotFound()
    return row


def version_of(row: Article, number: int | None = None) -> ArticleVersion:
    """Give one version of an article: that which is shown, or else the newest."""
    found = row.versions.filter(number=number if number is not None else row.shown or row.latest).first()
    if found is None:
        raise NotFound()
    return found


def questions_for(actor: Actor, *, state: str = "open") -> QuerySet[Question]:
    """Give the questions nobody answered yet, the most asked first."""
    require(actor, "read_knowledge")
    rows = Question.objects.filter(state=state).order_by("-times", "-asked_at")
    return rows if actor.units is None else rows.filter(unit_id__in=actor.units)


def question_for(actor: Actor, question_id: int) -> Question:
    row = questions_for(actor).filter(pk=question_id).first()
    if row is None:
        raise NotFound()
    return row


def drafted_from(case_id: int) -> list[Article]:
    return list(Article.objects.filter(drafted_from=case_id).order_by("id"))


def counts_for(actor: Actor, *, on: date) -> dict[str, int]:
    """Count what waits: drafts, articles to look at again, questions without an answer, and what is published."""
    rows = visible_to(seeker_of(actor))
    counted = rows.aggregate(
        drafts=Count("pk", filter=WAITING),
        due=Count("pk", filter=Q(state="published", review_on__lte=on)), published=Count("pk", filter=Q(state="published")),
    )  # fmt: skip
    return {**counted, "questions": questions_for(actor).count()}


def coverage_for(actor: Actor, *, since: datetime) -> list[Coverage]:
    """Count by door how often an answer helped and how often somebody had to go on to a person (M14: 90 % of common questions)."""
    seeker_of(actor)
    facts = Fact.objects.filter(name__in=HELPED + PASSED_ON, at__gte=since)
    if actor.units is not None:
        facts = facts.filter(unit_id__in=actor.units)
    counted: dict[str, list[int]] = {}
    facts = facts.exclude(
        name="question.asked", values__door="portal"
    )  # a customer's report is counted as that
    for name, door, count in facts.values_list("name", "values__door").annotate(n=Count("pk")):
        counted.setdefault(door or "desk", [0, 0])[name in PASSED_ON] += count
    return [Coverage(door, helped, passed) for door, (helped, passed) in sorted(counted.items())]
