"""Keep models and pieces."""

from __future__ import annotations

from datetime import date, datetime

from aftercare.people.rules import Actor
from aftercare.people.services import require

from .models import Item, Product
from .selectors import product_of_model


def add_product(*, model: str, name: str, brand: str, category: str, by: Actor) -> Product:
    """Add a model, or give the one there is."""
    require(by, "edit_people")
    product = Product.objects.get_or_create(
        model=model.strip(), defaults={"name": name, "brand": brand, "category": category}
    )[0]
    product_of_model.forget()
    return product


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
