"""How alike two descriptions are: the share of character pairs they have in common (Dice)."""

from __future__ import annotations

import re


def similarity(one: str, other: str) -> float:
    """Give 0.0 (nothing in common) to 1.0 (the same)."""
    return shared(pairs_of(one), pairs_of(other))


def shared(a: set[str], b: set[str]) -> float:
    """Give the same of texts whose pairs are known, for comparing one with many."""
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def pairs_of(text: str) -> set[str]:
    plain = re.sub(r"[\W_]+", "", text.casefold())
    return {plain[i : i + 2] for i in range(len(plain) - 1)}
