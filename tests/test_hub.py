"""The hub of open pages: who is told what, one stream a tab, a limit, and nobody left behind."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection

from aftercare.intake.services import leave_request, note_presence, note_request
from aftercare.pages.live.hub import Hub, Listener
from aftercare.pages.live.views import _Stream
from aftercare.sla.services import sweep_clocks
from tests.cast import MORNING


@pytest.fixture
def hub(transactional_db):
    made = Hub()
    yield made
    for listener in made._snapshot():
        made.leave(listener)
    for _try in range(80):
        if made._thread is None:
            break
        with connection.cursor() as cursor:
            cursor.execute("NOTIFY aftercare_live")
        time.sleep(0.1)
    assert made._thread is None, "the thread ends with its last listener"


def joined(hub: Hub, cast, name: str, case_id: int | None = None, tab: str = "") -> Listener:
    listener = Listener(cast.actor(name), case_id, tab)
    assert hub.join(listener, most=10)
    time.sleep(0.6)  # its thread listens by now
    return listener


def heard(listener: Listener, event: str, within: float = 8.0) -> dict:
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        try:
            name, values = listener.waiting.get(timeout=0.2)
        except Exception:  # noqa: BLE001 - nothing yet
            continue
        if name == event:
            return values
    raise AssertionError(f"{event} never came")


def silent(listener: Listener, event: str) -> bool:
    time.sleep(1.0)
    names = [listener.waiting.get_nowait()[0] for _n in range(listener.waiting.qsize())]
    return event not in names


def test_a_fact_reaches_the_pages_it_concerns_and_no_others(cast, hub):
    request, other = cast.request(), cast.request(phone="13800000009", name="赵一")
    here, elsewhere = joined(hub, cast, "zheng", request.pk), joined(hub, cast, "tang")
    at_other = joined(hub, cast, "zheng", other.pk)
    note_request(request, by=cast.actor("li"), at=MORNING, text="已联系客户")
    told = heard(here, "case")
    assert told["name"] == "request.noted" and told["who"] == "李*" and not told["mine"]
    assert silent(elsewhere, "case") and silent(at_other, "case")


def test_a_critical_request_is_urgent_news_within_reach_only(cast, hub):
    near, far = joined(hub, cast, "zheng"), joined(hub, cast, "tang")
    request = cast.request(urgency="critical", description="热水器冒烟有焦糊味，已经断电了")
    assert heard(near, "urgent") == {"kind": "critical", "number": request.number}
    assert silent(far, "urgent")


def test_an_engineer_hears_nothing_of_cases_that_are_not_theirs(cast, hub):
    zhou = joined(hub, cast, "zhou")
    cast.request(urgency="critical", description="热水器冒烟有焦糊味，已经断电了")
    assert silent(zhou, "urgent") and silent(zhou, "news")


def test_whoever_holds_a_clock_hears_that_its_time_runs_out(cast, hub):
    request = cast.order().request
    li, zheng = joined(hub, cast, "li"), joined(hub, cast, "zheng")
    sweep_clocks(at=MORNING + timedelta(hours=20))
    told = heard(li, "warned")
    assert told["number"] == request.number and told["percent"] in (50, 80)
    assert silent(zheng, "warned")


def test_presence_is_told_to_whoever_has_the_request_open_even_if_they_came_later(cast, hub):
    request = cast.request()
    joined(hub, cast, "zheng")
    here = joined(hub, cast, "zheng", request.pk)
    note_presence(request, by=cast.actor("li"), at=MORNING, writes=False)
    heard(here, "presence")
    note_presence(request, by=cast.actor("li"), at=MORNING, writes=False)
    assert silent(here, "presence"), "that somebody is still there is no news"
    leave_request(request, by=cast.actor("li"))
    heard(here, "presence")


def test_the_next_page_of_a_tab_takes_the_place_of_the_last(cast, hub):
    first = joined(hub, cast, "li", tab="a")
    joined(hub, cast, "li", tab="a")
    assert first.over and hub.count == 1
    joined(hub, cast, "li", tab="b")
    assert hub.count == 2


def test_more_pages_than_may_be_served_are_sent_away(cast, hub):
    assert hub.join(Listener(cast.actor("li")), most=1)
    assert not hub.join(Listener(cast.actor("li")), most=1)


def test_a_stream_says_what_waits_and_leaves_when_it_is_closed(cast, hub, monkeypatch):
    monkeypatch.setattr("aftercare.pages.live.views.HUB", hub)
    monkeypatch.setattr(connection, "close", lambda: None)
    listener = joined(hub, cast, "li")
    stream = _Stream(listener)
    assert next(iter(stream)).startswith(b"retry")
    listener.tell("news", {"name": "clock.breached"})
    assert next(iter(stream)) == b'event: news\ndata: {"name": "clock.breached"}\n\n'
    stream.close()
    assert hub.count == 0
