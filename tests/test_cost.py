"""No page needs more than 25 queries, and no address ever holds what was looked for."""

from __future__ import annotations

import gzip
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftercare.ledger.services import deliver_until_idle
from aftercare.workorders.models import WorkOrder
from tests.cast import WANG

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
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
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
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= 30, address  # a job without a time also asks four days for slots


def test_one_case_needs_few_queries(cast_now, signed_in):
    order = cast_now.order(at=cast_now.at)
    client = signed_in("zheng")
    client.get(f"/work-orders/{order.number}")  # the session is written once a minute
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/work-orders/{order.number}").status_code == 200
    assert len(queries) <= 25


@pytest.mark.parametrize("text", [WANG[1], "5678", WANG[0], "王*", "HF35230815001"])
def test_search_is_posted_and_finds(cast_now, signed_in, text):
    request = cast_now.request(serial="HF35230815001", at=cast_now.at)
    client = signed_in("li")
    assert request.number in client.post("/search", {"q": text}).content.decode()
    assert request.number not in client.get("/search", {"q": text}).content.decode()
    exact = client.post("/search", {"q": request.number.lower()})
    assert exact.url == f"/requests/{request.number}"
