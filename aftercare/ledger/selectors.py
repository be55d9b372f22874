"""Reads of facts; those above decide who may see which case."""

from __future__ import annotations

from django.db.models import QuerySet

from .models import Fact, ParkedFact, Seal


def facts_of_case(case_id: int) -> QuerySet[Fact]:
    """Give every fact about one request and what grew from it, in the order of happening."""
    return Fact.objects.filter(case_id=case_id).order_by("at", "id")


def facts_after(fact_id: int, limit: int = 100) -> list[Fact]:
    return list(Fact.objects.filter(id__gt=fact_id).order_by("id")[:limit])


def parked_facts() -> list[ParkedFact]:
    return list(ParkedFact.objects.select_related("fact").order_by("id")[:200])


def seal_count() -> int:
    return Seal.objects.count()


def fact_count() -> int:
    return Fact.objects.count()
