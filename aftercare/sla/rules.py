"""Derive a clock from its events: pure arithmetic on instants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

START, STOP, PAUSE, RESUME, CANCEL = "start", "stop", "pause", "resume", "cancel"
_ORDER = {START: 0, RESUME: 1, PAUSE: 2, STOP: 3, CANCEL: 4}


@dataclass(frozen=True)
class Event:
    """One thing that happened to a clock."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Reading:
    """A clock as its events and its target say it is."""

    state: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    paused_at: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def paused_for(self) -> timedelta:
        return sum((end - start for start, end in self.pauses), timedelta())

    @property
    def late_by(self) -> timedelta:
        """How long after the due instant the clock was stopped; zero when it was met or still runs."""
        return max(self.ended_at - self.due_at, timedelta()) if self.ended_at else timedelta()


def read_clock(events: Iterable[Event], target: timedelta) -> Reading | None:
    """Derive a clock from its events, whatever order they arrived in; None before its start.

    The first start counts, then pauses that are resumed move the due instant by their length, and the first stop or
    cancel ends it. While paused the due instant is that of the moment of the pause.
    """
    ordered = sorted(events, key=lambda event: (event.at, _ORDER[event.what]))
    starts = [event.at for event in ordered if event.what == START]
    if not starts:
        return None
    started_at, due_at = starts[0], starts[0] + target
    paused_at: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = []
    for event in ordered:
        if event.at < started_at or event.what == START:
            continue
        if event.what == PAUSE and paused_at is None:
            paused_at = event.at
        elif event.what == RESUME and paused_at is not None:
            pauses.append((paused_at, event.at))
            due_at += event.at - paused_at
            paused_at = None
        elif event.what in (STOP, CANCEL):
            if paused_at is not None:
                pauses.append((paused_at, event.at))
                due_at += event.at - paused_at
            state = "cancelled" if event.what == CANCEL else "met" if event.at <= due_at else "missed"
            return Reading(state, started_at, due_at, event.at, None, pauses)
    return Reading("paused" if paused_at else "running", started_at, due_at, None, paused_at, pauses)


def next_step_at(
    reading: Reading, target: timedelta, warn_at: Iterable[int], *, done: int
) -> datetime | None:
    """Give the next instant at which something must be noticed: a pre-warning, or the breach itself.

    `done` is the percentage already noticed (0 at first, 100 after the breach).
    """
    if reading.state != "running" or done >= 100:
        return None
    left = [percent for percent in sorted({*warn_at, 100}) if percent > done]
    shift = reading.due_at - reading.started_at - target
    return reading.started_at + shift + target * left[0] / 100
