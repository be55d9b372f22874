"""A repair that costs 250 yuan: paid by link through the sandbox or a gateway, told twice, late, wrong, or forged."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client
from standardwebhooks.webhooks import Webhook

from aftercare.customers.services import make_link
from aftercare.demo.signature import SIGNATURE
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Message
from aftercare.payments.models import Payment
from aftercare.payments.providers import sandbox_trade, signed_headers
from aftercare.payments.services import ask_payments, begin_payment, clear_doubt, hear_payment
from aftercare.people.rules import customer_actor
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound
from aftercare.visits.models import Visit
from aftercare.visits.services import (
    abandon_visit,
    arrive,
    depart,
    diagnose,
    finish_repair,
    finish_visit,
    give_consent,
    measure_visit,
    quote_visit,
)
from aftercare.workorders.models import WorkOrder
from tests.stand_in import stand_in

SECRET = "whsec_c2VjcmV0IG9mIGJvdGg="
GOOD = {"ambient": 30.0, "outlet": 16.0, "current": 4.7}


@pytest.fixture
def sandbox(settings):
    settings.PAYMENTS, settings.PAYMENT_SECRET = "sandbox", ""
    settings.PUBLIC_URL = "http://testserver"


@pytest.fixture
def owed(cast_now, sandbox):
    """Bring a visit to where it is tested and 250 yuan are owed."""
    return work_done(cast_now)


def work_done(cast) -> Visit:
    at, zhou = cast.at, cast.actor("zhou")
    order = cast.order(purchased_on=(at - timedelta(days=1200)).date())
    accept_offer(Offer.objects.select_related("order").get(order=order), by=zhou, at=at)
    visit = depart(WorkOrder.objects.select_related("request").get(pk=order.pk), by=zhou, at=at)
    arrive(visit, by=zhou, at=at)
    diagnose(visit, phenomenon="不出冷风", cause="启动电容实测 12 µF（标称 35 µF）", by=zhou, at=at)
    quote_visit(visit, parts=[("cap35", 1)], services=[], by=zhou, at=at)
    give_consent(visit, amount_fen=25000, channel="link", by=customer_actor(cast.wang.pk, "王*"), at=at)
    finish_repair(visit, solution="更换启动电容", by=zhou, at=at)
    measure_visit(visit, GOOD, checklist=["on_time"], by=zhou, at=at)
    deliver_until_idle(at=at)
    return visit


def finish(cast, visit, paid_by="online"):
    finish_visit(
        visit, customer_signature=SIGNATURE, engineer_signature=SIGNATURE, by=cast.actor("zhou"), at=cast.at, paid_by=paid_by
    )  # fmt: skip
    deliver_until_idle(at=cast.at)


def begin(cast) -> str:
    payment = Payment.objects.get()
    begin_payment(
        payment, returns_to="http://testserver/c/x", by=customer_actor(cast.wang.pk, "王*"), at=cast.at
    )
    return f"{payment.number}.{payment.attempts + 1}"


def told(at: datetime, number: str, **changes) -> None:
    body = json.dumps({"number": number, "amount_fen": 25000, "state": "paid", "reference": "T1", **changes})
    hear_payment(signed_headers(body, at=at), body.encode(), at=at)


def test_a_customer_pays_by_link_and_gets_a_receipt(cast_now, owed):
    payment = Payment.objects.get()
    assert (payment.state, payment.amount_fen, payment.visit_id) == ("open", 25000, owed.pk)
    token = make_link(
        cast_now.wang, case_id=payment.case_id, purpose="progress", lives_for=3600, at=cast_now.at
    )
    client = Client()
    assert "在线支付 250.00 元" in client.get(f"/c/{token}").content.decode()
    sent = client.post(f"/c/{token}/pay")
    page = sent["Refresh"].removeprefix("0; url=http://testserver")
    assert page in sent.content.decode(), "and a link where nothing happens by itself"
    shown = client.get(page).content.decode()
    assert "250.00" in shown
    assert "不动真钱" in shown
    assert client.post(page, {"outcome": "paid"}).status_code == 200
    payment.refresh_from_db()
    assert (payment.state, payment.paid_fen, payment.doubt) == ("paid", 25000, "")
    deliver_until_idle(at=cast_now.at)
    assert "250.00" in Message.objects.get(template="paid").body
    shown = client.get(f"/c/{token}").content.decode()
    assert "已在线支付" in shown
    assert "/pay" not in shown
    assert client.post(f"/c/{token}/pay").status_code == 409, "nobody pays twice by mistake"
    finish(cast_now, owed)
    assert Fact.objects.filter(name__in=["payment.asked", "payment.doubted"]).count() == 0


def test_a_failed_attempt_leaves_it_open(cast_now, owed):
    first = begin(cast_now)
    told(cast_now.at, first, state="failed")
    payment = Payment.objects.get()
    assert (payment.state, payment.begun_at) == ("open", None)
    told(cast_now.at, begin(cast_now), reference="T2")
    assert Payment.objects.get().state == "paid"


def test_told_again_nothing_happens_again(cast_now, owed):
    number = begin(cast_now)
    for _again in range(3):
        told(cast_now.at, number)
    assert Fact.objects.filter(name="payment.paid").count() == 1
    assert Payment.objects.get().doubt == ""


def test_two_attempts_paid_are_looked_at_by_a_person(cast_now, owed):
    first, second = begin(cast_now), begin(cast_now)
    told(cast_now.at, second, reference="T2")
    for _again in range(2):
        told(cast_now.at, first, reference="T1")
    payment = Payment.objects.get()
    assert (payment.state, payment.doubt) == ("paid", "twice")
    assert Fact.objects.filter(name="payment.doubted").count() == 1
    zheng = cast_now.actor("zheng")
    with pytest.raises(Invalid):
        clear_doubt(payment, by=zheng, at=cast_now.at, because="")
    with pytest.raises(Forbidden):
        clear_doubt(payment, by=cast_now.actor("li"), at=cast_now.at, because="已退回一笔")
    clear_doubt(payment, by=zheng, at=cast_now.at, because="已退回一笔")
    with pytest.raises(Conflict):
        clear_doubt(payment, by=zheng, at=cast_now.at, because="已退回一笔")


def test_another_amount_is_taken_in_and_doubted(cast_now, owed):
    told(cast_now.at, begin(cast_now), amount_fen=100)
    payment = Payment.objects.get()
    assert (payment.state, payment.paid_fen, payment.doubt) == ("paid", 100, "amount")


@pytest.mark.parametrize("paid_by", ["cash", "scan"])
def test_paid_at_the_door_settles_it_and_money_that_comes_too_is_doubted(cast_now, owed, paid_by):
    number = begin(cast_now)
    finish(cast_now, owed, paid_by)
    assert Payment.objects.get().state == "settled"
    told(cast_now.at, number)
    payment = Payment.objects.get()
    assert (payment.state, payment.doubt) == ("paid", "twice")


def test_paid_online_and_at_the_door_is_doubted(cast_now, owed):
    told(cast_now.at, begin(cast_now))
    finish(cast_now, owed, "cash")
    assert Payment.objects.get().doubt == "twice"


def test_a_finished_visit_not_paid_yet_asks_by_link(cast_now, owed):
    finish(cast_now, owed)
    message = Message.objects.get(template="pay")
    assert "250.00" in message.body
    assert Payment.objects.get().state == "open"


def test_a_visit_broken_off_owes_nothing(cast_now, owed):
    number = begin(cast_now)
    abandon_visit(owed, because="客户改变主意", by=cast_now.actor("zhou"), at=cast_now.at)
    deliver_until_idle(at=cast_now.at)
    assert Payment.objects.get().state == "dropped"
    with pytest.raises(Conflict):
        begin(cast_now)
    told(cast_now.at, number)
    assert (Payment.objects.get().state, Payment.objects.get().doubt) == ("paid", "nothing")


def test_a_new_quote_changes_what_is_owed(cast_now, owed):
    zhou, at = cast_now.actor("zhou"), cast_now.at
    finish_repair(owed, solution="再紧固外机支架", by=zhou, at=at)
    quote_visit(owed, parts=[("cap35", 1)], services=[("支架", 3000)], by=zhou, at=at)
    give_consent(
        owed, amount_fen=owed.quote_fen, channel="link", by=customer_actor(cast_now.wang.pk, "王*"), at=at
    )
    finish_repair(owed, solution="更换启动电容，紧固支架", by=zhou, at=at)
    measure_visit(owed, GOOD, checklist=[], by=zhou, at=at)
    deliver_until_idle(at=at)
    assert Payment.objects.get().amount_fen == owed.quote_fen != 25000
    assert Fact.objects.get(name="payment.changed").values["before"] == 25000


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,aaaa"},
        {"webhook-timestamp": "1"},
        {"webhook-id": ""},
    ],
)
def test_what_the_provider_did_not_sign_is_not_believed(cast_now, owed, change):
    number = begin(cast_now)
    body = json.dumps({"number": number, "amount_fen": 25000, "state": "paid", "reference": "T1"})
    headers = signed_headers(body, at=cast_now.at) | change
    answer = Client().post("/payments/told", body, content_type="application/json", headers=headers)
    assert answer.status_code == 403
    assert Payment.objects.get().state == "open"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"number": 1}', '{"number":"PM.1","amount_fen":-1,"state":"paid"}',
                                  '{"number":"PM.1","amount_fen":1,"state":"won"}', '{"number":"PM1.1","amount_fen":"x","state":"paid"}'])  # fmt: skip
def test_what_can_not_be_read_is_refused_though_signed(cast_now, sandbox, body):
    with pytest.raises(Forbidden):
        hear_payment(signed_headers(body, at=cast_now.at), body.encode(), at=cast_now.at)


@pytest.mark.parametrize("number", ["PM20240520-999.1", "nothing", "", "{n}.0", "{n}.7", "{n}.x", "{n}"])
def test_an_unknown_trade_is_not_found(cast_now, owed, number):
    known = begin(cast_now).rpartition(".")[0]
    with pytest.raises(NotFound):
        told(cast_now.at, number.format(n=known))
    assert Payment.objects.get().state == "open"


def test_a_sandbox_address_made_elsewhere_opens_nothing(cast_now, owed, settings):
    assert Client().get("/sandbox/forged").status_code == 404
    address = begin_payment(Payment.objects.get(), returns_to="/", by=customer_actor(cast_now.wang.pk, "王*"), at=cast_now.at)  # fmt: skip
    token = address.rpartition("/")[2]
    assert sandbox_trade(token).amount_fen == 25000
    settings.PAYMENTS = ""
    assert Client().get(f"/sandbox/{token}").status_code == 404


def test_without_a_provider_nothing_is_opened(cast_now, settings):
    settings.PAYMENTS = ""
    work_done(cast_now)
    assert not Payment.objects.exists()


@pytest.fixture
def gateway(settings):
    """A gateway of the company's own."""
    with stand_in() as (url, seen, answers):
        settings.PAYMENTS, settings.PAYMENT_SECRET = f"{url}/pay", SECRET
        yield seen, answers


