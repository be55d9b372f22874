"""How well requests are read: what agents confirmed and corrected, field by field."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from aftercare.compiled import compiled
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.rules import READ
from aftercare.triage.rules import stability_index

from ..models import (
    ReadingCheck,
)
from .cases import requests_for

RECENT = 2000  # requests whose readings are counted for coverage
WEEKS = 8


@dataclass(frozen=True)
class FieldRecord:
    """How a field was read: share of recent requests where it was sure, and of the checks, how many were right, week by week."""

    sure_percent: int | None
    checks: int
    right_percent: int | None
    by_week: list[int | None]
    moved: float  # how far the mix of values moved between the older and the newer half (population stability index)


@dataclass(frozen=True)
class Confused:
    field: str
    read: str
    right: str
    count: int


@dataclass(frozen=True)
class ReadingRecord:
    fields: dict[str, FieldRecord]
    weeks: list[datetime]
    confused: list[Confused]
    checked: int


def checks_of(request_id: int) -> dict[str, str]:
    """Give what fields of a request were said to be."""
    return dict(_checks(request_id))


@compiled
def _checks(request_id: int) -> QuerySet[ReadingCheck, tuple[str, str]]:
    return ReadingCheck.objects.filter(request_id=request_id).values_list("field", "right")


def reading_record(actor: Actor, *, at: datetime) -> ReadingRecord:
    """Give how well requests in reach were read in the last weeks: accuracy, coverage, drift, and what is mixed up most."""
    require(actor, "read_triage")
    within = Q() if actor.units is None else Q(request__unit_id__in=actor.units)
    begin = at - timedelta(weeks=WEEKS)
    weeks = [begin + timedelta(weeks=n) for n in range(WEEKS)]
    checks = list(
        ReadingCheck.objects.filter(within, at__gt=begin, at__lte=at).values_list(
            "field", "read", "right", "at"
        )[:100_000]
    )
    recent = (
        requests_for(actor)
        .filter(is_history=False)
        .order_by("-id")
        .values_list("reading", flat=True)[:RECENT]
    )
    read = [one.get("fields", {}) for one in recent]
    found = {}
    for field in READ:
        mine = [(was, right, when) for name, was, right, when in checks if name == field]
        chosen = [one[field] for one in read if field in one and one[field]["by"] != "given"]
        by_week: list[int | None] = []
        for week in weeks:
            there = [was == right for was, right, when in mine if week < when <= week + timedelta(weeks=1)]
            by_week.append(_percent(sum(there), len(there)))
        newer, older = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
        halves = [Counter(one["value"] for one in part) for part in (newer, older)]
        found[field] = FieldRecord(
            _percent(sum(one["sure"] for one in chosen), len(chosen)), len(mine),
            _percent(sum(was == right for was, right, _at in mine), len(mine)), by_week, stability_index(*halves),
        )  # fmt: skip
    wrong = Counter((name, was, right) for name, was, right, _at in checks if was != right)
    confused = [Confused(*key, n) for key, n in wrong.most_common(8)]
    return ReadingRecord(found, weeks, confused, len(checks))


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None
