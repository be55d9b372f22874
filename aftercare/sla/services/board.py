"""The clocks that a run of facts touches: read once, changed in memory, written once.

A clock is derived from its events and nothing else. A fact that comes in order is added to the run it belongs to; one
that comes late, or corrects another, has the clocks of its thing derived anew from all facts of the case, so that the
order of arrival makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q

from aftercare.ledger.models import Fact
from aftercare.ledger.services import record_many
from aftercare.people.rules import MACHINE
from aftercare.policies.rules import Clock as ClockRule
from aftercare.policies.rules import holds
from aftercare.policies.selectors import Policy, policy_for

from ..models import Clock
from ..rules import BREACH, CANCEL, CHANGE, HAND, NEWS, RESTART, START, STOP, Event, split_runs
from .deriving import derive, rule_of
from .touching import clock_key, names_touching, touched, ways

OF_EVERY_CLOCK = ("request.urgency_changed", "request.handed_over", "fact.corrected")
Key = tuple[str, str]  # what it belongs to, and the code of the rule
CHANGING = [
    "state", "events", "urgency", "target_seconds", "rule", "policy_id", "started_at", "due_at", "ended_at", "paused_at",
    "next_step_at", "steps_at", "step_keys", "noticed", "breached_at", "calendar", "kind", "category", "first_urgency",
    "holder_id", "order_id",
]  # fmt: skip


class Board:
    """Clocks of the things that these facts are about."""

    def __init__(self, steps: list[tuple[Fact, Policy]], *, at: datetime) -> None:
        self.at = at
        self._runs: dict[Key, list[Clock]] = {}
        self._of_case: dict[int, list[Clock]] = {}
        self._started: list[Clock] = []
        self._changed: dict[int, Clock] = {}
        self._late: dict[Key, tuple[ClockRule, Policy, int]] = {}
        self._withdrawn: list[Clock] = []
        self._found_late: list[Clock] = []
        self._came_late = came_late([fact for fact, _policy in steps])
        keys = {
            clock_key(rule, fact) for fact, policy in steps for rule, _whats in touched(policy, fact.name)
        }
        cases = {fact.case_id for fact, _policy in steps if fact.name in OF_EVERY_CLOCK}
        if keys or cases:
            rows = Clock.objects.select_for_update().filter(Q(key__in=keys - {None}) | Q(case_id__in=cases))
            for clock in rows.order_by("started_at", "id"):
                self._add(clock)

    def follow(self, fact: Fact, policy: Policy) -> None:
        """Let one fact start, stop, pause, resume, restart or cancel what the policy ties to it."""
        if fact.name in OF_EVERY_CLOCK:
            for clock in self._of_case.get(fact.case_id or 0, ()):
                if fact.name == "fact.corrected" or self._is_late(fact, clock):
                    self._late[clock.key, clock.code] = (rule_of(clock), policy, clock.case_id)
                elif clock.is_open and not clock.knows(fact.pk):
                    self._append(clock, *change_of(fact))
        for rule, whats in touched(policy, fact.name):
            key = clock_key(rule, fact)
            if key is not None and not any(
                clock.knows(fact.pk) for clock in self._runs.get((key, rule.code), ())
            ):
                for what in whats:
                    self._happen((key, rule.code), rule, what, fact, policy)

    def rederive(self, clock: Clock) -> None:
        """Derive an existing clock once more, after its target changed."""
        self._touch(clock)

    def save(self) -> None:
        """Derive what came late, then write what changed, then what began: an ended clock makes room for the next."""
        for key in list(self._late):
            self._from_all_facts(key)
        if self._changed:
            ended_first = sorted(self._changed.values(), key=lambda clock: clock.is_open)
            Clock.objects.bulk_create(
                ended_first, update_conflicts=True, unique_fields=["id"], update_fields=CHANGING
            )
        Clock.objects.bulk_create(self._started)
        late = [
            (c, {"code": c.code, "percent": 100, "late_by": 0, "role": c.role}, c.due_at)
            for c in self._found_late
        ]
        record_many("clock.breached", late, by=MACHINE)
        gone = [(c, {"code": c.code, "due_at": c.due_at.isoformat()}, self.at) for c in self._withdrawn]
        record_many("clock.breach_withdrawn", gone, by=MACHINE)

    def _happen(self, key: Key, rule: ClockRule, what: str, fact: Fact, policy: Policy) -> None:
        runs = [clock for clock in self._runs.get(key, ()) if not clock.is_void]
        if self._is_late(fact, runs[-1] if runs else None):
            self._late[key] = (rule, policy, fact.case_id or 0)
            return
        clock = runs[-1] if runs and runs[-1].is_open else None
        if what == START:
            if clock is None and holds(rule.when, fact.values):
                self._start(key, rule, fact, policy)
        elif clock is not None:
            self._append(clock, STOP if what == RESTART else what, fact)
            if what == RESTART:
                self._start(key, rule, fact, policy)

    def _is_late(self, fact: Fact, clock: Clock | None) -> bool:
        return fact.pk in self._came_late or (clock is not None and (fact.at, fact.pk) < clock.last_event)

    def _start(self, key: Key, rule: ClockRule, fact: Fact, policy: Policy) -> None:
        clock = new_clock(rule, key[0], fact, policy)
        self._started.append(clock)
        self._add(clock)
        self._touch(clock)

    def _append(self, clock: Clock, what: str, fact: Fact, value: str = "") -> None:
        clock.events = [*clock.events, Event(fact.at, fact.pk, what, fact.name, value).as_values()]
        self._touch(clock)

    def _touch(self, clock: Clock) -> None:
        before = clock.breached_at
        derive(clock, at=self.at)
        if before is not None and clock.breached_at is None:
            self._withdrawn.append(clock)
        if clock.state == "missed" and BREACH not in clock.noticed:
            clock.noticed = [*clock.noticed, BREACH]
            self._found_late.append(clock)
        if clock.pk is not None:
            self._changed[clock.pk] = clock

    def _add(self, clock: Clock) -> None:
        self._runs.setdefault((clock.key, clock.code), []).append(clock)
        self._of_case.setdefault(clock.case_id, []).append(clock)

    def _from_all_facts(self, key: Key) -> None:
        """Split all events of one thing into runs and make the stored clocks equal to them, one by one."""
        rule, policy, case_id = self._late[key]
        facts = {fact.pk: fact for fact in case_facts(case_id, rule)}
        runs = split_runs(events_of(facts.values(), rule, key[0]))
        known = self._runs.get(key, [])
        for n, run in enumerate(runs):
            if n < len(known):
                clock = known[n]
            else:
                clock = new_clock(rule, key[0], facts[run[0].fact_id], policy)
                self._started.append(clock)
                self._add(clock)
            clock.events = [event.as_values() for event in run]
            _begin_with(clock, facts[run[0].fact_id], rule)
            self._touch(clock)
        for clock in known[len(runs) :]:
            clock.events = [*clock.events[:1], Event(clock.started_at, 2**62, CANCEL, "void").as_values()]
            self._touch(clock)


_BEFORE = """
SELECT v.case_id, max(f.at) FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS v (case_id, transaction, id)
JOIN ledger_fact f ON f.case_id = v.case_id AND (f.transaction, f.id) < (v.transaction, v.id) AND f.subject_kind <> 'clock'
GROUP BY v.case_id
"""


def came_late(facts: list[Fact]) -> set[int]:
    """Give the ids of the facts that happened before something of their case that was delivered earlier.

    What such a fact changes can't be seen from the clocks alone: an event that meant nothing when it came may mean
    something now.
    """
    first: dict[int, Fact] = {}
    for fact in facts:
        first.setdefault(fact.case_id or 0, fact)
    if not first:
        return set()
    with connection.cursor() as cursor:
        columns = [list(first), [f.transaction for f in first.values()], [f.pk for f in first.values()]]
        cursor.execute(_BEFORE, columns)
        latest: dict[int, datetime] = dict(cursor.fetchall())
    late = set()
    for fact in facts:
        before = latest.get(fact.case_id or 0)
        if before is not None and fact.at < before:
            late.add(fact.pk)
        else:
            latest[fact.case_id or 0] = fact.at
    return late


def case_facts(case_id: int, rule: ClockRule) -> list[Fact]:
    """Give the facts of a case that touch a rule, with corrected instants where somebody corrected them."""
    names = [*names_touching(rule), *OF_EVERY_CLOCK]
    return corrected(list(Fact.objects.filter(case_id=case_id, name__in=names).order_by("id")))


def corrected(facts: list[Fact]) -> list[Fact]:
    """Give the facts of a case at the instants that later corrections say, without the corrections themselves.

    A fact that was made void by a correction counts no more.
    """
    moved = {f.values["fact"]: f.values for f in facts if f.name == "fact.corrected"}
    for fact in facts:
        if fact.pk in moved and not moved[fact.pk].get("void"):
            fact.at = datetime.fromisoformat(moved[fact.pk]["at"])
    void = {fact_id for fact_id, values in moved.items() if values.get("void")}
    return [fact for fact in facts if fact.name != "fact.corrected" and fact.pk not in void]


def events_of(facts: Iterable[Fact], rule: ClockRule, key: str) -> list[Event]:
    """Give what these facts mean to the clock of one thing."""
    found = []
    for fact in facts:
        if fact.name in OF_EVERY_CLOCK:
            what, _fact, value = change_of(fact)
            found.append(Event(fact.at, fact.pk, what, fact.name, value))
        if clock_key(rule, fact) != key:
            continue
        for what, names in ways(rule):
            if fact.name in names and (what != START or holds(rule.when, fact.values)):
                found.append(Event(fact.at, fact.pk, what, fact.name))
    return found


def change_of(fact: Fact) -> tuple[str, Fact, str]:
    """Say what a fact about the whole case means to each of its clocks: other hands, news, or an urgency misjudged from the start."""
    if fact.name == "request.handed_over":
        return HAND, fact, f"{fact.values.get('before') or ''}>{fact.values['holder']}"
    return (NEWS if fact.values.get("news") else CHANGE), fact, str(fact.values.get("urgency", ""))


def new_clock(rule: ClockRule, key: str, fact: Fact, policy: Policy) -> Clock:
    """Give a clock that begins with a fact, not yet derived or stored."""
    clock = Clock(
        code=rule.code, key=key, policy_id=policy.id, title_zh=rule.title.zh, title_en=rule.title.en,
        step_zh=rule.next_step.zh, step_en=rule.next_step.en, role=rule.role,
        events=[Event(fact.at, fact.pk, START, fact.name).as_values()],
    )  # fmt: skip
    _begin_with(clock, fact, rule)
    return clock


def _begin_with(clock: Clock, fact: Fact, rule: ClockRule) -> None:
    """Take from the fact that starts a run what the run is about."""
    values = fact.values
    clock.case_id, clock.order_id, clock.unit_id = fact.case_id or 0, fact.order_id, fact.unit_id or 0
    clock.kind, clock.category = values.get("kind", ""), values.get("category", "")
    clock.first_urgency = values.get("urgency", "normal")
    clock.holder_id = None if rule.role else values.get("holder")
    clock.started_at = fact.at


def steps_for(facts: list[Fact]) -> list[tuple[Fact, Policy]]:
    """Pair the facts of cases with the policy in force where they happened; facts about clocks move no clock."""
    return [
        (fact, policy_for(fact.unit_id)) for fact in facts if fact.case_id and fact.subject_kind != "clock"
    ]
