"""Quote, and the customer's consent before anything costs money (M57, M60)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.files.services import store_signature
from aftercare.ledger.services import move, record
from aftercare.parts.selectors import part_coded
from aftercare.people.rules import Actor
from aftercare.people.selectors import zone_of
from aftercare.policies.selectors import policy_for
from aftercare.products.rules import WarrantyReading
from aftercare.products.selectors import warranty_of
from aftercare.refusals import Conflict, Invalid
from aftercare.workorders.models import WorkOrder

from ..models import Consent, QuoteLine, Visit
from ..rules import record_hash, total_fen
from ..selectors import day_of, earlier_visit_within
from .visiting import check_own


def quote_visit(
    visit: Visit,
    *,
    parts: Sequence[tuple[str, int]],
    services: Sequence[tuple[str, int]],
    by: Actor,
    at: datetime,
) -> int:
    """Quote parts (code, pieces) from the price list and services (name, fen); give what the customer would pay.

    What the warranty covers is free, and said so. A quote of nothing needs no consent and goes straight on.
    """
    check_own(visit.order, by)
    policy = policy_for(visit.unit_id)
    day = day_of(at, zone_of(visit.unit_id))[0].date()
    warranty = warranty_of(
        policy.pack, category=visit.order.category, purchased_on=visit.order.request.purchased_on, on=day
    )
    lines = [_part_line(visit, code, pieces, warranty) for code, pieces in parts]
    lines += [_service_line(visit, name, fen) for name, fen in services]
    fee, because = fee_for(visit.order, warranty, at=at)
    lines.append(
        QuoteLine(visit=visit, kind="visit_fee", name="上门费", price_fen=fee, is_free=bool(because), free_because=because)
    )  # fmt: skip
    total = total_fen([(line.price_fen, line.quantity, line.is_free) for line in lines])
    with transaction.atomic():
        visit.lines.all().delete()
        QuoteLine.objects.bulk_create(lines)
        move(
            visit, "quoted", by=by, at=at, quote_fen=total,
            values={"total_fen": total, "in_warranty": warranty.in_warranty, "lines": len(lines)},
        )  # fmt: skip
        if total == 0:
            move(visit, "agreed", by=by, at=at, because="free", values={"total_fen": 0})
    return total


def fee_for(order: WorkOrder, warranty: WarrantyReading, *, at: datetime) -> tuple[int, str]:
    """Give the fee of a visit or a remote session in fen, and why it is free, if it is."""
    pack = policy_for(order.unit_id).pack
    fee = pack.visit.remote_fee_fen if order.service_type == "remote" else pack.visit.visit_fee_fen
    if warranty.in_warranty:
        return fee, "in_warranty"
    if earlier_visit_within(order, days=pack.warranty.free_repeat_days, at=at):
        return fee, "repeat"
    return fee, "" if fee else "no_fee"


def decline_line(visit: Visit, line_id: int, *, by: Actor, at: datetime) -> None:
    """Leave out a chargeable service the customer does not want; parts can't be left out one by one."""
    _check_open_quote(visit)
    with transaction.atomic():
        changed = visit.lines.filter(pk=line_id, kind="service", is_free=False, declined=False).update(
            declined=True
        )
        if not changed:
            raise Invalid(
                _("this line can't be left out"),
                where="line",
                expected=_("a chargeable service of the quote"),
            )
        total = _total(visit)
        Visit.objects.filter(pk=visit.pk).update(quote_fen=total)
        visit.quote_fen = total
        record("visit.line_declined", visit, by=by, at=at, values={"total_fen": total})
        if total == 0:
            move(visit, "agreed", by=by, at=at, because="free", values={"total_fen": 0})


def give_consent(
    visit: Visit, *, amount_fen: int, channel: str, by: Actor, at: datetime, signature: str = ""
) -> None:
    """Take the customer's consent to the quote: by their own link, or signed on the engineer's phone.

    Refused when the amount shown to the customer is not the amount quoted, or the signature is missing.
    """
    _check_open_quote(visit)
    if channel not in ("link", "glass"):
        raise Invalid(_("unknown way of consent"), where="channel", expected="link, glass")
    if channel == "glass":
        check_own(visit.order, by)
    if amount_fen != visit.quote_fen:
        raise Conflict(
            _("the quote has changed"),
            where="amount",
            expected=_("%(yuan)s yuan") % {"yuan": visit.quote_fen / 100},
        )
    drawn = store_signature(signature) if channel == "glass" else None
    with transaction.atomic():
        Consent.objects.create(
            visit=visit, amount_fen=amount_fen, quote_hash=record_hash(_quoted(visit)), channel=channel,
            signature=drawn, given_at=at,
        )  # fmt: skip
        move(visit, "agreed", by=by, at=at, values={"total_fen": amount_fen, "channel": channel})


def _check_open_quote(visit: Visit) -> None:
    if visit.state != "quoted":
        raise Conflict(_("there is no open quote"), where="state", expected="quoted", code="no_open_quote")


def _quoted(visit: Visit) -> dict[str, Any]:
    rows = visit.lines.order_by("id").values_list(
        "name", "model", "quantity", "price_fen", "is_free", "declined"
    )
    return {"visit": visit.number, "lines": [list(row) for row in rows], "total_fen": visit.quote_fen}


def _total(visit: Visit) -> int:
    return sum(line.total_fen for line in visit.lines.all())


def _part_line(visit: Visit, code: str, pieces: int, warranty: WarrantyReading) -> QuoteLine:
    part = part_coded(code)
    if part is None or not 1 <= pieces <= 99:
        raise Invalid(
            _("no part %(code)s in the price list") % {"code": code},
            where="parts",
            expected=_("a code of the list, 1 to 99 pieces"),
        )
    free = warranty.covers_part(part.cover)
    return QuoteLine(
        visit=visit, kind="part", part=part, name=part.name, model=part.model, quantity=pieces,
        price_fen=part.price_fen, is_free=free, free_because="in_warranty" if free else "",
    )  # fmt: skip


def _service_line(visit: Visit, name: str, fen: int) -> QuoteLine:
    if not name.strip() or not 0 <= fen <= 10_000_000:
        raise Invalid(
            _("this service has no name or price"), where="services", expected=_("a name and a price")
        )
    return QuoteLine(visit=visit, kind="service", name=name.strip()[:80], price_fen=fen)
