"""Clock arithmetic, as a table and by properties."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.sla.rules import CANCEL, PAUSE, RESUME, START, STOP, Event, next_step_at, read_clock
from tests.cast import MORNING

HOUR = timedelta(hours=1)


def at(minutes: float):
    return MORNING + timedelta(minutes=minutes)


def events(*pairs):
    return [Event(at(minutes), what) for minutes, what in pairs]


@pytest.mark.parametrize(
    ("happened", "state", "due", "late"),
    [
        ([(0, START)], "running", 60, 0),
        ([(0, START), (59, STOP)], "met", 60, 0),
        ([(0, START), (60, STOP)], "met", 60, 0),
        ([(0, START), (61, STOP)], "missed", 60, 1),
        ([(0, START), (10, PAUSE)], "paused", 60, 0),
        ([(0, START), (10, PAUSE), (40, RESUME)], "running", 90, 0),
        ([(0, START), (10, PAUSE), (40, RESUME), (89, STOP)], "met", 90, 0),
        ([(0, START), (10, PAUSE), (20, PAUSE), (40, RESUME)], "running", 90, 0),
        ([(0, START), (10, PAUSE), (100, STOP)], "met", 150, 0),
        ([(0, START), (5, CANCEL)], "cancelled", 60, 0),
        ([(0, START), (5, START)], "running", 60, 0),
        ([(-5, STOP), (0, START)], "running", 60, 0),
    ],
)
def test_readings(happened, state, due, late):
    reading = read_clock(events(*happened), HOUR)
    assert (reading.state, reading.due_at, reading.late_by) == (state, at(due), timedelta(minutes=late))


def test_before_the_start_there_is_no_clock():
    assert read_clock(events((3, PAUSE)), HOUR) is None


WHATS = st.sampled_from([STOP, PAUSE, RESUME])
HAPPENED = st.lists(st.tuples(st.integers(1, 10_000), WHATS), max_size=8, unique_by=lambda pair: pair[0])


@given(HAPPENED, st.randoms(), st.integers(1, 5_000))
def test_the_order_of_arrival_does_not_matter(happened, luck, minutes):
    target = timedelta(minutes=minutes)
    ordered = events((0, START), *happened)
    shuffled = list(ordered)
    luck.shuffle(shuffled)
    assert read_clock(ordered, target) == read_clock(shuffled, target)


@given(HAPPENED, st.integers(1, 5_000))
def test_never_due_before_the_start_plus_target_and_moved_exactly_by_the_pauses(happened, minutes):
    target = timedelta(minutes=minutes)
    reading = read_clock(events((0, START), *happened), target)
    assert reading.due_at == MORNING + target + reading.paused_for
    assert reading.paused_for >= timedelta()


@pytest.mark.parametrize(("done", "minutes"), [(0, 30), (50, 48), (80, 60)])
def test_steps_are_noticed_in_order(done, minutes):
    reading = read_clock(events((0, START)), HOUR)
    assert next_step_at(reading, HOUR, [50, 80], done=done) == at(minutes)


def test_nothing_is_left_after_the_breach_or_while_paused():
    assert next_step_at(read_clock(events((0, START)), HOUR), HOUR, [50], done=100) is None
    assert next_step_at(read_clock(events((0, START), (5, PAUSE)), HOUR), HOUR, [50], done=0) is None
