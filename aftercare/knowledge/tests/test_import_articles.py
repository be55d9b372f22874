"""Files of questions and answers: all that is right is kept, all that is not is named."""

from __future__ import annotations

import pytest

from aftercare.knowledge.models import Article
from aftercare.knowledge.rules import Imported
from aftercare.knowledge.selectors import answers_for, customer_seeker
from aftercare.knowledge.services import Labels, import_articles
from aftercare.ledger.models import Fact
from aftercare.refusals import Forbidden

from .test_write_article import AT

ROWS = [
    Imported("row 2", "怎么退货", "凭小票。", ("不想要了",), ("fridge",)),
    Imported("row 3", "", "没有问题"),
    Imported("row 4", "换滤芯", "", ()),
    Imported("row 5", "怎么退货", "再来一次"),
    Imported("row 6", "发票丢了", "可补。", audience="martians"),
]


@pytest.mark.django_db
def test_what_is_right_is_kept_and_what_is_not_is_named(cast):
    outcome = import_articles(ROWS, by=cast.actor("zheng"), at=AT, labels=Labels("public"), publish=True)
    assert (outcome.made, outcome.known, [where for where, _t, _p in outcome.refused]) == (
        1,
        1,
        ["row 3", "row 4", "row 6"],
    )
    assert answers_for(customer_seeker(cast.store.pk), "不想要了")[0].title == "怎么退货"
    again = import_articles(ROWS, by=cast.actor("zheng"), at=AT, labels=Labels("public"), publish=True)
    assert (again.made, again.known, Article.objects.count()) == (0, 2, 1)


@pytest.mark.django_db
def test_drafts_may_be_imported_by_those_who_write(cast):
    with pytest.raises(Forbidden):
        import_articles(ROWS, by=cast.actor("li"), at=AT, publish=True)
    assert import_articles(ROWS, by=cast.actor("li"), at=AT).made == 1
    assert Article.objects.get().state == "draft"
    assert Fact.objects.filter(name="article.published").count() == 0


@pytest.mark.django_db
def test_a_thousand_in_batches_with_a_number_each(cast):
    rows = [Imported(f"row {n}", f"第{n}个问题", "答案") for n in range(1100)]
    assert import_articles(rows, by=cast.actor("zheng"), at=AT, publish=True).made == 1100
    assert Article.objects.values("number").distinct().count() == 1100
    assert Fact.objects.filter(name="article.published").count() == 1100
