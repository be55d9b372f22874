"""No page needs more than 25 queries, also when nothing is remembered, and no address ever holds what was looked for."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftercare.briefly import forget_all
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Alert
from aftercare.visits.services import book_visit
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order
from tests.cast import WANG

WHOLE_POLICY = '"policies_policyversion"."content"'
PAGES = (
    "/",
    "/?queue=all",
    "/requests",
    "/work-orders",
    "/work-orders?state=pending",
    "/dispatch",
    "/dispatch/day",
    "/board",
    "/board/late",
    "/board/stores",
    "/requests?owner=me&sort=due",
    "/texts",
    "/alerts",
    "/readings",
    "/papers",
    "/defects",
    "/reviews",
    "/knowledge",
    "/knowledge?tab=all",
    "/knowledge?tab=questions",
    "/follow-up",
    "/people",
    "/people/week",
    "/policy",
    "/report",
    "/import",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_needs_few_queries_whatever_it_shows(cast_now, signed_in, address):
    client = signed_in("zheng")

    def cost() -> int:
        """Count the queries of a second in which nothing is remembered any more; the session was written before."""
        client.get(address)
        forget_all()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        if address != "/policy":
            assert not any(WHOLE_POLICY in query["sql"] for query in queries), (
                "a policy is read once a process"
            )
        return len(queries)

    cast_now.order(at=cast_now.at)
    few = cost()
    for n in range(6):
        cast_now.request(phone=f"1380000{n:04d}", name=f"顾客{n}", at=cast_now.at)
    deliver_until_idle(at=cast_now.at)
    many = cost()
    assert many <= 25
    assert many <= few + 3, "the number of queries does not grow with the rows"


def test_a_day_of_jobs_comes_to_the_phone_in_150_kilobytes(cast_now, signed_in):
    """What the field app loads first, once looks and scripts are on the phone: the day's page and eight jobs with contacts."""
    client, sent = signed_in("zhou"), 0
    for n in range(8):
        order = cast_now.order(phone=f"1380000{n:04d}", name=f"顾客{n}", at=cast_now.at)
        WorkOrder.objects.filter(pk=order.pk).update(assignee=cast_now.staff["zhou"], assigned_at=cast_now.at)
    page = client.get("/today", HTTP_ACCEPT_ENCODING="gzip")
    links = set(re.findall(r'href="(/today/WO[^"]+)"', gzip.decompress(page.content).decode()))
    assert len(links) == 8
    for answer in (page, *(client.get(link, HTTP_ACCEPT_ENCODING="gzip") for link in links)):
        assert answer.headers["Content-Encoding"] == "gzip"
        sent += len(answer.content)
    sent += sum(len(client.post(f"{link}/contact", HTTP_ACCEPT="application/json").content) for link in links)
    assert sent < 150_000, sent


def test_a_job_on_the_phone_needs_few_queries(cast_now, signed_in):
    client = signed_in("zhou")
    order = cast_now.order(at=cast_now.at)
    WorkOrder.objects.filter(pk=order.pk).update(assignee=cast_now.staff["zhou"], assigned_at=cast_now.at)
    for address in ("/today", f"/today/{order.number}"):
        client.get(address)
        forget_all()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= 25, address


@pytest.mark.parametrize("state", ["pending", "in hand", "booked"])
def test_one_case_needs_few_queries(cast_now, signed_in, state):
    order = cast_now.order(at=cast_now.at)
    if state != "pending":
        assign_work_order(order, cast_now.staff["zhou"].pk, by=cast_now.actor("zhou"), at=cast_now.at)
    if state == "booked":
        begins = cast_now.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
        book_visit(
            order,
            starts_at=begins,
            ends_at=begins + timedelta(hours=2),
            by=cast_now.actor("li"),
            at=cast_now.at,
        )
    client = signed_in("zheng")
    for address in (f"/work-orders/{order.number}", f"/requests/{order.request.number}"):
        client.get(address)  # the session is written once a minute
        forget_all()
        with CaptureQueriesContext(connection) as queries:
            shown = client.get(address)
        assert shown.status_code == 200
        assert len(queries) <= 25
        assert not any(WHOLE_POLICY in query["sql"] for query in queries), "a policy is read once a process"
        assert (f"/work-orders/{order.number}/slots" in shown.content.decode()) == (state != "pending")


def test_many_warnings_need_as_few_queries_as_one(cast_now, signed_in):
    client, request, counts = signed_in("zheng"), cast_now.request(at=cast_now.at), []
    for n in (1, 8):
        for place in range(n):
            Alert.objects.create(
                staff=cast_now.staff["zheng"], clock_id=1, case_id=request.pk, unit=cast_now.store, number=request.number, title_zh="解决",
                title_en="Solution", level="l1", overdue_for=300, urgency="normal", made_at=cast_now.at, fact_id=-n * 10 - place,
            )  # fmt: skip
        client.get("/alerts")
        forget_all()
        with CaptureQueriesContext(connection) as queries:
            shown = client.get("/alerts").content.decode()
        counts.append(len(queries))
    assert shown.count(request.description[:10]) == 9
    assert counts[0] == counts[1]


def test_free_windows_are_looked_up_beside_the_case(cast_now, signed_in):
    order = cast_now.order(at=cast_now.at)
    client, address = signed_in("zheng"), f"/work-orders/{order.number}/slots"
    assert "没有空档" in client.get(address).content.decode(), "nobody has it yet"
    assign_work_order(order, cast_now.staff["zhou"].pk, by=cast_now.actor("zhou"), at=cast_now.at)
    shown = client.get(address).content.decode()
    assert "按电话约定订下" in shown
    assert shown.count('name="window"') >= 1


def test_joins_are_planned_five_at_a_time(db):
    with connection.cursor() as cursor:
        cursor.execute("SHOW join_collapse_limit")
        assert cursor.fetchone() == ("5",)


@pytest.mark.parametrize("text", [WANG[1], "5678", WANG[0], "王*", "HF35230815001", "外机 冷风"])
def test_search_is_posted_and_finds(cast_now, signed_in, text):
    request = cast_now.request(serial="HF35230815001", at=cast_now.at)
    client = signed_in("li")
    assert request.number in client.post("/search", {"q": text}).content.decode()
    assert request.number not in client.get("/search", {"q": text}).content.decode()
    exact = client.post("/search", {"q": request.number.lower()})
    assert exact.url == f"/requests/{request.number}"
