"""Webhooks to a real server: signed, retried, logged, and never to a private address."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from standardwebhooks.webhooks import Webhook

from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Delivery, Message
from aftercare.notices.rules import is_public, wants
from aftercare.notices.services import add_endpoint, attempt_delivery
from aftercare.notices.services.webhooks import DeliveryFailed
from aftercare.people.rules import MACHINE
from aftercare.refusals import Invalid
from tests.cast import MORNING, WANG


@pytest.fixture
def listener():
    got: list[tuple[dict[str, str], bytes]] = []
    answers = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(answers[0])
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got, answers
    server.shutdown()


def test_a_fact_arrives_signed_without_personal_data(cast, listener):
    url, got, _answers = listener
    _endpoint, secret = add_endpoint(url=url, events=["request.*"], unit=cast.root, by=MACHINE, at=MORNING)
    cast.order()
    delivery = Delivery.objects.get(fact__name="request.received")
    attempt_delivery(delivery.pk)
    headers, body = got[0]
    assert Webhook(secret).verify(body.decode(), headers)["type"] == "request.received"
    assert not any(clear in body.decode() for clear in WANG)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 200, 1)
    attempt_delivery(delivery.pk)
    assert len(got) == 1, "a delivered one is not sent again"


def test_a_refused_one_is_logged_and_tried_again(cast, listener):
    url, _got, answers = listener
    add_endpoint(url=url, events=["request.received"], unit=cast.root, by=MACHINE, at=MORNING)
    cast.order()
    delivery = Delivery.objects.get()
    answers[0] = 503
    with pytest.raises(DeliveryFailed):
        attempt_delivery(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status) == ("failed", 503)
    answers[0] = 204
    attempt_delivery(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 2)


def test_an_endpoint_of_a_store_hears_only_of_its_store(cast, listener):
    url, _got, _answers = listener
    add_endpoint(url=url, events=["*"], unit=cast.other_store, by=MACHINE, at=MORNING)
    cast.order()
    assert not Delivery.objects.filter(fact__unit_id=cast.store.pk).exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "https://localhost/x",
        "https://10.0.0.1/",
        "ftp://example.com/",
        "https://u:p@127.0.0.1/",
        "nonsense",
    ],
)
def test_a13_private_addresses_are_refused(cast, settings, url):
    settings.WEBHOOKS_MAY_BE_LOCAL = False
    with pytest.raises(Invalid):
        add_endpoint(url=url, events=["*"], unit=cast.root, by=MACHINE, at=MORNING)


@pytest.mark.parametrize(
    ("addresses", "public"),
    [
        (["8.8.8.8"], True),
        (["8.8.8.8", "127.0.0.1"], False),
        (["169.254.169.254"], False),
        (["::1"], False),
        ([], False),
    ],
)
def test_is_public(addresses, public):
    assert is_public(addresses) is public


@pytest.mark.parametrize(
    ("events", "name", "covered"),
    [
        (["*"], "a.b", True),
        (["a.*"], "a.b", True),
        (["a.*"], "ab.c", False),
        (["a.b"], "a.b", True),
        ([], "a.b", False),
    ],
)
def test_wants(events, name, covered):
    assert wants(events, name) is covered


def test_customers_are_told_once_a_fact(cast):
    cast.order()
    deliver_until_idle(at=MORNING)
    deliver_until_idle(at=MORNING)
    message = Message.objects.get(template="received")
    assert message.state == "kept"
    assert "CR20240520-001" in message.body
    assert "嗡嗡" not in message.body, "the sender's own words never go out (A5)"
