"""Reads of facts; those above decide who may see which case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from aftercare.compiled import compiled

from .models import Fact, ParkedFact, Seal


@compiled
def facts_of_case(case_id: int) -> QuerySet[Fact]:
    """Give every fact about one request and what grew from it, in the order of happening."""
    return Fact.objects.filter(case_id=case_id).order_by("at", "id")


def facts_after(fact_id: int, limit: int = 100) -> list[Fact]:
    return list(Fact.objects.filter(id__gt=fact_id).order_by("id")[:limit])


def facts_since(
    position: tuple[int, int], *, names: Iterable[str], cases: Iterable[int], limit: int
) -> tuple[list[Fact], tuple[int, int]]:
    """Give the facts of these names or cases that were committed after a position, and the position behind them.

    In commit order, as consumers read: a transaction still in flight is never skipped. Position (-1, 0) stands for now.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        horizon: int = cursor.fetchone()[0]
    after = (horizon - 1, 2**62)
    if position[0] < 0:
        return [], after
    rows = Fact.objects.extra(
        where=["(transaction, id) > (%s, %s)", "transaction < %s"], params=[position[0], position[1], horizon]
    ).filter(Q(name__in=list(names)) | Q(case_id__in=list(cases)))
    facts = list(rows.order_by("transaction", "id")[:limit])
    return facts, (facts[-1].transaction, facts[-1].id) if len(facts) == limit else after


def facts_recorded(
    *, since: datetime, until: datetime, name: str = "", who: str = "", case_id: int | None = None, units: Iterable[int] | None = None,
) -> QuerySet[Fact]:  # fmt: skip
    """Give the facts recorded from one instant to before another, newest first; `name` is a beginning (`request.`), `who` part of an actor's name."""
    found = Fact.objects.filter(recorded_at__gte=since, recorded_at__lt=until).order_by("-id")
    if name:
        found = found.filter(name__startswith=name)
    if who:
        found = found.filter(actor_name__icontains=who)
    if case_id is not None:
        found = found.filter(case_id=case_id)
    return found if units is None else found.filter(unit_id__in=list(units))


def last_fact(subject_kind: str, subject_id: int, name: str) -> Fact | None:
    """Give the latest fact of a name about one thing."""
    return (
        Fact.objects.filter(subject_kind=subject_kind, subject_id=subject_id, name=name)
        .order_by("-id")
        .first()
    )


def fact_of_case(case_id: int, fact_id: int) -> Fact | None:
    """Give one fact of a case; facts about clocks are derived and not among them."""
    return Fact.objects.filter(case_id=case_id, id=fact_id).exclude(subject_kind="clock").first()


def parked_facts() -> list[ParkedFact]:
    return list(ParkedFact.objects.select_related("fact").order_by("id")[:200])


def seal_count() -> int:
    return Seal.objects.count()


def fact_count() -> int:
    return Fact.objects.count()
