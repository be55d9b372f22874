"""What a customer does by link after the report: says more with pictures and voice, and opens again what is not solved."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from aftercare.customers.services import make_link
from aftercare.intake.models import Note, Request
from aftercare.intake.services import answer_request, reopen_by_customer
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.models import Unit
from aftercare.people.rules import customer_actor
from aftercare.people.services import report_position
from aftercare.refusals import Conflict
from aftercare.sla.models import Clock
from aftercare.visits.services import announce_lateness, book_visit, depart
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order

CHINA = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def case(cast_now):
    found = cast_now.request(at=cast_now.at, kind="inquiry", description="想问问清洗一次要多久，现在还能用")
    deliver_until_idle(at=cast_now.at)
    return found


@pytest.fixture
def link_to(cast_now):
    def make(row, purpose="progress"):
        return (
            f"/c/{make_link(row.customer, case_id=row.pk, purpose=purpose, lives_for=86400, at=cast_now.at)}"
        )

    return make


def picture() -> SimpleUploadedFile:
    kept = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(kept, "JPEG")
    return SimpleUploadedFile("外机.jpg", kept.getvalue(), "image/jpeg")


def test_a_customer_who_waits_in_vain_is_told_so_and_whom_to_call(cast_now, client, link_to):
    """The promised window is over and nobody has set off: the page says sorry instead of promising it still."""
    order, at = cast_now.order(at=cast_now.at), cast_now.at
    Unit.objects.filter(pk=cast_now.root.pk).update(phone="4008001234")
    assign_work_order(order, cast_now.staff["zhou"].pk, by=cast_now.actor("zhou"), at=at)
    begins = at + timedelta(hours=2)
    book_visit(order, starts_at=begins, ends_at=begins + timedelta(hours=2), by=cast_now.actor("li"), at=at)
    address = link_to(order.request, "slots")
    before = client.get(address).content.decode()
    assert "很抱歉" not in before
    assert "一小时会提醒您" in before
    assert 'href="tel:4008001234"' in before
    assert "GY2024001</span>，持制冷" in before, "who comes is allowed to do it"
    over = {"window_starts_at": at - timedelta(hours=3), "window_ends_at": at - timedelta(hours=1)}
    WorkOrder.objects.filter(pk=order.pk).update(**over)
    after = client.get(address).content.decode()
    assert "很抱歉，我们没有按时上门" in after
    assert "一小时会提醒您" not in after
    assert after.count('href="tel:4008001234"') == 1


def test_a_customer_sees_that_the_engineer_is_on_the_way_and_about_when_they_are_there(
    cast_now, client, link_to, signed_in
):
    """The time alone: where they are is nobody's business but the dispatcher's."""
    order, at, zhou = cast_now.order(at=cast_now.at), cast_now.at, cast_now.staff["zhou"]
    assign_work_order(order, zhou.pk, by=cast_now.actor("zhou"), at=at)
    depart(order, by=cast_now.actor("zhou"), at=at)
    address = link_to(order.request)
    page = client.get(address).content.decode()
    assert "师傅在路上" in page and " 到</span>" not in page and "师傅正在处理" not in page
    report_position(zhou.pk, lat=order.lat + 0.2, lon=order.lon, at=at)
    page = client.get(address).content.decode()
    assert re.search(r"约 (明天 )?\d\d:\d\d 到", page)
    assert f"{order.lat + 0.2:.3f}" not in page
    assert re.search(
        r"约 (明天 )?\d\d:\d\d 到", signed_in("li").get(f"/work-orders/{order.number}").content.decode()
    )
    today = signed_in("zhou").get("/today").content.decode()
    assert "路上</span>" in today and "服务中" not in today, "their own day says so, too"


def test_a_customer_sees_a_delay_that_was_announced(cast_now, client, link_to, signed_in):
    order, at = cast_now.order(at=cast_now.at), cast_now.at
    zhou = cast_now.actor("zhou")
    assign_work_order(order, zhou.id, by=zhou, at=at)
    begins = at + timedelta(hours=1)
    book_visit(order, starts_at=begins, ends_at=begins + timedelta(hours=2), by=cast_now.actor("li"), at=at)
    order = WorkOrder.objects.select_related("request").get(pk=order.pk)
    address = link_to(order.request)
    assert "比约定晚" not in client.get(address).content.decode()
    assert "点一下，客户和派单台都收到" in signed_in("zhou").get("/today").content.decode()
    announce_lateness(order, 20, by=zhou, at=at)
    assert "抱歉，会比约定晚约 20 分钟" in client.get(address).content.decode()
    for page in (
        signed_in("zhou").get("/today"),
        signed_in("zhou").get(f"/today/{order.number}"),
        signed_in("li").get(f"/work-orders/{order.number}"),
    ):
        assert "已告知客户：晚到约 20 分钟" in page.content.decode()
    assert (
        "已告知晚到 20 分钟"
        in signed_in("pan").get(f"/dispatch/day?day={begins.astimezone(CHINA):%Y-%m-%d}").content.decode()
    )
    depart(order, by=zhou, at=at)
    assert "抱歉，会比约定晚约 20 分钟" in client.get(address).content.decode()
    assert "已告知客户：晚到约 20 分钟" in signed_in("zhou").get("/today").content.decode(), (
        "on the way they may say more"
    )


def answered(row, cast):
    answer_request(row, by=cast.actor("li"), at=cast.at, answer="一般一小时左右，欢迎再来电")
    deliver_until_idle(at=cast.at)
    row.refresh_from_db()


def test_a_picture_and_a_voice_note_need_no_words(case, cast_now, client, link_to, signed_in):
    voice = SimpleUploadedFile("voice.amr", b"#!AMR\n" + b"\0" * 40, "audio/amr")
    assert client.post(f"{link_to(case)}/write", {"files": [picture(), voice]}).status_code == 302
    assert sorted(f.file.kind for f in case.files.all()) == ["audio/amr", "image/jpeg"]
    assert Fact.objects.get(name="request.files_added").values["files"] == ["image/jpeg", "audio/amr"]
    assert not Note.objects.filter(request=case, kind="in").exists()
    shown = signed_in("li").get(f"/requests/{case.number}").content.decode()
    assert 'class="thumbs"' in shown
    assert "补充了照片" in shown


def test_what_is_no_picture_is_refused_and_the_words_stay(case, cast_now, client, link_to):
    evil = SimpleUploadedFile("a.jpg", b"<script>alert(1)</script>", "image/jpeg")
    answer = client.post(f"{link_to(case)}/write", {"text": "还是不行，请看照片", "files": [evil]})
    assert answer.status_code == 422
    assert not case.files.exists()
    assert client.post(f"{link_to(case)}/write", {"text": ""}).status_code == 422, "nothing at all"


def test_a_case_holds_so_many_files_and_no_more(case, cast_now, client, link_to):
    address = link_to(case)
    for _round in range(6):
        assert (
            client.post(f"{address}/write", {"files": [picture() for _n in range(6)]}).status_code == 302
        ), "four of six are taken"
    assert client.post(f"{address}/write", {"files": [picture()]}).status_code == 422
    assert case.files.count() == 24


def test_what_is_not_solved_is_opened_again_once_and_its_clocks_start_anew(case, cast_now, client, link_to):
    answered(case, cast_now)
    ended = Clock.objects.get(case_id=case.pk, code="closure")
    assert ended.state == "met"
    address = link_to(case)
    assert "还没解决" in client.get(address).content.decode()
    assert client.post(f"{address}/reopen", {"text": "洗完还是有味道"}).status_code == 302
    case.refresh_from_db()
    deliver_until_idle(at=cast_now.at + timedelta(seconds=5))
    assert (case.state, case.planned_at) == ("open", None)
    assert Note.objects.filter(request=case, kind="in").get().text == "洗完还是有味道"
    running = Clock.objects.filter(case_id=case.pk, state="running")
    assert {"plan", "closure"} <= set(running.values_list("code", flat=True)), (
        "nothing is left without an answer (M48)"
    )
    assert client.post(f"{address}/reopen", {"text": "再开一次"}).status_code == 409, "a link decides once"


def test_only_what_is_over_and_not_long_ago_is_opened_again(case, cast_now):
    who = customer_actor(case.customer_id, "王*")
    with pytest.raises(Conflict):
        reopen_by_customer(case, by=who, at=cast_now.at, because="还没解决")
    answered(case, cast_now)
    with pytest.raises(Conflict) as late:
        reopen_by_customer(case, by=who, at=cast_now.at + timedelta(days=16), because="还没解决")
    assert "15" in late.value.what
    reopen_by_customer(case, by=who, at=cast_now.at + timedelta(days=14), because="还没解决")
    assert Request.objects.get(pk=case.pk).state == "open"


def test_a_link_for_something_else_does_not_open_again(case, cast_now, client, link_to):
    answered(case, cast_now)
    assert client.post(f"{link_to(case, 'consent')}/reopen", {"text": "还没解决"}).status_code == 409
