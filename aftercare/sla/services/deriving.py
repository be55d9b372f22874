"""Set what a clock's row says from its events, its policy and its calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from aftercare.policies.rules import Clock as ClockRule
from aftercare.policies.rules import Pack
from aftercare.policies.selectors import policy_version

from ..models import Clock
from ..rules import BREACH, Level, Reading, Target, holder_of, promises_of, read_promises, steps_of
from .calendars import calendar_of

Said = tuple[timedelta, str, str, tuple[int, ...], tuple[Level, ...]]


def rule_of(clock: Clock) -> ClockRule:
    """Give the rule of a clock in the policy version that decided it."""
    return next(
        rule for rule in policy_version(clock.policy_id).pack.clocks.clocks if rule.code == clock.code
    )


def reading_of(clock: Clock) -> tuple[Reading, Target, str]:
    """Read a clock's events: what they come to, the promise that holds, and the key of the pack that makes it."""
    run, paths, targets = clock.run, [], []
    for urgency, since in promises_of(run, clock.first_urgency):
        span, path, calendar, warn_at, ladder = _said(
            clock.policy_id, clock.code, urgency, clock.kind, clock.category
        )
        hours = calendar_of(clock.policy_id, calendar, clock.unit_id)
        targets.append(Target(span, hours, warn_at, ladder, since))
        paths.append(path)
    reading, target = read_promises(run, targets)
    return reading, target, paths[targets.index(target)]


@lru_cache(maxsize=4096)
def _said(policy_id: int, code: str, urgency: str, kind: str, category: str) -> Said:
    return said(policy_version(policy_id).pack, code, urgency, kind, category)


def said(pack: Pack, code: str, urgency: str, kind: str, category: str) -> Said:
    """Give what a pack says of a clock: span, the key that says so, calendar, percents, and levels of the ladder."""
    rule = next(rule for rule in pack.clocks.clocks if rule.code == code)
    seconds, path = rule.target(urgency=urgency, kind=kind, category=category)
    warnings = pack.governance.overdue_warnings if rule.ladder else ()
    ladder = tuple(Level(timedelta(seconds=row.after), row.tells) for row in warnings)
    calendar = rule.calendar_for(urgency)
    return timedelta(seconds=seconds), f"clocks.{code}.{path}", calendar, tuple(rule.warn_at), ladder


def derive(clock: Clock, *, at: datetime) -> Reading:
    """Read a clock's events and set its row: state, due instant, and the steps that are still to be noticed.

    A step that was noticed and now lies ahead is taken back, and comes again when its time comes.
    """
    run = clock.run
    clock.urgency = promises_of(run, clock.first_urgency)[-1][0]
    reading, target, clock.rule = reading_of(clock)
    clock.holder_id = holder_of(run, clock.holder_id)
    clock.calendar, clock.target_seconds = target.calendar.code, int(target.span.total_seconds())
    clock.state, clock.due_at, clock.ended_at = reading.state, reading.due_at, reading.ended_at
    clock.paused_at = reading.paused_at
    steps = steps_of(run, target, reading)
    if reading.is_open:
        until = reading.paused_at if reading.stands_still and reading.paused_at else at
        passed = {key for instant, key in steps if instant <= until}
        clock.noticed = [key for key in clock.noticed if key in passed]
        clock.breached_at = reading.due_at if BREACH in clock.noticed else None
    else:
        clock.breached_at = reading.due_at if reading.state == "missed" else None
    left = [(instant, key) for instant, key in steps if key not in clock.noticed and not reading.stands_still]
    clock.steps_at, clock.step_keys = [instant for instant, _key in left], [key for _instant, key in left]
    clock.next_step_at = clock.steps_at[0] if left else None
    return reading
