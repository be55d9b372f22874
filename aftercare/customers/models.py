"""Rows about customers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from aftercare.privacy.models import EncryptedText


class Customer(models.Model):
    """A customer: name, phone, e-mail and address encrypted; found by blind index; shown masked."""

    full_name = EncryptedText()
    name_masked = models.CharField(max_length=20)
    name_index = models.BinaryField(max_length=16)
    phone = EncryptedText()
    phone_masked = models.CharField(max_length=20)
    phone_index = models.BinaryField(max_length=16)
    phone_tail_index = models.BinaryField(max_length=16)
    email = EncryptedText(blank=True)
    address = EncryptedText(blank=True)
    address_masked = models.CharField(max_length=200, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    preference = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    created_at = models.DateTimeField(db_default=Now())
    KIND = "customer"

    class Meta:
        indexes = [
            models.Index(fields=["phone_index"], name="customer_by_phone"),
            models.Index(fields=["phone_tail_index"], name="customer_by_tail"),
            models.Index(fields=["name_index"], name="customer_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name_masked} {self.phone_masked}"


class Link(models.Model):
    """A customer's link: bound to one purpose and one request, decides once, expires, revocable, stored hashed.

    `sent`: it went to the stored phone or e-mail and nowhere else, so opening it proves that the contact is theirs.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    case_id = models.BigIntegerField(db_index=True)
    purpose = models.CharField(max_length=16)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    sent = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    KIND = "link"
