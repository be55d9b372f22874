"""Reads of complaints: reviews, and what customers did."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, QuerySet

from aftercare.intake.models import Request
from aftercare.ledger.models import Fact
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from .models import OrderEvent, Review
from .rules import Done


def reviews_for(actor: Actor, *, state: str = "") -> QuerySet[Review]:
    """Give the reviews of customers within reach, the oldest first."""
    require(actor, "read_review")
    rows = Review.objects.select_related("customer", "unit", "request").order_by("found_at")
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.filter(state=state) if state else rows


def review_for(actor: Actor, review_id: int) -> Review:
    row = reviews_for(actor).filter(pk=review_id).first()
    if row is None:
        raise NotFound()
    return row


def done_by(customer_ids: Collection[int], *, since: datetime) -> dict[int, tuple[list[Done], list[str]]]:
    """Give what each customer did since then: requests with the messages heard on them, and what shops told of orders."""
    rows = list(
        Request.objects.filter(customer_id__in=customer_ids, received_at__gte=since, is_history=False)
        .exclude(state="merged")
        .values_list("pk", "customer_id", "kind", "state", "serial", "received_at", "state_since")
    )
    heard = dict(
        Fact.objects.filter(case_id__in=[row[0] for row in rows], name="request.heard", at__gte=since)
        .values_list("case_id")
        .annotate(n=Count("pk"))
        .values_list("case_id", "n")
    )
    found: dict[int, tuple[list[Done], list[str]]] = {one: ([], []) for one in customer_ids}
    for pk, customer_id, kind, state, serial, received_at, state_since in rows:
        if customer_id is not None:
            found[customer_id][0].append(
                Done(kind, state, serial, received_at, state_since, heard.get(pk, 0))
            )
    events = OrderEvent.objects.filter(customer_id__in=customer_ids, at__gte=since)
    for event_of, kind in events.values_list("customer_id", "kind"):
        if event_of is not None:
            found[event_of][1].append(kind)
    return found


def requests_of_customers(
    actor: Actor, customer_ids: Collection[int], *, since: datetime, most: int = 6
) -> dict[int, list[Request]]:
    """Give the last requests of customers within reach, the newest first, `most` for each."""
    rows = Request.objects.filter(customer_id__in=customer_ids, received_at__gte=since).order_by("-id")
    if actor.units is not None:
        rows = rows.filter(unit_id__in=actor.units)
    found: dict[int, list[Request]] = {}
    for row in rows[: 40 * most]:
        if row.customer_id is not None and len(found.setdefault(row.customer_id, [])) < most:
            found[row.customer_id].append(row)
    return found
