"""Rows about products."""

from __future__ import annotations

from django.db import models


class Product(models.Model):
    """A model that is sold."""

    model = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    brand = models.CharField(max_length=40)
    category = models.CharField(max_length=32, db_index=True)

    def __str__(self) -> str:
        return f"{self.brand} {self.model}"


class Item(models.Model):
    """One piece that a customer owns."""

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    serial = models.CharField(max_length=40, db_index=True)
    purchased_on = models.DateField(null=True)
    sold_by = models.ForeignKey("people.Unit", on_delete=models.PROTECT, null=True)
    voucher = models.CharField(max_length=40, blank=True)
    order_number = models.CharField(max_length=40, blank=True, db_index=True)
    KIND = "item"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "serial"], condition=~models.Q(serial=""), name="one_piece_a_serial"
            )
        ]
