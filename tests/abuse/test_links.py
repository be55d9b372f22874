"""How systems of this kind were broken through links, forms and mails (ABUSE A1–A7), as far as the road touches it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from aftercare.customers.models import Link
from aftercare.customers.services import make_link, open_link, revoke_links
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.intake.models import Request
from aftercare.intake.services import add_report_point
from aftercare.ledger.services import deliver_until_idle, record
from aftercare.notices.models import Message
from aftercare.people.rules import MACHINE
from aftercare.people.services import create_client
from aftercare.refusals import NotFound
from tests.cast import MORNING, WANG

ROOT = Path(__file__).parents[2] / "aftercare"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
VERBS = ["receive_request", "read_request", "read_work_order", "edit_request", "note_request", "read_policy"]


@pytest.fixture
def api(cast_now):
    """Give a function that calls the API with a key of the other store."""
    _row, key = create_client(
        name="other", unit=cast_now.other_store, verbs=VERBS, by=MACHINE, at=cast_now.at
    )

    def call(method: str, path: str, body=None):
        return Client().generic(
            method,
            f"/api/v1{path}",
            json.dumps(body or {}),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {key}",
        )

    return call


def test_a1_and_a3_foreign_identifiers_in_a_body_look_missing(cast_now, api):
    body = {"kind": "repair", "description": "外机嗡嗡响，不出冷风", "name": "某人", "phone": "13700001111"}
    for name, value in (
        ("customer_id", cast_now.wang.pk),
        ("item_id", cast_now.item.pk),
        ("unit_id", cast_now.store.pk),
    ):
        assert api("POST", "/requests", {**body, name: value}).status_code == 404, name
    assert api("POST", "/requests", body).status_code == 201


def test_a2_and_a7_links_expire_revocable_and_hashed(cast):
    request = cast.request()
    token = make_link(cast.wang, case_id=request.pk, purpose="progress", lives_for=3600, at=MORNING)
    assert open_link(token, at=MORNING, sender="a").case_id == request.pk
    assert token not in str(list(Link.objects.values()))
    with pytest.raises(NotFound):
        open_link(token, at=MORNING + timedelta(hours=1), sender="a")
    fresh = make_link(cast.wang, case_id=request.pk, purpose="progress", lives_for=3600, at=MORNING)
    revoke_links(request.pk, at=MORNING)
    with pytest.raises(NotFound):
        open_link(fresh, at=MORNING, sender="a")
    with pytest.raises(ValueError, match="purpose"):
        make_link(cast.wang, case_id=request.pk, purpose="everything", lives_for=1, at=MORNING)


def proposed(cast):
    """Bring a request to where the customer chooses a time."""
    order, at = cast.order(), datetime.now(UTC)
    accept_offer(
        Offer.objects.select_related("order").get(order=order, state="offered"), by=cast.actor("zhou"), at=at
    )
    deliver_until_idle(at=at)
    return order


def portal_post(token: str, act: str, data=None):
    return Client().post(f"/c/{token}/{act}", data or {})


def test_a2_a_link_does_the_act_of_its_purpose_and_no_other(cast_now):
    order = proposed(cast_now)
    for purpose in ("progress", "slots", "consent", "survey"):
        token = make_link(
            cast_now.wang, case_id=order.request_id, purpose=purpose, lives_for=3600, at=datetime.now(UTC)
        )
        assert Client().get(f"/c/{token}").status_code == 200
        for act, own in (
            ("choose", "slots"),
            ("consent", "consent"),
            ("decline", "consent"),
            ("rate", "survey"),
        ):
            answer = portal_post(token, act, {"amount": "1", "line": "1", "overall": "1", "slot": "9"})
            refused = "不能做这件事" in answer.content.decode()
            assert refused == (own != purpose), (purpose, act)
    assert not Link.objects.filter(used_at__isnull=False).exists(), "a refused act leaves the link unused"


def test_a2_a_link_decides_once(cast_now):
    order = proposed(cast_now)
    token = make_link(
        cast_now.wang, case_id=order.request_id, purpose="slots", lives_for=3600, at=datetime.now(UTC)
    )
    assert portal_post(token, "choose", {"slot": "9"}).status_code == 422, "a refused choice"
    assert portal_post(token, "choose", {"slot": "0"}).status_code == 302, "leaves the link as it was"
    again = portal_post(token, "choose", {"slot": "1"})
    assert again.status_code == 409
    assert "给我发一个链接" in again.content.decode()
    assert portal_post(token, "write", {"text": "门禁坏了，请打电话"}).status_code == 302
    assert [portal_post(token, "ask").status_code for _try in range(4)] == [302, 302, 302, 429]


def test_a4_public_reports_are_limited_by_sender(cast_now):
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    data = {"kind": "repair", "description": "不出冷风，外机嗡嗡响", "name": "王", "phone": "13812345678"}
    codes = [Client().post(f"/r/{point.code}", data).status_code for _try in range(22)]
    assert codes[0] == 302
    assert codes[-1] == 429


def test_a4_sign_in_is_limited(cast_now):
    client = Client()
    for _try in range(7):
        answer = client.post("/accounts/login/", {"login": "KF2024001", "password": "wrong"})
    assert answer.status_code in (200, 429)
    if answer.status_code == 200:
        text = answer.content.decode()
        assert "登录" in text
        assert re.search("过多|稍后|too many", text, re.I)


def test_a5_a_message_to_an_unverified_number_holds_nothing_of_the_senders_words(cast_now):
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    data = {
        "kind": "repair",
        "description": "点这里领奖 http://evil.example 外机响",
        "name": "王",
        "phone": "13812345678",
    }
    Client().post(f"/r/{point.code}", data)
    deliver_until_idle(at=datetime.now(UTC))
    bodies = [message.body for message in Message.objects.all()]
    assert bodies
    assert not any("evil" in body or "领奖" in body for body in bodies)


def test_a5_an_unverified_contact_hears_of_one_request_a_day(cast_now):
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    stranger = {"kind": "repair", "description": "不出冷风，外机嗡嗡响", "phone": "13912340000"}
    for name in ("甲先生", "乙先生", "丙先生"):
        assert Client().post(f"/r/{point.code}", {**stranger, "name": name}).status_code == 302
    deliver_until_idle(at=datetime.now(UTC))
    requests = list(Request.objects.filter(channels=["qr"]).order_by("id"))
    assert len(requests) == 3
    for request in requests:
        record(
            "request.link_asked", request, by=MACHINE, at=datetime.now(UTC), values={"purpose": "progress"}
        )
    deliver_until_idle(at=datetime.now(UTC))
    assert list(Message.objects.order_by("id").values_list("case_id", "template")) == [
        (requests[0].pk, "received"),
        (requests[0].pk, "link"),
    ]
    sent = re.search(r"/c/([\w-]+)", Message.objects.earliest("id").body)[1]
    Client().get(f"/c/{sent}")
    record(
        "request.link_asked", requests[1], by=MACHINE, at=datetime.now(UTC), values={"purpose": "progress"}
    )
    deliver_until_idle(at=datetime.now(UTC))
    assert Message.objects.filter(case_id=requests[1].pk, template="link").count() == 1, (
        "opened: it is theirs"
    )


def test_a5_who_knows_a_name_and_a_number_reads_and_changes_nothing_known(cast_now):
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    form = {"kind": "repair", "description": "不出冷风，外机嗡嗡响", "name": WANG[0], "phone": WANG[1]}
    done = Client().post(f"/r/{point.code}", {**form, "address": "骗子街1号"})
    cast_now.wang.refresh_from_db()
    assert cast_now.wang.address == WANG[2]
    done = Client().post(f"/r/{point.code}", form)
    token = done.headers["Location"].rstrip("/").rsplit("/", 1)[-1]
    record_page = Client().post(f"/c/{token}/record", {"tail": WANG[1][-4:]}).content.decode()
    assert WANG[1] in record_page
    assert WANG[2] not in record_page


def test_a7_contact_data_behind_a_link_want_the_phones_digits_and_few_tries(cast_now):
    request = cast_now.request()
    token = make_link(
        cast_now.wang, case_id=request.pk, purpose="progress", lives_for=3600, at=datetime.now(UTC)
    )
    client = Client()
    assert WANG[0] not in client.get(f"/c/{token}/record").content.decode()
    assert client.post(f"/c/{token}/record", {"tail": "0000"}).status_code == 422
    right = client.post(f"/c/{token}/record", {"tail": "5678"})
    assert WANG[0] in right.content.decode()
    for _try in range(6):
        last = client.post(f"/c/{token}/record", {"tail": "1111"})
    assert last.status_code == 429
