"""The outbox as a door: what a phone may send, what is refused and said, and that nobody sends for somebody else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from aftercare.dispatch.models import Offer
from aftercare.visits.models import FieldAction, Visit
from aftercare.visits.services import book_visit
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order


@pytest.fixture
def offered(cast_now):
    """An order just offered to Zhou."""
    order = cast_now.order(at=cast_now.at)
    Offer.objects.filter(order=order).update(staff=cast_now.staff["zhou"])
    return order


def post(client, body, **more):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post("/today/outbox", text, content_type="application/json", **more)


def actions(*rows, ago=0):
    told = datetime.now(UTC) - timedelta(minutes=ago)
    return {
        "device": "one", "now": datetime.now(UTC).isoformat(),
        "actions": [{"id": str(uuid4()), "about": about, "step": step, "at": told.isoformat(), "values": values} for about, step, values in rows],
    }  # fmt: skip


def outcomes(answer):
    assert answer.status_code == 200, answer.content
    return [row["outcome"] for row in answer.json()["answers"]]


def test_an_offer_is_accepted_and_the_job_begun_in_one_sending(signed_in, offered):
    client, offer = signed_in("zhou"), Offer.objects.get(order=offered)
    assert re.search(r"新派.*\d+\.\d km，\d+ 分", client.get("/today").content.decode(), re.S), (
        "how far it is"
    )
    sent = actions(
        (f"offer:{offer.pk}", "accept", {}), (offered.number, "depart", {"lat": ["30.24"], "lon": ["120.15"]})
    )
    assert outcomes(post(client, sent)) == ["done", "done"]
    assert outcomes(post(client, sent)) == ["done", "done"], "sent again, nothing is done twice"
    assert Visit.objects.filter(order=offered).count() == 1
    assert WorkOrder.objects.get(pk=offered.pk).state == "in_service"


def test_the_day_shows_the_way_and_only_the_day(signed_in, cast_now):
    """A visit of another day is none of today's; who waits in an emergency for a time stands before it."""
    zhou, at = cast_now.staff["zhou"], cast_now.at
    orders = [cast_now.order(phone=f"1390000000{n}", at=at) for n in range(3)]
    WorkOrder.objects.update(assignee=None)
    for order, hours in zip(orders, (2, 24), strict=False):
        assign_work_order(order, zhou.pk, by=cast_now.actor("zhou"), at=at)
        begins = at + timedelta(hours=hours)
        book_visit(
            order, starts_at=begins, ends_at=begins + timedelta(hours=2), by=cast_now.actor("li"), at=at
        )
    WorkOrder.objects.filter(pk=orders[0].pk).update(
        window_starts_at=at
    )  # today also shortly before midnight
    WorkOrder.objects.filter(pk=orders[2].pk).update(assignee=zhou, urgency="critical")
    page = signed_in("zhou").get("/today").content.decode()
    today, other = page.split("改日的")
    assert f"/today/{orders[0].number}" in today and f"/today/{orders[1].number}" not in today
    assert f"/today/{orders[1].number}" in other and "明天" in other
    assert (
        today.index("紧急，未定时段")
        < today.index(f"/today/{orders[2].number}")
        < today.index(f"/today/{orders[0].number}")
    )
    assert re.search(r"\d\d:\d\d 前出发", today) and re.search(r"\d+\.\d km，\d+ 分", today)


def test_an_offer_refused_too_late_is_answered_with_the_reason(signed_in, offered):
    client, offer = signed_in("zhou"), Offer.objects.get(order=offered)
    Offer.objects.filter(pk=offer.pk).update(state="expired")
    answer = post(client, actions((f"offer:{offer.pk}", "refuse", {"reason": ["time"]})))
    assert outcomes(answer) == ["refused"] and answer.json()["answers"][0]["problems"][0]["what"]


@pytest.mark.parametrize(
    "about", ["offer:²", "offer:999999999999999999999", "offer:", "offer:x", "WO1", "", "x" * 40]
)
def test_nonsense_is_refused_one_by_one_and_never_breaks_the_rest(signed_in, offered, about):
    client, offer = signed_in("zhou"), Offer.objects.get(order=offered)
    answer = post(client, actions((about, "accept", {}), (f"offer:{offer.pk}", "accept", {})))
    assert outcomes(answer) == ["refused", "done"]


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", '{"device": "one", "now": "yesterday", "actions": []}', {"device": "one", "now": "2026-01-01T00:00:00", "actions": []},
        {**actions(), "more": 1}, {**actions(), "device": "x" * 41}, {**actions(), "actions": [{"id": "1"}]},
        actions(*[("WO1", "depart", {})] * 101), actions(("WO1", "depart", {"a": "no list"})), actions(("WO1", "depart", {"a": ["\x00"]})),
    ],
)  # fmt: skip
def test_what_cant_be_read_is_refused_with_the_place(signed_in, body):
    answer = post(signed_in("zhou"), body)
    assert answer.status_code == 422
    assert answer.json()["what"]
    assert not FieldAction.objects.exists()


def test_only_engineers_send_and_only_for_themselves(cast_now, signed_in, offered):
    offer = Offer.objects.get(order=offered)
    assert outcomes(post(signed_in("chen"), actions((f"offer:{offer.pk}", "accept", {})))) == ["refused"], (
        "made to Zhou"
    )
    assert post(signed_in("li"), actions()).status_code == 404
    assert post(Client(), actions()).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast_now.staff["zhou"])
    assert post(strict, actions((f"offer:{offer.pk}", "accept", {}))).status_code == 403
    assert Offer.objects.get(pk=offer.pk).state == "offered"


def test_pieces_are_put_and_counted(signed_in):
    client, name = signed_in("zhou"), uuid4()

    def put(query, content):
        return client.put(f"/today/uploads/{name}{query}", content, content_type="application/octet-stream")

    assert put("?size=6&from=0", b"abc").json() == {"received": 3}
    assert put("?size=6&from=5", b"f").json() == {"received": 3}
    assert put("?size=6&from=3", b"def").json() == {"received": 6}
    for query in (
        "",
        "?size=6",
        "?size=²&from=0",
        "?size=-1&from=0",
        "?size=6&from=1e9",
        "?size=0&from=0",
        "?size=99999999&from=0",
    ):
        assert put(query, b"x").status_code == 422, query
    assert put("?size=7&from=0", b"x").status_code == 409
    assert client.get(f"/today/uploads/{name}").status_code == 405


def test_the_worker_may_serve_the_field_pages_and_names_what_it_keeps(client):
    answer = client.get("/today/worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/today"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    for name in ("aftercare.css", "store.js", "field.js", "icons.svg"):
        assert name in answer.content.decode()
    assert client.get("/today/app.webmanifest").json()["scope"] == "/today"
    assert "手机里没有这一页" in client.get("/today/offline").content.decode()
