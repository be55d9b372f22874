"""Clocks derived from events: pauses in working time, runs, steps, and no dependence on the order of arrival."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.sla.rules import (
    CANCEL,
    CHANGE,
    NEWS,
    PAUSE,
    RESTART,
    RESUME,
    START,
    STOP,
    Calendar,
    Event,
    Level,
    Target,
    promises_of,
    read_promises,
    read_run,
    split_runs,
    steps_of,
    time_between,
)

ALWAYS = Calendar("always")
OFFICE = Calendar("office", "UTC", weekly=(((540, 1080),),) * 5 + ((),) * 2)  # 09:00–18:00 on weekdays
ZERO = datetime(2026, 5, 18, 9, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return ZERO + timedelta(hours=hours)


def run(*happened: tuple[float, str]) -> list[Event]:
    return [Event(at(hours), n, what) for n, (hours, what) in enumerate(happened)]


@pytest.mark.parametrize(
    ("calendar", "happened", "hours", "state", "due"),
    [
        (ALWAYS, [(0, START)], 2, "running", 2),
        (ALWAYS, [(0, START), (1, STOP)], 2, "met", 2),
        (ALWAYS, [(0, START), (2, STOP)], 2, "met", 2),
        (ALWAYS, [(0, START), (3, STOP)], 2, "missed", 2),
        (ALWAYS, [(0, START), (1, CANCEL)], 2, "cancelled", 2),
        (ALWAYS, [(0, START), (1, PAUSE)], 2, "paused", 2),
        (ALWAYS, [(0, START), (1, PAUSE), (5, RESUME)], 2, "running", 6),
        (ALWAYS, [(0, START), (1, PAUSE), (2, PAUSE), (5, RESUME), (6, RESUME)], 2, "running", 6),
        (ALWAYS, [(0, START), (2, PAUSE)], 2, "paused", 2),
        (
            ALWAYS,
            [(0, START), (2, PAUSE), (9, STOP)],
            2,
            "met",
            9,
        ),  # paused with nothing left, and nothing more used
        (ALWAYS, [(0, START), (2, PAUSE), (5, RESUME), (6, STOP)], 2, "missed", 5),
        (ALWAYS, [(0, START), (1, PAUSE), (4, STOP)], 2, "met", 5),  # it stood still until the end
        (ALWAYS, [(0, START), (3, PAUSE), (5, RESUME)], 2, "running", 2),  # overdue before it was paused
        (OFFICE, [(0, START)], 10, "running", 25),  # Tuesday 10:00
        (
            OFFICE,
            [(0, START), (8, PAUSE), (25, RESUME)],
            10,
            "running",
            27,
        ),  # the night of the pause counts for nothing
        (
            OFFICE,
            [(0, START), (10, PAUSE), (20, RESUME)],
            10,
            "running",
            25,
        ),  # paused while shut: nothing moves
        (OFFICE, [(96, START)], 10, "running", 169),  # Friday 09:00 → Monday 10:00
    ],
)
def test_readings_worked_out_by_hand(calendar, happened, hours, state, due):
    reading = read_run(run(*happened), Target(timedelta(hours=hours), calendar))
    assert (reading.state, reading.due_at) == (state, at(due))


def test_runs_begin_end_and_begin_again():
    runs = split_runs(
        run((0, STOP), (1, START), (2, START), (3, STOP), (4, STOP), (5, START), (6, RESTART), (7, CANCEL))
    )
    assert [[event.what for event in one] for one in runs] == [[START, STOP], [START, STOP], [START, CANCEL]]
    assert [one[0].at for one in runs] == [at(1), at(5), at(6)]


def test_steps_come_in_order_and_move_with_pauses():
    target = Target(
        timedelta(hours=10), ALWAYS, (50, 80), (Level(HOUR / 12, "handler"), Level(2 * HOUR, "executive"))
    )
    events = run((0, START), (6, PAUSE), (9, RESUME))
    steps = steps_of(events, target, read_run(events, target))
    assert steps == [
        (at(5), "50"), (at(11), "80"), (at(13), "100"), (at(13) + HOUR / 12, "+300"), (at(15), "+7200"),
    ]  # fmt: skip
    assert steps_of(run((0, START), (1, STOP)), target, read_run(run((0, START), (1, STOP)), target)) == []


WHATS = (START, STOP, PAUSE, RESUME, CANCEL, RESTART)
histories = st.lists(st.tuples(st.integers(0, 9000), st.sampled_from(WHATS)), max_size=14)
targets = st.builds(
    Target, st.integers(1, 5000).map(lambda n: timedelta(minutes=n)), st.sampled_from([ALWAYS, OFFICE])
)


def events_of(history):
    return [Event(ZERO + timedelta(minutes=m), n, what) for n, (m, what) in enumerate(history)]


def by_minutes(one: list[Event], target: Target):
    """Read a run minute by minute, as slowly and simply as can be."""
    left, now, running, n, due = int(target.span.total_seconds() // 60), one[0].at, True, 1, None
    used_up = None
    while True:
        while n < len(one) and one[n].at <= now:
            event = one[n]
            if event.what in (STOP, CANCEL):
                return (
                    "cancelled" if event.what == CANCEL else "met" if due is None or now <= due else "missed",
                    due,
                )
            if event.what == RESUME and not running and used_up is not None:
                used_up = event.at
            running = event.what == RESUME or (running and event.what != PAUSE)
            n += 1
        if used_up is not None and due is None and running:
            due = used_up
        if n == len(one) and (due is not None or not running):
            return "running" if running else "paused", due
        if running and used_up is None and time_between(target.calendar, now, now + timedelta(minutes=1)):
            left -= 1
            if left == 0:
                used_up = now + timedelta(minutes=1)
        now += timedelta(minutes=1)


@settings(max_examples=600, deadline=None)
@given(histories, targets)
def test_every_run_reads_as_a_count_of_minutes_does(history, target):
    for one in split_runs(events_of(history)):
        reading = read_run(one, target)
        state, due = by_minutes(one, target)
        assert reading.state == state
        assert reading.due_at >= one[0].at
        if due is not None:
            assert reading.due_at == due


@settings(max_examples=300, deadline=None)
@given(histories, st.randoms())
def test_the_order_of_arrival_makes_no_difference(history, luck: random.Random):
    events = events_of(history)
    shuffled = events[:]
    luck.shuffle(shuffled)
    assert split_runs(shuffled) == split_runs(events)


@settings(max_examples=300, deadline=None)
@given(targets, st.integers(0, 4000), st.integers(0, 3000))
def test_a_pause_of_an_open_hour_moves_the_due_instant_by_an_open_hour(target, begun, length):
    pause, resume = ZERO + timedelta(minutes=begun), ZERO + timedelta(minutes=begun + length)
    plain = read_run([Event(ZERO, 0, START)], target)
    if plain.due_at <= pause:
        return
    paused = read_run([Event(ZERO, 0, START), Event(pause, 1, PAUSE), Event(resume, 2, RESUME)], target)
    lost = time_between(target.calendar, pause, resume)
    assert time_between(target.calendar, plain.due_at, paused.due_at) == lost


def promised(*urgencies: tuple[float | None, str], happened: list[tuple[float, str]]) -> tuple[float, str]:
    """Give the hour at which what is promised is due, and how it stands; normal ten hours, urgent two, critical one."""
    spans = {"normal": 10, "urgent": 2, "critical": 1}
    targets = [
        Target(spans[urgency] * HOUR, ALWAYS, since=None if since is None else at(since))
        for since, urgency in urgencies
    ]
    reading, _target = read_promises(run(*happened), targets)
    return (reading.due_at - ZERO) / HOUR, reading.state


@pytest.mark.parametrize(
    ("urgencies", "happened", "due", "state"),
    [
        (
            [(None, "normal"), (4, "urgent")],
            [(0, START)],
            6,
            "running",
        ),  # two hours from the news, not from the call
        (
            [(None, "normal"), (9.5, "urgent")],
            [(0, START)],
            10,
            "running",
        ),  # news never put off what was promised
        ([(None, "normal"), (4, "urgent"), (5, "critical")], [(0, START)], 6, "running"),
        ([(None, "normal"), (4, "urgent"), (4.5, "critical")], [(0, START)], 5.5, "running"),
        ([(None, "normal"), (4, "urgent")], [(0, START), (5, PAUSE), (8, RESUME)], 9, "running"),
        ([(None, "normal"), (4, "urgent")], [(0, START), (3, PAUSE), (8, RESUME)], 10, "running"),
        ([(None, "normal"), (4, "urgent")], [(0, START), (3, PAUSE)], 6, "paused"),
        ([(None, "normal"), (4, "urgent")], [(0, START), (5.5, STOP)], 6, "met"),
        ([(None, "normal"), (4, "urgent")], [(0, START), (6.5, STOP)], 6, "missed"),
        ([(None, "normal"), (12, "urgent")], [(0, START)], 10, "running"),  # overdue before there were news
    ],
)
def test_news_promise_from_the_news_on(urgencies, happened, due, state):
    assert promised(*urgencies, happened=happened) == (due, state)


def test_a_misjudged_urgency_replaces_what_was_promised_and_news_stand_beside_it():
    events = [
        Event(at(0), 0, START), Event(at(1), 1, NEWS, value="urgent"), Event(at(2), 2, CHANGE, value="critical"),
        Event(at(3), 3, NEWS, value="critical"),
    ]  # fmt: skip
    assert promises_of(events[:2], "normal") == [("normal", None), ("urgent", at(1))]
    assert promises_of(events, "normal") == [("critical", None), ("critical", at(3))]


@given(st.floats(0, 12), st.sampled_from(["urgent", "critical"]))
def test_news_neither_put_off_a_promise_nor_break_one_before_they_came(hour, urgency):
    due, _state = promised((None, "normal"), (hour, urgency), happened=[(0, START)])
    assert due <= 10
    assert due >= min(10, hour)
