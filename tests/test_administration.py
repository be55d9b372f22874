"""Keys, webhooks and their log, the audit, and what a customer may ask for: everything kept, or to be forgotten."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from aftercare.customers.models import Customer, Link
from aftercare.customers.selectors import customers_by_name, customers_by_phone
from aftercare.intake.models import Note, RawInput, Request
from aftercare.intake.services import answer_request, forget_customer, hand_out_link, note_request
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Delivery, Message
from aftercare.pages.desk import dictionary
from aftercare.people.models import ApiClient
from aftercare.policies.models import PolicyDraft
from aftercare.refusals import Conflict, Forbidden, Invalid
from tests.cast import WANG


def text_of(answer) -> str:
    return answer.content.decode()


def test_a_key_is_shown_once_and_revoked(cast_now, signed_in, client):
    boss = signed_in("boss")
    made = boss.post(
        "/connections",
        {
            "act": "client",
            "name": "商城",
            "unit": cast_now.store.pk,
            "verbs": ["read_request", "receive_request"],
        },
    )
    row = ApiClient.objects.get(name="商城")
    key = made.context["made"]
    assert key in text_of(made)
    assert key not in text_of(boss.get("/connections"))
    assert client.get("/api/v1/requests", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    boss.post("/connections", {"act": "revoke", "id": row.pk})
    assert not ApiClient.objects.get(pk=row.pk).active
    refused = boss.post(
        "/connections", {"act": "client", "name": "别的", "unit": cast_now.store.pk, "verbs": ["everything"]}
    )
    assert refused.status_code == 422
    assert 'value="别的"' in text_of(refused), "nothing typed is lost"


def test_a_webhook_is_added_its_log_read_and_a_delivery_sent_again(cast_now, signed_in):
    boss = signed_in("boss")
    made = boss.post(
        "/connections",
        {
            "act": "endpoint",
            "url": "http://127.0.0.1:9/hook",
            "unit": cast_now.root.pk,
            "events": "request.*",
        },
    )
    assert made.context["made"].startswith("whsec_")
    cast_now.request(at=cast_now.at)
    deliver_until_idle(at=cast_now.at)
    delivery = Delivery.objects.get(fact__name="request.received")
    Delivery.objects.filter(pk=delivery.pk).update(state="failed", attempts=8, error="refused")
    assert "refused" in text_of(boss.get("/connections"))
    boss.post("/connections", {"act": "resend", "id": delivery.pk})
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    boss.post("/connections", {"act": "off", "id": delivery.endpoint_id})
    assert "已停用" in text_of(boss.get(f"/connections?endpoint={delivery.endpoint_id}"))
    assert boss.post("/connections", {"act": "off", "id": 999999}).status_code == 404
    assert (
        boss.post(
            "/connections", {"act": "endpoint", "url": "ftp://x", "unit": cast_now.root.pk, "events": "*"}
        ).status_code
        == 422
    )


def test_the_audit_finds_who_did_what(cast_now, signed_in):
    request = cast_now.request(at=cast_now.at)
    boss = signed_in("boss")
    found = text_of(boss.get("/audit", {"number": request.number, "name": "request."}))
    assert "request.received" in found
    assert cast_now.staff["li"].name_masked in found
    assert "没有这样的记录" in text_of(boss.get("/audit", {"who": "无此人"}))
    assert "没有这样的记录" in text_of(boss.get("/audit", {"from": "2020-01-01", "to": "2020-01-02"}))
    assert boss.get("/audit", {"from": "2020-13-45", "before": "x" * 30}).status_code == 200
    for odd in ({"to": "9999-12-31"}, {"from": "0001-01-01"}, {"before": "²"}, {"before": "9" * 40}):
        assert boss.get("/audit", odd).status_code == 200
    for address in (
        "/connections?endpoint=²",
        "/people/week?week=0001-01-01&unit=²",
        "/requests?unit=²&after=²",
        "/requests?view=²",
    ):
        assert boss.get(address).status_code == 200
    assert WANG[0] not in found
    assert WANG[1] not in found


@pytest.fixture
def told(cast_now):
    """An ended inquiry of a new customer, with notes, a message, a link and a raw input that name her."""
    found = cast_now.request(
        at=cast_now.at, kind="inquiry", name="欧阳青禾", phone="13911112222", description="我叫欧阳青禾，电话 13911112222，想问清洗要多久",
        address="南屿市云溪区竹影街8号2单元", product_model="",
    )  # fmt: skip
    deliver_until_idle(at=cast_now.at)
    note_request(
        found, by=cast_now.actor("li"), at=cast_now.at, text="欧阳青禾说下午打 13911112222", kind="in"
    )
    RawInput.objects.create(
        channel="import", body="欧阳青禾,13911112222", request=found, unit=found.unit, state="accepted"
    )
    hand_out_link(found, "progress", by=cast_now.actor("li"), at=cast_now.at)
    return found


def test_a_customer_is_given_all_that_is_kept(told, cast_now, signed_in):
    answer = signed_in("boss").post(
        f"/customers/{told.customer_id}", {"act": "export", "because": "客户来电要求"}
    )
    given = json.loads(answer.content)
    assert (given["customer"]["full_name"], given["customer"]["phone"]) == ("欧阳青禾", "13911112222")
    assert given["requests"][0]["said"][0]["kind"] == "in"
    fact = Fact.objects.get(name="contact.revealed")
    assert "欧阳" not in json.dumps(fact.values, ensure_ascii=False)
    assert (
        signed_in("boss").post(f"/customers/{told.customer_id}", {"act": "export", "because": ""}).status_code
        == 422
    )
    assert signed_in("zheng").get(f"/customers/{told.customer_id}").status_code == 404, "not for every leader"


def test_a_customer_is_forgotten_everywhere_and_the_case_stays(told, cast_now, signed_in):
    boss, at = cast_now.actor("boss"), cast_now.at + timedelta(minutes=5)
    with pytest.raises(Conflict) as still:
        forget_customer(told.customer, by=boss, at=at, because="客户 13911112222 来电要求删除")
    assert told.number in str(still.value.problems[0].what)
    answer_request(told, by=cast_now.actor("li"), at=at, answer="一般一小时左右，欢迎再来电")
    deliver_until_idle(at=at)
    with pytest.raises(Invalid):
        forget_customer(told.customer, by=boss, at=at, because="删")
    with pytest.raises(Forbidden):
        forget_customer(told.customer, by=cast_now.actor("li"), at=at, because="客户来电要求删除")
    assert forget_customer(told.customer, by=boss, at=at, because="客户 13911112222 来电要求删除") == 1
    deliver_until_idle(at=at)
    row, customer = Request.objects.get(pk=told.pk), Customer.objects.get(pk=told.customer_id)
    kept = " ".join([
        row.description, row.address, row.address_masked, customer.full_name, customer.phone, customer.name_masked, customer.phone_masked,
        *(n.text for n in Note.objects.filter(request=row)), *(r.body for r in RawInput.objects.filter(request=row)),
        *(m.body for m in Message.objects.filter(customer=customer)), *(f.because for f in Fact.objects.filter(name="customer.erased")),
    ])  # fmt: skip
    for secret in ("欧阳青禾", "13911112222", "竹影街"):
        assert secret not in kept
    assert "想问清洗要多久" in row.description, "what it was about stays"
    assert not Link.objects.filter(case_id=row.pk, revoked_at=None).exists()
    assert customers_by_phone(boss, "13911112222") == customers_by_name(boss, "欧阳青禾") == []
    assert "已删除" in text_of(signed_in("boss").get(f"/customers/{customer.pk}"))
    again = cast_now.request(at=at, name="欧阳青禾", phone="13911112222", description="空调不制冷，外机不转")
    assert again.customer_id != customer.pk, "who comes back is somebody new"


def test_words_are_tried_on_a_sentence_before_they_are_kept(cast_now, signed_in):
    boss, address = signed_in("boss"), "/policy/dictionary?group=refrigeration"
    row = {
        "no_cooling.zh": "不制冷",
        "no_cooling.en": "Does not cool",
        "no_cooling.words": "冰箱成了柜子",
        "no_cooling.dialect": "",
    }
    shown = boss.post(address, {**row, "text": "冰箱成了柜子", "act": "try"})
    assert ("症状", "", "不制冷") in shown.context["compared"]
    assert not PolicyDraft.objects.exists()
    assert boss.post(address, {**row, "act": "save", "revision": "0"}).status_code == 302
    assert PolicyDraft.objects.get().changes["terms"]
    wrong = boss.post(address, {**row, "no_cooling.words": "冷", "act": "save", "revision": "1"})
    assert wrong.status_code == 422
    assert ">冷</textarea>" in text_of(wrong), "nothing typed is lost"
    assert boss.get("/policy/dictionary?group=nonsense").status_code == 422


def test_two_who_change_the_draft_lose_nothing_of_what_they_typed(cast_now, signed_in):
    one = other = signed_in("boss")  # the same person in two windows
    plan, step = "clocks.clocks[plan].by_urgency.urgent", "clocks.clocks[plan].by_urgency.normal"
    one.post("/policy/draft", {plan: "11m", step: "111m", "revision": "0", "act": "save"})
    refused = other.post(
        "/policy/draft",
        {plan: "12m", step: "111m", "toml": "[survey]\nlow_score = 3", "revision": "0", "act": "save"},
    )
    assert refused.status_code == 412
    shown = text_of(refused)
    assert 'value="12m"' in shown
    assert "草稿里现在是：11m" in shown, "beside what was typed"
    assert shown.count("草稿里现在是") == 2, (
        "of what both say alike nothing is said; the TOML of the draft is empty"
    )
    assert "low_score = 3" in shown
    assert PolicyDraft.objects.get().changes["clocks"]
    kept = other.post("/policy/draft", {plan: "12m", step: "111m", "revision": "1", "act": "save"})
    assert kept.status_code == 302
    stale = one.post("/policy/draft", {"act": "activate", "because": "十一分钟", "revision": "1"})
    assert stale.status_code == 412
    assert "刚刚有人改了这份草稿" in text_of(stale)
    assert 'value="十一分钟"' in text_of(stale), "the reason is not typed again"
    assert PolicyDraft.objects.exists(), "nothing unseen came into force"
    address = "/policy/dictionary?group=refrigeration"
    crossed = one.post(address, {"no_cooling.words": "冰箱成了柜子", "act": "save", "revision": "0"})
    assert crossed.status_code == 412
    assert ">冰箱成了柜子</textarea>" in text_of(crossed)
    assert "草稿里现在是" in text_of(crossed)


def test_the_policy_of_one_unit_on_its_page(cast_now, signed_in):
    boss, address = signed_in("boss"), f"/policy/draft?unit={cast_now.store.pk}"
    assert "它沿用上级的策略" in text_of(boss.get(address))
    boss.post(address, {"clocks.clocks[plan].by_urgency.urgent": "10m", "revision": "0", "act": "save"})
    assert PolicyDraft.objects.get().unit == cast_now.store
    boss.post(address, {"act": "activate", "because": "此店人手多", "revision": "1"})
    assert "它有自己的策略" in text_of(boss.get(address))
    assert cast_now.store.name in text_of(boss.get("/policy"))
    boss.post(address, {"act": "follow", "because": "人手不够了"})
    assert "它沿用上级的策略" in text_of(boss.get(address))
    assert boss.get("/policy/draft?unit=999999").status_code == 404
    assert boss.post("/policy/draft", {"act": "follow", "because": "全公司"}).status_code in (302, 412, 422)


def test_a_policy_without_a_dictionary_says_so(cast_now, signed_in, monkeypatch):
    monkeypatch.setattr(dictionary, "group_titles", lambda content: {})
    shown = signed_in("boss").get("/policy/dictionary")
    assert shown.status_code == 200
    assert "没有词典" in text_of(shown)
