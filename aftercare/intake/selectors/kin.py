"""What requests are to each other: earlier faults of a piece, perhaps one matter, merged, split off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from aftercare.compiled import compiled
from aftercare.triage.selectors import pairs_in_use

from ..models import (
    Request,
)
from ..rules import similarity

LEAST_LIKELY = 25  # percent from which on two requests are suggested to be one matter, once it was learned how likely that is


def earlier_faults(request: Request | None, *, customer_id: int | None, serial: str = "") -> list[Request]:
    """Give earlier repairs of this customer or this piece: the flag 该客户过往有故障记录 (M11)."""
    return _repairs(customer_id, serial, request.pk if request else None)


@compiled
def _repairs(customer_id: int | None, serial: str, before: int | None) -> QuerySet[Request]:
    found = Request.objects.filter(_of_piece(customer_id, serial), kind="repair").order_by("-id")
    return (found.filter(id__lt=before) if before else found)[:10]


def _of_piece(customer_id: int | None, serial: str) -> Q:
    match = Q(customer_id=customer_id) if customer_id else Q(pk=None)
    return match | Q(serial=serial) if serial else match


def possible_duplicates(
    *, customer_id: int | None, serial: str, description: str, at: datetime, days: int = 14
) -> list[tuple[Request, int]]:
    """Give open requests of the same customer or piece, with how alike the words are in percent."""
    match, since = _of_piece(customer_id, serial), at - timedelta(days=days)
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
    day, at = timedelta(hours=24), request.received_at
    customer_id = request.customer_id if request.state == "open" else None
    rows = _kin(request.pk, customer_id, request.category, request.item_id, at - day, at + day)
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


@compiled
def _kin(
    request_id: int,
    customer_id: int | None,
    category: str,
    item_id: int | None,
    after: datetime,
    before: datetime,
) -> QuerySet[Request]:
    own = Q(merged_into=request_id) | Q(parent=request_id)
    product = Q(category=category) if category else Q()
    if item_id:
        product |= Q(item_id=item_id)
    alike = product & Q(
        customer_id=customer_id, state="open", received_at__gte=after, received_at__lte=before
    )
    rows = Request.objects.filter(own | alike if customer_id else own)
    return rows.exclude(pk=request_id).order_by("id")[:40]


def parent_of(request_id: int) -> int | None:
    """Give the id of the request that this one was split from."""
    return Request.objects.filter(id=request_id).values_list("parent_id", flat=True).first()
