"""Instant dispatch as pure rules: hard rules first, then points; every candidate with its reasons (M49–M53)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from aftercare.policies.rules import Dispatch
from aftercare.routing.places import great_circle_km

SOON = 240  # minutes: whoever could begin later than this gets no points for being quick


@dataclass(frozen=True, slots=True)
class Job:
    """What has to be done, where and how badly."""

    category: str
    urgency: str
    lat: float | None
    lon: float | None
    is_remote: bool = False
    units: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """What an external provider has agreed to: the units whose orders it takes, its price for a visit, how many more today."""

    areas: frozenset[int]
    visit_fen: int
    left_today: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who might do it, as known at this moment."""

    id: int
    number: str
    name: str
    skills: frozenset[str]
    certificates: Mapping[str, date]
    on_shift: bool
    next_shift_at: datetime | None
    on_leave: bool
    unfinished: int
    lat: float | None
    lon: float | None
    is_provider: bool = False
    terms: Terms | None = None
    was_there: bool = False
    refused_before: bool = False
    group: int = 0
    is_senior: bool = False


class Candidate(NamedTuple):
    """One person with verdict: excluded by the hard rules named in `against`, or with points."""

    person: Person
    against: Sequence[tuple[str, str]]
    km: float | None
    minutes: int | None
    points: Mapping[str, int] = MappingProxyType({})
    gives_way_to: Sequence[int] = ()
    goes_first: bool = False
    begins_in: int | None = None

    @property
    def is_possible(self) -> bool:
        return not self.against

    @property
    def total(self) -> int:
        return sum(self.points.values())

    def as_values(self) -> dict[str, Any]:
        """Give what is stored and shown for this candidate."""
        who = {"staff": self.person.id, "number": self.person.number, "name": self.person.name}
        reasons = {"against": self.against, "km": None if self.km is None else round(self.km, 1)}
        if self.against:
            return {**who, **reasons}
        judged: dict[str, Any] = {
            "minutes": self.minutes,
            "unfinished": self.person.unfinished,
            "points": self.points,
        }
        if self.gives_way_to:
            judged["gives_way_to"] = list(self.gives_way_to)
        if self.goes_first:
            judged["senior"] = True
        if self.begins_in is not None:
            judged["begins_in"] = self.begins_in
        if self.person.terms is not None:
            judged["visit_fen"] = self.person.terms.visit_fen
        return {**who, **reasons, **judged, "total": self.total}


def hard_rules(job: Job, person: Person, rules: Dispatch, *, on: date) -> list[tuple[str, str]]:
    """Give every hard rule that keeps this person from the job: (rule, detail)."""
    against: list[tuple[str, str]] = []
    needed = rules.certificates.get(job.category)
    if needed:
        expires = person.certificates.get(needed)
        if expires is None:
            against.append(("no_certificate", needed))
        elif expires < on:
            against.append(("certificate_expired", f"{needed} {expires}"))
    if person.skills and job.category and job.category not in person.skills:
        against.append(("not_authorised", job.category))
    if person.on_leave:
        against.append(("on_leave", ""))
    if not person.on_shift:
        against.append(("off_shift", person.next_shift_at.isoformat() if person.next_shift_at else ""))
    if person.unfinished >= rules.max_unfinished:
        against.append(("at_limit", f"{person.unfinished}/{rules.max_unfinished}"))
    if person.refused_before:
        against.append(("refused_before", ""))
    if person.is_provider:
        against += _provider_rules(job, person.terms)
    return against


def rank_candidates(job: Job, people: Iterable[Person], rules: Dispatch, *, on: date) -> list[Candidate]:
    """Judge everybody: those who can, best first; then those who can't, with what is against it.

    Whoever has more than `backlog_over` unfinished comes after the idle colleagues of the same group (M52); what is of an
    urgency in `senior_for` goes to senior technicians first (M26); external providers come last, the cheapest first.
    """
    judged = _redistributed(list(map(_judge_for(job, rules, on=on), people)), rules)
    return sorted([c for c in judged if not c.against], key=_order) + sorted(
        [c for c in judged if c.against], key=lambda c: (len(c.against), c.person.number)
    )


