"""Reads of clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractHour

from aftercare.compiled import Limit, compiled
from aftercare.people.rules import Actor

from .models import Clock
from .states import OPEN

Units = frozenset[int] | None  # within reach; None: all
COUNTED = 1000
EDGE = 3000


def clocks_of_case(case_id: int) -> list[Clock]:
    """Give all clocks of a request: those still open first, by due instant."""
    return sorted(_clocks(case_id), key=lambda clock: (clock.state not in OPEN, clock.due_at))


@compiled
def _clocks(case_id: int) -> QuerySet[Clock]:
    return Clock.objects.filter(case_id=case_id).exclude(state="cancelled").order_by("due_at")


def clocks_by_id(clock_ids: Iterable[int]) -> dict[int, Clock]:
    return {clock.pk: clock for clock in _clocks_by_id(list(clock_ids))}


@compiled
def _clocks_by_id(clock_ids: list[int]) -> QuerySet[Clock]:
    return Clock.objects.filter(pk__in=clock_ids)


def next_clocks(case_ids: Iterable[int]) -> dict[int, Clock]:
    """Give, for each request, the open clock that is due first."""
    found: dict[int, Clock] = {}
    for clock in _open_clocks(list(case_ids)):
        found.setdefault(clock.case_id, clock)
    return found


@compiled
def _open_clocks(case_ids: list[int]) -> QuerySet[Clock]:
    return Clock.objects.filter(case_id__in=case_ids, state__in=OPEN).order_by("due_at")


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
    return [Edge(*row) for row in _edge(actor.units, soon)]


@compiled
def _edge(units: Units, soon: datetime) -> QuerySet[Clock, tuple[Any, ...]]:
    rows = _running(units).filter(due_at__lte=soon).order_by("due_at")
    return rows.values_list(*Edge._fields)[:EDGE]


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
    return dict(_held(actor.units, list(holder_ids)))


@compiled
def _held(units: Units, holder_ids: list[int]) -> QuerySet[Clock, tuple[int, int]]:
    rows = _running(units).filter(holder_id__in=holder_ids).order_by()
    return rows.values_list("holder_id").annotate(n=Count("id"))


def paused_count(actor: Actor) -> int:
    """Count the clocks within reach that stand still, up to `COUNTED`."""
    return _in_state.count("paused", actor.units)


@compiled
def _in_state(
    state: str, units: Units, after: datetime | None = None, by: datetime | None = None
) -> QuerySet[Clock, tuple[int]]:
    clocks = _within(Clock.objects.filter(state=state), units)
    clocks = clocks.filter(due_at__gt=after) if after else clocks
    return (clocks.filter(due_at__lte=by) if by else clocks).values_list("id")[:COUNTED]


def clocks_waiting_for(actor: Actor) -> QuerySet[Clock]:
    """Give the running clocks whose next step is this actor's: held by them, or by one of their roles in reach."""
    return _waiting(*_whose(actor))


def waiting_count(actor: Actor) -> int:
    """Count the steps that wait for somebody, up to `COUNTED`."""
    return _waiting_ids.count(*_whose(actor))


def _whose(actor: Actor) -> tuple[int | None, list[str], Units]:
    return actor.id if actor.kind == "staff" else None, list(actor.roles), actor.units


def _waiting(holder_id: int | None, roles: list[str], units: Units) -> QuerySet[Clock]:
    by_role = Q(holder_id=None, role__in=roles)
    if units is not None:
        by_role &= Q(unit_id__in=units)
    return Clock.objects.filter(
        (Q(holder_id=holder_id) if holder_id else Q(pk=None)) | by_role, state="running"
    ).order_by("due_at")


@compiled
def _waiting_ids(holder_id: int | None, roles: list[str], units: Units) -> QuerySet[Clock, tuple[int]]:
    return _waiting(holder_id, roles, units).order_by().values_list("id")[:COUNTED]


def running_clocks(actor: Actor) -> QuerySet[Clock]:
    return _running(actor.units)


def _running(units: Units) -> QuerySet[Clock]:
    return _within(Clock.objects.filter(state="running"), units)


class Due(NamedTuple):
    """A running clock by when it is due: its id, its case, the instant."""

    id: int
    case_id: int
    due_at: datetime


def next_due(
    actor: Actor, most: Limit, *, unit_id: int | None = None, after: datetime | None = None, by: datetime | None = None,
    behind: tuple[datetime, int] | None = None,
) -> list[Due]:  # fmt: skip
    """Give the running clocks within reach by due instant: those due `after` and `by` some, and behind one (due instant, id)."""
    return [Due(*row) for row in _next_due(most, actor.units, unit_id, after, by, *(behind or (None, None)))]


@compiled
def _next_due(
    most: Limit,
    units: Units,
    unit_id: int | None,
    after: datetime | None,
    by: datetime | None,
    mark: datetime | None,
    last: int | None,
) -> QuerySet[Clock, tuple[int, int, datetime]]:
    clocks = _running(units).order_by("due_at", "id")
    clocks = clocks.filter(unit_id=unit_id) if unit_id else clocks
    clocks = clocks.filter(due_at__gt=after) if after else clocks
    clocks = clocks.filter(due_at__lte=by) if by else clocks
    clocks = clocks.filter(due_at__gte=mark).exclude(due_at=mark, id__lte=last or 0) if mark else clocks
    return clocks.values_list("id", "case_id", "due_at")[:most]


def _within(clocks: QuerySet[Clock], units: Units) -> QuerySet[Clock]:
    return clocks if units is None else clocks.filter(unit_id__in=units)


def due_counts(actor: Actor, *, now: datetime, soon: datetime) -> tuple[int, int]:
    """Count the clocks within reach that are overdue, and those due before `soon`, each up to `COUNTED`."""
    over = _in_state.count("running", actor.units, by=now)
    return over, _in_state.count("running", actor.units, after=now, by=soon)


def cases_with_due_clocks(actor: Actor, *, before: datetime) -> QuerySet[Clock]:
    return running_clocks(actor).filter(due_at__lte=before).order_by("due_at")


def next_due_at() -> datetime | None:
    """Give the next instant at which the sweep has something to do."""
    clock = (
        Clock.objects.filter(next_step_at__isnull=False).order_by("next_step_at").only("next_step_at").first()
    )
    return clock.next_step_at if clock else None
