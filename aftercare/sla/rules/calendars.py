"""Working time: which hours count, in which zone, and where so many of them end. Pure arithmetic on instants.

A calendar opens at wall-clock hours of a place. Its instants follow from the zone, daylight saving included: an hour
that the clock skips is not worked, one that it repeats is worked twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
LOOK_AHEAD = 4000  # days; a target that needs more is refused
Span = tuple[int, int]  # minutes after the midnight that begins the day; past 1440 it ends on the next day
Weekly = tuple[tuple[Span, ...], ...]  # Monday first


class NeverOpen(ValueError):
    """A calendar without open hours was asked where a target ends."""


@dataclass(frozen=True)
class Calendar:
    """Open hours of a place. `weekly` None means always open.

    `holidays` are the hours of days that are off work by law, `makeup` those of weekend days that are worked by law,
    `days` of single dates, which go before all else. `is_off` and `is_worked` say which days those are.
    """

    code: str
    zone: str = "UTC"
    weekly: Weekly | None = None
    holidays: tuple[Span, ...] | None = None
    makeup: tuple[Span, ...] | None = None
    days: Mapping[date, tuple[Span, ...]] = field(default_factory=dict, hash=False)
    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    @property
    def always(self) -> bool:
        return self.weekly is None

    def hours_of(self, day: date) -> tuple[Span, ...]:
        """Give the open hours that begin on a local day."""
        if day in self.days:
            return self.days[day]
        if day in self.off and self.holidays is not None:
            return self.holidays
        if day in self.worked and self.makeup is not None:
            return self.makeup
        assert self.weekly is not None
        return self.weekly[day.weekday()]


def add_time(calendar: Calendar, start: datetime, span: timedelta) -> datetime:
    """Give the first instant by which `span` of open time has passed since `start`; `start` itself for no span."""
    if span <= timedelta():
        return start
    if calendar.always:
        return start + span
    left = span
    for opens, closes in open_hours(calendar, start):
        begin = max(opens, start)
        if closes - begin >= left:
            return begin + left
        left -= closes - begin
    raise NeverOpen(f"calendar {calendar.code} is not open for {span} in {LOOK_AHEAD} days")


def time_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Give how much open time lies between two instants; nothing when the second is not later."""
    if end <= start:
        return timedelta()
    if calendar.always:
        return end - start
    passed = timedelta()
    for opens, closes in open_hours(calendar, start):
        if opens >= end:
            break
        passed += min(closes, end) - max(opens, start)
    return passed


def is_open(calendar: Calendar, at: datetime) -> bool:
    return time_between(calendar, at, at + timedelta(microseconds=1)) > timedelta()


def open_hours(calendar: Calendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the open stretches that end after `start`, in order, none overlapping, as instants in UTC."""
    day = start.astimezone(ZoneInfo(calendar.zone)).date() - DAY
    until = start
    for _n in range(LOOK_AHEAD):
        for opens, closes in _stretches(calendar, day):
            opens = max(opens, until)
            if closes > opens:
                yield opens, closes
                until = closes
        day += DAY


@lru_cache(maxsize=20_000)
def _stretches(calendar: Calendar, day: date) -> tuple[tuple[datetime, datetime], ...]:
    zone = ZoneInfo(calendar.zone)
    found = [(_instant(day, a, zone), _instant(day, b, zone)) for a, b in calendar.hours_of(day)]
    return tuple(sorted((a, b) for a, b in found if b > a))


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day + timedelta(days=minutes // 1440), time(), zone) + timedelta(
        minutes=minutes % 1440
    )
    return local.astimezone(UTC)
