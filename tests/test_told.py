"""Nobody goes unanswered (M48): the customer of an answered or merged request is told, and reads it behind their link."""

from __future__ import annotations

from django.test import Client

from aftercare.customers.services import make_link
from aftercare.intake.services import answer_request
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Message
from aftercare.workorders.services import merge_request


def link(cast, request) -> str:
    return make_link(request.customer, case_id=request.pk, purpose="progress", lives_for=86400, at=cast.at)


def test_an_answer_reaches_the_customer_and_stands_behind_the_link(cast_now):
    request = cast_now.request(kind="inquiry", at=cast_now.at)
    answer_request(request, by=cast_now.actor("li"), at=cast_now.at, answer="延保三年，299 元，门店可以办")
    deliver_until_idle(at=cast_now.at)
    message = Message.objects.get(case_id=request.pk, template="answered")
    assert request.number in message.body and "/c/" in message.body
    page = Client().get(f"/c/{link(cast_now, request)}").content.decode()
    assert "延保三年，299 元，门店可以办" in page


def test_who_was_merged_reads_under_which_number_it_goes_on(cast_now):
    first, second = cast_now.request(at=cast_now.at), cast_now.request(at=cast_now.at)
    merge_request(second, first, by=cast_now.actor("li"), at=cast_now.at, because="同一台空调")
    page = Client().get(f"/c/{link(cast_now, second)}").content.decode()
    assert first.number in page and "一起处理" in page
