"""Derive clocks from their events: pure arithmetic on instants, in working time, whatever order the events came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .calendars import Calendar, add_time, time_between

START, STOP, PAUSE, RESUME, CANCEL, RESTART, CHANGE, NEWS, HAND = (
    "start",
    "stop",
    "pause",
    "resume",
    "cancel",
    "restart",
    "change",
    "news",
    "hand",
)
BREACH = "100"


@dataclass(frozen=True, order=True)
class Event:
    """One thing that happened to a clock: the instant, the fact that tells it (its id orders equal instants)."""

    at: datetime
    fact_id: int = 0
    what: str = field(default=START, compare=False)
    name: str = field(default="", compare=False)
    value: str = field(default="", compare=False)

    def as_values(self) -> list[object]:
        return [self.at.isoformat(), self.fact_id, self.what, self.name, self.value]

    @classmethod
    def from_values(cls, values: Sequence[Any]) -> Event:
        at, fact_id, what, name, value = values
        return cls(datetime.fromisoformat(at), fact_id, what, name, value)


@dataclass(frozen=True)
class Level:
    """One level of a ladder: how long after the due instant who is told."""

    after: timedelta
    tell: str

    @property
    def key(self) -> str:
        return f"+{int(self.after.total_seconds())}"


@dataclass(frozen=True)
class Target:
    """How long a clock may run, in which hours, and when something must be noticed on the way and after.

    What ran before `since` counts for nothing: a promise that news made begins with the news.
    """

    span: timedelta
    calendar: Calendar
    warn_at: Sequence[int] = ()
    ladder: Sequence[Level] = ()
    since: datetime | None = None

    def counted_from(self, instant: datetime) -> datetime:
        return instant if self.since is None else max(instant, self.since)


@dataclass(frozen=True)
class Stretch:
    """A time in which a clock ran, with the open time used up in it; `end` None while it runs."""

    start: datetime
    end: datetime | None
    used: timedelta


@dataclass(frozen=True)
class Reading:
    """A clock as its events and its target say it is; paused before it was overdue it stands still: nothing comes due."""

    state: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    paused_at: datetime | None = None
    stretches: tuple[Stretch, ...] = ()
    stands_still: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in ("running", "paused")

    @property
    def late_by(self) -> timedelta:
        """How long after the due instant the clock was stopped; zero when it was met or still runs."""
        return max(self.ended_at - self.due_at, timedelta()) if self.ended_at else timedelta()


def split_runs(events: Iterable[Event]) -> list[list[Event]]:
    """Split the events of one thing into the runs of its clock: from a start to the stop or cancel that ends it.

    A start while it runs is ignored, as is everything while none runs; a restart ends the run and begins the next.
    """
    runs: list[list[Event]] = []
    current: list[Event] | None = None
    for event in sorted(events):
        if event.what == START:
            if current is None:
                current = [event]
                runs.append(current)
        elif current is None:
            continue
        elif event.what == RESTART:
            current.append(Event(event.at, event.fact_id, STOP, event.name))
            current = [Event(event.at, event.fact_id, START, event.name)]
            runs.append(current)
        else:
            current.append(event)
            if event.what in (STOP, CANCEL):
                current = None
    return runs


def promises_of(run: Sequence[Event], first_urgency: str) -> list[tuple[str, datetime | None]]:
    """Give the promises that hold in a run: each an urgency, and the instant since which it counts (None: the start).

    An urgency that was misjudged replaces what was promised from the start. News that make a case more urgent promise
    something more, beside what was promised before: whichever is due first holds.
    """
    promises: list[tuple[str, datetime | None]] = [(first_urgency, None)]
    for event in run:
        if event.what == CHANGE and event.value:
            promises = [(event.value, None)]
        elif event.what == NEWS and event.value:
            promises.append((event.value, event.at))
    return promises


def holder_of(run: Sequence[Event], holder: int | None) -> int | None:
    """Give who holds a clock after the case changed hands: whoever held it before gives it to the next, nobody else does."""
    for event in run:
        if event.what == HAND:
            before, _sep, after = event.value.partition(">")
            if str(holder or "") == before:
                holder = int(after)
    return holder


def read_promises(run: Sequence[Event], targets: Sequence[Target]) -> tuple[Reading, Target]:
    """Read a run under several promises at once: the one that is due first holds; the earlier promise where they tie."""
    readings = [(read_run(run, target), target) for target in targets]
    return min(readings, key=lambda pair: pair[0].due_at)


def read_run(run: Sequence[Event], target: Target) -> Reading:
    """Read one run: what it used of its target in each stretch, when it is or was due, and how it ended.

    While paused the due instant is that of going on at the pause; a pause that is never resumed ends with the run. What
    is stopped or paused at the due instant itself is in time.
    """
    stretches: list[Stretch] = []
    left = target.span
    due_at: datetime | None = None
    running_since: datetime | None = run[0].at
    ended: Event | None = None
    for event in run[1:]:
        if event.what in (STOP, CANCEL):
            ended = event
        if running_since is not None and event.what in (PAUSE, STOP, CANCEL):
            counted = target.counted_from(running_since)
            used = time_between(target.calendar, counted, event.at) if counted < event.at else timedelta()
            if due_at is None and used >= left:
                due = add_time(target.calendar, counted, left)
                due_at = due if due < event.at else None
            left -= used
            stretches.append(Stretch(running_since, event.at, used))
            running_since = None
        elif running_since is None and event.what == RESUME:
            running_since = event.at
    paused_at = stretches[-1].end if stretches and running_since is None and ended is None else None
    stands_still = paused_at is not None and due_at is None
    if due_at is None:
        since = running_since or (ended.at if ended else stretches[-1].end)
        assert since is not None
        due_at = add_time(target.calendar, target.counted_from(since), max(left, timedelta()))
    if running_since is not None:
        stretches.append(Stretch(running_since, None, timedelta()))
    state = "paused" if paused_at else "running"
    if ended is not None:
        state = "cancelled" if ended.what == CANCEL else "met" if ended.at <= due_at else "missed"
    return Reading(
        state, run[0].at, due_at, ended.at if ended else None, paused_at, tuple(stretches), stands_still
    )


def steps_of(run: Sequence[Event], target: Target, reading: Reading) -> list[tuple[datetime, str]]:
    """Give the instants at which something about an open run is noticed, in order: percents, breach, ladder.

    For a paused run they are those of going on at the pause.
    """
    if not reading.is_open:
        return []
    steps = []
    for percent in target.warn_at:
        part = replace(target, span=target.span * percent / 100)
        steps.append((read_run(run, part).due_at, str(percent)))
    steps.append((reading.due_at, BREACH))
    steps += [(reading.due_at + level.after, level.key) for level in target.ladder]
    return sorted(steps, key=lambda step: step[0])
