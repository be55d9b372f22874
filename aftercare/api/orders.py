"""What shops' systems tell of orders: cancelled, refunded, not renewed (M20)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from aftercare.complaints.services import note_order_event
from aftercare.people.services import require
from aftercare.refusals import Invalid

from .framing import PROBLEMS, actor, now
from .shapes import ProblemOut, Sent

router = Router()


class OrderEventIn(Sent):
    """`ref` is your own reference of the event: told again, it changes nothing. The customer is found by `order_number` or `phone`."""

    ref: str = Field(min_length=1, max_length=80)
    kind: Literal["cancel", "refund", "non_renewal"]
    at: datetime
    order_number: str = Field("", max_length=40)
    phone: str = Field("", max_length=20)
    unit_id: int | None = Field(None, ge=1, le=2**31)


class OrderEventOut(Schema):
    ref: str
    kind: str
    at: datetime
    customer_known: bool


@router.post("/order-events", response={200: OrderEventOut, frozenset(PROBLEMS): ProblemOut})
def tell_order_event(request: HttpRequest, body: OrderEventIn) -> Any:
    """Tell that an order was cancelled, refunded or not renewed; signs of discontent are looked at by a person."""
    who = actor(request)
    require(who, "note_order")
    unit_id = body.unit_id or who.unit_id
    if unit_id is None:
        raise Invalid("unit_id is missing", where="unit_id", expected="the id of a unit")
    row = note_order_event(
        ref=body.ref,
        kind=body.kind,
        happened_at=body.at,
        order_number=body.order_number,
        phone=body.phone,
        unit_id=unit_id,
        by=who,
        at=now(),
    )
    return {"ref": row.ref, "kind": row.kind, "at": row.at, "customer_known": row.customer_id is not None}
