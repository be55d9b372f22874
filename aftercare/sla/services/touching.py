"""Which facts touch which clocks, as the pack says."""

from __future__ import annotations

from functools import lru_cache

from aftercare.ledger.models import Fact
from aftercare.policies.rules import Clock as ClockRule
from aftercare.policies.selectors import Policy

from ..rules import CANCEL, PAUSE, RESTART, RESUME, START, STOP


def ways(rule: ClockRule) -> tuple[tuple[str, list[str]], ...]:
    """Give what a rule does on which facts; in this order when one fact does several."""
    return (
        (STOP, rule.stops), (CANCEL, rule.cancels), (PAUSE, rule.pauses), (RESUME, rule.resumes),
        (RESTART, rule.restarts), (START, rule.starts),
    )  # fmt: skip


def names_touching(rule: ClockRule) -> list[str]:
    return sorted({name for _what, names in ways(rule) for name in names})


@lru_cache(maxsize=2048)
def touched(policy: Policy, name: str) -> list[tuple[ClockRule, list[str]]]:
    """Give the clock rules that a fact of this name touches, and how."""
    found = []
    for rule in policy.pack.clocks.clocks:
        whats = [what for what, names in ways(rule) if name in names]
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
