"""What if: recorded facts under another policy, and which promises would have been kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from aftercare.ledger.models import Fact
from aftercare.people.rules import Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.rules import Clock as ClockRule
from aftercare.policies.rules import Pack

from ..rules import Event, Reading, Target, promises_of, read_promises, split_runs
from .board import OF_EVERY_CLOCK, corrected, events_of
from .calendars import make_calendar, own_hours
from .deriving import said
from .touching import clock_key, names_touching

CHUNK = 200


@dataclass
class Tally:
    """How the runs of one clock came out, and how often each level of the ladder would have called."""

    met: int = 0
    missed: int = 0
    open: int = 0
    void: int = 0
    called: Counter[str] = field(default_factory=Counter)

    @property
    def decided(self) -> int:
        return self.met + self.missed

    @property
    def kept(self) -> float | None:
        """The share of decided runs that kept their promise."""
        return self.met / self.decided if self.decided else None


def replay(
    packs: list[Pack], *, start: datetime, end: datetime, by: Actor, at: datetime
) -> list[dict[str, Tally]]:
    """Derive all clocks of the requests received from `start` to before `end`, once for each pack; nothing is written.

    Urgency and category are taken as they were judged then. A run that is open and overdue at `at` counts as missed.
    """
    require(by, "read_report")
    results: list[dict[str, Tally]] = [{} for _pack in packs]
    for facts in _cases(start, end, by):
        for pack, tallies in zip(packs, results, strict=True):
            for rule in pack.clocks.clocks:
                _count(rule, pack, facts, tallies.setdefault(rule.code, Tally()), at)
    return results


def _count(rule: ClockRule, pack: Pack, facts: list[Fact], tally: Tally, at: datetime) -> None:
    names = set(names_touching(rule))
    mine = [fact for fact in facts if fact.name in names or fact.name in OF_EVERY_CLOCK]
    by_id = {fact.pk: fact for fact in mine}
    keys = {clock_key(rule, fact) for fact in mine if fact.name in names} - {None}
    for key in keys:
        for run in split_runs(events_of(mine, rule, key or "")):
            reading, target = _read(run, by_id[run[0].fact_id], rule, pack)
            overdue = reading.is_open and not reading.stands_still and reading.due_at < at
            if reading.state == "cancelled":
                tally.void += 1
            elif reading.state == "missed" or overdue:
                tally.missed += 1
                until = reading.ended_at or at
                tally.called.update(
                    level.tell for level in target.ladder if reading.due_at + level.after <= until
                )
            elif reading.state == "met":
                tally.met += 1
            else:
                tally.open += 1


def _read(run: list[Event], first: Fact, rule: ClockRule, pack: Pack) -> tuple[Reading, Target]:
    values = first.values
    unit, targets = first.unit_id or 0, []
    for urgency, since in promises_of(run, values.get("urgency", "normal")):
        span, _path, calendar, warn_at, ladder = said(
            pack, rule.code, urgency, values.get("kind", ""), values.get("category", "")
        )
        own = own_hours(unit) if calendar != "always" else None
        hours = make_calendar(pack.calendars, calendar, zone_of(unit), own)
        targets.append(Target(span, hours, warn_at, ladder, since))
    return read_promises(run, targets)


def _cases(start: datetime, end: datetime, by: Actor) -> Iterator[list[Fact]]:
    """Give the facts of each case received in the period, within reach, a chunk of cases read at a time."""
    received = Fact.objects.filter(name="request.received", at__gte=start, at__lt=end)
    if by.units is not None:
        received = received.filter(unit_id__in=by.units)
    ids = list(received.values_list("case_id", flat=True).order_by("case_id"))
    for n in range(0, len(ids), CHUNK):
        cases: dict[int, list[Fact]] = {}
        for fact in (
            Fact.objects.filter(case_id__in=ids[n : n + CHUNK]).exclude(subject_kind="clock").order_by("id")
        ):
            cases.setdefault(fact.case_id or 0, []).append(fact)
        for facts in cases.values():
            yield corrected(facts)
