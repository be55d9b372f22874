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

from .models import Part, Stock, Transfer, VanStock


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


def take_part(
    part: Part, *, unit_id: int, quantity: int, by: Actor, at: datetime, staff_id: int | None = None
) -> None:
    """Take pieces for a job: from the van of `staff_id` as far as they go, the rest from the unit's stock.

    Refused as a whole when there are fewer, so that no stock goes below zero.
    """
    with transaction.atomic():
        van = (
            VanStock.objects.select_for_update()
            .filter(part=part, staff_id=staff_id or 0, quantity__gt=0)
            .first()
        )
        own = min(van.quantity, quantity) if van else 0
        if van and own:
            VanStock.objects.filter(pk=van.pk).update(quantity=F("quantity") - own)
        if quantity > own:
            _take(part, unit_id=unit_id, quantity=quantity - own)


def load_van(code: str, quantity: int, *, by: Actor, at: datetime) -> None:
    """Put pieces of the own unit's stock into the own van."""
    part = _part(code, quantity, by)
    with transaction.atomic():
        _take(part, unit_id=by.unit_id or 0, quantity=quantity)
        van, made = VanStock.objects.get_or_create(
            part=part, staff_id=by.id or 0, defaults={"quantity": quantity}
        )
        if not made:
            VanStock.objects.filter(pk=van.pk).update(quantity=F("quantity") + quantity)
        record("part.loaded", part, by=by, at=at, values={"quantity": quantity, "unit": by.unit_id})


def unload_van(code: str, quantity: int, *, by: Actor, at: datetime) -> None:
    """Put pieces of the own van back into the own unit's stock; refused when fewer are there."""
    part = _part(code, quantity, by)
    with transaction.atomic():
        taken = VanStock.objects.filter(part=part, staff_id=by.id or 0, quantity__gte=quantity).update(
            quantity=F("quantity") - quantity
        )
        if not taken:
            raise Conflict(
                _("there are not so many in the van"),
                where="quantity",
                expected=_("what is there"),
                code="not_in_van",
            )
        _put(part, unit_id=by.unit_id or 0, quantity=quantity)
        record("part.unloaded", part, by=by, at=at, values={"quantity": quantity, "unit": by.unit_id})


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
    part = _part(code, quantity, by)
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


def _part(code: str, quantity: int, by: Actor) -> Part:
    require(by, "perform_visit")
    part = Part.objects.filter(code=code).first()
    if part is None:
        raise NotFound(_("no such part"))
    if not 1 <= quantity <= 99:
        raise Invalid(_("this is not a number of pieces"), where="quantity", expected="1–99")
    return part


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
