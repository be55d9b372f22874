"""Saved views and canned texts: whose they are, what is refused, how holes are filled."""

from __future__ import annotations

import pytest

from aftercare.refusals import Forbidden, Invalid, NotFound
from aftercare.workspace.models import SavedView
from aftercare.workspace.rules import clean_view, fill, text_problems
from aftercare.workspace.selectors import text_for, texts_for, view_for, views_for
from aftercare.workspace.services import note_text_used, remove_text, remove_view, save_text, save_view


def view(cast, who="li", **changes):
    values = {
        "place": "requests",
        "name": "紧急",
        "filters": {"urgency": "urgent"},
        "columns": ["number"],
        "shared": False,
    }
    return save_view(cast.actor(who), **(values | changes))


def test_a_view_keeps_known_filters_and_the_order_of_columns():
    kept = clean_view("requests", "我的", {"state": "open", "unit": "", "evil": "1"}, ["state", "number"])
    assert kept == ({"state": "open"}, ["number", "state"])
    assert clean_view("orders", "x", {}, [])[1][0] == "number", "without columns the usual ones"


@pytest.mark.parametrize(
    ("place", "name", "filters", "columns", "where"),
    [
        ("rooms", "x", {}, [], "place"),
        ("requests", " ", {}, [], "name"),
        ("requests", "名" * 25, {}, [], "name"),
        ("requests", "x", {}, ["phone"], "columns"),
        ("requests", "x", {"state": "open' or 1=1"}, [], "state"),
    ],
)
def test_what_a_view_can_not_be(place, name, filters, columns, where):
    with pytest.raises(Invalid) as refusal:
        clean_view(place, name, filters, columns)
    assert [p.where for p in refusal.value.problems] == [where]


def test_a_view_has_one_of_the_colours_or_none(cast):
    assert view(cast).colour == ""
    assert view(cast, colour="red").colour == "red"
    with pytest.raises(Invalid) as refusal:
        view(cast, name=" ", colour="url(x)")
    assert [p.where for p in refusal.value.problems] == ["name", "colour"]
    assert SavedView.objects.get().colour == "red", "what was refused changes nothing"


def test_a_view_is_of_one_person_or_of_the_team(cast):
    own, shared = view(cast), view(cast, "zheng", name="全店", shared=True)
    assert {v.pk for v in views_for(cast.actor("li"), "requests")} == {own.pk, shared.pk}
    assert [v.pk for v in views_for(cast.actor("tang"), "requests") if v.staff_id] == []
    with pytest.raises(NotFound):
        view_for(cast.actor("pan"), "requests", own.pk)
    with pytest.raises(Forbidden):
        view(cast, name="大家", shared=True)
    with pytest.raises(Forbidden):
        remove_view(shared, by=cast.actor("li"))
    remove_view(own, by=cast.actor("li"))
    assert [v.pk for v in views_for(cast.actor("li"), "requests")] == [shared.pk]


def test_the_same_name_is_replaced(cast):
    first, second = view(cast), view(cast, filters={"state": "all"})
    assert first.pk == second.pk
    assert view_for(cast.actor("li"), "requests", first.pk).filters == {"state": "all"}


def test_holes_are_filled_and_what_is_unknown_is_seen():
    assert (
        fill("{engineer} {window} 到，编号 {number}", {"number": "CR1", "engineer": "周*"})
        == "周* ［承诺时段］ 到，编号 CR1"
    )
    assert fill("{number}{number}", {"number": "{agent}"}) == "{agent}{agent}", "values are not filled again"


def test_a_text_says_all_that_is_wrong_with_it():
    assert [p.where for p in text_problems("", "{phone} {number}")] == ["title", "text"]
    assert "{phone}" in text_problems("好", "您的 {phone}")[0].what


def test_the_most_used_text_comes_first_and_others_own_are_hidden(cast):
    li = cast.actor("li")
    kept = [
        save_text(li, title=title, text=text, said_as="out", shared=False)
        for title, text in (("在路上", "师傅 {engineer} 已出发"), ("道歉", "给您添麻烦了"))
    ]
    note_text_used(kept[1])
    assert [t.title for t in texts_for(li)] == ["道歉", "在路上"]
    assert [t.title for t in texts_for(li, like="出发")] == ["在路上"]
    assert not texts_for(cast.actor("pan")).exists()
    with pytest.raises(NotFound):
        text_for(cast.actor("pan"), kept[0].pk)
    with pytest.raises(Invalid):
        save_text(li, title="x", text="好的", said_as="shout", shared=False)
    remove_text(kept[0], by=li)
    assert [t.title for t in texts_for(li)] == ["道歉"]
