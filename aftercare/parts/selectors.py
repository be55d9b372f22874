"""Reads of the price list and the stock."""

from __future__ import annotations

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from .models import Part, Stock


def price_list(category: str, unit_id: int) -> QuerySet[Part]:
    """Give the parts of a category with `in_stock`, the pieces at that unit."""
    stock = Stock.objects.filter(part=OuterRef("pk"), unit_id=unit_id).values("quantity")[:1]
    return (
        Part.objects.filter(category=category)
        .annotate(in_stock=Coalesce(Subquery(stock), Value(0), output_field=IntegerField()))
        .order_by("name")
    )


def part_coded(code: str) -> Part | None:
    return Part.objects.filter(code=code).first()
