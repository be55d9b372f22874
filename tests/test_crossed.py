"""What the database refuses because somebody else was at it at the same moment is told as a refusal; everything else stays an error."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client
from psycopg.errors import DeadlockDetected, ExclusionViolation, UniqueViolation

from aftercare.api import main
from aftercare.pages.desk import alerts
from aftercare.people.rules import MACHINE
from aftercare.people.services import create_client
from aftercare.refusals import crossed


def failing(kind, cause):
    def act(*_args, **_more):
        raise kind("conflicting key value\nDETAIL: who and when") from cause("…")

    return act


def test_only_what_crossed_is_a_refusal():
    with pytest.raises(IntegrityError) as other:
        failing(IntegrityError, UniqueViolation)()
    assert crossed(other.value) is None
    assert crossed(ValueError("x")) is None
    with pytest.raises(OperationalError) as waiting:
        failing(OperationalError, DeadlockDetected)()
    assert crossed(waiting.value).code == "crossed"


def test_on_a_page(cast_now, signed_in, monkeypatch):
    client = signed_in("zheng")
    monkeypatch.setattr(alerts, "note_news_seen", failing(IntegrityError, ExclusionViolation))
    shown = client.post("/alerts/news")
    assert shown.status_code == 409
    assert "没有保存" in shown.content.decode()
    assert "DETAIL" not in shown.content.decode()
    monkeypatch.setattr(alerts, "note_news_seen", failing(IntegrityError, UniqueViolation))
    with pytest.raises(IntegrityError):
        client.post("/alerts/news")


def test_over_the_api(cast_now, monkeypatch):
    _row, key = create_client(name="shop", unit=cast_now.store, verbs=["receive_request"], by=MACHINE, at=cast_now.at)  # fmt: skip

    def send():
        body = json.dumps({"kind": "repair", "description": "空调不制冷", "category": "aircon", "name": "王", "phone": "13812345678"})  # fmt: skip
        return Client().generic("POST", "/api/v1/requests", body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {key}")  # fmt: skip

    monkeypatch.setattr(main, "receive_request", failing(IntegrityError, ExclusionViolation))
    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (409, "crossed")
    assert "who and when" not in answer.content.decode()
    monkeypatch.setattr(main, "receive_request", failing(IntegrityError, UniqueViolation))
    with pytest.raises(IntegrityError):
        send()
