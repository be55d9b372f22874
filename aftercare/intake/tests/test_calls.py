"""Calls (M9): answered in time or not, whatever the order in which the telephone system tells."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from aftercare.intake.models import Call
from aftercare.intake.selectors import call_keys, calls_to_register
from aftercare.intake.services import CallNews, note_call, register_call
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.refusals import Forbidden, Invalid
from aftercare.sla.models import Clock
from aftercare.sla.selectors import kept_of

pytestmark = pytest.mark.django_db


def news(cast, what, after, *, ref="pbx-1", line="phone"):
    at = cast.at + timedelta(seconds=after)
    return CallNews(ref, line, what, at, "13812345678", cast.staff["li"].number if what == "answered" else "")


@pytest.fixture
def told(cast):
    def tell(*pieces, ref="pbx-1", line="phone"):
        at = cast.at + timedelta(minutes=5)
        for what, after in pieces:
            note_call(news(cast, what, after, ref=ref, line=line), unit_id=cast.store.pk, by=MACHINE, at=at)
        deliver_until_idle(at=at)
        return Clock.objects.get(code="answer", key=Call.objects.get(ref=ref).clock_key)

    return tell


@pytest.mark.parametrize(
    ("line", "seconds", "state"),
    [
        ("phone", 9, "met"),
        ("phone", 10, "met"),
        ("phone", 11, "missed"),
        ("online", 29, "met"),
        ("online", 31, "missed"),
    ],
)
def test_ten_seconds_on_the_phone_thirty_online(told, line, seconds, state):
    assert told(("ringing", 0), ("answered", seconds), line=line).state == state


@pytest.mark.parametrize(
    "order", list(itertools.permutations([("ringing", 0), ("answered", 12), ("answered", 12)]))
)
def test_the_order_of_telling_changes_nothing(told, order):
    clock = told(*order)
    assert (clock.state, Fact.objects.filter(name="call.answered").count()) == ("missed", 1)


@pytest.mark.parametrize(("seconds", "state"), [(6, "met"), (40, "missed")])
def test_who_hangs_up_within_the_time_was_not_kept_waiting(told, seconds, state):
    assert told(("ringing", 0), ("missed", seconds)).state == state


def test_a_call_of_which_nothing_more_is_heard_is_given_up(cast, told):
    told(("ringing", 0))
    later = cast.at + timedelta(minutes=20)
    note_call(CallNews("pbx-2", "phone", "ringing", later), unit_id=cast.store.pk, by=MACHINE, at=later)
    assert Call.objects.get(ref="pbx-1").state == "missed"


def test_an_answered_call_leads_to_one_request(cast, told):
    told(("ringing", 0), ("answered", 4))
    agent = cast.actor("li")
    assert [call.ref for call in calls_to_register(agent, since=cast.at)] == ["pbx-1"]
    call, first, second = Call.objects.get(), cast.request(), cast.request()
    for request in (first, second):
        register_call(call, request, by=agent, at=cast.at)
    assert Call.objects.get().request == first
    assert not calls_to_register(agent, since=cast.at)
    assert Fact.objects.get(name="request.call_registered").values["seconds"] == 4


def test_the_share_answered_in_time(cast, told):
    told(("ringing", 0), ("answered", 4))
    told(("ringing", 0), ("answered", 40), ref="pbx-2")
    assert kept_of(call_keys(cast.actor("zheng"), since=cast.at)) == (1, 2)


def test_no_number_stands_in_clear(cast, told):
    told(("ringing", 0))
    assert "13812345678" not in str(list(Fact.objects.values_list("values", flat=True)))
    assert Call.objects.get().caller == "13812345678"


@pytest.mark.parametrize(
    ("change", "where"),
    [({"line": "fax"}, "line"), ({"what": "held"}, "event"), ({"ref": " "}, "ref"), ({"staff": "nobody"}, "staff"),
     ({"at": timedelta(minutes=9)}, "at"), ({"at": timedelta(days=-9)}, "at")],
)  # fmt: skip
def test_what_can_not_be_is_refused(cast, change, where):
    values = {"ref": "pbx-1", "line": "phone", "what": "ringing", **change}
    values["at"] = cast.at + values.get("at", timedelta())
    with pytest.raises(Invalid) as refusal:
        note_call(CallNews(**values), unit_id=cast.store.pk, by=MACHINE, at=cast.at)
    assert refusal.value.problems[0].where == where


def test_an_agent_tells_no_calls(cast):
    with pytest.raises(Forbidden):
        note_call(news(cast, "ringing", 0), unit_id=cast.store.pk, by=cast.actor("li"), at=cast.at)
