"""Requests are found by the words in which they were described."""

from __future__ import annotations

import pytest
from django.db import connection

from aftercare.intake.models import Request
from aftercare.intake.selectors import requests_with_words
from aftercare.intake.selectors import words as searching
from aftercare.intake.selectors.words import pairs_of

SAID = {
    "ice": "冰箱冷藏室结冰，上层的食物变软",
    "warm": "冰箱不停机，侧面很烫，显示 E4 故障",
    "drum": "洗衣机脱水时响，100% 每次都这样，桶会晃",
}


@pytest.fixture
def said(cast):
    return {
        name: cast.request(description=text, phone=f"1390000000{n}")
        for n, (name, text) in enumerate(SAID.items())
    }


def found(cast, text, who="li", limit=8):
    return [row.number for row in requests_with_words(cast.actor(who), text, limit=limit)]


@pytest.mark.parametrize("newest", [2000, 0], ids=["looked through", "from the index"])
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("冰箱", ["warm", "ice"]),  # newest first
        ("结冰 冰箱", ["ice"]),
        ("冰箱 脱水", []),
        ("e4", ["warm"]),
        ("0%", ["drum"]),  # a character, not "anything"
        ("__", []),
        ("\\\\", []),
        ("晃", []),
        ("冰箱 烫", ["warm"]),
        ("  ", []),
        ("冰 箱", []),
    ],
)
def test_every_word_must_stand_in_the_description(cast, said, monkeypatch, newest, text, names):
    monkeypatch.setattr(searching, "NEWEST", newest)
    assert found(cast, text) == [said[name].number for name in names]


def test_only_what_the_reader_may_see_is_found_and_no_more_than_asked_for(cast, said):
    assert found(cast, "冰箱", limit=1) == [said["warm"].number]
    Request.objects.filter(pk=said["warm"].pk).update(unit=cast.other_store)
    assert found(cast, "冰箱", "dian") == [said["ice"].number], "a manager sees the own store"
    assert found(cast, "冰箱", "chen") == [], "an engineer sees the own orders"


def test_old_requests_are_found_by_the_index(cast, said):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM intake_request WHERE pairs_of(description) @> %s::text[]",
            [pairs_of("结冰")],
        )
        assert "request_by_pairs" in str(cursor.fetchall())


@pytest.mark.parametrize(
    "text", ["", "a", "冰", "冰箱冰箱", "Error E4 on the Display", "ÉÄ箱é", "😀箱 \t\n漏", "\\'%_"]
)
def test_pairs_are_the_same_here_and_in_the_database(db, text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pairs_of(%s)", [text])
        assert sorted(cursor.fetchone()[0]) == sorted(set(pairs_of(text)))


def test_a_word_that_a_great_many_have_is_looked_for_among_the_newest_alone(cast, said, monkeypatch):
    assert searching._requests_with_rarest(pairs_of("冰箱")) == 0, "nothing was counted yet"
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE intake_request")
    assert searching._requests_with_rarest(pairs_of("冰箱")) == pytest.approx(2, abs=0.1)
    assert searching._requests_with_rarest([*pairs_of("冰箱"), "没有"]) == 0
    monkeypatch.setattr(searching, "NEWEST", 1)
    assert found(cast, "冰箱") == [said["warm"].number, said["ice"].number], "from the index"
    monkeypatch.setattr(searching, "COMMON", 1)
    assert found(cast, "冰箱") == [], "the newest alone is looked through, and it is a washing machine"
    assert found(cast, "结冰") == [said["ice"].number], "few have it: from the index"
