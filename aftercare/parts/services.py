"""Keep the price list, and take parts from stock."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict

from .models import Part, Stock


def add_part(
    *,
    code: str,
    name: str,
    model: str,
    category: str,
    price_fen: int,
    by: Actor,
    cover: str = "",
    cost_fen: int = 0,
) -> Part:
    """Add a part to the price list, or give the one there is."""
    require(by, "edit_people")
    return Part.objects.get_or_create(
        code=code,
        defaults={"name": name, "model": model, "category": category, "price_fen": price_fen, "cover": cover,
                  "cost_fen": cost_fen},
    )[0]  # fmt: skip


def stock_part(part: Part, *, unit_id: int, quantity: int, by: Actor) -> None:
    """Put pieces of a part into a unit's stock."""
    require(by, "edit_people")
    stock, made = Stock.objects.get_or_create(part=part, unit_id=unit_id, defaults={"quantity": quantity})
    if not made:
        Stock.objects.filter(pk=stock.pk).update(quantity=F("quantity") + quantity)


def take_part(part: Part, *, unit_id: int, quantity: int, by: Actor, at: datetime) -> None:
    """Take pieces from a unit's stock; refused when fewer are there, so that stock never goes below zero."""
    taken = Stock.objects.filter(part=part, unit_id=unit_id, quantity__gte=quantity).update(
        quantity=F("quantity") - quantity
    )
    if not taken:
        raise Conflict(
            _("%(part)s is out of stock") % {"part": part.name},
            where="parts",
            expected=_("pieces in stock, or a transfer first"),
            code="out_of_stock",
        )
