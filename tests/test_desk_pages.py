"""The lists through views, hand-over with preview and undo, texts, mentions, the palette and the map of stores."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from aftercare.dispatch.models import Offer
from aftercare.ledger.services import deliver_until_idle
from aftercare.pages.desk import listing
from aftercare.pages.templatetags.show import found_in
from aftercare.people.models import Unit
from aftercare.sla.services import sweep_clocks
from aftercare.workspace.models import CannedText, SavedView


@pytest.fixture
def case(cast_now):
    found = cast_now.request(at=cast_now.at, kind="inquiry", description="想问问清洗一次要多久，现在还能用")
    deliver_until_idle(at=cast_now.at)
    return found


def text_of(answer) -> str:
    return answer.content.decode()


def test_a_list_is_narrowed_kept_as_a_view_and_opened_again(case, cast_now, signed_in):
    client = signed_in("zheng")
    assert case.number in text_of(client.get("/requests?urgency=normal&owner=none&owner="))
    assert case.number not in text_of(client.get("/requests?urgency=critical"))
    kept = client.post(
        "/views/requests",
        {
            "name": "特急",
            "urgency": "critical",
            "state": "open",
            "columns": ["number", "owner"],
            "colour": "red",
        },
    )
    view = SavedView.objects.get()
    assert kept.url == f"/requests?view={view.pk}"
    shown = text_of(client.get(kept.url))
    assert case.number not in shown
    assert '<i class="dot-v" data-c="red"></i>特急' in shown
    assert "首问负责</th>" in shown
    assert "产品</th>" not in shown
    assert case.number in text_of(client.get(f"{kept.url}&urgency=")), "the address goes before the view"
    assert client.post("/views/rooms", {"name": "x"}).status_code == 422
    assert client.get("/requests?view=999999").status_code == 404
    client.post(f"/views/requests/{view.pk}/remove")
    assert not SavedView.objects.exists()


def test_what_is_due_first_stands_first(case, cast_now, signed_in):
    later = cast_now.request(
        at=cast_now.at + timedelta(seconds=1),
        phone="13800000021",
        name="钱二",
        kind="inquiry",
        description="请问滤网多久换一次比较好",
    )
    deliver_until_idle(at=cast_now.at)
    shown = text_of(signed_in("zheng").get("/requests?sort=due"))
    assert shown.index(case.number) < shown.index(later.number)
    assert case.number not in text_of(signed_in("zheng").get("/requests?due=over"))


def test_a_list_goes_on_where_it_stopped_walking(case, cast_now, signed_in, monkeypatch):
    """What is due late is not lost because many clocks of others come first."""
    later = cast_now.request(
        at=cast_now.at + timedelta(seconds=9),
        phone="13800000022",
        name="周三",
        kind="inquiry",
        description="请问滤网多久换一次比较好",
    )
    deliver_until_idle(at=cast_now.at)
    monkeypatch.setattr(listing, "FAR", 1)
    monkeypatch.setattr(listing, "STEP", 1)
    client, address = signed_in("zheng"), "/requests?sort=due"
    for _page in range(12):
        shown = text_of(client.get(address))
        if later.number in shown:
            return
        address = "/requests" + re.search(r'href="(\?[^"]*after=[^"]+)"', shown)[1].replace("&amp;", "&")
    raise AssertionError("it was never reached")


def test_requests_are_handed_over_after_a_look_and_taken_back(case, cast_now, signed_in):
    client, zheng = signed_in("li"), cast_now.staff["zheng"]
    chosen = {"numbers": [case.number], "to": zheng.number, "because": "交班", "back": "state=open"}
    looked = client.post("/requests/hand-over", chosen | {"act": "try"})
    case.refresh_from_db()
    assert "移交给" in text_of(looked)
    assert case.owner_id == cast_now.staff["li"].pk, "nothing has changed yet"
    done = client.post("/requests/hand-over", chosen)
    assert done.url == "/requests?state=open"
    assert 'value="undo"' in text_of(client.get(done.url))
    case.refresh_from_db()
    assert case.owner_id == zheng.pk
    client.post("/requests/hand-over", {"act": "undo"})
    case.refresh_from_db()
    assert case.owner_id == cast_now.staff["li"].pk
    assert client.post("/requests/hand-over", {"act": "undo"}).status_code == 404
    assert client.post("/requests/hand-over", chosen | {"to": "XX1"}).status_code == 404
    evil = client.post("/requests/hand-over", chosen | {"back": "//evil.example/?a=<b>"})
    assert evil.url.startswith("/requests?")


def test_a_text_is_offered_with_its_holes_filled(case, cast_now, signed_in):
    client = signed_in("li")
    assert (
        client.post(
            "/texts", {"title": "在路上", "text": "编号 {number}，{engineer} 到", "said_as": "out"}
        ).status_code
        == 302
    )
    refused = client.post("/texts", {"title": "", "text": "{phone} 您好"})
    assert refused.status_code == 422
    assert "{phone} 您好" in text_of(refused), "nothing typed is lost"
    offered = text_of(client.post(f"/requests/{case.number}/texts", {"q": "在"}))
    assert f"编号 {case.number}，［工程师］ 到" in offered
    assert client.post(f"/requests/{case.number}/texts/{CannedText.objects.get().pk}").status_code == 204
    assert CannedText.objects.get().used == 1
    assert "写一条" in text_of(client.post(f"/requests/{case.number}/texts", {"q": "没有的"}))


def test_colleagues_are_found_by_number_and_pinyin(case, cast_now, signed_in):
    client, zheng = signed_in("li"), cast_now.staff["zheng"]
    for typed in (zheng.number[-4:], zheng.name_key[:3]):
        assert zheng.number in text_of(client.post(f"/requests/{case.number}/colleagues", {"q": typed}))
    assert cast_now.staff["tang"].number not in text_of(
        client.post(f"/requests/{case.number}/colleagues", {"q": ""})
    )


def test_following_is_one_key_and_news_are_read(case, cast_now, signed_in):
    client = signed_in("zheng")
    client.post(f"/requests/{case.number}/follow")
    assert "已关注" in text_of(client.get(f"/requests/{case.number}"))
    signed_in("li").post(f"/requests/{case.number}/say", {"as": "out", "text": "请您稍等，我问一下师傅"})
    deliver_until_idle(at=cast_now.at + timedelta(minutes=1))
    client = signed_in("zheng")
    assert "你关注的" in text_of(client.get("/alerts"))
    client.get(f"/requests/{case.number}?news=1")
    assert 'data-new="1"' not in text_of(client.get("/alerts"))
    client.post(f"/requests/{case.number}/follow", {"act": "stop"})
    assert "已关注" not in text_of(client.get(f"/requests/{case.number}"))


@pytest.mark.parametrize("typed", ["门店地图", "mdd", "mendian", "stores"])
def test_the_palette_knows_what_one_can_do(typed, cast_now, signed_in):
    answer = signed_in("zheng").post("/search", {"q": typed}, headers={"X-Requested-With": "fetch"})
    assert "/board/stores" in text_of(answer)
    assert "/board/stores" not in text_of(
        signed_in("zhou").post("/search", {"q": typed}, headers={"X-Requested-With": "fetch"})
    )


@pytest.mark.parametrize(
    ("text", "asked", "shown"),
    [
        ("冰箱冷藏室结冰", "结冰 冰箱", "<em>冰箱</em>冷藏室<em>结冰</em>"),
        ("太过分了，冰箱不停机", "冰箱", "…过分了，<em>冰箱</em>不停机"),
        ("显示 E4 故障", "e4", "显示 <em>E4</em> 故障"),
        ("<script>冰箱</script>", "冰箱", "…ipt&gt;<em>冰箱</em>&lt;/script&gt;"),
        ("<b>洗衣机</b>", "冰箱", "&lt;b&gt;洗衣机&lt;/b&gt;"),
    ],
)
def test_what_was_looked_for_is_marked_where_it_stands(text, asked, shown):
    assert found_in(text, asked) == shown


def test_stores_stand_on_the_map_by_how_late_they_are(cast_now, signed_in):
    Unit.objects.filter(pk=cast_now.store.pk).update(lat=30.24, lon=120.15)
    Unit.objects.filter(pk=cast_now.other_store.pk).update(lat=None, lon=None)
    cast_now.order(at=cast_now.at - timedelta(hours=2))
    while sweep_clocks(at=cast_now.at):
        pass
    shown = text_of(signed_in("boss").get("/board/stores"))
    assert 'class="spot" data-s="over"' in shown
    assert 'data-every="30"' in shown
    assert "未录入位置" in shown, "a store without a place is named"
    assert f"/requests?unit={cast_now.store.pk}&amp;due=over" in shown


def test_an_order_is_given_to_somebody_by_number(cast_now, signed_in):
    order = cast_now.order(at=cast_now.at)
    client, chen = signed_in("pan"), cast_now.staff["chen"]
    assert (
        client.post(
            f"/work-orders/{order.number}/assign", {"number": "XX9", "because": "离得最近"}
        ).status_code
        == 422
    )
    client.post(
        f"/work-orders/{order.number}/assign",
        {"number": chen.number.lower(), "because": "离得最近", "back": "dispatch"},
    )
    assert Offer.objects.filter(order=order, staff=chen, state="offered").exists()
    assert "<datalist" in text_of(client.get("/dispatch"))
