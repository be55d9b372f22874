"""Rows of messages and webhooks."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from aftercare.privacy.models import EncryptedText

from .states import DeliveryState, MessageState, NewsReason


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


class StaffMessage(models.Model):
    """One message to one member of staff: all that had to be told in that minute (never a storm)."""

    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, related_name="+")
    body = models.TextField()
    made_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.QUEUED)
    sent_at = models.DateTimeField(null=True)
    KIND = "staff_message"

    class Meta:
        indexes = [models.Index(fields=["staff", "-made_at"], name="staff_message_of")]


class Alert(models.Model):
    """One level of the ladder that reached one person: which clock, and whether they have acknowledged it."""

    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, related_name="+")
    clock_id = models.BigIntegerField()
    case_id = models.BigIntegerField(db_index=True)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    number = models.CharField(max_length=24)
    title_zh = models.CharField(max_length=60)
    title_en = models.CharField(max_length=80)
    level = models.CharField(max_length=8)
    overdue_for = models.PositiveIntegerField()
    urgency = models.CharField(max_length=10)
    must_explain = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    message = models.ForeignKey(StaffMessage, on_delete=models.SET_NULL, null=True, related_name="alerts")
    acknowledged_at = models.DateTimeField(null=True)
    explanation = models.TextField(blank=True)
    fact_id = models.BigIntegerField()
    KIND = "alert"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact_id", "staff"], name="one_alert_a_step_and_person")
        ]
        indexes = [
            models.Index(fields=["made_at"], name="alert_untold", condition=models.Q(message=None)),
            models.Index(
                fields=["staff", "-id"], name="alert_open", condition=models.Q(acknowledged_at=None)
            ),
        ]

    def title(self, language: str) -> str:
        return self.title_en if language.startswith("en") else self.title_zh


class News(models.Model):
    """One thing about one request that somebody wants to hear: they were called by a note, or they follow it."""

    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, related_name="+")
    request_id = models.BigIntegerField()
    number = models.CharField(max_length=24)
    reason = models.CharField(max_length=10, choices=NewsReason)
    fact_id = models.BigIntegerField()
    fact_name = models.CharField(max_length=60)
    author = models.CharField(max_length=80)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact_id", "staff"], name="one_news_a_fact_and_person")
        ]
        indexes = [models.Index(fields=["staff", "-id"], name="news_of")]


class Attempt(models.Model):
    """One try to get a message to somebody by one channel, and what came of it."""

    message = models.ForeignKey(StaffMessage, on_delete=models.CASCADE, related_name="attempts")
    channel = models.CharField(max_length=8)
    at = models.DateTimeField()
    accepted = models.BooleanField()
    error = models.CharField(max_length=200, blank=True)