def test_a_gateway_is_sent_a_signed_trade_and_asked_when_it_says_nothing(cast_now, gateway):
    seen, answers = gateway
    work_done(cast_now)
    answers.append((200, json.dumps({"address": "https://pay.example.com/t/1"})))
    payment, who = Payment.objects.get(), customer_actor(cast_now.wang.pk, "王*")
    assert begin_payment(payment, returns_to="http://testserver/c/x", by=who, at=cast_now.at) == "https://pay.example.com/t/1"  # fmt: skip
    path, headers, body = seen[0]
    trade = json.loads(body)
    assert (path, trade["amount_fen"], trade["currency"]) == ("/pay/trades", 25000, "CNY")
    Webhook(SECRET).verify(body, headers)
    assert trade["number"] == f"{payment.number}.1"
    assert ask_payments(at=cast_now.at + timedelta(minutes=1)) == 0, "it is given a moment"
    answers.append((404, ""))
    assert ask_payments(at=cast_now.at + timedelta(minutes=3)) == 0
    assert ask_payments(at=cast_now.at + timedelta(minutes=4)) == 0, "and not asked all the time"
    answers.append((200, json.dumps({"number": trade["number"], "amount_fen": 25000, "state": "paid", "reference": "B7"})))  # fmt: skip
    assert ask_payments(at=cast_now.at + timedelta(minutes=9)) == 1
    assert seen[-1][0] == f"/pay/trades/{trade['number']}"
    assert Payment.objects.get().reference == "B7"
    assert ask_payments(at=cast_now.at + timedelta(minutes=20)) == 0


