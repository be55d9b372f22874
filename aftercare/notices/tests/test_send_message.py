"""Messages to customers leave by SMS, else by mail; what fails is tried again and in the end stands as failed."""

from __future__ import annotations

import json

import pytest

from aftercare.customers.models import Customer
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.channels import NotAccepted
from aftercare.notices.models import Message
from aftercare.notices.services import send_message
from tests.cast import MORNING, WANG

pytestmark = pytest.mark.django_db


def told(cast, **changes) -> Message:
    request = cast.request()
    if changes:
        Customer.objects.filter(pk=request.customer_id).update(**changes)
    deliver_until_idle(at=MORNING)
    return Message.objects.get(template="received")


def again(message: Message, **how) -> Message:
    send_message(message.pk, at=MORNING, **how)
    message.refresh_from_db()
    return message


def test_a_customer_is_told_by_sms_once(cast, gateway):
    seen, _answers = gateway
    message = again(told(cast))
    assert (message.state, message.channel, message.sent_at) == ("sent", "sms", MORNING)
    again(message)
    (sent,) = [json.loads(body) for _path, _headers, body in seen]
    assert sent["phone"] == WANG[1]
    assert "CR20240520-001" in sent["text"]


def test_mail_takes_over_when_the_gateway_fails(cast, gateway, smtp):
    _seen, answers = gateway
    answers.append((503, ""))
    message = again(told(cast, email="wang@example.com"))
    assert (message.state, message.channel) == ("sent", "email")
    assert smtp.got[0][0] == ["wang@example.com"]
    assert "http" not in smtp.got[0][1].partition("\r\n\r\n")[0], "no link in the subject"


def test_what_nothing_takes_is_tried_again_and_in_the_end_has_failed(cast, gateway):
    _seen, answers = gateway
    answers += [(503, "")] * 2
    message = told(cast)
    with pytest.raises(NotAccepted):
        again(message)
    message.refresh_from_db()
    assert (message.state, "HTTP 503" in message.error) == ("queued", True)
    with pytest.raises(NotAccepted):
        again(message, last=True)
    message.refresh_from_db()
    assert message.state == "failed"


def test_without_a_way_it_is_kept(cast, settings):
    settings.SMS_URL = ""
    assert told(cast).state == "kept"
