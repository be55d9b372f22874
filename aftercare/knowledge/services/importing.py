"""Take in whole files of questions and answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import next_numbers, record_many
from aftercare.people.rules import Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Problem

from ..models import Article, ArticleVersion, Wording
from ..rules import Content, Imported, cleaned, problems_of
from ..selectors import forget_library
from .writing import Labels, problems_of_labels, unit_of, wordings_of

BATCH = 500
Ready = tuple[Imported, Content, str, Labels]


@dataclass
class Outcome:
    """What became of a file's entries: new articles, those known already, and refused ones with their place and why."""

    made: int = 0
    known: int = 0
    refused: list[tuple[str, str, list[Problem]]] = field(default_factory=list)


def import_articles(
    entries: Sequence[Imported], *, by: Actor, at: datetime, labels: Labels = Labels(), publish: bool = False
) -> Outcome:
    """Make an article of every entry whose title is new. Each refused one is named; the others are kept, 500 a transaction."""
    unit_id = unit_of(labels, by)
    require(
        by,
        "publish_knowledge" if publish else "write_knowledge",
        unit_id=unit_id,
        reach=labels.unit_id is not None,
    )
    outcome, seen = Outcome(), set[str]()
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        with transaction.atomic():
            known = set(
                Article.objects.filter(title__in=[e.title for e in batch], unit_id=unit_id).exclude(state="retired").values_list("title", flat=True)
            ) | seen  # fmt: skip
            ready = list(_ready(batch, known, labels, outcome))
            seen |= {content.title for _entry, content, _kind, _labels in ready}
            _keep(ready, unit_id, publish=publish, by=by, at=at)
            outcome.made += len(ready)
    forget_library()
    return outcome


def _ready(batch: Sequence[Imported], known: set[str], labels: Labels, outcome: Outcome) -> Iterator[Ready]:
    for entry in batch:
        kind, own = entry.kind or "faq", replace(
            labels, audience=entry.audience or labels.audience, categories=entry.categories or labels.categories,
            models=entry.models or labels.models,
        )  # fmt: skip
        content = cleaned(Content(entry.title, entry.body, {}), kind)
        problems = problems_of(content, kind) + problems_of_labels(own)
        if not problems and content.title in known:
            outcome.known += 1
        elif problems:
            outcome.refused.append((entry.where, entry.title[:80] or _("(no title)"), problems))
        else:
            known.add(content.title)
            yield entry, content, kind, own


def _keep(ready: Sequence[Ready], unit_id: int, *, publish: bool, by: Actor, at: datetime) -> None:
    if not ready:
        return
    review_on = at.date() + timedelta(seconds=policy_for(unit_id).pack.knowledge.review_after)
    numbers = next_numbers("KB", at=at, zone=zone_of(unit_id), count=len(ready))
    rows = Article.objects.bulk_create(
        Article(
            number=number, kind=kind, title=content.title, unit_id=unit_id, audience=own.audience,
            owner_id=by.id if by.kind == "staff" else None, categories=list(own.categories),
            product_models=[model.upper() for model in own.models], changed_at=at, state_since=at, file_id=own.file_id,
            **({"state": "published", "shown": 1, "review_on": review_on} if publish else {}),
        ) for number, (_entry, content, kind, own) in zip(numbers, ready, strict=True)
    )  # fmt: skip
    ArticleVersion.objects.bulk_create(
        ArticleVersion(article=row, number=1, title=content.title, body=content.body, fields=dict(content.fields), at=at, by=by.name)
        for row, (_entry, content, _kind, _own) in zip(rows, ready, strict=True)
    )  # fmt: skip
    Wording.objects.bulk_create(
        Wording(article=row, text=text, at=at, by=by.name)
        for row, (entry, content, _kind, _own) in zip(rows, ready, strict=True) for text in wordings_of(entry.wordings, content.title)
    )  # fmt: skip
    record_many(
        "article.written",
        [(row, {"article": row.number, "kind": row.kind, "version": 1}, at) for row in rows],
        by=by,
    )
    if publish:
        record_many(
            "article.published",
            [(row, {"article": row.number, "kind": row.kind, "version": 1}, at) for row in rows],
            by=by,
        )
