"""Follow facts, notice what is due, and explain."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.utils.dateparse import parse_datetime

from aftercare.ledger.models import Fact
from aftercare.ledger.services import record
from aftercare.people.rules import MACHINE
from aftercare.policies.rules import Clock as ClockRule
from aftercare.policies.rules import holds
from aftercare.policies.selectors import Policy

from .models import Clock
from .rules import CANCEL, PAUSE, RESUME, START, STOP, Event, next_step_at, read_clock
from .states import OPEN


def follow_fact(fact: Fact, policy: Policy) -> None:
    """Start, stop, pause, resume or cancel the clocks that the pack ties to this fact."""
    touched = [(rule, clock_key(rule, fact), whats) for rule, whats in _touched(policy, fact.name)]
    keys = {key for _rule, key, _whats in touched if key}
    if not keys:
        return
    rows = Clock.objects.select_for_update().filter(key__in=keys, state__in=[*OPEN, "missed"])
    clocks: dict[tuple[str, str], list[Clock]] = {}
    for row in rows.order_by("id"):
        clocks.setdefault((row.key, row.code), []).append(row)
    for rule, key, whats in touched:
        if key is None:
            continue
        known = clocks.get((key, rule.code), [])
        for what in whats:
            if what == START:
                if holds(rule.when, fact.values) and not any(clock.state in OPEN for clock in known):
                    known.append(_start_clock(rule, key, fact, policy))
            else:
                _add_event(known, what, fact)


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


def follow_change(fact: Fact, policy: Policy) -> None:
    """Give the open clocks of a request the targets of its new urgency."""
    rules = {rule.code: rule for rule in policy.pack.clocks.clocks}
    for clock in Clock.objects.select_for_update().filter(case_id=fact.case_id or 0, state__in=OPEN):
        rule = rules.get(clock.code)
        if rule is None:
            continue
        values = fact.values
        clock.urgency = values.get("urgency", clock.urgency)
        clock.target_seconds, path = rule.target(
            urgency=clock.urgency, kind=values.get("kind", ""), category=values.get("category", "")
        )
        clock.rule, clock.policy_id = f"clocks.{rule.code}.{path}", policy.id
        clock.noticed = 0
        _derive(clock)


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
    noticed = 0
    with transaction.atomic():
        due = (
            Clock.objects.select_for_update(skip_locked=True)
            .filter(next_step_at__lte=at)
            .order_by("next_step_at")[:limit]
        )
        for clock in due:
            reached, step_at = _percent_reached(clock), clock.next_step_at or at
            clock.noticed = reached
            values = {"code": clock.code, "percent": reached, "late_by": int((at - step_at).total_seconds())}
            if reached >= 100:
                clock.breached_at = clock.due_at
                record("clock.breached", clock, by=MACHINE, at=step_at, values={**values, "role": clock.role})
            else:
                record("clock.warned", clock, by=MACHINE, at=step_at, values=values)
            _derive(clock)
            noticed += 1
    return noticed


def explain_clock(clock: Clock, language: str) -> list[str]:
    """Write the derivation of a clock line by line: rule, start, pauses, due instant."""
    lines = [f"{clock.rule} · {_span(clock.target_seconds)}"]
    lines += [f"{at:%Y-%m-%d %H:%M:%S} {what} ← {name}" for at, what, name in _named_events(clock)]
    lines.append(f"= {clock.due_at:%Y-%m-%d %H:%M:%S}Z")
    return lines


def _start_clock(rule: ClockRule, key: str, fact: Fact, policy: Policy) -> Clock:
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
    _derive(clock)
    return clock


def _add_event(clocks: list[Clock], what: str, fact: Fact) -> None:
    for clock in clocks:
        if clock.started_at > fact.at or (clock.state not in OPEN and what != STOP):
            continue
        clock.events = [*clock.events, [fact.at.isoformat(), what, fact.name]]
        _derive(clock)


def _derive(clock: Clock) -> None:
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
    clock.save()


def _named_events(clock: Clock) -> list[tuple[datetime, str, str]]:
    return [(parse_datetime(at) or clock.started_at, what, name) for at, what, name in clock.events]


def _percent_reached(clock: Clock) -> int:
    return next((p for p in sorted({*clock.warn_at, 100}) if p > clock.noticed), 100)


def _span(seconds: int) -> str:
    from aftercare.policies.rules import duration_text

    return duration_text(seconds)
