"""Reads of the price list and the stock."""

from __future__ import annotations

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from .models import Part, Stock, Transfer, VanStock


def price_list(category: str, unit_id: int, staff_id: int | None = None) -> QuerySet[Part]:
    """Give the parts of a category with `in_stock`, the pieces at that unit, and `in_van`, those in somebody's van."""
    van = VanStock.objects.filter(part=OuterRef("pk"), staff_id=staff_id or 0).values("quantity")[:1]
    stock = Stock.objects.filter(part=OuterRef("pk"), unit_id=unit_id).values("quantity")[:1]
    return (
        Part.objects.filter(category=category)
        .annotate(
            in_stock=Coalesce(Subquery(stock), Value(0), output_field=IntegerField()),
            in_van=Coalesce(Subquery(van), Value(0), output_field=IntegerField()),
        )
        .order_by("name")
    )


def van_of(staff_id: int) -> list[VanStock]:
    """Give what somebody has in their van."""
    rows = VanStock.objects.filter(staff_id=staff_id, quantity__gt=0).select_related("part")
    return list(rows.order_by("part__category", "part__name"))


def stock_of_unit(unit_id: int) -> list[Stock]:
    """Give what a unit has in stock."""
    rows = Stock.objects.filter(unit_id=unit_id, quantity__gt=0).select_related("part")
    return list(rows.order_by("part__category", "part__name")[:500])


def transfers_for(actor: Actor) -> QuerySet[Transfer]:
    """Give the transfers within reach that are not over, those that wait longest first."""
    require(actor, "read_work_order")
    rows = Transfer.objects.filter(state__in=["asked", "sent"]).select_related(
        "part", "unit", "source", "asked_by"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.order_by("asked_at")


def transfer_for(actor: Actor, transfer_id: int) -> Transfer:
    found = transfers_for(actor).filter(id=transfer_id).first()
    if found is None:
        raise NotFound()
    return found


def transfers_of(order_id: int) -> list[Transfer]:
    return list(Transfer.objects.filter(order_id=order_id).select_related("part", "source").order_by("id"))


def sources_of(transfer: Transfer) -> list[Stock]:
    """Give the units that have enough pieces, the fullest first."""
    rows = Stock.objects.filter(part=transfer.part, quantity__gte=transfer.quantity).exclude(
        unit=transfer.unit
    )
    return list(rows.select_related("unit").order_by("-quantity", "unit__name_key")[:12])


def part_coded(code: str) -> Part | None:
    return Part.objects.filter(code=code).first()
