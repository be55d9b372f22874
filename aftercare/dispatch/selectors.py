"""Reads of offers, matchings and the dispatcher's queue; and everybody as the rules see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from aftercare.people.models import Leave, Shift
from aftercare.people.rules import Actor
from aftercare.people.selectors import field_staff
from aftercare.people.services import require
from aftercare.refusals import NotFound
from aftercare.visits.selectors import day_of
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.selectors import familiar_staff, unfinished_counts

from .models import DayPlan, Matching, Offer, QueueEntry
from .rules import Person


class Crew:
    """Everybody who visits customers, as known at one instant: read once for a run of orders.

    Who takes an order of the run is told by `took`, so that the next order sees the load.
    """

    def __init__(self, orders: list[WorkOrder], *, at: datetime, zone: str) -> None:
        self.on = day_of(at, zone)[0].date()
        staff = list(field_staff(at=at, on=self.on))
        loads = workloads([person.pk for person in staff])
        self._people = [_person(person, loads.get(person.pk, 0), at) for person in staff]
        customers = {order.request.customer_id for order in orders if order.request.customer_id}
        self._familiar = familiar_staff(customers)
        self._offers: dict[int, list[tuple[int, str]]] = {}
        rows = Offer.objects.filter(order__in=orders).values_list("order_id", "staff_id", "state")
        for order_id, staff_id, state in rows:
            self._offers.setdefault(order_id, []).append((staff_id, state))

    @property
    def everybody(self) -> list[Person]:
        return list(self._people)

    def people_for(self, order: WorkOrder) -> list[Person]:
        """Give everybody as this order sees them."""
        familiar = self._familiar.get(order.request.customer_id or 0, set())
        said_no = {
            staff for staff, state in self._offers.get(order.pk, ()) if state in ("refused", "expired")
        }
        return [
            replace(person, was_there=person.id in familiar, refused_before=person.id in said_no)
            if person.id in familiar or person.id in said_no
            else person
            for person in self._people
        ]

    def is_offered(self, order: WorkOrder) -> bool:
        return any(state == "offered" for _staff, state in self._offers.get(order.pk, ()))

    def took(self, staff_id: int) -> None:
        for n, person in enumerate(self._people):
            if person.id == staff_id:
                self._people[n] = replace(person, unfinished=person.unfinished + 1)


def workloads(staff_ids: list[int]) -> dict[int, int]:
    """Count unfinished orders in hand plus open offers."""
    loads = unfinished_counts(staff_ids)
    offered = Offer.objects.filter(staff_id__in=staff_ids, state="offered").values_list("staff_id")
    for staff_id, count in offered.annotate(n=Count("id")):
        loads[staff_id] = loads.get(staff_id, 0) + count
    return loads


def last_matching(order_id: int) -> Matching | None:
    return Matching.objects.filter(order_id=order_id).select_related("policy").order_by("-id").first()


def offers_of(order_id: int) -> list[Offer]:
    return list(Offer.objects.filter(order_id=order_id).select_related("staff").order_by("id"))


def open_offers_to(staff_id: int) -> list[Offer]:
    rows = Offer.objects.filter(staff_id=staff_id, state="offered")
    return list(
        rows.select_related("order__request__customer", "order__unit", "staff").order_by("expires_at")
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
    return DayPlan.objects.filter(unit_id=unit_id, day=on, state="proposed").first()


def plan_for(actor: Actor, text: str) -> DayPlan:
    """Give a plan within reach by id, as a page posts it."""
    require(actor, "read_dispatch")
    rows = (
        DayPlan.objects.select_related("unit").filter(pk=int(text))
        if text.isdigit() and len(text) < 19
        else None
    )
    found = rows.first() if rows is not None else None
    if found is None or not actor.reaches(found.unit_id):
        raise NotFound()
    return found


def dispatch_queue(actor: Actor) -> QuerySet[QueueEntry]:
    """Give the orders that wait for the dispatcher, longest first."""
    require(actor, "read_dispatch")
    rows = QueueEntry.objects.filter(state="waiting").select_related(
        "order__request__customer", "order__unit"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.order_by("since")


def open_offers(actor: Actor) -> QuerySet[Offer]:
    require(actor, "read_dispatch")
    rows = Offer.objects.filter(state="offered").select_related(
        "order__request__customer", "staff", "order__unit"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.order_by("expires_at")


def _person(staff: Any, load: int, at: datetime) -> Person:
    certificates: dict[str, date] = {}
    for row in staff.held or ():
        until = date.fromisoformat(row["until"])
        certificates[row["code"]] = max(until, certificates.get(row["code"], until))
    fresh = staff.last_seen_at is not None and at - staff.last_seen_at < settings.POSITIONS_KEPT_FOR
    lat = staff.last_lat if fresh else staff.home_lat
    lon = staff.last_lon if fresh else staff.home_lon
    return Person(
        id=staff.pk, number=staff.number, name=staff.name_masked, skills=frozenset(staff.skills),
        certificates=certificates, on_shift=staff.on_shift, next_shift_at=staff.next_shift_at, on_leave=staff.on_leave,
        unfinished=load, lat=lat if lat is not None else staff.unit.lat, lon=lon if lon is not None else staff.unit.lon,
        is_provider="provider" in staff.roles, group=staff.unit_id, is_senior=staff.is_senior,
    )  # fmt: skip
