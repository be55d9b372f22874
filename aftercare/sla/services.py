"""Follow facts, notice what is due, and explain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from aftercare.ledger.models import Fact
from aftercare.ledger.services import record_many
from aftercare.people.rules import MACHINE
from aftercare.policies.rules import Clock as ClockRule
from aftercare.policies.rules import holds
from aftercare.policies.selectors import Policy, policy_for

from .models import Clock
from .rules import CANCEL, PAUSE, RESUME, START, STOP, Event, next_step_at, read_clock
from .states import OPEN

_CHANGING = [
    "state", "events", "urgency", "target_seconds", "rule", "policy_id", "started_at", "due_at", "ended_at", "paused_at",
    "next_step_at", "noticed", "breached_at",
]  # fmt: skip


def follow_facts(facts: list[Fact]) -> None:
    """Start, stop, pause, resume or cancel the clocks that the packs tie to these facts, in their order."""
    steps = [
        (fact, policy_for(fact.unit_id)) for fact in facts if fact.case_id and fact.subject_kind != "clock"
    ]
    board = _Board(steps)
    for fact, policy in steps:
        if fact.name == "request.urgency_changed":
            board.change(fact, policy)
        for rule, whats in _touched(policy, fact.name):
            board.follow(fact, rule, whats, policy)
    board.save()


class _Board:
    """The clocks that a run of facts touches: read once, changed in memory, written once."""

    def __init__(self, steps: list[tuple[Fact, Policy]]) -> None:
        self._of_key: dict[tuple[str, str], list[Clock]] = {}
        self._of_case: dict[int, list[Clock]] = {}
        self._started: list[Clock] = []
        self._changed: dict[int, Clock] = {}
        keys = {
            clock_key(rule, fact) for fact, policy in steps for rule, _whats in _touched(policy, fact.name)
        }
        cases = {fact.case_id for fact, _policy in steps if fact.name == "request.urgency_changed"}
        if not keys and not cases:
            return
        rows = Clock.objects.select_for_update().filter(state__in=[*OPEN, "missed"])
        for clock in rows.filter(Q(key__in=keys - {None}) | Q(case_id__in=cases)).order_by("id"):
            self._add(clock)

    def follow(self, fact: Fact, rule: ClockRule, whats: list[str], policy: Policy) -> None:
        key = clock_key(rule, fact)
        if key is None:
            return
        known = self._of_key.get((key, rule.code), [])
        for what in whats:
            if what != START:
                for clock in known:
                    self._happen(clock, what, fact)
            elif holds(rule.when, fact.values) and not any(clock.state in OPEN for clock in known):
                clock = _new_clock(rule, key, fact, policy)
                self._started.append(clock)
                self._add(clock)
                known = self._of_key[key, rule.code]

    def change(self, fact: Fact, policy: Policy) -> None:
        """Give the open clocks of a request the targets of its new urgency."""
        rules = {rule.code: rule for rule in policy.pack.clocks.clocks}
        for clock in self._of_case.get(fact.case_id or 0, ()):
            rule = rules.get(clock.code)
            if rule is None or clock.state not in OPEN:
                continue
            values = fact.values
            clock.urgency = values.get("urgency", clock.urgency)
            clock.target_seconds, path = rule.target(
                urgency=clock.urgency, kind=values.get("kind", ""), category=values.get("category", "")
            )
            clock.rule, clock.policy_id = f"clocks.{rule.code}.{path}", policy.id
            clock.noticed = 0
            self._touch(clock)

    def save(self) -> None:
        """Write what changed, then what began: a clock that ended makes room for its successor."""
        _save_changed(self._changed.values())
        Clock.objects.bulk_create(self._started)

    def _add(self, clock: Clock) -> None:
        self._of_key.setdefault((clock.key, clock.code), []).append(clock)
        self._of_case.setdefault(clock.case_id, []).append(clock)

    def _happen(self, clock: Clock, what: str, fact: Fact) -> None:
        over = clock.state not in OPEN and (clock.state != "missed" or what != STOP)
        if not over and clock.started_at <= fact.at:
            clock.events = [*clock.events, [fact.at.isoformat(), what, fact.name]]
            self._touch(clock)

    def _touch(self, clock: Clock) -> None:
        derive(clock)
        if clock.pk is not None:
            self._changed[clock.pk] = clock


@lru_cache(maxsize=2048)
def _touched(policy: Policy, name: str) -> list[tuple[ClockRule, list[str]]]:
    """Give the clock rules that a fact of this name touches, and how."""
    found = []
    for rule in policy.pack.clocks.clocks:
        ways = (
            (STOP, rule.stops),
            (CANCEL, rule.cancels),
            (PAUSE, rule.pauses),
            (RESUME, rule.resumes),
            (START, rule.starts),
        )
        whats = [what for what, names in ways if name in names]
        if whats:
            found.append((rule, whats))
    return found


def clock_key(rule: ClockRule, fact: Fact) -> str | None:
    """Say which thing a rule's clock belongs to for this fact; None when the fact has no such thing."""
    if rule.per == "request":
        return f"request:{fact.case_id}" if fact.case_id else None
    if rule.per == "work_order":
        return f"work_order:{fact.order_id}" if fact.order_id else None
    return f"{fact.subject_kind}:{fact.subject_id}"


