"""What a search led to: helped, or kept as a question until somebody answers it."""

from __future__ import annotations

import pytest

from aftercare.knowledge.models import Article, Question, Wording
from aftercare.knowledge.rules import Content
from aftercare.knowledge.selectors import answers_for, customer_seeker, questions_for, seeker_of
from aftercare.knowledge.services import (
    ask_question,
    dismiss_question,
    note_help,
    settle_question,
)
from aftercare.ledger.models import Fact
from aftercare.people.rules import Actor
from aftercare.refusals import Invalid

from .test_write_article import AT, published

VISITOR = Actor("customer", None, "顾客")


@pytest.mark.django_db
def test_what_helped_is_remembered_in_the_askers_words(cast):
    row = published(cast, audience="public")
    seeker = customer_seeker(cast.store.pk)
    words = "我叫王小禾，13812345678，冰箱突然不制冷了"
    note_help(row, words, door="portal", seeker=seeker, by=VISITOR, at=AT)
    kept = Wording.objects.get(article=row).text
    assert "冰箱突然不制冷了" in kept and "1381" not in kept and "王小禾" not in kept
    assert Article.objects.get(pk=row.pk).helped == 1
    assert Fact.objects.get(name="article.helped").values["door"] == "portal"
    note_help(row, words, door="portal", seeker=seeker, by=VISITOR, at=AT)
    assert Wording.objects.get(article=row).times == 2


@pytest.mark.django_db
def test_foreign_words_are_not_put_before_an_article(cast):
    row = published(cast, audience="public")
    published(cast, Content("怎么退货", "凭小票。"), audience="public")
    note_help(row, "怎么才能退货呢", door="portal", seeker=customer_seeker(cast.store.pk), by=VISITOR, at=AT)
    assert not Wording.objects.exists(), "these words lead to another article, not to this one"
    assert Article.objects.get(pk=row.pk).helped == 1


@pytest.mark.django_db
def test_a_question_nobody_could_answer_is_kept_and_counted(cast):
    for _time in range(3):
        ask_question("门打不开 13812345678", door="desk", unit_id=cast.store.pk, by=cast.actor("li"), at=AT)
    row = Question.objects.get()
    assert (row.times, "1381" in row.text) == (3, False)
    assert list(questions_for(cast.actor("li"))) == [row]
    assert not questions_for(cast.actor("tang")).exists(), "another store's question"
    assert ask_question("？", door="desk", unit_id=cast.store.pk, by=cast.actor("li"), at=AT) is None


@pytest.mark.django_db
def test_an_answer_settles_it_and_its_words_lead_there(cast):
    row = ask_question("抽屉滑轨掉出来了咋装", door="portal", unit_id=cast.store.pk, by=VISITOR, at=AT)
    article = published(cast, Content("果菜盒的拆装", "抬起再推入。"))
    settle_question(row, article, by=cast.actor("li"), at=AT)
    assert Question.objects.get().state == "answered"
    assert answers_for(seeker_of(cast.actor("li")), "滑轨掉出来")[0].number == article.number


@pytest.mark.django_db
def test_a_question_is_set_aside_with_a_reason(cast):
    row = ask_question("你们招人吗", door="portal", unit_id=cast.store.pk, by=VISITOR, at=AT)
    with pytest.raises(Invalid):
        dismiss_question(row, by=cast.actor("li"), at=AT, because="")
    dismiss_question(row, by=cast.actor("li"), at=AT, because="与售后无关")
    assert not questions_for(cast.actor("li")).exists()
    again = ask_question("你们招人吗", door="portal", unit_id=cast.store.pk, by=VISITOR, at=AT)
    assert again.pk != row.pk
