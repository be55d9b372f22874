"""Rows as the API gives them."""

from __future__ import annotations

from typing import Any


def request_out(row: Any) -> dict[str, Any]:
    customer = row.customer
    return {
        "number": row.number, "state": row.state, "kind": row.kind, "urgency": row.urgency, "emotion": row.emotion,
        "received_at": row.received_at, "channels": row.channels, "customer": customer.name_masked if customer else None,
        "phone": customer.phone_masked if customer else None, "address": row.address_masked,
        "product_model": row.product_model, "serial": row.serial, "category": row.category,
        "purchased_on": row.purchased_on, "description": row.description, "unit_id": row.unit_id,
        "owner": row.owner.number if row.owner_id else None, "revision": row.revision, "why": row.urgency_reason,
    }  # fmt: skip


def order_out(row: Any) -> dict[str, Any]:
    return {
        "number": row.number, "request": row.request.number, "state": row.state, "service_type": row.service_type,
        "category": row.category, "urgency": row.urgency, "engineer": row.assignee.number if row.assignee_id else None,
        "window_starts_at": row.window_starts_at, "window_ends_at": row.window_ends_at,
        "late_minutes": row.late_minutes, "late_told_at": row.late_told_at, "opened_at": row.opened_at,
        "completed_at": row.completed_at, "parts_fen": row.parts_fen, "fee_fen": row.fee_fen, "unit_id": row.unit_id,
        "people": row.people, "pickup_unit_id": row.pickup_unit_id, "revision": row.revision,
    }  # fmt: skip
