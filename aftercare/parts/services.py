"""Keep the price list, take parts from stock, and bring them from where they are."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.ledger.services import move, record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid, NotFound

from .models import Part, Stock, Transfer


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
    _put(part, unit_id=unit_id, quantity=quantity)


def take_part(part: Part, *, unit_id: int, quantity: int, by: Actor, at: datetime) -> None:
    """Take pieces from a unit's stock; refused when fewer are there, so that stock never goes below zero."""
    _take(part, unit_id=unit_id, quantity=quantity)


def ask_transfer(
    code: str,
    quantity: int,
    *,
    unit_id: int,
    case_id: int,
    order_id: int,
    order_number: str,
    by: Actor,
    at: datetime,
) -> Transfer:
    """Ask the desk to bring pieces that a job needs and its unit lacks; one open request a part and order."""
    require(by, "perform_visit", unit_id=unit_id)
    part = Part.objects.filter(code=code).first()
    if part is None:
        raise NotFound(_("no such part"))
    if not 1 <= quantity <= 99:
        raise Invalid(_("this is not a number of pieces"), where="quantity", expected="1–99")
    try:
        with transaction.atomic():
            transfer = Transfer.objects.create(
                part=part, quantity=quantity, unit_id=unit_id, state="asked", state_since=at, case_id=case_id,
                order_id=order_id, order_number=order_number, asked_by_id=by.id, asked_at=at,
            )  # fmt: skip
            record("transfer.asked", transfer, by=by, at=at)
    except IntegrityError as error:
        raise Conflict(_("this part is already asked for"), where="part", code="asked_already") from error
    return transfer


def send_transfer(transfer: Transfer, source_id: int, *, by: Actor, at: datetime) -> None:
    """Take the pieces from a unit that has them and send them on their way."""
    require(by, "arrange_parts", unit_id=transfer.unit_id, reach=True)
    if source_id == transfer.unit_id:
        raise Invalid(_("the pieces are wanted there"), where="source", expected=_("another unit"))
    with transaction.atomic():
        _take(transfer.part, unit_id=source_id, quantity=transfer.quantity)
        move(transfer, "sent", by=by, at=at, source_id=source_id)


def receive_transfer(transfer: Transfer, *, by: Actor, at: datetime) -> None:
    """Note that the pieces have arrived; they are in the unit's stock from now on."""
    require(by, "arrange_parts", unit_id=transfer.unit_id, reach=True)
    with transaction.atomic():
        move(transfer, "arrived", by=by, at=at)
        _put(transfer.part, unit_id=transfer.unit_id, quantity=transfer.quantity)


def refuse_transfer(transfer: Transfer, *, by: Actor, at: datetime, because: str) -> None:
    """Say that the pieces can't be had, and why."""
    require(by, "arrange_parts", unit_id=transfer.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    move(transfer, "refused", by=by, at=at, because=because.strip())


def _put(part: Part, *, unit_id: int, quantity: int) -> None:
    stock, made = Stock.objects.get_or_create(part=part, unit_id=unit_id, defaults={"quantity": quantity})
    if not made:
        Stock.objects.filter(pk=stock.pk).update(quantity=F("quantity") + quantity)


def _take(part: Part, *, unit_id: int, quantity: int) -> None:
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
