"""Reads of appointments and visits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from aftercare.compiled import compiled
from aftercare.ledger.models import Fact
from aftercare.people.rules import Actor
from aftercare.people.selectors import shifts_of, staff_by_id, zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import NotFound
from aftercare.workorders.models import WorkOrder

from .helping import with_help
from .keeping import windows_kept
from .models import Appointment, FieldAction, Signature, Visit
from .rules import Span, choose_windows, possible_windows, record_hash
from .states import OPEN_VISITS


def slots_for(order: WorkOrder, engineer_id: int, *, at: datetime) -> list[Span]:
    """Give the windows this engineer could really keep for the order, the least travel first (M55)."""
    rules, zone = policy_for(order.unit_id).pack.appointment, zone_of(order.unit_id)
    after = at + timedelta(seconds=rules.first_after)
    before = at + timedelta(seconds=rules.look_ahead)
    windows = possible_windows(
        shifts=shifts_of(engineer_id, at, before), after=after, before=before,
        slot_for=timedelta(seconds=rules.slot_for), day=(rules.day_starts, rules.day_ends), zone=zone,
    )  # fmt: skip
    engineer = staff_by_id(engineer_id)
    assert engineer is not None  # staff is never deleted
    priced = windows_kept(order, engineer, windows, at=at, zone=zone)
    soon = order.request.received_at + timedelta(seconds=rules.done_within)
    able = partial(with_help, order, without=engineer_id, at=at) if order.people == 2 else None
    return choose_windows(priced, count=rules.slots, zone=zone, soon=soon, able=able)


def open_appointment(order_id: int, *, known: WorkOrder | None = None) -> Appointment | None:
    """Give the proposed or booked appointment of an order; where the order is at hand (`known`), it is not read again."""
    found = next(iter(_open_appointments(order_id, known is None)), None)
    if found is not None and known is not None:
        found.order = known
    return found


@compiled
def _open_appointments(order_id: int, with_order: bool) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(order_id=order_id, state__in=["proposed", "booked"]).order_by("id")
    rows = rows.select_related("engineer", "helper")
    return (rows.select_related("order__request__customer") if with_order else rows)[:1]


def appointment_for(actor: Actor, number: str) -> Appointment:
    require(actor, "read_visit")
    rows = Appointment.objects.select_related("engineer", "order__request__customer", "order__unit")
    rows = rows.filter(engineer_id=actor.id) if actor.own_only else rows
    if actor.units is not None and not actor.own_only:
        rows = rows.filter(unit_id__in=actor.units)
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def helping_on(staff_id: int, start: datetime, end: datetime) -> list[Appointment]:
    """Give the visits of a day to which somebody comes along as the second."""
    going = Q(state="booked") | Q(state="kept", order__state="in_service")
    rows = Appointment.objects.filter(going, helper_id=staff_id, starts_at__gte=start, starts_at__lt=end)
    return list(rows.select_related("order__request__customer", "engineer").order_by("starts_at"))


def planned_spans(order_ids: Iterable[int]) -> dict[int, Span]:
    """Give when visits are planned to begin and to end, by order."""
    rows = Appointment.objects.filter(
        order_id__in=list(order_ids), state__in=["booked", "kept"], planned_from__isnull=False
    )
    return {
        order_id: (begins, ends)
        for order_id, begins, ends in rows.order_by("id").values_list(
            "order_id", "planned_from", "planned_to"
        )
        if begins and ends
    }


def appointments_of(order_id: int) -> list[Appointment]:
    return list(
        Appointment.objects.filter(order_id=order_id).select_related("engineer", "helper").order_by("id")
    )


@compiled
def visits_of(order_id: int) -> QuerySet[Visit]:
    rows = Visit.objects.filter(order_id=order_id).select_related("engineer").order_by("id")
    return rows.prefetch_related("lines", "photos", "signatures")


def open_visit(order_id: int) -> Visit | None:
    return (
        Visit.objects.filter(order_id=order_id, state__in=OPEN_VISITS)
        .select_related("order__request")
        .first()
    )


def visit_for(actor: Actor, number: str) -> Visit:
    """Give one visit by number; missing and hidden look the same."""
    require(actor, "read_visit")
    rows = Visit.objects.select_related(
        "order__request__customer", "order__request__item__product", "engineer", "appointment", "unit"
    ).prefetch_related("lines__part", "consents", "signatures__file", "photos__file")
    rows = rows.filter(engineer_id=actor.id) if actor.own_only else rows
    if actor.units is not None and not actor.own_only:
        rows = rows.filter(unit_id__in=actor.units)
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def held_work(order_id: int, *, lock: bool = False) -> list[FieldAction]:
    """Give what was done for an order without a network and waits for a dispatcher, in the order it happened."""
    rows = FieldAction.objects.filter(order_id=order_id, outcome="held", settled_at=None)
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return list(rows.select_related("staff__unit", "file").order_by("happened_at", "told_at", "received_at"))


def held_words(row: FieldAction) -> str:
    """Give what was written with a held action, without what was drawn."""
    told = json.loads(row.body or "{}")
    wanted = ("phenomenon", "cause", "solution", "because", "feedback")
    return " · ".join(text for name in wanted for text in told.get(name, ()) if text)


def orders_with_held_work(actor: Actor) -> list[WorkOrder]:
    """Give the orders within reach for which work waits to be given back or noted, oldest first."""
    require(actor, "dispatch_work_order")
    return _orders_with_held_work(actor.units)


@compiled
def _orders_with_held_work(units: frozenset[int] | None) -> QuerySet[WorkOrder]:
    held = FieldAction.objects.filter(outcome="held", settled_at=None).values("order_id")
    rows = WorkOrder.objects.filter(pk__in=held).select_related("request", "assignee")
    return (rows if units is None else rows.filter(unit_id__in=units)).order_by("id")[:50]


def once_held(order: WorkOrder, staff_id: int) -> bool:
    """Say whether an order was in this engineer's hands at some time."""
    facts = Fact.objects.filter(case_id=order.request_id, order_id=order.pk)
    mine = Q(name="offer.accepted", actor_id=staff_id) | Q(
        name__in=["work_order.reassigned", "appointment.reassigned", "work_order.released"],
        values__before=staff_id,
    )
    return facts.filter(mine).exists()


