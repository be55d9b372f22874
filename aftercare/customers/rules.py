"""Rules about links and phone numbers."""

from __future__ import annotations

import re

ALWAYS = frozenset({"write", "ask"})
ACTS: dict[str, frozenset[str]] = {
    "progress": ALWAYS | {"reopen"},
    "record": ALWAYS,  # shown on the engineer's phone: whoever scans it may read, and decides nothing
    "slots": ALWAYS | {"choose"},
    "consent": ALWAYS | {"consent", "decline"},
    "sign": ALWAYS | {"sign"},
    "survey": ALWAYS | {"rate", "reopen"},
}
DECIDING = frozenset({"choose", "consent", "sign", "rate", "reopen"})


def acts_of(purpose: str, *, used: bool) -> frozenset[str]:
    """Say what a link of `purpose` may do (A2): only its own act, and once it has decided, nothing but look and write."""
    return ALWAYS if used else ACTS[purpose]


def is_phone(digits: str, pattern: str) -> bool:
    """Say whether normalised digits are a phone number of the pack's pattern."""
    return re.fullmatch(pattern, digits) is not None
