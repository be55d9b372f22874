"""Where a case stands for its customer, and what there is to decide."""

from __future__ import annotations

from typing import Any

from aftercare.followup.selectors import survey_of
from aftercare.visits.selectors import open_appointment, open_visit, signed_by_link
from aftercare.workorders.selectors import orders_of_request

DECISION = {"choose": "choose", "booked": "choose", "quote": "consent", "sign": "sign", "rate": "rate"}
PURPOSE = {"choose": "slots", "consent": "consent", "sign": "sign", "rate": "survey"}


def purpose_now(row: Any) -> str:
    """Give the purpose of the link that the customer of a request needs at present."""
    orders = orders_of_request(row.pk)
    order = orders[-1] if orders else None
    if order is None:
        return "progress"
    stage = stage_of(row, order, open_appointment(order.pk), open_visit(order.pk), survey_of(order.pk))
    return PURPOSE.get(DECISION.get(stage, ""), "progress")


def stage_of(row: Any, order: Any, appointment: Any, visit: Any, survey: Any) -> str:
    """Name the stage of a case by what is open: a survey, a visit, an appointment."""
    if row.state in ("cancelled", "merged"):
        return str(row.state)
    if survey is not None and survey.state != "due":
        return "rated"
    if survey is not None:
        return "rate"
    if row.state == "answered":
        return "answered"
    if visit is not None:
        if visit.state == "tested" and signed_by_link(visit) is None:
            return "sign"
        return "quote" if visit.state == "quoted" else "visit"
    if appointment is not None:
        return "booked" if appointment.state == "booked" else "choose"
    return "waiting"