def visit_with_hash(digest: str) -> Visit | None:
    return Visit.objects.filter(record_hash=digest).first() if len(digest) == 64 else None


def record_of(visit: Visit) -> dict[str, Any]:
    """Give the record that signatures are bound to: every field of SA-OS-004 that is fixed before signing."""
    order = visit.order
    return {
        "number": visit.number, "order": order.number, "engineer": visit.engineer.number,
        "arrived_at": visit.arrived_at and _plain(visit.arrived_at), "tested_at": visit.tested_at and _plain(visit.tested_at),
        "model": order.request.product_model, "serial": order.request.serial, "phenomenon": visit.phenomenon,
        "cause": visit.cause, "solution": visit.solution, "readings": visit.readings,
        "lines": [
            [line.name, line.model, line.quantity, line.price_fen, line.is_free, line.declined]
            for line in sorted(visit.lines.all(), key=lambda line: line.pk)
        ],
        "total_fen": visit.quote_fen, "photos": sorted(photo.file.sha256 for photo in visit.photos.all()),
    }  # fmt: skip


def hash_of(visit: Visit) -> str:
    """Give the hash that a signature under the record as it is now is bound to."""
    return record_hash(record_of(visit))


def signed_by_link(visit: Visit) -> Signature | None:
    """Give the customer's signature under the record as it is now, if there is one."""
    return visit.signatures.filter(who="customer", record_hash=hash_of(visit)).first()


def earlier_visit_within(order: WorkOrder, *, days: int, at: datetime) -> Visit | None:
    """Give an earlier finished visit for the same customer and model within some days (a free repeat)."""
    request = order.request
    if request.customer_id is None or not request.product_model:
        return None
    return (
        Visit.objects.filter(
            order__request__customer_id=request.customer_id,
            order__request__product_model=request.product_model,
            state="finished",
            finished_at__gte=at - timedelta(days=days),
        )
        .exclude(order_id=order.pk)
        .order_by("-finished_at")
        .first()
    )


def day_of(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """Give the start and end of the local day around an instant."""
    start = at.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


def _plain(at: datetime) -> str:
    return at.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")