def after_trying(
    ranked: Sequence[Candidate], begins_in: Mapping[int, int | None], rules: Dispatch
) -> list[Candidate]:
    """Rank again those tried in their day: by when they could begin, in minutes, instead of the mere way.

    `begins_in` has the first few; None: what they promised leaves no room today. The others stay behind them.
    """
    tried, others, for_travel = [], [], rules.weights.travel
    for c in ranked:
        if c.person.id not in begins_in:
            others.append(c)
            continue
        minutes = begins_in[c.person.id]
        quickness = 0.0 if minutes is None else max(0.0, 1 - minutes / SOON)
        points = {**c.points, "travel": round(for_travel * quickness)}
        tried.append(Candidate(c.person, (), c.km, c.minutes, points, c.gives_way_to, c.goes_first, minutes))
    return sorted(tried, key=_order) + others


def _order(c: Candidate) -> tuple[Any, ...]:
    """Give by what those who can are sorted, best first."""
    person = c.person
    price = person.terms.visit_fen if person.terms else 0
    return person.is_provider, price, not c.goes_first, bool(c.gives_way_to), -c.total, person.number


def _provider_rules(job: Job, terms: Terms | None) -> list[tuple[str, str]]:
    if terms is None:
        return [("provider", "")]
    against = []
    if not terms.areas & job.units:
        against.append(("outside_area", ""))
    if terms.left_today < 1:
        against.append(("quota_used", ""))
    return against


def passed_over(ranked: Iterable[Candidate], chosen: Candidate) -> list[Candidate]:
    """Give those who would have been first by points, but gave way to the idle colleague who was chosen."""
    return [c for c in ranked if chosen.person.id in c.gives_way_to and c.total > chosen.total]


def _redistributed(judged: list[Candidate], rules: Dispatch) -> list[Candidate]:
    idle: dict[int, list[int]] = {}
    busy: list[int] = []
    idle_up_to, backlog_over = rules.idle_up_to, rules.backlog_over
    for n, c in enumerate(judged):
        if c.against:
            continue
        if c.person.unfinished <= idle_up_to:
            idle.setdefault(c.person.group, []).append(c.person.id)
        if c.person.unfinished > backlog_over:
            busy.append(n)
    for n in busy:
        if judged[n].person.group in idle:
            judged[n] = judged[n]._replace(gives_way_to=sorted(idle[judged[n].person.group]))
    return judged


def what_would_give(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    """For a job nobody can take: those whom only one rule keeps away, and which (what would have to give)."""
    single = [c for c in candidates if len(c.against) == 1]
    return [
        {**c.as_values(), "gives": list(c.against[0])} for c in sorted(single, key=lambda c: c.km or 0)[:8]
    ]


def _judge_for(job: Job, rules: Dispatch, *, on: date) -> Callable[[Person], Candidate]:
    """Give what judges one person for this job; what is the same for everybody is looked up once."""
    near_km, far_km, most, weights, remote = (
        rules.near_km, rules.far_km, rules.max_unfinished, rules.weights, job.is_remote,
    )  # fmt: skip
    for_distance, for_load, for_travel = weights.distance, weights.load, weights.travel
    minutes_a_km = 60 / rules.speed_kmh
    load_factor = 1.0 if job.urgency == "normal" else rules.urgent_load_factor
    for_seniors = job.urgency in rules.senior_for
    there = None if job.lat is None or job.lon is None else (job.lat, job.lon)

    def judge(person: Person) -> Candidate:
        against = hard_rules(job, person, rules, on=on)
        km = None
        if there is not None and person.lat is not None and person.lon is not None:
            km = great_circle_km(there, (person.lat, person.lon))
        if km is not None and km > far_km and not remote:
            against.append(("too_far", f"{km:.0f} km"))
        minutes = None if km is None else round(km * minutes_a_km)
        if against:
            return Candidate(person, against, km, minutes)
        nearness, quickness = 1.0, 1.0
        if not remote:
            nearness = _nearness(km, near_km, far_km)
            quickness = 0.5 if minutes is None else max(0.0, 1 - minutes / 60)
        points = {
            "distance": round(for_distance * nearness),
            "load": round(for_load * (1 - person.unfinished / most * load_factor)),
            "travel": round(for_travel * quickness),
            "familiar": weights.familiar if person.was_there else 0,
        }
        return Candidate(person, (), km, minutes, points, (), for_seniors and person.is_senior)

    return judge


def _nearness(km: float | None, near_km: float, far_km: float) -> float:
    """Full up to the preferred distance (M49: 5 km), then falling to nothing at the far limit; half when unknown."""
    if km is None:
        return 0.5
    if km <= near_km:
        return 1.0 - 0.2 * km / near_km
    return max(0.0, 0.8 * (1 - (km - near_km) / (far_km - near_km)))
