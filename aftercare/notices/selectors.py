"""Reads of messages and webhook deliveries."""

from __future__ import annotations

from django.db.models import QuerySet

from aftercare.people.rules import Actor
from aftercare.people.services import require

from .models import Delivery, Endpoint, Message


def messages_of_case(case_id: int) -> list[Message]:
    return list(Message.objects.filter(case_id=case_id).order_by("id"))


def endpoints(actor: Actor) -> QuerySet[Endpoint]:
    require(actor, "manage_webhooks")
    return Endpoint.objects.select_related("unit").order_by("id")


def deliveries(actor: Actor) -> QuerySet[Delivery]:
    require(actor, "manage_webhooks")
    return Delivery.objects.select_related("endpoint", "fact").order_by("-id")


def webhooks_exist() -> bool:
    return Endpoint.objects.filter(active=True).exists()
