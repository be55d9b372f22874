"""Reads of offers, matchings, plans and the dispatcher's queue."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from aftercare.compiled import compiled
from aftercare.people.models import Leave, Shift
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from .models import DayPlan, Matching, Offer, QueueEntry


def last_matching(order_id: int) -> Matching | None:
    return next(iter(_last_matchings(order_id)), None)


@compiled
def _last_matchings(order_id: int) -> QuerySet[Matching]:
    return Matching.objects.filter(order_id=order_id).order_by("-id")[:1]


@compiled
def offers_of(order_id: int) -> QuerySet[Offer]:
    return Offer.objects.filter(order_id=order_id).select_related("staff").order_by("id")


def open_offers_to(staff_id: int) -> list[Offer]:
    rows = Offer.objects.filter(staff_id=staff_id, state="offered")
    return list(
        rows.select_related("order__request__customer", "order__unit", "staff", "matching").order_by(
            "expires_at"
        )
    )


def offers_of_the_absent(*, at: datetime, limit: int) -> list[Offer]:
    """Give open offers to people who went on leave or whose shift ended; those made by hand are let be."""
    mine = OuterRef("staff")
    there = Shift.objects.filter(staff=mine, starts_at__lte=at, ends_at__gt=at)
    away = Leave.objects.filter(staff=mine, starts_at__lte=at, ends_at__gt=at)
    rows = Offer.objects.filter(state="offered", manual=False).annotate(on_leave=Exists(away))
    return list(
        rows.filter(Q(on_leave=True) | ~Exists(there)).select_related("order").order_by("expires_at")[:limit]
    )


def offer_for(actor: Actor, offer_id: int) -> Offer:
    """Give an offer made to this person, or within a dispatcher's reach."""
    rows = Offer.objects.select_related("order__request", "staff").filter(id=offer_id)
    if actor.own_only:
        rows = rows.filter(staff_id=actor.id or 0)
    elif actor.units is not None:
        rows = rows.filter(unit_id__in=actor.units)
    found = rows.first()
    if found is None:
        raise NotFound()
    return found


def open_plan(unit_id: int, on: date) -> DayPlan | None:
    """Give the proposal for a unit's day that nobody has decided yet."""
    return next(iter(_open_plans(unit_id, on)), None)


@compiled
def _open_plans(unit_id: int, on: date) -> QuerySet[DayPlan]:
    return DayPlan.objects.filter(unit_id=unit_id, day=on, state="proposed").order_by("id")[:1]


def plans_for(actor: Actor) -> QuerySet[DayPlan]:
    """Give the plans within reach, the latest first."""
    require(actor, "read_dispatch")
    rows = DayPlan.objects.select_related("unit").order_by("-pk")
    return rows if actor.units is None else rows.filter(unit_id__in=actor.units)


def plan_for(actor: Actor, text: str) -> DayPlan:
    """Give a plan within reach by id, as a page posts it."""
    found = plans_for(actor).filter(pk=int(text)).first() if text.isdecimal() and len(text) < 19 else None
    if found is None:
        raise NotFound()
    return found


def dispatch_queue(actor: Actor) -> QuerySet[QueueEntry]:
    """Give the orders that wait for the dispatcher, longest first."""
    require(actor, "read_dispatch")
    rows = QueueEntry.objects.filter(state="waiting").select_related(
        "order__request__customer", "order__unit"
    )
    rows = rows.only(
        "since",
        "gives",
        "unit",
        "order__number",
        "order__urgency",
        "order__category",
        "order__unit__name",
        "order__request__description",
        "order__request__customer__name_masked",
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.order_by("since")


def open_offers(actor: Actor) -> QuerySet[Offer]:
    require(actor, "read_dispatch")
    rows = Offer.objects.filter(state="offered").select_related("order__request", "staff")
    rows = rows.only(
        "expires_at", "manual", "points", "unit", "staff__name_masked", "staff__number", "order__number", "order__urgency",
        "order__request__description",
    )  # fmt: skip
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.order_by("expires_at")
