"""The API keeps its word: idempotent writes, entity tags, cursors, and no answer that its document does not know."""

from __future__ import annotations

import json

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, settings

from aftercare.api.main import api
from aftercare.intake.models import RawInput, Request
from aftercare.people.rules import MACHINE, MATRIX
from aftercare.people.services import create_client

BODY = {
    "kind": "repair",
    "description": "外机嗡嗡响，不出冷风，重启过",
    "name": "王小禾",
    "phone": "13812345678",
}


@pytest.fixture
def call(cast_now):
    _row, key = create_client(
        name="shop", unit=cast_now.store, verbs=list(MATRIX), by=MACHINE, at=cast_now.at
    )

    def send(method: str, path: str, body=None, **headers):
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return Client().generic(
            method, f"/api/v1{path}", json.dumps(body if body is not None else {}), content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {key}", **extra,
        )  # fmt: skip

    send.key = key
    return send


def test_a_request_is_received_masked(call):
    answer = call("POST", "/requests", BODY)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["customer"], body["phone"], body["urgency"]) == ("王*", "138****5678", "urgent")


def test_a_refusal_names_everything_and_the_words_are_kept(call):
    answer = call("POST", "/requests", {**BODY, "description": "坏了", "phone": "12"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {p["where"] for p in answer.json()["problems"]} == {"description", "phone"}
    assert "坏了" in RawInput.objects.get(state="refused").body


@pytest.mark.parametrize(
    "body",
    [{**BODY, "description": "a\x00b" * 5}, {**BODY, "kind": "\x00"}, {**BODY, "external_ref": "\x00"}],
)
def test_a_text_that_no_database_holds_is_refused(call, body):
    assert call("POST", "/requests", body).status_code == 422
    assert call("GET", "/requests?state=%00").status_code == 422
    assert call("GET", "/requests/%00").status_code == 422


def test_the_same_key_does_the_same_thing_once(call):
    first = call("POST", "/requests", BODY, idempotency_key="k1")
    again = call("POST", "/requests", BODY, idempotency_key="k1")
    assert first.json() == again.json()
    assert Request.objects.count() == 1
    assert call("POST", "/requests", {**BODY, "remark": "x"}, idempotency_key="k1").status_code == 409


def test_if_match_guards_a_change(call):
    number = call("POST", "/requests", BODY).json()["number"]
    tag = call("GET", f"/requests/{number}").headers["ETag"]
    assert call("PATCH", f"/requests/{number}", {"remark": "一"}, if_match=tag).status_code == 200
    assert call("PATCH", f"/requests/{number}", {"remark": "二"}, if_match=tag).status_code == 412
    assert call("GET", f"/requests/{number}", if_none_match='"2"').status_code == 304


def test_cursors_walk_everything_once(call, cast_now):
    for n in range(7):
        call("POST", "/requests", {**BODY, "phone": f"1380000000{n}"})
    seen, cursor = [], ""
    while True:
        page = call("GET", f"/requests?limit=3&cursor={cursor}").json()
        seen += [row["number"] for row in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 7
    assert call("GET", "/requests?cursor=nonsense").status_code == 422


def test_the_document_is_openapi_3_1():
    document = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    assert document["openapi"].startswith("3.1")
    assert (
        "application/problem+json"
        in document["paths"]["/api/v1/requests"]["post"]["responses"]["422"]["content"]
    )


def test_no_undocumented_answer_and_no_5xx(call, cast_now):
    """Send generated requests to every operation; each answer must be one that the document knows."""
    for n in range(3):
        call("POST", "/requests", {**BODY, "phone": f"1380000000{n}"})
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema(), default=str)))
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @_given(operation)
        def probe(case):
            nonlocal tried
            tried += 1
            answer = _send(case, call.key)
            documented = {str(code) for code in operation.definition.raw["responses"]}  # noqa: B023 - run at once
            assert answer.status_code < 500, (case.method, case.path, answer.content[:300])
            assert str(answer.status_code) in documented | {"401", "405"}, (
                case.method,
                case.path,
                answer.status_code,
            )
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"

        probe()
    assert tried > 200


def _given(operation):
    from hypothesis import given

    return given(case=operation.as_strategy())


def _send(case, key):
    from urllib.parse import quote, urlencode

    path = case.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    query = urlencode(dict(case.query or {}), doseq=True, errors="replace")
    body = case.body
    data = b"" if type(body).__name__ == "NotSet" else json.dumps(body).encode("utf-8", "replace")
    return Client(raise_request_exception=False).generic(
        case.method.upper(),
        f"{path}?{query}",
        data,
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {key}",
    )


def test_a_request_is_handed_to_a_colleague_or_said_why_not(call):
    number = call("POST", "/requests", BODY).json()["number"]
    answer = call("POST", f"/requests/{number}/hand-over", {"to": "kf2024001", "because": "熟客"})
    assert (answer.status_code, answer.json()["owner"]) == (200, "KF2024001")
    again = call("POST", f"/requests/{number}/hand-over", {"to": "KF2024001"})
    assert again.status_code == 409
    assert again.json()["problems"]
    assert call("POST", f"/requests/{number}/hand-over", {"to": "KF9999999"}).status_code == 404


def test_payments_are_listed_for_the_books(call, cast_now, settings):
    settings.PAYMENTS = "sandbox"
    from aftercare.payments.tests.test_pay_online import begin, told, work_done

    work_done(cast_now)
    told(cast_now.at, begin(cast_now), amount_fen=24000)
    (row,) = call("GET", "/payments?state=paid").json()["items"]
    assert (row["amount_fen"], row["paid_fen"], row["doubt"], row["reference"]) == (
        25000,
        24000,
        "amount",
        "T1",
    )
    assert call("GET", "/payments?state=doubted").json()["items"] == [row]
    assert call("GET", "/payments?state=open").json()["items"] == []
    assert call("GET", "/payments?state=lost").status_code == 422
