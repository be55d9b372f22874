"""Texts that act: on one case with what is said, on many looked at before, and taken back."""

from __future__ import annotations

import pytest

from aftercare.intake.models import Follower, Note, Request
from aftercare.intake.services import answer_request, do_acts
from aftercare.ledger.models import Fact
from aftercare.people.rules import MACHINE
from aftercare.refusals import Conflict, Invalid
from aftercare.workspace.models import CannedText
from aftercare.workspace.services import save_text


@pytest.fixture
def text(cast_now):
    return save_text(
        cast_now.actor("li"), title="停电致歉", text="{number} 片区停电，维修顺延，抱歉", said_as="out", shared=False,
        acts=["urgent", "take", "follow"],
    )  # fmt: skip


@pytest.fixture
def rows(cast_now):
    made = [
        cast_now.request(kind="inquiry", description=f"想问问第 {n} 号楼清洗一次要多久") for n in range(3)
    ]
    Request.objects.filter(pk=made[1].pk).update(urgency="critical")
    answer_request(made[2], by=cast_now.actor("li"), at=cast_now.at, answer="一般一小时左右，欢迎再来电")
    Request.objects.filter(pk__in=[made[0].pk, made[1].pk]).update(owner=cast_now.staff["zheng"])
    return [Request.objects.get(pk=row.pk) for row in made]


def post(client, rows, text, **more):
    return client.post(
        "/requests/macro", {"numbers": [row.number for row in rows], "text_id": text.pk, **more}
    )


def said(rows) -> int:
    return Note.objects.filter(request__in=rows[:2], kind="out").count()


def test_looked_at_before_nothing_is_done(rows, text, signed_in):
    shown = post(signed_in("li"), rows, text, act="try").content.decode()
    assert "对 2 件执行" in shown
    assert "升为紧急" in shown
    assert "不再处理中" in shown or "已不在处理中" in shown
    assert f"{rows[0].number} 片区停电" in shown, "the holes are filled for each"
    assert said(rows) == 0


def test_done_for_many_and_taken_back(rows, text, signed_in, cast_now):
    client = signed_in("li")
    assert post(client, rows, text).status_code == 302
    first, second, third = (Request.objects.get(pk=row.pk) for row in rows)
    li = cast_now.staff["li"].pk
    assert (first.owner_id, first.urgency) == (li, "urgent")
    assert (second.owner_id, second.urgency) == (li, "critical"), "nothing is made less urgent"
    assert third.owner_id != li or third.state == "answered"
    assert said(rows) == 2
    assert Follower.objects.filter(staff_id=li).count() == 2
    shown = client.get("/requests").content.decode()
    assert "已对 2 件执行" in shown
    assert 'action="/requests/macro"' in shown
    assert client.post("/requests/macro", {"act": "undo"}).status_code == 302
    first, second = (Request.objects.get(pk=row.pk) for row in rows[:2])
    zheng = cast_now.staff["zheng"].pk
    assert (first.owner_id, first.urgency, second.owner_id) == (zheng, rows[0].urgency, zheng)
    assert said(rows) == 2, "what was said stays said"
    assert not Follower.objects.filter(staff_id=li).exists()
    assert client.post("/requests/macro", {"act": "undo"}).status_code == 404


def test_what_somebody_else_changed_since_is_not_taken_back(rows, text, signed_in, cast_now):
    client = signed_in("li")
    post(client, rows[:1], text)
    Request.objects.filter(pk=rows[0].pk).update(urgency="critical", owner=cast_now.staff["zheng"])
    client.post("/requests/macro", {"act": "undo"})
    row = Request.objects.get(pk=rows[0].pk)
    assert (row.urgency, row.owner_id) == ("critical", cast_now.staff["zheng"].pk)


def test_one_that_is_refused_is_left_and_said(rows, cast_now, signed_in):
    short = CannedText.objects.create(title="方案", text="好", said_as="plan", staff=cast_now.staff["li"])
    client = signed_in("li")
    post(client, rows[:2], short)
    assert f"{rows[0].number}:" in client.get("/requests").content.decode(), "why is said for each"
    assert not Request.objects.filter(planned_at__isnull=False, pk__in=[row.pk for row in rows[:2]]).exists()


def test_a_text_of_somebody_else_is_not_found(rows, text, signed_in):
    assert post(signed_in("zheng"), rows, text, act="try").status_code == 404


def test_rows_out_of_reach_are_not_touched(rows, cast_now, signed_in):
    own = save_text(cast_now.actor("tang"), title="A", text="抱歉久等了", said_as="out", shared=False)
    assert post(signed_in("tang"), rows, own).status_code == 422, "none within reach: nothing chosen"
    assert said(rows) == 0


def test_on_one_case_words_and_acts_are_one(rows, cast_now, signed_in):
    client, number = signed_in("li"), rows[0].number
    client.post(f"/requests/{number}/say", {"text": "马上回电给您说明", "as": "out", "acts": ["take", "urgent"], "macro": "停电致歉"})  # fmt: skip
    row = Request.objects.get(pk=rows[0].pk)
    assert (row.owner_id, row.urgency) == (cast_now.staff["li"].pk, "urgent")
    assert Fact.objects.filter(name="request.handed_over").latest("id").because == "停电致歉"
    answer = client.post(f"/requests/{rows[1].number}/say", {"text": "", "as": "out", "acts": ["take"]})
    assert answer.status_code == 422
    assert Request.objects.get(pk=rows[1].pk).owner_id == cast_now.staff["zheng"].pk, "refused words, no act"


def test_what_a_macro_can_not_do(cast_now, rows):
    with pytest.raises(Invalid):
        save_text(cast_now.actor("li"), title="坏", text="什么都行", said_as="", shared=False, acts=["close"])
    with pytest.raises(Invalid):
        do_acts(rows[0], ["close"], title="", by=cast_now.actor("li"), at=cast_now.at)
    with pytest.raises(Conflict):
        do_acts(rows[0], ["take"], title="", by=MACHINE, at=cast_now.at)


def test_views_are_counted_above_the_list(cast_now, rows, signed_in):
    client = signed_in("zheng")
    for name, filters in (
        ("我的", {"owner": "me"}),
        ("特急", {"urgency": "critical"}),
        ("到期", {"due": "over"}),
    ):
        client.post("/views/requests", {"name": name, "columns": ["number"], **filters})
    counts = client.get("/views/requests/counts").json()
    assert sorted(counts.values()) == ["0", "1", "2"]
    assert 'data-view-counts="/views/requests/counts"' in client.get("/requests").content.decode()
    assert client.get("/views/nothing/counts").status_code == 404
    assert client.get("/views/orders/counts").json() == {}
