"""Make the calendar of a clock: the pack's hours, the unit's own, and the days that the law moves."""

from __future__ import annotations

from functools import lru_cache

from chinese_calendar import constants

from aftercare.people.selectors import hours_of_unit, zone_of
from aftercare.policies.rules import WEEK, Calendars, Hours
from aftercare.policies.selectors import policy_version

from ..rules import Calendar

ALWAYS = Calendar("always")
LAST_KNOWN_DAY = max(constants.holidays)


Own = tuple[tuple[str, tuple[str, ...]], ...]


def calendar_of(policy_id: int, code: str, unit_id: int) -> Calendar:
    """Give the calendar that a policy version calls `code`, as it is at a unit."""
    if code == "always":
        return ALWAYS
    return _made(policy_id, code, zone_of(unit_id), own_hours(unit_id))


def own_hours(unit_id: int) -> Own | None:
    own = hours_of_unit(unit_id)
    return tuple((day, tuple(own.get(day, ()))) for day in WEEK) if own else None


@lru_cache(maxsize=4096)
def _made(policy_id: int, code: str, zone: str, own: Own | None) -> Calendar:
    return make_calendar(policy_version(policy_id).pack.calendars, code, zone, own)


def make_calendar(part: Calendars, code: str, zone: str, own: Own | None) -> Calendar:
    """Make the calendar that a pack calls `code`, in a zone, with a unit's own hours where the calendar takes them."""
    if code == "always":
        return ALWAYS
    hours = next(row for row in part.calendars if row.code == code)
    weekly = dict(own) if own and hours.unit_hours else hours.weekly
    return Calendar(
        code, zone=zone, weekly=tuple(hours.spans(list(weekly.get(day, ()))) for day in WEEK),
        holidays=_spans(hours, hours.holidays), makeup=_spans(hours, hours.makeup),
        days={day: hours.spans(openings) for day, openings in hours.days.items()},
        off=frozenset(constants.holidays) | frozenset(part.off),
        worked=(frozenset(constants.workdays) | frozenset(part.worked)),
    )  # fmt: skip


def _spans(hours: Hours, openings: list[str] | None) -> tuple[tuple[int, int], ...] | None:
    return None if openings is None else hours.spans(openings)