def sweep_clocks(*, at: datetime, limit: int = 500) -> int:
    """Notice what is due by `at`: pre-warnings and breaches, each once, oldest first; give how many.

    Several workers may sweep at once (`SKIP LOCKED`). A breach happened when it was due, not when it was noticed.
    """
    warned, breached = [], []
    with transaction.atomic():
        rows = Clock.objects.select_for_update(skip_locked=True).filter(next_step_at__lte=at)
        due = list(rows.order_by("next_step_at")[:limit])
        for clock in due:
            reached, step_at = _percent_reached(clock), clock.next_step_at or at
            clock.noticed = reached
            values = {"code": clock.code, "percent": reached, "late_by": int((at - step_at).total_seconds())}
            if reached >= 100:
                clock.breached_at = clock.due_at
                breached.append((clock, {**values, "role": clock.role}, step_at))
            else:
                warned.append((clock, values, step_at))
            derive(clock)
        record_many("clock.warned", warned, by=MACHINE)
        record_many("clock.breached", breached, by=MACHINE)
        _save_changed(due)
    return len(due)


def explain_clock(clock: Clock, language: str) -> list[str]:
    """Write the derivation of a clock line by line: rule, start, pauses, due instant."""
    lines = [f"{clock.rule} · {_span(clock.target_seconds)}"]
    lines += [f"{at:%Y-%m-%d %H:%M:%S} {what} ← {name}" for at, what, name in _named_events(clock)]
    lines.append(f"= {clock.due_at:%Y-%m-%d %H:%M:%S}Z")
    return lines


def _save_changed(clocks: Iterable[Clock]) -> None:
    """Write clocks that exist already in one statement: an insert that meets its own row and updates it."""
    Clock.objects.bulk_create(clocks, update_conflicts=True, unique_fields=["id"], update_fields=_CHANGING)


def _new_clock(rule: ClockRule, key: str, fact: Fact, policy: Policy) -> Clock:
    values = fact.values
    seconds, path = rule.target(
        urgency=values.get("urgency", "normal"),
        kind=values.get("kind", ""),
        category=values.get("category", ""),
    )
    clock = Clock(
        code=rule.code, key=key, case_id=fact.case_id or 0, order_id=fact.order_id, unit_id=fact.unit_id or 0,
        policy_id=policy.id, rule=f"clocks.{rule.code}.{path}", title_zh=rule.title.zh, title_en=rule.title.en,
        step_zh=rule.next_step.zh, step_en=rule.next_step.en, urgency=values.get("urgency", "normal"),
        holder_id=None if rule.role else values.get("holder"), role=rule.role, target_seconds=seconds,
        warn_at=list(rule.warn_at), events=[[fact.at.isoformat(), START, fact.name]], state="running",
        started_at=fact.at, due_at=fact.at + timedelta(seconds=seconds),
    )  # fmt: skip
    derive(clock)
    return clock


def derive(clock: Clock) -> None:
    """Set state, due instant and next step of a clock from its events."""
    events = [Event(at, what) for at, what, _name in _named_events(clock)]
    target = timedelta(seconds=clock.target_seconds)
    reading = read_clock(events, target)
    if reading is None:
        return
    clock.state, clock.started_at, clock.due_at = reading.state, reading.started_at, reading.due_at
    clock.ended_at, clock.paused_at = reading.ended_at, reading.paused_at
    if reading.state == "missed":
        clock.breached_at = reading.due_at
    elif reading.state == "met":
        clock.breached_at = None
    clock.next_step_at = next_step_at(reading, target, clock.warn_at, done=clock.noticed)


def _named_events(clock: Clock) -> list[tuple[datetime, str, str]]:
    return [(parse_datetime(at) or clock.started_at, what, name) for at, what, name in clock.events]


def _percent_reached(clock: Clock) -> int:
    return next((p for p in sorted({*clock.warn_at, 100}) if p > clock.noticed), 100)


def _span(seconds: int) -> str:
    from aftercare.policies.rules import duration_text

    return duration_text(seconds)
