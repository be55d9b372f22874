"""Reads of clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractHour

from aftercare.people.rules import Actor

from .models import Clock
from .states import OPEN

COUNTED = 1000
EDGE = 3000


def clocks_of_case(case_id: int) -> list[Clock]:
    """Give all clocks of a request: those still open first, by due instant."""
    clocks = Clock.objects.filter(case_id=case_id).exclude(state="cancelled").order_by("due_at")
    return sorted(clocks, key=lambda clock: (clock.state not in OPEN, clock.due_at))


def clocks_by_id(clock_ids: Iterable[int]) -> dict[int, Clock]:
    return {clock.pk: clock for clock in Clock.objects.filter(pk__in=list(clock_ids))}


def next_clocks(case_ids: Iterable[int]) -> dict[int, Clock]:
    """Give, for each request, the open clock that is due first."""
    found: dict[int, Clock] = {}
    for clock in Clock.objects.filter(case_id__in=list(case_ids), state__in=OPEN).order_by("due_at"):
        found.setdefault(clock.case_id, clock)
    return found


def next_clocks_of(keys: Iterable[str]) -> dict[str, Clock]:
    """Give, for each thing (`paper:7`), the open clock that is due first."""
    found: dict[str, Clock] = {}
    for clock in Clock.objects.filter(key__in=list(keys), state__in=OPEN).order_by("due_at"):
        found.setdefault(clock.key, clock)
    return found


def kept_of(keys: QuerySet[Any, str]) -> tuple[int, int]:
    """Count the ended clocks of these things that were met, and all that were met or missed."""
    rows = Clock.objects.filter(key__in=keys, state__in=["met", "missed"]).order_by().values_list("state")
    counts = dict(rows.annotate(n=Count("id")))
    return counts.get("met", 0), sum(counts.values())


class Edge(NamedTuple):
    """A clock that is overdue or about to be: as little of it as a board of thousands needs."""

    id: int
    case_id: int
    unit_id: int
    holder_id: int | None
    due_at: datetime
    code: str


def edge_of(actor: Actor, *, soon: datetime) -> list[Edge]:
    """Give the clocks within reach that are overdue or due before `soon`, the oldest first, up to `EDGE` of them."""
    rows = running_clocks(actor).filter(due_at__lte=soon).order_by("due_at")
    return [Edge(*row) for row in rows.values_list(*Edge._fields)[:EDGE]]


def breaches(
    actor: Actor, *, since: datetime, category: str | None = None, hours: tuple[int, int] | None = None,
    holder_id: int | None = None, zone: str,
) -> QuerySet[Clock]:  # fmt: skip
    """Give the clocks within reach that went overdue since an instant: of a category, in hours of the local day, of a person."""
    found = Clock.objects.filter(breached_at__gte=since).exclude(state="cancelled").order_by("-breached_at")
    rows = found.annotate(hour=ExtractHour("breached_at", tzinfo=ZoneInfo(zone)))
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    if category is not None:
        rows = rows.filter(category=category)
    if hours is not None:
        rows = rows.filter(hour__gte=hours[0], hour__lt=hours[1])
    return rows if holder_id is None else rows.filter(holder_id=holder_id)


def breach_counts(rows: QuerySet[Any]) -> tuple[list[tuple[str, int, int]], list[tuple[int, int]]]:
    """Count breaches by category and hour, and by person, the most first."""
    by_hour = rows.order_by().values_list("category", "hour").annotate(n=Count("id"))
    by_person = (
        rows.filter(holder_id__isnull=False).order_by().values_list("holder_id").annotate(n=Count("id"))
    )
    return list(by_hour), list(by_person.order_by("-n")[:20])


def breach_counts_by_unit(actor: Actor, *, since: datetime) -> dict[int, int]:
    """Count the breaches of each unit within reach since an instant."""
    rows = Clock.objects.filter(breached_at__gte=since).exclude(state="cancelled").order_by()
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return dict(rows.values_list("unit_id").annotate(n=Count("id")))


def in_hand(actor: Actor, holder_ids: Iterable[int]) -> dict[int, int]:
    """Count the running clocks of each of these people."""
    rows = running_clocks(actor).filter(holder_id__in=list(holder_ids)).order_by()
    return dict(rows.values_list("holder_id").annotate(n=Count("id")))


def paused_count(actor: Actor) -> int:
    """Count the clocks within reach that stand still, up to `COUNTED`."""
    clocks = Clock.objects.filter(state="paused")
    clocks = clocks if actor.units is None else clocks.filter(unit_id__in=actor.units)
    return clocks.values("id")[:COUNTED].count()


def clocks_waiting_for(actor: Actor) -> QuerySet[Clock]:
    """Give the running clocks whose next step is this actor's: held by them, or by one of their roles in reach."""
    mine = Q(holder_id=actor.id) if actor.kind == "staff" else Q(pk=None)
    by_role = Q(holder_id=None, role__in=actor.roles)
    if actor.units is not None:
        by_role &= Q(unit_id__in=actor.units)
    return Clock.objects.filter(mine | by_role, state="running").order_by("due_at")


def running_clocks(actor: Actor) -> QuerySet[Clock]:
    clocks = Clock.objects.filter(state="running")
    return clocks if actor.units is None else clocks.filter(unit_id__in=actor.units)


def due_counts(actor: Actor, *, now: datetime, soon: datetime) -> tuple[int, int]:
    """Count the clocks within reach that are overdue, and those due before `soon`, each up to `COUNTED`."""
    clocks = running_clocks(actor)
    over = clocks.filter(due_at__lte=now).values("id")[:COUNTED].count()
    return over, clocks.filter(due_at__gt=now, due_at__lte=soon).values("id")[:COUNTED].count()


def cases_with_due_clocks(actor: Actor, *, before: datetime) -> QuerySet[Clock]:
    return running_clocks(actor).filter(due_at__lte=before).order_by("due_at")


def next_due_at() -> datetime | None:
    """Give the next instant at which the sweep has something to do."""
    clock = (
        Clock.objects.filter(next_step_at__isnull=False).order_by("next_step_at").only("next_step_at").first()
    )
    return clock.next_step_at if clock else None
