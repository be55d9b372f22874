"""Merge requests that are one matter, undo that, and split one that is several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import receive_request, refuse_before_children
from aftercare.ledger.selectors import last_fact
from aftercare.ledger.services import move, record, void_fact
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid

from ..models import WorkOrder
from ..states import UNFINISHED
from .orders import cancel_work_order, reopen_work_order

MERGED = "merged"
MOST_PARTS = 6


@dataclass(frozen=True)
class Portion:
    """One matter to be split off: of which kind, in which words, about which category (none: that of the whole)."""

    kind: str
    description: str
    category: str = ""


def merge_request(request: Request, into: Request, *, by: Actor, at: datetime, because: str) -> None:
    """Merge a request into another that is about the same matter; its orders are cancelled, its customer is told.

    Refused when either is not open, when an engineer is on site for it, when something was merged into or split from it.
    """
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    require(by, "edit_request", unit_id=into.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    if request.pk == into.pk:
        raise Invalid(_("a request can't be merged into itself"), where="into", expected=_("another request"))
    with transaction.atomic():
        rows = (
            Request.objects.select_for_update(of=("self",))
            .filter(pk__in=[request.pk, into.pk])
            .order_by("pk")
        )
        states = {row.pk: row.state for row in rows}
        if states[into.pk] != "open":
            raise Conflict(
                _("%(number)s is no longer open") % {"number": into.number}, where="into", expected="open"
            )
        if request.merged.exists():
            raise Conflict(
                _("others were merged into this one; merge them first"), where="request", code="has_merged"
            )
        if into.parent_id == request.pk:
            raise Conflict(_("%(number)s was split from this one") % {"number": into.number}, where="into")
        refuse_before_children(request)
        orders = list(
            WorkOrder.objects.select_for_update(of=("self",)).filter(request=request, state__in=UNFINISHED)
        )
        busy = next((order for order in orders if order.state == "in_service"), None)
        if busy is not None:
            raise Conflict(
                _("the engineer is at work on %(number)s") % {"number": busy.number},
                where="request",
                code="in_service",
            )
        for order in orders:
            cancel_work_order(order, by=by, at=at, because=MERGED)
        told = {"into": into.number, "into_id": into.pk}
        move(request, MERGED, by=by, at=at, because=because.strip(), values=told, merged_into_id=into.pk)
        record(
            "request.absorbed", into, by=by, at=at, because=because.strip(), values={"merged": request.number}
        )


def unmerge_request(request: Request, *, by: Actor, at: datetime, because: str) -> None:
    """Undo a merge: the request and the orders it cancelled are open again, their clocks as if they had never stopped."""
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    into = request.merged_into
    with transaction.atomic():
        move(
            request,
            "open",
            by=by,
            at=at,
            because=because.strip(),
            fact="request.unmerged",
            merged_into_id=None,
        )
        void = [last_fact("request", request.pk, "request.merged")]
        for order in WorkOrder.objects.filter(request=request, state="cancelled").select_related("request"):
            cancelled = last_fact("work_order", order.pk, "work_order.cancelled")
            if cancelled is not None and cancelled.because == MERGED:
                void.append(cancelled)
                reopen_work_order(order, by=by, at=at, because=because.strip())
        for fact in void:
            if fact is not None:
                void_fact(fact, by=by, at=at, because=because.strip())
        if into is not None:
            record(
                "request.released",
                into,
                by=by,
                at=at,
                because=because.strip(),
                values={"merged": request.number},
            )


def split_request(request: Request, portions: Iterable[Portion], *, by: Actor, at: datetime) -> list[Request]:
    """Split matters off a request, each into a request of its own with its own clocks; the whole can't end before them."""
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    listed = [portion for portion in portions if portion.description.strip()]
    if not 1 <= len(listed) <= MOST_PARTS:
        raise Invalid(_("say what is split off"), where="description", expected=_("one to six matters"))
    if request.state != "open":
        raise Conflict(_("the request is no longer open"), where="state", expected="open")
    with transaction.atomic():
        Request.objects.select_for_update(of=("self",)).get(pk=request.pk)
        children = []
        for portion in listed:
            form = RequestForm(
                kind=portion.kind, description=portion.description, channels=tuple(request.channels), customer_id=request.customer_id,
                category=portion.category or request.category, unit_id=request.unit_id, address=request.address, lat=request.lat,
                lon=request.lon, product_model="" if portion.category else request.product_model,
                item_id=None if portion.category else request.item_id, needs_contact=request.customer_id is not None,
            )  # fmt: skip
            child = receive_request(form, by=by, at=at)
            Request.objects.filter(pk=child.pk).update(parent=request)
            child.parent = request
            children.append(child)
        record(
            "request.split", request, by=by, at=at, values={"children": [child.number for child in children]}
        )
    return children
