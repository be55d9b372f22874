"""Rows of messages and webhooks."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from aftercare.privacy.models import EncryptedText

from .states import DeliveryState, MessageState


class Message(models.Model):
    """One message to a customer; its text may hold a link and is encrypted."""

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE)
    case_id = models.BigIntegerField(db_index=True)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    template = models.CharField(max_length=32)
    channel = models.CharField(max_length=8)
    body = EncryptedText()
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.QUEUED)
    error = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    fact_id = models.BigIntegerField(null=True)
    KIND = "message"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact_id", "template", "channel"], name="one_message_a_fact")
        ]


class Endpoint(models.Model):
    """Where a webhook goes, for which facts, and its signing secret (encrypted)."""

    url = models.URLField(max_length=300)
    secret = EncryptedText()
    events = ArrayField(models.CharField(max_length=64))
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    active = models.BooleanField(default=True)
    made_at = models.DateTimeField(db_default=Now())
    KIND = "endpoint"


class Delivery(models.Model):
    """One fact to one endpoint, with what came of each try; only the status of an answer is kept."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    fact = models.ForeignKey("ledger.Fact", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    last_try_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "fact"], name="one_delivery_a_fact")]
