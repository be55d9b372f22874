"""Numbers that come from outside as text: superscripts, other scripts, far too many digits. Refused or left out, never an error of ours."""

from __future__ import annotations

import pytest
from django.urls import resolve

from aftercare.customers.models import Link
from aftercare.customers.services import make_link
from aftercare.followup.services import open_survey
from aftercare.pages.doors import number_in
from aftercare.people.rules import MACHINE

from .test_links import portal_post, proposed

ODD = ("²", "①", "9" * 19, "9" * 5000, "-1", "1e3", " 7", "", "١٢", "0x1f", "\x007")
READ = (
    "/report/response_minutes?after={}", "/report?unit={}", "/papers?before={}", "/board/late?part={}", "/board/late?person={}",
    "/requests?unit={}", "/requests?owner={}", "/requests?after={}", "/requests?view={}", "/work-orders?unit={}", "/work-orders?after={}&state=all",
    "/people?unit={}", "/people/week?unit={}", "/dispatch/day?unit={}", "/knowledge/new?question={}", "/follow-up?after={}", "/audit?after={}",
)  # fmt: skip
POSTED = (
    ("/dispatch/plan", "plan"), ("/dispatch/give", "staff"), ("/import", "unit"), ("/requests/hand-over", "to"),
)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_a_text_is_a_number_that_the_database_holds_or_none(text):
    found = number_in(text)
    assert found is None or (0 <= found < 2**63)
    assert number_in(text, 0) == (found or 0)


@pytest.mark.parametrize("address", READ)
def test_a_page_is_shown_or_refused(address, cast_now, signed_in):
    client = signed_in("boss" if address.startswith("/audit") else "zheng")
    assert client.get(address.partition("?")[0]).status_code == 200
    answers = {text[:6]: client.get(address.format(text)).status_code for text in ODD if "\x00" not in text}
    assert {t: s for t, s in answers.items() if s not in (200, 404, 422)} == {}, (
        "and the test client raises what is ours"
    )


@pytest.mark.parametrize(("address", "field"), POSTED)
def test_a_form_is_refused(address, field, cast_now, signed_in):
    client = signed_in("pan" if address.startswith("/dispatch") else "zheng")
    resolve(address)
    for text in ODD:
        assert client.post(address, {field: text}).status_code in (200, 302, 404, 409, 422), repr(text[:6])


@pytest.mark.parametrize("text", ODD)
def test_a_customers_link_refuses_it_and_stays_good(text, cast_now):
    order = proposed(cast_now)
    open_survey(order, by=MACHINE, at=cast_now.at)
    for purpose, act, field in (("slots", "choose", "slot"), ("survey", "rate", "overall")):
        token = make_link(
            cast_now.wang, case_id=order.request_id, purpose=purpose, lives_for=3600, at=cast_now.at
        )
        assert portal_post(token, act, {field: text}).status_code == 422
    assert not Link.objects.filter(used_at__isnull=False).exists()
