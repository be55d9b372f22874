"""Operations on knowledge: answers to a question, an article, what helped, and what nobody could answer."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from aftercare.knowledge.selectors import answers_for, article_for, seeker_of, version_of
from aftercare.knowledge.services import ask_question, note_help
from aftercare.people.services import require

from .framing import PROBLEMS, actor, now, once
from .shapes import ProblemOut, Sent

router = Router()
refusals = frozenset(PROBLEMS)
Number = Annotated[str, Field(max_length=24)]


class AskIn(Sent):
    words: str = Field(max_length=400)
    category: str = Field("", max_length=32)
    model: str = Field("", max_length=40)
    kinds: list[Annotated[str, Field(max_length=8)]] = Field([], max_length=5)
    limit: int = Field(6, ge=1, le=20)


class WordsIn(Sent):
    words: str = Field("", max_length=400)


class AnswerOut(Schema):
    """An article that answers; `covers` is the share of the question it says, `sure` whether that is enough to be given as the answer."""

    number: str
    kind: str
    title: str
    excerpt: str
    asked_as: str
    covers: float
    sure: bool
    helped: int


class AnswersOut(Schema):
    answers: list[AnswerOut]


class ArticleOut(Schema):
    number: str
    kind: str
    title: str
    body: str
    fields: dict[str, str]
    audience: str
    categories: list[str]
    models: list[str]
    version: int
    review_on: str
    helped: int


class KeptOut(Schema):
    kept: bool


@router.post("/answers", response={200: AnswersOut, refusals: ProblemOut})
def answers(request: HttpRequest, body: AskIn) -> Any:
    """Answer a question from the published articles, the best first. It is a POST so that the words stay out of addresses."""
    found = answers_for(
        seeker_of(actor(request)),
        body.words,
        kinds=body.kinds,
        category=body.category,
        model=body.model,
        limit=body.limit,
    )
    return {"answers": [
        {
            "number": one.number, "kind": one.kind, "title": one.title, "excerpt": _plain(one.excerpt), "asked_as": _plain(one.wording),
            "covers": one.covers, "sure": one.sure, "helped": one.helped,
        } for one in found
    ]}  # fmt: skip


@router.get("/articles/{number}", response={200: ArticleOut, refusals: ProblemOut})
def article(request: HttpRequest, number: Number) -> Any:
    row = article_for(actor(request), number)
    text = version_of(row)
    return {
        "number": row.number, "kind": row.kind, "title": text.title, "body": text.body, "fields": text.fields, "audience": row.audience,
        "categories": row.categories, "models": row.product_models, "version": text.number,
        "review_on": row.review_on.isoformat() if row.review_on else "", "helped": row.helped,
    }  # fmt: skip


@router.post("/articles/{number}/helped", response={200: KeptOut, refusals: ProblemOut})
def helped(request: HttpRequest, number: Number, body: WordsIn) -> Any:
    """Say that an article helped whoever asked with these words; they lead to it from then on."""
    who, at = actor(request), now()
    row = article_for(who, number)

    def act() -> dict[str, Any]:
        note_help(row, body.words, door="api", seeker=seeker_of(who), by=who, at=at)
        return {"kept": True}

    return once(request, 200, act)


@router.post("/questions", response={200: KeptOut, refusals: ProblemOut})
def ask(request: HttpRequest, body: WordsIn) -> Any:
    """Keep a question that no answer fits; telephone numbers, names and addresses in it are not kept."""
    who, at = actor(request), now()
    require(who, "read_knowledge")

    def act() -> dict[str, Any]:
        return {
            "kept": ask_question(body.words, door="api", unit_id=who.unit_id or 0, by=who, at=at) is not None
        }

    return once(request, 200, act)


def _plain(pieces: list[tuple[str, bool]]) -> str:
    return "".join(text for text, _hit in pieces)
