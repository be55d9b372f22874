"""Which groups of repairs are more than chance: exact tests against their own past and against other models, few false alarms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

STEADY = 10.0  # repairs that are assumed to have come evenly, so that a category with few says little about the season
KNOWN = 20  # pieces of a model that must be known before its rate is compared with others'


class Group(NamedTuple):
    """Repairs of one model with one symptom: in the window, and in the time before it."""

    model: str
    category: str
    symptom: str
    recent: int
    before: int


class Suspect(NamedTuple):
    """A group that is more than chance: how many were to be expected, against what (`past` or `peers`), and how likely chance is.

    `p` is the chance of so many if nothing were wrong, `q` the share of false alarms among all groups found so far.
    """

    group: Group
    expected: float
    against: str
    p: float
    q: float


def suspects(
    groups: Sequence[Group], *, window: float, history: float, totals: Mapping[str, tuple[int, int]],
    pieces: Mapping[str, int], false_alarms: float, least: int,
) -> list[Suspect]:  # fmt: skip
    """Give the groups that grew, or stand out among their category, beyond chance; the surest first.

    `window` and `history` are spans in the same unit; `totals` gives by category all repairs in both (the season);
    `pieces` how many of a model are known to be out there. Of what is given, a share of `false_alarms` is expected to be
    false (Benjamini and Hochberg 1995, over all groups with `least` repairs or more in both spans together).
    """
    tested = [group for group in groups if group.recent + group.before >= least]
    judged = [
        (min(_against_past(group, window, history, totals), _against_peers(group, groups, pieces)), group)
        for group in tested
    ]
    judged.sort(key=lambda one: one[0])
    found: list[Suspect] = []
    q = 1.0
    for rank in range(len(judged), 0, -1):
        (p, against, expected), group = judged[rank - 1]
        q = min(q, p * len(judged) / rank)
        if q <= false_alarms and group.recent >= least and group.recent > expected:
            found.append(Suspect(group, expected, against, p, q))
    return found[::-1]


def at_least(r: int, n: int, p: float) -> float:
    """Give the chance of `r` or more of `n` where each has the chance `p`: the exact tail of the binomial distribution."""
    if r <= 0:
        return 1.0
    if p <= 0 or r > n:
        return 0.0
    if p >= 1:
        return 1.0
    log_p, log_rest = math.log(p), math.log1p(-p)
    terms = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_rest
        for k in range(r, n + 1)
    ]  # fmt: skip
    most = max(terms)
    return min(1.0, math.exp(most) * sum(math.exp(term - most) for term in terms))


def _against_past(
    group: Group, window: float, history: float, totals: Mapping[str, tuple[int, int]]
) -> tuple[float, str, float]:
    """Compare with the group's own past: of its repairs, as many should lie in the window as of all others of the category."""
    recent, before = totals.get(group.category, (0, 0))
    others_recent, others_before = max(0, recent - group.recent), max(0, before - group.before)
    even = window / (window + history)
    share = (others_recent + STEADY * even) / (others_recent + others_before + STEADY)
    expected = (group.before + 0.5) * share / max(1e-9, 1 - share)
    return 2 * at_least(group.recent, group.recent + group.before, share), "past", expected


def _against_peers(
    group: Group, groups: Iterable[Group], pieces: Mapping[str, int]
) -> tuple[float, str, float]:
    """Compare with the other models of the category: the symptom should come as often for each piece that is out there."""
    peers = [
        one
        for one in groups
        if one.category == group.category and one.symptom == group.symptom and one.model != group.model
    ]
    ours = pieces.get(group.model, 0)
    theirs = sum(
        pieces.get(model, 0)
        for model in {one.model for one in groups if one.category == group.category} - {group.model}
    )
    if ours < KNOWN or theirs < KNOWN:
        return 1.0, "peers", float(group.recent)
    count = sum(one.recent for one in peers)
    share = ours / (ours + theirs)
    return 2 * at_least(group.recent, group.recent + count, share), "peers", count * ours / theirs