def test_the_first_attempt_is_asked_for_though_a_second_was_begun(cast_now, gateway):
    work_done(cast_now)
    address = (200, '{"address": "https://pay.example.com/1"}')
    gateway[1].extend([address, address])
    first = begin(cast_now)
    begin(cast_now)
    paid = {"number": first, "amount_fen": 25000, "state": "paid", "reference": "B1"}
    gateway[1].extend([(404, ""), (200, json.dumps(paid))])
    assert ask_payments(at=cast_now.at + timedelta(minutes=3)) == 1
    assert (Payment.objects.get().state, Payment.objects.get().reference) == ("paid", "B1")


@pytest.mark.parametrize(
    "answer", [(503, ""), (200, "no json"), (200, "[]"), (200, '{"address": "javascript:alert(1)"}')]
)
def test_a_gateway_that_fails_is_said_so_and_nothing_is_lost(cast_now, gateway, answer):
    work_done(cast_now)
    gateway[1].append(answer)
    with pytest.raises(Conflict):
        begin_payment(Payment.objects.get(), returns_to="/", by=customer_actor(1, "王*"), at=cast_now.at)
    assert Payment.objects.get().state == "open"


def test_a_gateway_that_fails_when_asked_is_asked_later(cast_now, gateway):
    work_done(cast_now)
    gateway[1].extend([(200, '{"address": "https://pay.example.com/1"}'), (500, "")])
    begin_payment(Payment.objects.get(), returns_to="/", by=customer_actor(1, "王*"), at=cast_now.at)
    assert ask_payments(at=cast_now.at + timedelta(minutes=3)) == 0
    assert Payment.objects.get().state == "open"


def test_the_desk_sees_payments_within_reach_and_notes_what_was_done(cast_now, owed, signed_in):
    told(cast_now.at, begin(cast_now), amount_fen=100)
    number = Payment.objects.get().number
    page = signed_in("zheng").get("/payments").content.decode()
    assert number in page
    assert "金额与应付不符" in page
    assert number not in signed_in("tang").get("/payments").content.decode(), "another store's"
    assert signed_in("zheng").post(f"/payments/{number}", {"because": ""}).status_code == 422
    assert signed_in("zheng").post(f"/payments/{number}", {"because": "补收 249 元"}).status_code == 302
    assert Payment.objects.get().doubt == ""
    assert signed_in("li").post(f"/payments/{number}", {"because": "补收 249 元"}).status_code == 404
