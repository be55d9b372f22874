"""What a paper must hold, which cases are alike, which grade and which level of authority a case is of; no database here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from aftercare.policies.rules import Entry, Governance, Monthly, PaperRule, Weight, holds
from aftercare.refusals import Problem

LONGEST = 4000
AHEAD = timedelta(days=366)
ALIKE = 4  # points from which on two cases are called alike


def paper_problems(rule: PaperRule, content: Mapping[str, str], *, today: date) -> list[Problem]:
    """Give everything that is wrong with the entries of a paper; who is named must be looked up besides."""
    return [
        problem for entry in rule.entries if (problem := _problem(entry, content.get(entry.code, ""), today))
    ]


def _problem(entry: Entry, text: str, today: date) -> Problem | None:
    if not text.strip():
        return Problem(entry.code, _("this is missing"), _expected(entry))
    if len(text) > LONGEST:
        return Problem(entry.code, _("this is too long"), _("at most 4,000 characters"))
    if entry.kind == "text" and len(text.strip()) < entry.at_least:
        return Problem(entry.code, _("this is too short"), _expected(entry))
    if entry.kind == "choice" and text not in {choice.code for choice in entry.choices}:
        return Problem(entry.code, _("this is not one of the choices"), _expected(entry))
    if entry.kind == "date":
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return Problem(entry.code, _("this is not a day"), "2026-11-22")
        if not today <= day <= today + AHEAD:
            return Problem(entry.code, _("this day can't be"), _("from today on, within a year"))
    return None


def _expected(entry: Entry) -> str:
    if entry.kind == "choice":
        return ", ".join(choice.code for choice in entry.choices)
    if entry.kind == "date":
        return "2026-11-22"
    if entry.kind == "staff":
        return "GY2024001"
    return _("at least %(n)d characters") % {"n": max(entry.at_least, 1)}


@dataclass(frozen=True)
class Ended:
    """An ended case as it is weighed: what is known of it, and what it was about."""

    request_id: int
    known: Mapping[str, Any]
    theme: tuple[str, str]


def telling_cases(cases: Iterable[Ended], rule: Monthly) -> list[tuple[Ended, list[Weight]]]:
    """Give the cases worth learning from, the most telling first, each with what counts for it.

    One of each matter, up to `at_most`; where those are fewer than `at_least`, the next ones whatever they are about.
    """
    ranked = _weighed(cases, rule.weights)
    chosen: list[tuple[Ended, list[Weight]]] = []
    themes: set[tuple[str, str]] = set()
    for case, counts in ranked:
        if counts and case.theme not in themes and len(chosen) < rule.at_most:
            themes.add(case.theme)
            chosen.append((case, counts))
    more = (one for one in ranked if one not in chosen)
    while len(chosen) < rule.at_least and (one := next(more, None)):
        chosen.append(one)
    return chosen


def heaviest_matter(cases: Iterable[Ended], weights: Sequence[Weight]) -> list[tuple[Ended, list[Weight]]]:
    """Give the cases of the matter that weighs most together, the most telling first, each with what counts for it.

    Of matters that weigh the same the one with more cases is taken, then the one with the older case.
    """
    matters: dict[tuple[str, str], list[tuple[Ended, list[Weight]]]] = {}
    for case, counts in _weighed(cases, weights):
        matters.setdefault(case.theme, []).append((case, counts))

    def weight_of(matter: list[tuple[Ended, list[Weight]]]) -> tuple[int, int, int]:
        points = sum(_points(counts) for _case, counts in matter)
        return points, len(matter), -min(case.request_id for case, _counts in matter)

    return max(matters.values(), key=weight_of, default=[])


def _weighed(cases: Iterable[Ended], weights: Sequence[Weight]) -> list[tuple[Ended, list[Weight]]]:
    weighed = [(case, [weight for weight in weights if holds(weight.when, case.known)]) for case in cases]
    return sorted(weighed, key=lambda one: (-_points(one[1]), one[0].request_id))


def _points(counts: Iterable[Weight]) -> int:
    return sum(weight.points for weight in counts)


@dataclass(frozen=True)
class Case:
    """What is compared of a case: clock codes that were overdue, category, model, unit, handler, and how alike the words are (0–1)."""

    clocks: frozenset[str]
    category: str
    model: str
    unit_id: int
    holder_id: int | None


def likeness(one: Case, other: Case, words: float) -> tuple[int, list[str]]:
    """Give how alike two cases are in points, and what they share: clock, model, category, handler, store, words."""
    shared = [
        ("clock", 3, bool(one.clocks & other.clocks)),
        ("model", 2, bool(one.model) and one.model == other.model),
        ("category", 1, bool(one.category) and one.category == other.category),
        ("handler", 2, one.holder_id is not None and one.holder_id == other.holder_id),
        ("store", 1, one.unit_id == other.unit_id),
        ("words", 2, words >= 0.35),
    ]
    return sum(points for _name, points, yes in shared if yes), [name for name, _points, yes in shared if yes]


def grade_of(governance: Governance, case: Mapping[str, Any]) -> str:
    """Give the grade of a complaint: the last of the pack whose condition holds, else the first (M35)."""
    grades = governance.complaint_grades
    met = [grade.code for grade in grades if grade.when and holds(grade.when, case)]
    return met[-1] if met else grades[0].code


def class_of(governance: Governance, case: Mapping[str, Any]) -> str:
    """Give the class of a complaint, the first whose condition holds; none where the pack has no classes (M38)."""
    return next((row.code for row in governance.complaint_classes if holds(row.when, case)), "")


@dataclass(frozen=True)
class Decides:
    """Which level decides a case by the pack's rules, and why; `only_suggested` leaves the move to a person."""

    level: str
    reason: str
    only_suggested: bool


def who_decides(governance: Governance, case: Mapping[str, Any]) -> Decides:
    """Give the highest level whose rule holds of `amount_fen`, `group`, `reputation`, `urgency`, `kind`, `category`, `grade` (M42)."""
    found = Decides("store", "", False)
    for row in governance.authority_levels:
        if row.above_fen is not None and case.get("amount_fen", 0) > row.above_fen:
            found = Decides(row.code, f"amount_fen > {row.above_fen}", False)
        elif row.when and holds(row.when, case):
            found = Decides(row.code, row.when, False)
        elif row.suggest_when and holds(row.suggest_when, case):
            found = Decides(row.code, row.suggest_when, True)
    return found


def signed_by_all(signers: Iterable[str], signatures: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether every role that must sign has."""
    return set(signers) <= {signature["role"] for signature in signatures}
