"""The whole schedule on one screen: what the worker does by the clock, and how often at least (seconds)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from aftercare.dispatch.services import expire_offers, plan_wished_days, reoffer_orders, retry_queue
from aftercare.files.uploading import forget_old_uploads
from aftercare.intake.services import forget_old_customers
from aftercare.knowledge.services import fill_cluster
from aftercare.ledger.services import catch_up_positions, retry_parked
from aftercare.notices.tasks import send_alerts
from aftercare.payments.services import ask_payments
from aftercare.people.services import forget_positions
from aftercare.quality.services import find_defects
from aftercare.sla.services import replan_clocks, sweep_clocks
from aftercare.supervision.services import pick_cases
from aftercare.visits.services import forget_field_actions, note_behind, remind_appointments
from aftercare.workorders.services import resume_expired_pauses

SCHEDULE: tuple[tuple[str, float, Callable[..., Any]], ...] = (
    ("sweep_clocks", 1, sweep_clocks),
    ("replan_clocks", 10, replan_clocks),
    ("send_alerts", 2, send_alerts),
    ("expire_offers", 2, expire_offers),
    ("reoffer_orders", 10, reoffer_orders),
    ("retry_queue", 15, retry_queue),
    ("plan_wished_days", 10, plan_wished_days),
    ("remind_appointments", 20, remind_appointments),
    ("note_behind", 30, note_behind),
    ("resume_expired_pauses", 60, resume_expired_pauses),
    ("ask_payments", 60, ask_payments),
    ("retry_parked", 5, retry_parked),
    ("forget_positions", 300, forget_positions),
    ("forget_field_actions", 3600, forget_field_actions),
    ("forget_old_uploads", 3600, forget_old_uploads),
    ("fill_cluster", 5, fill_cluster),
    ("forget_old_customers", 6 * 3600, forget_old_customers),
    ("find_defects", 6 * 3600, find_defects),
    ("pick_cases", 3600, pick_cases),
    ("catch_up_positions", 300, catch_up_positions),
)


def run_due(
    last_run: dict[str, datetime],
    *,
    at: datetime,
    leave_out: Collection[str] = (),
    only: Collection[str] = (),
) -> int:
    """Run every entry whose time has come, but those left out, or `only` those named; give how much they did."""
    done = 0
    for name, every, verb in SCHEDULE:
        before = last_run.get(name)
        if (
            name not in leave_out
            and (not only or name in only)
            and (before is None or (at - before).total_seconds() >= every)
        ):
            last_run[name] = at
            done += int(verb(at=at) or 0)
    return done
