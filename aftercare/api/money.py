"""Operations on money that customers pay online, for whoever keeps the books."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from aftercare.payments.selectors import payments_for

from .framing import PROBLEMS, actor, after_cursor, cursor_of
from .shapes import ProblemOut

router = Router()
refusals = frozenset(PROBLEMS)
State = Literal["", "open", "paid", "settled", "dropped", "doubted"]


class PaymentOut(Schema):
    number: str
    order: str
    request: str
    state: str
    amount_fen: int
    paid_fen: int
    doubt: str
    provider: str
    reference: str
    opened_at: datetime
    paid_at: datetime | None
    unit_id: int


class PaymentPage(Schema):
    items: list[PaymentOut]
    next: str | None


@router.get("/payments", response={200: PaymentPage, refusals: ProblemOut})
def list_payments(
    request: HttpRequest, state: State = "", limit: Annotated[int, Field(ge=1, le=200)] = 50,
    cursor: Annotated[str, Field(max_length=60)] = "",
) -> Any:  # fmt: skip
    """List payments, newest first; amounts in fen. `doubted` gives those a person has to look at."""
    rows = payments_for(actor(request), state=state).order_by("-id")
    before = after_cursor(cursor)
    found = list((rows.filter(id__lt=before) if before is not None else rows)[: limit + 1])
    return {
        "items": [
            {
                "number": row.number, "order": row.order.number, "request": row.order.request.number, "state": row.state,
                "amount_fen": row.amount_fen, "paid_fen": row.paid_fen, "doubt": row.doubt, "provider": row.provider,
                "reference": row.reference, "opened_at": row.opened_at, "paid_at": row.paid_at, "unit_id": row.unit_id,
            } for row in found[:limit]
        ],
        "next": cursor_of(found[limit - 1].pk) if len(found) > limit else None,
    }  # fmt: skip
