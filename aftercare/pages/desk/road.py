"""The road of a case: its stages with real times against what is promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Stage:
    """One stage: past, now or to come, with the words under it."""

    title: str
    shape: str
    words: str
    used: int = 0


def road_of(
    request: Any, order: Any, appointment: Any, visit: Any, survey: Any, clocks: list[Any], now: datetime
) -> list[Stage]:
    """Give the eight stages of the road for a request and its (latest) work order."""
    from ..templatetags.show import due_text, local_time, window

    accepted = order is not None and order.assigned_at
    booked = order is not None and order.window_starts_at
    stages: list[tuple[str, Any, str]] = [
        (_("Intake"), request.received_at, local_time(request.received_at)),
        (_("Work order"), order and order.opened_at, local_time(order.opened_at) if order else ""),
        (_("Dispatch"), accepted, local_time(order.assigned_at) if accepted else ""),
        (_("Appointment"), booked, window((order.window_starts_at, order.window_ends_at)) if booked else ""),
        (_("Visit"), visit and visit.arrived_at, local_time(visit.arrived_at) if visit and visit.arrived_at else ""),
        (_("Signed"), order and order.completed_at, local_time(order.completed_at) if order and order.completed_at else ""),
        (_("Follow-up"), survey and survey.answered_at, f"{survey.overall} / 5" if survey and survey.overall else ""),
        (_("Closed"), request.closed_at if request.state != "answered" else request.state_since,
         local_time(request.closed_at) if request.closed_at else ""),
    ]  # fmt: skip
    if request.state == "answered":
        return [
            Stage(title, "past" if title in (_("Intake"), _("Closed")) else "", words)
            for title, _at, words in stages
        ]
    first_open = next((i for i, (_t, at, _w) in enumerate(stages) if not at), len(stages))
    running = next((c for c in clocks if c.state in ("running", "paused")), None)
    result = []
    for index, (title, at, words) in enumerate(stages):
        shape = "past" if at else "now" if index == first_open and request.state == "open" else ""
        if shape == "now" and running is not None:
            words = _("by %(at)s") % {"at": due_text(running.due_at)}
        result.append(Stage(title, shape, words, running.used(now) if shape == "now" and running else 0))
    return result
