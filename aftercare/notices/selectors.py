"""Reads of messages and webhook deliveries."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import QuerySet

from aftercare.compiled import compiled
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from .models import Alert, Delivery, Endpoint, Message, News


@compiled
def messages_of_case(case_id: int) -> QuerySet[Message]:
    return Message.objects.filter(case_id=case_id).order_by("id")


def endpoints(actor: Actor) -> QuerySet[Endpoint]:
    require(actor, "manage_webhooks")
    return Endpoint.objects.select_related("unit").order_by("id")


def deliveries(actor: Actor) -> QuerySet[Delivery]:
    require(actor, "manage_webhooks")
    return Delivery.objects.select_related("endpoint", "fact").order_by("-id")


def endpoint_for(actor: Actor, endpoint_id: int) -> Endpoint:
    found = endpoints(actor).filter(id=endpoint_id).first()
    if found is None:
        raise NotFound()
    return found


def delivery_for(actor: Actor, delivery_id: int) -> Delivery:
    found = deliveries(actor).filter(id=delivery_id).first()
    if found is None:
        raise NotFound()
    return found


def webhooks_exist() -> bool:
    return Endpoint.objects.filter(active=True).exists()


def alerts_for(actor: Actor) -> QuerySet[Alert]:
    """Give what this person was warned of, newest first."""
    require(actor, "read_alerts")
    return Alert.objects.filter(staff_id=actor.id or 0).select_related("unit").order_by("-id")


def news_for(actor: Actor) -> QuerySet[News]:
    """Give what this person wanted to hear of single requests, newest first."""
    require(actor, "read_alerts")
    return News.objects.filter(staff_id=actor.id or 0).order_by("-id")


def unread_count(actor: Actor) -> int:
    """Count what waits to be read: warnings not acknowledged and news not seen."""
    if not actor.can("read_alerts"):
        return 0
    return _unread.count(actor.id or 0)


@compiled
def _unread(staff_id: int) -> QuerySet[Alert, tuple[int]]:
    alerts = Alert.objects.filter(staff_id=staff_id, acknowledged_at=None).order_by().values_list("id")
    news = News.objects.filter(staff_id=staff_id, seen_at=None).order_by().values_list("id")
    return alerts.union(news, all=True)


def alerts_of_clocks(clocks: Iterable[tuple[int, int]]) -> dict[int, Alert]:
    """Give the last warning about each clock, given as (clock, case)."""
    pairs = list(clocks)
    rows = _alerts({case for _clock, case in pairs}, [clock for clock, _case in pairs])
    return {alert.clock_id: alert for alert in rows}


@compiled
def _alerts(case_ids: Collection[int], clock_ids: Collection[int]) -> QuerySet[Alert]:
    rows = Alert.objects.filter(case_id__in=case_ids, clock_id__in=clock_ids)
    return rows.select_related("staff").order_by("id")


def alert_for(actor: Actor, alert_id: int) -> Alert:
    found = alerts_for(actor).filter(id=alert_id).first()
    if found is None:
        raise NotFound()
    return found
