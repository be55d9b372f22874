"""Answers to a question, from the index, with what is true in the database at this moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from aftercare.policies.selectors import policy_for
from aftercare.refusals import NotFound
from aftercare.triage.rules import folded
from aftercare.triage.selectors import reader_for

from ..models import Article, ArticleVersion
from ..rules import excerpt_of, pieces_of
from .library import library_for
from .seeking import Seeker, visible_to

FAINT = 0.45  # of the best answer's score: what is fainter is not worth reading
SYNONYMS = 3  # words of one term that are looked for besides the one that was used


@dataclass(frozen=True)
class Answer:
    """An article that answers a question, with its text: what matches is marked; `covers` is how far it says the question, 0 to 1."""

    row: Article
    text: ArticleVersion
    pieces: list[tuple[str, bool]]
    excerpt: list[tuple[str, bool]]
    wording: list[tuple[str, bool]]
    covers: float
    sure: bool

    @property
    def number(self) -> str:
        return self.row.number

    @property
    def kind(self) -> str:
        return self.row.kind

    @property
    def title(self) -> str:
        return self.text.title

    @property
    def helped(self) -> int:
        return self.row.helped


def answers_for(
    seeker: Seeker,
    words: str,
    *,
    kinds: Iterable[str] = (),
    category: str = "",
    model: str = "",
    limit: int = 6,
) -> list[Answer]:
    """Give the articles that answer a question, the best first; none for a question that says nothing.

    `category` and `model` put those first that name them, and leave out those that name others.
    """
    policy = policy_for(seeker.unit_id)
    if not words.strip():
        return []
    wanted = frozenset(kinds)
    known = library_for(seeker, words, wanted, category, model)
    found = known.index.find(
        words,
        among=known.visible(seeker, wanted, category, model),
        also=_other_words(policy, words),
        limit=limit * 2,
    )
    texts = {
        one.article_id: one
        for one in ArticleVersion.objects.select_related("article").filter(
            article__in=visible_to(seeker).filter(state="published", pk__in=[match.key for match in found]),
            number=F("article__shown"),
        )
    }
    answers = []
    for match in found:
        if match.score < FAINT * found[0].score:
            break
        text = texts.get(match.key)
        if text is None:  # withdrawn or hidden a moment ago
            continue
        row = text.article
        said = text.body or "\n".join(text.fields.values())
        other = (
            match.wording if match.wording != text.title and match.wording not in row.product_models else ""
        )
        answers.append(Answer(
            row, text, pieces_of(text.title, words), excerpt_of(said, words), pieces_of(other, words), round(match.covers, 3),
            match.covers >= policy.pack.knowledge.sure,
        ))  # fmt: skip
    return answers[:limit]


def published_for(seeker: Seeker, number: str) -> Article:
    """Give a published article to whoever seeks an answer."""
    row = visible_to(seeker).filter(number=number, state="published").first()
    if row is None:
        raise NotFound()
    return row


def often_helped(seeker: Seeker, *, category: str = "", language: str = "", limit: int = 6) -> list[Article]:
    """Give what helped most often, for a page on which nobody has written yet; titles in the reader's `language` only, if given."""
    rows = visible_to(seeker).filter(state="published", kind__in=["faq", "video", "guide"])
    if category:
        rows = rows.filter(Q(categories=[]) | Q(categories__contains=[category]))
    if language:
        chinese = Q(title__regex="[\u4e00-\u9fff]")
        rows = rows.exclude(chinese) if language.startswith("en") else rows.filter(chinese)
    return list(rows.order_by("-helped", "-id")[:limit])


def _other_words(policy: Any, words: str) -> list[str]:
    """Give other words for the terms of the trade in a question: 不凉 is 不制冷."""
    reader = reader_for(policy)
    others: dict[str, None] = {}
    for hit in reader.finder.find(folded(words[:400])):
        used = folded(words)[hit.start : hit.end]
        for word in [one for one in hit.entry.term.words if "~" not in one and one != used][:SYNONYMS]:
            others[word] = None
    return list(others)
