"""The official forms: on screen with their fields, and as PDF without anything fetched from outside."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from aftercare.customers.services import make_link
from aftercare.demo.signature import SIGNATURE
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.followup.models import Survey
from aftercare.followup.services import answer_survey
from aftercare.ledger.services import deliver_until_idle
from aftercare.pages import documents
from aftercare.pages.documents import can_make_pdf
from aftercare.refusals import Conflict
from aftercare.visits.models import Appointment
from aftercare.visits.services import (
    arrive,
    depart,
    diagnose,
    finish_repair,
    finish_visit,
    measure_visit,
    quote_visit,
)
from aftercare.workorders.models import WorkOrder
from tests.cast import WANG

pdf = pytest.mark.skipif(not can_make_pdf(), reason="the Pango library is not on this machine")
CAUSE = "启动电容实测 12 µF（标称 35 µF），电压 218 V"


@pytest.fixture
def done(cast_now):
    """A visit in warranty, signed and rated."""
    cast, at, zhou = cast_now, cast_now.at, cast_now.actor("zhou")

    def after(minutes):
        return at + timedelta(minutes=minutes)

    order = cast.order(at=at, purchased_on=(at - timedelta(days=280)).date())
    accept_offer(Offer.objects.select_related("order").get(order=order), by=zhou, at=after(1))
    deliver_until_idle(at=after(1))
    visit = depart(WorkOrder.objects.select_related("request").get(pk=order.pk), by=zhou, at=after(2))
    arrive(visit, by=zhou, at=after(3))
    diagnose(visit, phenomenon="外机嗡嗡响，不出冷风", cause=CAUSE, by=zhou, at=after(4))
    quote_visit(visit, parts=[("cap35", 1)], services=[], by=zhou, at=after(5))
    finish_repair(visit, solution="更换启动电容", by=zhou, at=after(6))
    measure_visit(
        visit, {"ambient": 30.0, "outlet": 16.0, "current": 4.7}, checklist=["on_time"], by=zhou, at=after(7)
    )
    finish_visit(visit, customer_signature=SIGNATURE, engineer_signature=SIGNATURE, by=zhou, at=after(8))
    deliver_until_idle(at=after(9))
    survey = Survey.objects.get()
    answer_survey(
        survey, {"overall": 4}, opinion="来得快，讲得清楚", channel="phone", by=cast.actor("li"), at=after(10)
    )
    return visit


def addresses(visit):
    found = {
        "SA-CR-001": f"/requests/{visit.order.request.number}/print",
        "SA-WO-002": f"/work-orders/{visit.order.number}/print",
        "SA-OS-004": f"/visits/{visit.number}/print",
        "SA-CS-005": f"/surveys/{Survey.objects.get().number}/print",
        "SA-DA-006": "/report/print",
    }
    appointment = Appointment.objects.first()
    return found | ({"SA-AP-003": f"/appointments/{appointment.number}/print"} if appointment else {})


def test_each_form_shows_its_fields_and_no_name_in_clear(done, signed_in):
    wanted = {
        "SA-CR-001": ("受理渠道", "客户情绪状态", "受理人"), "SA-WO-002": ("派单对象", "服务过程记录"), "SA-AP-003": ("客户准备事项", "注意事项"),
        "SA-OS-004": ("功能测试结果", "16.0 ℃"), "SA-CS-005": ("来得快，讲得清楚", "不满问题分类"),
        "SA-DA-006": ("统计周期", "平均响应时长", "问题 Top3", "优化建议", "SHA-256"),
    }  # fmt: skip
    client = signed_in("zheng")
    for code, address in addresses(done).items():
        shown = client.get(address).content.decode()
        assert all(text in shown for text in (code, *wanted[code])), code
        assert WANG[0] not in shown
        assert WANG[1] not in shown
        assert "302室" not in shown


@pdf
def test_each_form_is_given_as_pdf(done, signed_in):
    client = signed_in("zheng")
    for code, address in addresses(done).items():
        answer = client.get(address, {"as": "pdf"})
        assert answer["Content-Type"] == "application/pdf", code
        assert answer.content.startswith(b"%PDF-")
        assert code in answer["Content-Disposition"]


def test_the_month_on_paper_is_chinese_for_everybody_and_its_hash_is_that_of_the_figures(done, signed_in):
    client = signed_in("zheng")
    chinese = client.get("/report/print").content.decode()
    client.cookies["language"] = "en"
    english = client.get("/report/print").content.decode()
    assert "平均响应时长" in english
    digests = {re.search(r"SHA-256 ([0-9a-f]{64})", shown)[1] for shown in (chinese, english)}
    assert len(digests) == 1, "whoever prints it, the same figures have the same hash"
    cast_month = client.get("/report/print", {"month": "2020-01"}).content.decode()
    assert re.search(r"SHA-256 ([0-9a-f]{64})", cast_month)[1] not in digests


@pdf
def test_a_customer_keeps_the_signed_record(done, cast_now, client):
    row = done.order.request
    token = make_link(row.customer, case_id=row.pk, purpose="progress", lives_for=86400, at=cast_now.at)
    answer = client.get(f"/c/{token}/record/{done.number}.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert client.get(f"/c/{token}/record/OS20200101-001.pdf").status_code == 404
    assert client.get(f"/c/wrong/record/{done.number}.pdf").status_code == 404


@pdf
def test_nothing_is_fetched_from_files_or_the_network(rf, monkeypatch):
    asked = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *a, **k: asked.append(a))
    html = '<link rel="stylesheet" href="http://127.0.0.1:9/x.css"><img src="file:///etc/passwd"><img src="http://127.0.0.1:9/x.png">文字'
    assert documents._html(html, {}).write_pdf(font_config=documents._fonts()).startswith(b"%PDF-")
    assert asked == []


def test_without_pango_the_page_says_what_to_install(done, signed_in, monkeypatch):
    def missing():
        raise Conflict(
            "this server can't make PDFs", code="no_pango", expected="apt-get install libpango-1.0-0"
        )

    monkeypatch.setattr(documents, "_weasyprint", missing)
    client = signed_in("zheng")
    assert "?as=pdf" not in client.get(f"/visits/{done.number}/print").content.decode()
    assert client.get(f"/visits/{done.number}/print", {"as": "pdf"}).status_code == 409
