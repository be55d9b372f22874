"""Find models and pieces, and read their warranty."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Count, Q, QuerySet

from aftercare.briefly import briefly
from aftercare.policies.rules import Pack

from .models import Item, Product
from .rules import WarrantyReading, read_warranty


def products(category: str = "") -> QuerySet[Product]:
    found = Product.objects.order_by("model")
    return found.filter(category=category) if category else found


@briefly
def product_of_model(model: str) -> Product | None:
    return Product.objects.filter(model__iexact=model.strip()).first()


def pieces_by_model(models: Collection[str]) -> dict[str, int]:
    """Count the pieces that customers are known to own, by model."""
    rows = Item.objects.filter(product__model__in=models).values_list("product__model")
    return dict(rows.annotate(n=Count("pk")).values_list("product__model", "n"))


def items_of(customer_id: int) -> list[Item]:
    return list(
        Item.objects.filter(customer_id=customer_id).select_related("product", "sold_by").order_by("-id")
    )


def item_by_id(item_id: int | None) -> Item | None:
    return Item.objects.select_related("product", "customer").filter(id=item_id).first() if item_id else None


def item_of(code: str) -> Item | None:
    """Find a piece by serial, voucher or order number (M7)."""
    wanted = code.strip()
    if not wanted:
        return None
    match = Q(serial=wanted) | Q(order_number=wanted) | Q(voucher=wanted)
    return Item.objects.select_related("product", "customer").filter(match).first()


def warranty_of(pack: Pack, *, category: str, purchased_on: date | None, on: date) -> WarrantyReading:
    """Compute the warranty of a piece by the pack's rule for its category."""
    return read_warranty(pack.warranty.categories.get(category), purchased_on, on=on, category=category)
