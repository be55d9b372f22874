"""Who answers for a unit at a moment: on shift, not away, else the deputy, else further up, else the night team (M15, M40)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from .models import Leave, Shift, Staff
from .selectors import path_of

ROSTERED_WITHIN = timedelta(days=14)
HEADS = {
    "handler": ("agent",),
    "supervisor": ("supervisor", "store_manager"),
    "executive": ("executive", "manager"),
    "duty_manager": ("store_manager", "manager", "supervisor"),
}


def on_duty(roles: Iterable[str], unit_id: int, *, at: datetime) -> list[Staff]:
    """Give those of these roles who answer for a unit at `at`: of the nearest unit upward that has somebody.

    Who is on leave is stood in for by their deputy. Where nobody is on duty at any level the night team is given, and
    without one everybody of the nearest unit, at last an administrator: a warning always reaches somebody.
    """
    wanted = list(roles)
    path = path_of(unit_id)
    everybody = list(
        Staff.objects.filter(is_active=True, unit_id__in=path, roles__overlap=wanted).order_by("number")
    )
    for unit in reversed(path):
        present = present_or_deputy([person for person in everybody if person.unit_id == unit], at=at)
        if present:
            return present
    night = present_or_deputy(list(Staff.objects.filter(is_active=True, roles__contains=["night"])), at=at)
    nearest = next((u for u in reversed(path) if any(p.unit_id == u for p in everybody)), None)
    rest = [person for person in everybody if person.unit_id == nearest]
    return night or rest or list(Staff.objects.filter(is_active=True, roles__contains=["administrator"])[:1])


def present_or_deputy(people: list[Staff], *, at: datetime) -> list[Staff]:
    """Give those of `people` who are there at `at`, and the deputies of those on leave who are there themselves."""
    leaves = {leave.staff_id: leave for leave in _leaves(people, at)}
    rostered = _rostered(people, at)
    found = {p.pk: p for p in people if p.pk not in leaves and rostered.get(p.pk, True)}
    deputies = [
        leave.deputy for leave in leaves.values() if leave.deputy is not None and leave.deputy.is_active
    ]
    away = {leave.staff_id for leave in _leaves(deputies, at)}
    found |= {deputy.pk: deputy for deputy in deputies if deputy.pk not in away}
    return list(found.values())


def _leaves(people: list[Staff], at: datetime) -> list[Leave]:
    ids = [person.pk for person in people]
    return list(
        Leave.objects.filter(staff_id__in=ids, starts_at__lte=at, ends_at__gt=at).select_related("deputy")
    )


def _rostered(people: list[Staff], at: datetime) -> dict[int, bool]:
    """Say of everybody with shifts around now whether one covers `at`; who has none works office hours unasked."""
    ids = [person.pk for person in people]
    shifts = Shift.objects.filter(
        staff_id__in=ids, starts_at__lt=at + ROSTERED_WITHIN, ends_at__gt=at - ROSTERED_WITHIN
    )
    found: dict[int, bool] = {}
    for staff_id, starts, ends in shifts.values_list("staff_id", "starts_at", "ends_at"):
        found[staff_id] = found.get(staff_id, False) or starts <= at < ends
    return found
