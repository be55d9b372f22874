"""Pure rules of visits: free slots, what a line costs, whether a test passed, and the hash that signatures bind."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.policies.rules import TestItem

Span = tuple[datetime, datetime]


def possible_windows(
    *,
    shifts: Iterable[Span],
    after: datetime,
    before: datetime,
    slot_for: timedelta,
    day: tuple[str, str],
    zone: str,
) -> list[Span]:
    """Give the windows of `slot_for` that begin on whole hours, inside shifts and the hours of the day; earliest first."""
    local = ZoneInfo(zone)
    opens, closes = (time.fromisoformat(text) for text in day)
    found: list[Span] = []
    for starts, ends in sorted(shifts):
        at = max(starts, after).astimezone(local)
        if at.minute or at.second or at.microsecond:
            at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        while at + slot_for <= min(ends, before):
            to = at + slot_for
            if opens <= at.time() and to.time() <= closes and to.date() == at.date():
                found.append((at, to))
            at += timedelta(hours=1)
    return found


def choose_windows(
    priced: Iterable[tuple[int, Span]], *, count: int, zone: str, soon: datetime | None = None,
    able: Callable[[Iterable[Span]], Iterable[Span]] | None = None,
) -> list[Span]:  # fmt: skip
    """Choose up to `count` windows, none overlapping another: those that begin by `soon` first (M55), the cheapest first.

    At most `count` less one are on the same day, so that the customer has a real choice. `able` lets those through that can
    be had at all, one after the other, so that no more are looked at than needed.
    """
    local = ZoneInfo(zone)
    found: list[Span] = []
    a_day: dict[object, int] = {}
    ranked = sorted(priced, key=lambda row: (soon is not None and row[1][0] > soon, row[0], row[1]))

    def fitting() -> Iterator[Span]:
        for _price, window in ranked:
            clash = any(window[0] < other[1] and other[0] < window[1] for other in found)
            if not clash and a_day.get(window[0].astimezone(local).date(), 0) < max(1, count - 1):
                yield window

    for window in able(fitting()) if able else fitting():
        found.append(window)
        day = window[0].astimezone(local).date()
        a_day[day] = a_day.get(day, 0) + 1
        if len(found) == count:
            break
    return found


@dataclass(frozen=True)
class TestReading:
    """One measured value with its verdict."""

    code: str
    title_zh: str
    title_en: str
    unit: str
    value: float
    limit: str
    passed: bool


def judge_reading(item: TestItem, value: float) -> TestReading:
    """Compare a measured value with its limits."""
    low, high = item.at_least, item.at_most
    passed = (low is None or value >= low) and (high is None or value <= high)
    if low is not None and high is not None:
        limit = f"{low:g}–{high:g} {item.unit}"
    elif high is not None:
        limit = f"≤ {high:g} {item.unit}"
    elif low is not None:
        limit = f"≥ {low:g} {item.unit}"
    else:
        limit = ""
    return TestReading(item.code, item.title.zh, item.title.en, item.unit, value, limit, passed)


MEASURED = r"\d+(\.\d+)?\s*[^\d\s，。,.]"  # reads the same in Python and on the phone


def is_measured(cause: str) -> bool:
    """Say whether a cause holds a measured number with something after it (a unit), as SA-OS-004 asks."""
    return bool(re.search(MEASURED, cause))


def record_hash(record: Mapping[str, Any]) -> str:
    """Compute the SHA-256 of a record in canonical JSON; signatures are bound to it."""
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def total_fen(lines: Sequence[tuple[int, int, bool]]) -> int:
    """Add up (unit price in fen, quantity, free) lines."""
    return sum(0 if free else price * quantity for price, quantity, free in lines)


STEP_STATES = {
    "depart": "travelling", "arrive": "on_site", "diagnose": "diagnosed", "quote": "quoted", "consent": "agreed",
    "repair": "repaired", "test": "tested", "sign": "finished",
}  # fmt: skip
_ORDER = tuple(STEP_STATES.values())


def is_behind(step: str, state: str) -> bool:
    """Say whether a visit in `state` has this step behind it already (an agreed visit was quoted, and so on)."""
    return step in STEP_STATES and state in _ORDER and _ORDER.index(state) >= _ORDER.index(STEP_STATES[step])


def instant_by_our_clock(
    told_at: datetime, *, device_now: datetime, now: datetime, not_before: datetime
) -> datetime:
    """Give when something happened by our clock, from what a phone's clock said then and says now.

    A phone whose clock is wrong is wrong by the same amount at both readings. Never in the future, and never before
    `not_before`: the step or the order it follows.
    """
    ago = min(
        max(device_now - told_at, timedelta(0)), timedelta(days=3650)
    )  # no clock leads out of the calendar
    return max(now - ago, not_before)
