"""Knowledge through the doors: found while typing, read, written, counted; nothing shown to whom it is not meant for."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aftercare.intake.models import Request
from aftercare.intake.services import add_report_point
from aftercare.knowledge.models import Article, Question, Wording
from aftercare.knowledge.rules import Content
from aftercare.knowledge.services import Labels, publish_article, write_article
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from tests.cast import WANG


@pytest.fixture
def article(cast_now):
    def make(
        title="空调不制冷先看什么",
        body="先看滤网，再看**外机**。",
        kind="faq",
        audience="public",
        publish=True,
        **fields,
    ):
        row = write_article(
            kind, Content(title, body, fields), by=MACHINE, at=cast_now.at, labels=Labels(audience)
        )
        if publish:
            publish_article(row, by=MACHINE, at=cast_now.at)
        return row

    return make


def text(response) -> str:
    return response.content.decode()


@pytest.mark.django_db
def test_found_while_typing_and_read(cast_now, signed_in, article):
    row, client = article(), signed_in("li")
    found = client.post("/knowledge/find", {"q": "空调没冷气"})
    assert row.number in text(found)
    page = client.get(f"/knowledge/{row.number}")
    assert "<strong>外机</strong>" in text(page)
    assert row.number not in text(client.post("/knowledge/find", {"q": "空调没冷气", "kind": "script"}))


@pytest.mark.django_db
def test_markdown_is_shown_and_never_obeyed(cast_now, signed_in, article):
    body = "<script>alert(1)</script> [点我](javascript:alert(1)) ![x](http://a/b.png) <img src=x onerror=alert(1)>"
    page = text(signed_in("li").get(f"/knowledge/{article(body=body).number}"))
    assert "<script>alert" not in page and 'href="javascript:' not in page
    assert "<img" not in page


@pytest.mark.django_db
def test_a_request_shows_what_may_answer_it_and_what_helped_before(cast_now, signed_in, article):
    row = article()
    request = cast_now.request(at=cast_now.at)
    page = text(signed_in("li").get(f"/requests/{request.number}/help"))
    assert row.number in page
    helped = signed_in("li").post(f"/knowledge/{row.number}/helped", {"request": request.number})
    assert helped.url == f"/requests/{request.number}"
    assert Fact.objects.get(name="article.helped").values["door"] == "desk"


@pytest.mark.django_db
def test_a_call_that_an_answer_solves_needs_no_request(cast_now, signed_in, article):
    row, client = article(), signed_in("li")
    shown = text(client.post("/intake/judgement", {"description": "空调不制冷了怎么办", "kind": "repair"}))
    assert f"/knowledge/{row.number}/helped" in shown
    answer = client.post(
        f"/knowledge/{row.number}/helped", {"description": "空调不制冷了怎么办", "phone": WANG[1]}
    )
    assert answer.url == "/intake"
    assert not Request.objects.exists()
    assert Wording.objects.get(article=row).text == "空调不制冷了怎么办"


@pytest.mark.django_db
def test_written_revised_and_published_on_the_pages(cast_now, signed_in):
    client = signed_in("zheng")
    refused = client.post(
        "/knowledge/new",
        {"kind": "guide", "title": "冰箱不冷的判断", "steps": "1. 看\n - 是 → 9", "audience": "staff"},
    )
    assert refused.status_code == 422 and "冰箱不冷的判断" in text(refused) and "1. 看" in text(refused)
    made = client.post(
        "/knowledge/new",
        {
            "kind": "guide",
            "title": "冰箱不冷的判断",
            "steps": "1. 看插头",
            "audience": "staff",
            "models": "bcd-260",
        },
    )
    row = Article.objects.get()
    assert made.url == f"/knowledge/{row.number}" and row.product_models == ["BCD-260"]
    client.post(f"/knowledge/{row.number}/act", {"act": "publish"})
    stale = client.post(
        f"/knowledge/{row.number}/edit", {"title": "甲乙", "steps": "1. 我写的步骤", "version": "0"}
    )
    assert stale.status_code == 422 and "我写的步骤" in text(stale) and "看插头" in text(stale)
    saved = client.post(
        f"/knowledge/{row.number}/edit", {"title": "冰箱不冷的判断", "steps": "1. 看温控", "version": "1"}
    )
    assert saved.status_code == 302
    assert "看插头" in text(client.get(f"/knowledge/{row.number}"))
    assert "看温控" in text(client.get(f"/knowledge/{row.number}?version=2"))
    for act in (
        {"act": "review"},
        {"act": "word", "wording": "冰箱坏了"},
        {"act": "label", "audience": "public"},
        {"act": "retire", "because": "停产"},
    ):
        assert client.post(f"/knowledge/{row.number}/act", act).status_code == 302, act
    assert client.post(f"/knowledge/{row.number}/act", {"act": "fly"}).status_code == 422


@pytest.mark.django_db
def test_a_case_is_written_up_without_whom_it_was_about(cast_now, signed_in):
    order = cast_now.order(
        at=cast_now.at, description=f"我叫{WANG[0]}，电话{WANG[1]}，空调开了半天不出冷风，重启过"
    )
    page = text(signed_in("zheng").get(f"/knowledge/new?case={order.request.number}"))
    assert "空调开了半天不出冷风" in page
    assert WANG[0] not in page and WANG[1] not in page
    made = signed_in("zheng").post("/knowledge/new", {
        "kind": "case", "title": "不出冷风", "situation": "不出冷风", "standard": "两次换新", "audience": "desk", "case": order.request.number,
    })  # fmt: skip
    assert made.status_code == 302
    assert Article.objects.get().drafted_from == order.request_id


@pytest.mark.django_db
def test_a_file_is_taken_in(cast_now, signed_in):
    client = signed_in("zheng")
    file = SimpleUploadedFile("faq.csv", "问题,答案\n怎么退货,凭小票\n,没有问题\n".encode())
    page = client.post("/knowledge/import", {"file": file, "audience": "public", "publish": "1"})
    assert page.status_code == 200
    assert Article.objects.get().state == "published"
    assert client.post("/knowledge/import", {"file": SimpleUploadedFile("a.exe", b"MZ")}).status_code == 422
    assert client.post("/knowledge/import", {}).status_code == 422


@pytest.mark.django_db
def test_what_nobody_can_answer_is_kept_and_answered(cast_now, signed_in, article):
    client = signed_in("li")
    client.post("/knowledge/ask", {"q": "抽屉滑轨怎么装"})
    asked = Question.objects.get()
    assert "抽屉滑轨怎么装" in text(client.get("/knowledge?tab=questions"))
    row = article("果菜盒的拆装", "抬起再推入。")
    client.post(f"/knowledge/questions/{asked.pk}", {"article": row.number})
    assert row.number in text(client.post("/knowledge/find", {"q": "抽屉滑轨"}))


@pytest.mark.django_db
def test_customers_are_offered_answers_while_they_write(cast_now, article):
    row, inner = article(), article("空调不制冷的内部价目", "不给顾客看。", audience="desk")
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    client = Client()
    offered = text(client.post(f"/r/{point.code}/answers", {"description": "我家空调不制冷了"}))
    assert row.number in offered and inner.number not in offered
    assert text(client.post(f"/r/{point.code}/answers", {"description": "空"})).strip() == ""
    assert row.number in text(client.post(f"/r/{point.code}/answers", {"q": "kongtiao"}))
    assert inner.number not in text(client.post(f"/r/{point.code}/answers", {"q": "内部价目"}))
    solved = client.post(f"/r/{point.code}/help/{row.number}/solved", {"description": "我家空调不制冷了"})
    assert solved.url == f"/r/{point.code}/help"
    assert Fact.objects.get(name="article.helped").values["door"] == "portal"
    assert not Request.objects.exists()
    assert client.post(f"/r/{point.code}/help/{inner.number}/solved").status_code == 404
    assert client.get(f"/r/{point.code}/help").status_code == 200


@pytest.mark.django_db
def test_who_reports_after_all_brings_along_what_was_not_enough(cast_now, article):
    row = article()
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    client = Client()
    client.post(f"/r/{point.code}", {
        "kind": "repair", "description": "空调不制冷，外机不转，按说明试过了", "name": "王小禾", "phone": WANG[1], "looked": f"{row.number} ",
    })  # fmt: skip
    fact = Fact.objects.get(name="request.asked_first")
    assert (fact.values["articles"], fact.case_id) == ([row.number], Request.objects.get().pk)


@pytest.mark.django_db
def test_a_customers_inquiry_is_a_question_until_somebody_writes_the_answer(cast_now):
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    Client().post(f"/r/{point.code}", {
        "kind": "inquiry", "description": f"请问延保到期了还能续买吗，电话{WANG[1]}", "name": "王小禾", "phone": WANG[1],
    })  # fmt: skip
    asked = Question.objects.get()
    assert (asked.door, WANG[1] in asked.text, "延保到期" in asked.text) == ("portal", False, True)


@pytest.mark.django_db
def test_a_job_on_the_phone_brings_its_guide_along(cast_now, signed_in, article):
    guide = article("空调外机不转的判断", kind="guide", audience="staff", steps="1. 量启动电容", body="")
    order = cast_now.order(at=cast_now.at)
    type(order).objects.filter(pk=order.pk).update(assignee=cast_now.staff["zhou"], assigned_at=cast_now.at)
    client = signed_in("zhou")
    assert "量启动电容" in text(client.get(f"/today/{order.number}"))
    assert "量启动电容" in text(client.post("/today/find/answers", {"q": "waiji"}))
    assert "量启动电容" in text(client.get("/today/find")), "what helped most is there to be read"
    assert (
        client.post(f"/today/find/{guide.number}/helped", {"order": order.number}).url
        == f"/today/{order.number}"
    )
    assert client.post("/today/find/answers", {"q": "抽屉滑轨怎么装", "act": "ask"}).status_code == 302
    assert Question.objects.get().door == "field"


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["plan", "out", "answer"])
def test_what_is_never_said_to_a_customer_is_refused_and_kept_on_the_page(cast_now, signed_in, way):
    request = cast_now.request(at=cast_now.at, kind="inquiry", description="延保怎么买，多少钱一年呢")
    client = signed_in("li")
    said = "这不归我管，你找厂家去"
    refused = client.post(f"/requests/{request.number}/say", {"text": said, "as": way})
    assert refused.status_code == 422 and said in text(refused)
    assert client.post(f"/requests/{request.number}/say", {"text": said, "as": "internal"}).status_code == 302
    assert client.post(f"/requests/{request.number}/say", {"text": said, "as": "in"}).status_code == 302


@pytest.mark.django_db
def test_searching_costs_few_queries(cast_now, signed_in, article):
    for n in range(30):
        article(f"空调不制冷第{n}种情形", "先看滤网。")
    request = cast_now.request(at=cast_now.at)
    deliver_until_idle(at=cast_now.at)
    client = signed_in("li")
    for act in (
        lambda: client.post("/knowledge/find", {"q": "空调不制冷"}),
        lambda: client.get(f"/requests/{request.number}/help"),
    ):
        act()
        with CaptureQueriesContext(connection) as queries:
            assert act().status_code == 200
        assert len(queries) <= 18


@pytest.mark.django_db
def test_a_video_is_played_by_those_who_may_see_it(cast_now, signed_in, article):
    film = SimpleUploadedFile("a.mp4", b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 64, content_type="video/mp4")
    client = signed_in("zheng")
    client.post("/knowledge/new", {"kind": "video", "title": "门封自查", "audience": "staff", "file": film})
    row = Article.objects.get()
    assert client.get(f"/knowledge/{row.number}/video")["Content-Type"] == "video/mp4"
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    assert Client().get(f"/r/{point.code}/help/{row.number}/video").status_code == 404
    assert io.BytesIO(b"".join(client.get(f"/knowledge/{row.number}/video"))).read(12)[4:8] == b"ftyp"
