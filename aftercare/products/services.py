"""Keep models and pieces."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.utils.translation import gettext as _

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Invalid, Problem

from .models import Item, Product


def add_product(*, model: str, name: str, brand: str, category: str, by: Actor) -> Product:
    """Add a model, or give the one there is."""
    require(by, "edit_people")
    return Product.objects.get_or_create(
        model=model.strip(), defaults={"name": name, "brand": brand, "category": category}
    )[0]


def register_item(
    *, customer_id: int, product: Product, serial: str, purchased_on: date | None, by: Actor, at: datetime,
    sold_by_id: int | None = None, voucher: str = "", order_number: str = "",
) -> Item:  # fmt: skip
    """Note that a customer owns a piece; the same serial of the same model stays one piece and gets the new owner."""
    require(by, "receive_request")
    values = {
        "customer_id": customer_id, "purchased_on": purchased_on, "sold_by_id": sold_by_id, "voucher": voucher,
        "order_number": order_number,
    }  # fmt: skip
    if not serial:
        return Item.objects.create(product=product, serial="", **values)
    item, _made = Item.objects.get_or_create(product=product, serial=serial, defaults=values)
    return item


def serial_problems(serial: str, pattern: str, *, purchased_on: date | None, on: date) -> list[Problem]:
    """Say what is wrong with a serial and a purchase date as typed (M11)."""
    problems = []
    if serial and not re.fullmatch(pattern, serial):
        problems.append(
            Problem(
                "serial",
                _("this is not a serial number"),
                _("6 to 30 letters, digits and hyphens, from the plate"),
            )
        )
    if purchased_on and purchased_on > on:
        problems.append(Problem("purchased_on", _("the day of purchase is in the future"), f"≤ {on}"))
    return problems


def check_serial(serial: str, pattern: str) -> str:
    if serial and not re.fullmatch(pattern, serial):
        raise Invalid(_("this is not a serial number"), where="serial")
    return serial
