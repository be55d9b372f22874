"""What requests are to each other: earlier faults of a piece, perhaps one matter, merged, split off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from aftercare.triage.selectors import pairs_in_use

from ..models import (
    Request,
)
from ..rules import similarity

LEAST_LIKELY = 25  # percent from which on two requests are suggested to be one matter, once it was learned how likely that is


def earlier_faults(request: Request | None, *, customer_id: int | None, serial: str = "") -> list[Request]:
    """Give earlier repairs of this customer or this piece: the flag 该客户过往有故障记录 (M11)."""
    match = Q(customer_id=customer_id) if customer_id else Q(pk=None)
    if serial:
        match |= Q(serial=serial)
    found = Request.objects.filter(match, kind="repair").order_by("-id")
    if request is not None:
        found = found.filter(id__lt=request.id)
    return list(found[:10])


def possible_duplicates(
    *, customer_id: int | None, serial: str, description: str, at: datetime, days: int = 14
) -> list[tuple[Request, int]]:
    """Give open requests of the same customer or piece, with how alike the words are in percent."""
    match = Q(customer_id=customer_id) if customer_id else Q(pk=None)
    if serial:
        match |= Q(serial=serial)
    since = at - timedelta(days=days)
    rows = Request.objects.filter(match, state="open", received_at__gte=since).order_by("-id")[:20]
    scored = [(row, likeness(description, row.description).percent) for row in rows]
    return sorted(scored, key=lambda pair: -pair[1])[:5]


class Likeness(NamedTuple):
    """How likely two texts speak of the same matter, in percent, and words that both say, the telling ones first.

    Where nothing was learned from merged requests yet, it is the share of character pairs that they have in common.
    """

    percent: int
    words: list[str]
    learned: bool


def likeness(one: str, other: str) -> Likeness:
    """Compare two texts by what was learned from requests that people merged or kept apart."""
    model = pairs_in_use() if one.strip() and other.strip() else None
    if model is None:
        return Likeness(round(100 * similarity(one, other)), [], False)
    return Likeness(round(100 * model.chance(one, other)), model.shared(one, other), True)


@dataclass(frozen=True)
class Kin:
    """The requests that belong with one: merged into it, split from it, and probably the same matter as it, the likeliest first."""

    merged: list[Request]
    children: list[Request]
    duplicates: list[tuple[Request, Likeness]]
    """Where it was learned how likely it is, those from `LEAST_LIKELY` percent on."""


def kin_of(request: Request) -> Kin:
    """Give the kin of a request. Probably the same matter: open, same customer and product, within 24 hours, not kept apart."""
    own = Q(merged_into=request) | Q(parent=request)
    rows = list(Request.objects.filter(own | _duplicates(request)).exclude(pk=request.pk).order_by("id")[:40])
    kin = Kin(
        [r for r in rows if r.merged_into_id == request.pk],
        [r for r in rows if r.parent_id == request.pk],
        [],
    )
    family = {request.parent_id, *(child.pk for child in kin.children)}
    for row in rows:
        siblings = request.parent_id is not None and row.parent_id == request.parent_id
        apart = row.pk in family or siblings or row.pk in request.apart_from
        if row.state == "open" and not apart:
            alike = likeness(request.description, row.description)
            if not alike.learned or alike.percent >= LEAST_LIKELY:
                kin.duplicates.append((row, alike))
    kin.duplicates.sort(key=lambda pair: -pair[1].percent)
    return kin


def _duplicates(request: Request) -> Q:
    if request.customer_id is None or request.state != "open":
        return Q(pk=None)
    product = Q(category=request.category) if request.category else Q()
    if request.item_id:
        product |= Q(item_id=request.item_id)
    day = timedelta(hours=24)
    return product & Q(
        customer_id=request.customer_id, state="open", received_at__gte=request.received_at - day,
        received_at__lte=request.received_at + day,
    )  # fmt: skip


def parent_of(request_id: int) -> int | None:
    """Give the id of the request that this one was split from."""
    return Request.objects.filter(id=request_id).values_list("parent_id", flat=True).first()
