"""Articles: drafted, published, found by those they are meant for, revised, looked at again, withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aftercare.knowledge.models import Article
from aftercare.knowledge.rules import Content
from aftercare.knowledge.selectors import (
    answers_for,
    article_for,
    articles_for,
    counts_for,
    customer_seeker,
    published_for,
    seeker_of,
    version_of,
)
from aftercare.knowledge.services import (
    Labels,
    add_wording,
    drop_wording,
    publish_article,
    relabel_article,
    retire_article,
    review_article,
    revise_article,
    write_article,
)
from aftercare.ledger.models import Fact
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound

AT = datetime(2026, 7, 15, 3, tzinfo=UTC)
COLD = Content("冰箱不制冷怎么办", "先看插头和温控档位，再听压缩机是否运转。")


def published(cast, content=COLD, kind="faq", **labels):
    row = write_article(kind, content, by=cast.actor("zheng"), at=AT, labels=Labels(**labels))
    publish_article(row, by=cast.actor("zheng"), at=AT)
    row.refresh_from_db()
    return row


def found(cast, who, words, **narrow):
    return [a.number for a in answers_for(seeker_of(cast.actor(who)), words, **narrow)]


@pytest.mark.django_db
def test_a_draft_is_found_by_nobody_and_the_published_by_all_it_is_for(cast):
    row = write_article("faq", COLD, by=cast.actor("li"), at=AT, labels=Labels(audience="staff"))
    assert (row.state, row.owner_id, found(cast, "li", "冰箱不凉")) == ("draft", cast.staff["li"].pk, [])
    with pytest.raises(Forbidden):
        publish_article(row, by=cast.actor("li"), at=AT)
    publish_article(row, by=cast.actor("zheng"), at=AT)
    assert found(cast, "li", "冰箱不凉") == found(cast, "zhou", "冰箱不凉") == [row.number]
    assert answers_for(customer_seeker(cast.store.pk), "冰箱不凉") == []
    assert [f.name for f in Fact.objects.filter(subject_kind="article").order_by("id")] == [
        "article.written",
        "article.published",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("audience", "readers"),
    [
        ("public", ["li", "zhou", "zheng"]),
        ("staff", ["li", "zhou", "zheng"]),
        ("desk", ["li", "zheng"]),
        ("leaders", ["zheng"]),
    ],
)
def test_who_may_see_what(cast, audience, readers):
    row = published(cast, audience=audience)
    assert [who for who in ("li", "zhou", "zheng") if found(cast, who, "冰箱不制冷")] == readers
    for who in ("li", "zhou", "zheng"):
        if who not in readers:
            with pytest.raises(NotFound):
                article_for(cast.actor(who), row.number)
    if audience != "public":
        with pytest.raises(NotFound):
            published_for(customer_seeker(cast.store.pk), row.number)


@pytest.mark.django_db
def test_an_article_of_a_store_is_not_another_stores(cast):
    row = write_article(
        "faq", COLD, by=cast.actor("boss"), at=AT, labels=Labels("public", unit_id=cast.store.pk)
    )
    publish_article(row, by=cast.actor("boss"), at=AT)
    assert answers_for(customer_seeker(cast.store.pk), "冰箱不制冷")
    assert answers_for(customer_seeker(cast.other_store.pk), "冰箱不制冷") == []
    assert found(cast, "tang", "冰箱不制冷") == []
    assert found(cast, "boss", "冰箱不制冷") == [row.number]


@pytest.mark.django_db
def test_category_and_model_put_their_own_first_and_others_out(cast):
    general = published(cast)
    own = published(
        cast, Content("冰箱不制冷：风门卡住", "拆后盖，清冰。"), models=("bcd-535w",), categories=("fridge",)
    )
    assert found(cast, "li", "冰箱不制冷", category="fridge", model="BCD-535W")[0] == own.number
    assert found(cast, "li", "冰箱不制冷", category="aircon") == [general.number]
    assert found(cast, "li", "BCD-535W") == [own.number]


@pytest.mark.django_db
def test_a_revision_waits_until_it_is_published(cast):
    row = published(cast)
    revise_article(
        row,
        Content(COLD.title, "先断电十分钟。"),
        based_on=1,
        by=cast.actor("zheng"),
        at=AT,
        because="更简单",
    )
    assert version_of(row).body == COLD.body
    assert counts_for(cast.actor("zheng"), on=AT.date())["drafts"] == 1
    publish_article(row, by=cast.actor("zheng"), at=AT)
    assert version_of(row).body == "先断电十分钟。"
    assert version_of(row, 1).body == COLD.body


@pytest.mark.django_db
def test_two_who_write_at_once_lose_nothing(cast):
    row = published(cast)
    revise_article(row, Content(COLD.title, "甲"), based_on=1, by=cast.actor("zheng"), at=AT)
    with pytest.raises(Conflict) as refusal:
        revise_article(row, Content(COLD.title, "乙"), based_on=1, by=cast.actor("zheng"), at=AT)
    assert refusal.value.code == "written_meanwhile"
    assert row.versions.count() == 2


@pytest.mark.django_db
def test_others_articles_are_not_theirs_to_change(cast):
    row = published(cast)
    for verb in (
        lambda by: revise_article(row, COLD, based_on=1, by=by, at=AT),
        lambda by: retire_article(row, by=by, at=AT, because="过时"),
        lambda by: review_article(row, by=by, at=AT),
        lambda by: add_wording(row, "冰箱没冷气", by=by, at=AT),
        lambda by: relabel_article(row, Labels("public"), owner_id=None, by=by, at=AT),
    ):
        with pytest.raises(Forbidden):
            verb(cast.actor("li"))


@pytest.mark.django_db
def test_it_is_looked_at_again_after_the_packs_time(cast):
    row = published(cast)
    assert row.review_on == AT.date() + timedelta(days=180)
    assert not articles_for(cast.actor("zheng"), due_on=AT.date()).exists()
    later = AT + timedelta(days=181)
    assert articles_for(cast.actor("zheng"), due_on=later.date()).get() == row
    review_article(row, by=cast.actor("zheng"), at=later)
    assert not articles_for(cast.actor("zheng"), due_on=later.date()).exists()


@pytest.mark.django_db
def test_a_withdrawn_article_is_found_no_more_and_can_come_back(cast):
    row = published(cast)
    with pytest.raises(Invalid):
        retire_article(row, by=cast.actor("zheng"), at=AT, because=" ")
    retire_article(row, by=cast.actor("zheng"), at=AT, because="型号停产")
    assert found(cast, "li", "冰箱不制冷") == []
    publish_article(row, by=cast.actor("zheng"), at=AT)
    assert found(cast, "li", "冰箱不制冷") == [row.number]


@pytest.mark.django_db
def test_wordings_lead_to_it(cast):
    row = published(cast)
    assert found(cast, "li", "奶放进去就馊") == []
    add_wording(row, "奶放进去就馊了", by=cast.actor("zheng"), at=AT)
    answer = answers_for(seeker_of(cast.actor("li")), "奶放进去就馊")[0]
    assert (answer.number, "".join(t for t, _h in answer.wording)) == (row.number, "奶放进去就馊了")
    drop_wording(row, row.wordings.get().pk, by=cast.actor("zheng"), at=AT)
    assert found(cast, "li", "奶放进去就馊") == []
    for useless in ("", "x", COLD.title):
        with pytest.raises(Invalid):
            add_wording(row, useless, by=cast.actor("zheng"), at=AT)


@pytest.mark.django_db
def test_what_is_wrong_is_named(cast):
    with pytest.raises(Invalid) as refusal:
        write_article("faq", Content("", ""), by=cast.actor("li"), at=AT, labels=Labels("martians"))
    assert [p.where for p in refusal.value.problems] == ["title", "body", "audience"]
    assert not Article.objects.exists()


@pytest.mark.django_db
def test_the_words_of_the_trade_find_each_other(cast):
    row = published(cast, Content("空调不制冷的自查", "看滤网、看室外机。"))
    assert found(cast, "li", "空调没冷气")[0] == row.number
