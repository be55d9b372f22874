"""Reads of clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from aftercare.people.rules import Actor

from .models import Clock
from .states import OPEN

COUNTED = 1000


def clocks_of_case(case_id: int) -> list[Clock]:
    """Give all clocks of a request: those still open first, by due instant."""
    clocks = Clock.objects.filter(case_id=case_id).exclude(state="cancelled").order_by("due_at")
    return sorted(clocks, key=lambda clock: (clock.state not in OPEN, clock.due_at))


def next_clocks(case_ids: Iterable[int]) -> dict[int, Clock]:
    """Give, for each request, the open clock that is due first."""
    found: dict[int, Clock] = {}
    for clock in Clock.objects.filter(case_id__in=list(case_ids), state__in=OPEN).order_by("due_at"):
        found.setdefault(clock.case_id, clock)
    return found


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
