"""What a search led to: it helped, or nobody knew the answer (M14, M97)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.ledger.services import move, record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Invalid

from ..models import Article, Question, Wording
from ..rules import without_people
from ..selectors import Seeker, answers_for, forget_library
from .writing import MOST_WORDINGS

DOORS = ("desk", "field", "portal", "api")
SHORTEST, LONGEST = 4, 120  # characters of a question that is worth remembering


def note_help(row: Article, words: str, *, door: str, seeker: Seeker, by: Actor, at: datetime) -> None:
    """Note that an article helped somebody who asked with these words; they are remembered as one way to ask for it.

    Words that do not lead to the article by themselves are not remembered: nobody can put foreign words before it.
    """
    _check_door(door)
    text = " ".join(without_people(words).split())
    with transaction.atomic():
        Article.objects.filter(pk=row.pk).update(helped=F("helped") + 1)
        record("article.helped", row, by=by, at=at, values={"door": door})
        if SHORTEST <= len(text) <= LONGEST and text != row.title and _leads_to(row, words, seeker):
            _remember(row, text, by=by, at=at)


def ask_question(words: str, *, door: str, unit_id: int, by: Actor, at: datetime) -> Question | None:
    """Keep a question that nothing answered, without personal data; the same words again are counted."""
    _check_door(door)
    text = " ".join(without_people(words).split())[:400]
    if len(text) < SHORTEST:
        return None
    with transaction.atomic():
        row, is_new = Question.objects.get_or_create(
            unit_id=unit_id,
            text=text,
            state="open",
            defaults={"door": door, "asked_at": at, "state_since": at},
        )
        if not is_new:
            Question.objects.filter(pk=row.pk).update(times=F("times") + 1, asked_at=at)
        record("question.asked", row, by=by, at=at, values={"door": door})
    return row


def settle_question(row: Question, article: Article, *, by: Actor, at: datetime) -> None:
    """Say which article answers a question; from now on its words lead there."""
    require(by, "write_knowledge", unit_id=row.unit_id)
    with transaction.atomic():
        move(row, "answered", by=by, at=at, values={"article": article.number}, article_id=article.pk)
        if len(row.text) <= 200:
            _remember(article, row.text, by=by, at=at)


def dismiss_question(row: Question, *, by: Actor, at: datetime, because: str) -> None:
    """Set a question aside, with the reason."""
    require(by, "write_knowledge", unit_id=row.unit_id)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    move(row, "dismissed", by=by, at=at, because=because.strip())


def _remember(row: Article, text: str, *, by: Actor, at: datetime) -> None:
    wording, is_new = Wording.objects.get_or_create(
        article=row, text=text, defaults={"at": at, "by": by.name}
    )
    if not is_new:
        Wording.objects.filter(pk=wording.pk).update(times=F("times") + 1, at=at)
        return
    surplus = row.wordings.order_by("-times", "-at").values_list("pk", flat=True)[MOST_WORDINGS:]
    Wording.objects.filter(pk__in=list(surplus)).delete()
    Article.objects.filter(pk=row.pk).update(changed_at=at, revision=F("revision") + 1)
    transaction.on_commit(forget_library)


def _leads_to(row: Article, words: str, seeker: Seeker) -> bool:
    return any(found.number == row.number for found in answers_for(seeker, words))


def _check_door(door: str) -> None:
    if door not in DOORS:
        raise Invalid(_("unknown door"), where="door", expected=", ".join(DOORS))
