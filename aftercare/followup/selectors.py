"""Reads of surveys and recoveries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from aftercare.compiled import compiled
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound
from aftercare.workorders.models import WorkOrder

from .models import Recovery, Survey

OPINIONS = 5000  # answers that are looked through for themes
QUOTES = 3


@dataclass(frozen=True)
class Theme:
    """What customers write about: how many did in the period and in the one before, their mean score, and some of their words."""

    code: str
    count: int
    before: int
    overall: float
    quotes: list[tuple[str, str]]

    @property
    def is_praise(self) -> bool:
        return self.code.startswith("praise:")


def themes_for(actor: Actor, *, at: datetime, days: int = 30) -> tuple[int, list[Theme]]:
    """Give how many wrote something in the last days, and what they wrote about, the most frequent first (M86)."""
    since, before = at - timedelta(days=days), at - timedelta(days=2 * days)
    rows = (
        surveys_for(actor)
        .filter(answered_at__gte=before, answered_at__lte=at)
        .exclude(opinion="")
        .select_related(None)
        .order_by("-answered_at")
        .values_list("answered_at", "themes", "overall", "opinion", "order__request__number")[:OPINIONS]
    )
    wrote, found = 0, dict[str, list[tuple[int, str, str]]]()
    earlier: Counter[str] = Counter()
    for answered_at, themes, overall, opinion, number in rows:
        if answered_at is None or answered_at < since:
            earlier.update(themes)
            continue
        wrote += 1
        for theme in themes:
            found.setdefault(theme, []).append((overall or 0, opinion, number))
    themes_found = [
        Theme(
            code, len(said), earlier[code], round(sum(one[0] for one in said) / len(said), 1),
            [(opinion, number) for _score, opinion, number in said[:QUOTES]],
        ) for code, said in found.items()
    ]  # fmt: skip
    return wrote, sorted(themes_found, key=lambda theme: (-theme.count, theme.code))


def surveys_for(actor: Actor, *, state: str = "") -> QuerySet[Survey]:
    require(actor, "read_survey")
    rows = Survey.objects.select_related("order__request__customer", "order__assignee", "unit").order_by(
        "due_at"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.filter(state=state) if state else rows


def survey_for(actor: Actor, number: str) -> Survey:
    found = surveys_for(actor).filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def survey_of(order_id: int, *, known: WorkOrder | None = None) -> Survey | None:
    """Give the survey of an order; where the order is at hand (`known`), it is not read again."""
    found = next(iter(_surveys(order_id, known is None)), None)
    if found is not None and known is not None:
        found.order = known
    return found


@compiled
def _surveys(order_id: int, with_order: bool) -> QuerySet[Survey]:
    rows = Survey.objects.filter(order_id=order_id).order_by("id")
    return (rows.select_related("order__request") if with_order else rows)[:1]


def recoveries_for(actor: Actor, *, state: str = "") -> QuerySet[Recovery]:
    require(actor, "read_survey")
    rows = Recovery.objects.select_related("survey", "order__request__customer", "owner", "unit").order_by(
        "opened_at"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.filter(state=state) if state else rows


def recovery_for(actor: Actor, recovery_id: int) -> Recovery:
    found = recoveries_for(actor).filter(id=recovery_id).first()
    if found is None:
        raise NotFound()
    return found


def recovery_of(order_id: int) -> Recovery | None:
    return Recovery.objects.filter(order_id=order_id).select_related("survey", "owner").first()


def surveys_of_customer(actor: Actor, customer_id: int) -> list[Survey]:
    """Give what a customer was asked and answered, within reach."""
    require(actor, "read_survey")
    rows = Survey.objects.filter(order__request__customer_id=customer_id).order_by("id")
    return list(rows if actor.units is None else rows.filter(unit_id__in=actor.units))
