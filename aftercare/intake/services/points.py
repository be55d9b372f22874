"""QR codes of stores and products."""

from __future__ import annotations

import secrets

from aftercare.people.rules import Actor
from aftercare.people.services import require

from ..models import ReportPoint


def add_report_point(
    *, unit_id: int, by: Actor, product_id: int | None = None, item_id: int | None = None, code: str = ""
) -> ReportPoint:
    """Make a QR code point; its code can't be guessed."""
    require(by, "edit_people", unit_id=unit_id, reach=True)
    return ReportPoint.objects.create(
        code=code or secrets.token_urlsafe(9), unit_id=unit_id, product_id=product_id, item_id=item_id
    )
