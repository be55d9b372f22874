"""What a policy that is not yet in force would do to the clocks that run now; nothing is written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftercare.people.rules import Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.rules import Pack

from ..models import Clock
from ..rules import Target, promises_of, read_promises
from .calendars import make_calendar, own_hours
from .deriving import said

LOOKED_AT = 20_000
SHOWN = 12


@dataclass
class Effects:
    """How many open clocks were looked at, get another deadline, become overdue by it, or are overdue no more."""

    looked_at: int = 0
    moved: int = 0
    newly_over: int = 0
    no_longer_over: int = 0
    unknown: int = 0
    full: bool = False
    rows: list[tuple[Clock, datetime]] = field(default_factory=list)


def preview_policy(pack: Pack, *, by: Actor, at: datetime, units: Collection[int] | None = None) -> Effects:
    """Read the open clocks within reach, of `units` (None: of all), under a pack: what would move.

    A clock that the pack does not know keeps its promise.
    """
    require(by, "read_policy")
    effects = Effects()
    hours: dict[tuple[str, int], Any] = {}
    known = {rule.code for rule in pack.clocks.clocks}
    clocks = Clock.objects.filter(state__in=["running", "paused"]).order_by("due_at")
    clocks = clocks if by.units is None else clocks.filter(unit_id__in=by.units)
    clocks = clocks if units is None else clocks.filter(unit_id__in=units)
    for clock in clocks[:LOOKED_AT].iterator(chunk_size=2000):
        effects.looked_at += 1
        if clock.code not in known:
            effects.unknown += 1
            continue
        due_at = _due_under(clock, pack, hours)
        if due_at == clock.due_at:
            continue
        effects.moved += 1
        effects.newly_over += clock.due_at > at >= due_at
        effects.no_longer_over += due_at > at >= clock.due_at
        if len(effects.rows) < SHOWN:
            effects.rows.append((clock, due_at))
    effects.full = effects.looked_at == LOOKED_AT
    return effects


def _due_under(clock: Clock, pack: Pack, hours: dict[tuple[str, int], Any]) -> datetime:
    run, targets = clock.run, []
    for urgency, since in promises_of(run, clock.first_urgency):
        span, _path, calendar, warn_at, ladder = said(pack, clock.code, urgency, clock.kind, clock.category)
        key = (calendar, clock.unit_id)
        if key not in hours:
            own = own_hours(clock.unit_id) if calendar != "always" else None
            hours[key] = make_calendar(pack.calendars, calendar, zone_of(clock.unit_id), own)
        targets.append(Target(span, hours[key], warn_at, ladder, since))
    return read_promises(run, targets)[0].due_at
