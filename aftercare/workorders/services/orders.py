"""Open work orders and move them along."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.intake.services import close_request
from aftercare.ledger.models import Fact
from aftercare.ledger.services import Outcome, do_each, move, next_numbers, record, record_many
from aftercare.people.models import Unit
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid

from ..models import WorkOrder
from ..selectors import completed_of_same_piece
from ..states import UNFINISHED, ServiceType

NO_WINDOW: dict[str, Any] = {
    "window_starts_at": None,
    "window_ends_at": None,
    "late_minutes": None,
    "late_told_at": None,
}

REPEATED_WITHIN = timedelta(days=30)


def open_work_order(
    request: Request, *, service_type: str, by: Actor, at: datetime, parent: WorkOrder | None = None
) -> WorkOrder:
    """Open a work order for a request; a request may have several."""
    return open_work_orders([(request, service_type)], by=by, at=at, parent=parent)[0]


def open_work_orders(
    wanted: list[tuple[Request, str]], *, by: Actor, at: datetime, parent: WorkOrder | None = None
) -> list[WorkOrder]:
    """Open a work order for each request with its kind of service, all of them or, when one is refused, none."""
    runs: dict[tuple[str, bool], list[WorkOrder]] = {}
    for request, service_type in wanted:
        require(by, "open_work_order", unit_id=request.unit_id, reach=True)
        if service_type not in ServiceType.values:
            raise Invalid(
                _("unknown kind of service"), where="service_type", expected=", ".join(ServiceType.values)
            )
        if request.state != "open":
            raise Conflict(_("the request is no longer open"), where="state", expected="open")
        policy = policy_for(request.unit_id)
        order = WorkOrder(
            request=request, parent=parent, unit_id=request.unit_id, service_type=service_type, kind=request.kind,
            category=request.category, urgency=request.urgency, state="pending", state_since=at, opened_at=at,
            lat=request.lat, lon=request.lon, policy_id=policy.id,
            people=2 if request.category in policy.pack.dispatch.two_people and service_type != "remote" else 1,
        )  # fmt: skip
        runs.setdefault((zone_of(request.unit_id), policy.pack.pack.number_with_prefix), []).append(order)
    with transaction.atomic():
        for (zone, prefixed), orders in runs.items():
            numbers = next_numbers("WO", at=at, zone=zone, count=len(orders), with_prefix=prefixed)
            for order, number in zip(orders, numbers, strict=True):
                order.number = number
        opened = WorkOrder.objects.bulk_create([order for orders in runs.values() for order in orders])
        record_many("work_order.opened", [(order, {}, at) for order in opened], by=by)
    return opened


def assign_work_order(order: WorkOrder, staff_id: int, *, by: Actor, at: datetime) -> None:
    """Put an order into somebody's hands (dispatch calls this once an offer is accepted)."""
    changed = WorkOrder.objects.filter(pk=order.pk, state="pending", assignee=None).update(
        assignee_id=staff_id, assigned_at=at, revision=F("revision") + 1
    )
    if not changed:
        raise Conflict(_("the work order is no longer free"), where="state", code="not_free")
    order.assignee_id, order.assigned_at = staff_id, at


def release_work_order(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> None:
    """Take an order out of somebody's hands, so that it is dispatched again."""
    before = order.assignee_id
    values = {"before": before}
    if order.state == "pending":
        WorkOrder.objects.filter(pk=order.pk).update(assignee=None, assigned_at=None)
        order.assignee_id = None
        record("work_order.released", order, by=by, at=at, because=because, values=values)
        return
    move(
        order, "pending", by=by, at=at, because=because, fact="work_order.released", values=values, assignee_id=None,
        assigned_at=None, **NO_WINDOW,
    )  # fmt: skip


def book_work_order(
    order: WorkOrder, *, starts_at: datetime, ends_at: datetime, by: Actor, at: datetime
) -> Fact | None:
    """Note the window promised to the customer."""
    window = NO_WINDOW | {"window_starts_at": starts_at, "window_ends_at": ends_at}
    if order.state == "booked":
        WorkOrder.objects.filter(pk=order.pk).update(**window)
        for name, value in window.items():
            setattr(order, name, value)
        return None
    return move(order, "booked", by=by, at=at, **window)


def hand_over_work_order(order: WorkOrder, staff_id: int, *, by: Actor, at: datetime, because: str) -> None:
    """Put a booked order into another pair of hands; what was promised to the customer stays."""
    before = order.assignee_id
    changed = WorkOrder.objects.filter(pk=order.pk, state="booked", assignee_id=before).update(
        assignee_id=staff_id, assigned_at=at, revision=F("revision") + 1
    )
    if not changed:
        raise Conflict(_("somebody else changed this a moment ago"), where="state", code="moved_meanwhile")
    order.assignee_id, order.assigned_at = staff_id, at
    record(
        "work_order.reassigned",
        order,
        by=by,
        at=at,
        because=because,
        values={"before": before, "staff": staff_id},
    )


def unbook_work_order(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> None:
    """Take the promised window back; the order is pending again in the same hands."""
    move(
        order, "pending", by=by, at=at, because=because, fact="work_order.unbooked", **NO_WINDOW,
    )  # fmt: skip


def equip_work_order(
    order: WorkOrder, *, people: int, pickup_unit_id: int | None, by: Actor, at: datetime
) -> None:
    """Say how many must be there (1 or 2), and in which unit the engineer fetches parts on the way (None: nowhere).

    Refused once a window is promised to the customer for another number of people, and for orders that are over.
    """
    require(by, "dispatch_work_order", unit_id=order.unit_id, reach=True)
    if people not in (1, 2):
        raise Invalid(_("this is not a number of people"), where="people", expected="1, 2")
    if order.state not in ("pending", "booked") or order.service_type == "remote":
        raise Conflict(_("the visit has begun"), where="state", expected="pending, booked")
    if order.state == "booked" and people != order.people:
        raise Conflict(
            _("a time is promised already; offer other times first"), where="people", code="booked_already"
        )
    if pickup_unit_id is not None and not _has_a_place(pickup_unit_id):
        raise Invalid(_("nobody knows where this unit is"), where="pickup", expected=_("a unit with a place"))
    _equip(order, people, pickup_unit_id, by=by, at=at)


def note_pickup(order: WorkOrder, unit_id: int, *, at: datetime) -> None:
    """Note that parts for an order wait in a unit, so that the engineer comes by there first."""
    if order.state in ("pending", "booked") and order.service_type != "remote" and _has_a_place(unit_id):
        _equip(order, order.people, unit_id, by=MACHINE, at=at)


def begin_service(order: WorkOrder, *, by: Actor, at: datetime) -> None:
    """Note that the service has begun."""
    move(order, "in_service", by=by, at=at, visits=F("visits") + 1)
    order.refresh_from_db(fields=["visits"])


def note_arrival(order: WorkOrder, *, at: datetime) -> None:
    WorkOrder.objects.filter(pk=order.pk, arrived_at=None).update(arrived_at=at)


def note_lateness(order: WorkOrder, minutes: int, *, by: Actor, at: datetime) -> None:
    """Note how much later than promised somebody comes, to be told to the customer; the same word again changes nothing."""
    changed = (
        WorkOrder.objects.filter(pk=order.pk)
        .exclude(late_minutes=minutes)
        .update(late_minutes=minutes, late_told_at=at)
    )
    if changed:
        order.late_minutes, order.late_told_at = minutes, at
        record("work_order.late", order, by=by, at=at, values={"minutes": minutes})


def complete_work_order(
    order: WorkOrder,
    *,
    by: Actor,
    at: datetime,
    outcome: str,
    parts_fen: int = 0,
    parts_cost_fen: int = 0,
    fee_fen: int = 0,
) -> None:
    """Complete an order with its outcome and charges; refused while a child order of it is unfinished.

    It is a repeat where the same piece had another order completed within the 30 days before; one that was completed later but recorded
    earlier (a phone without network) becomes a repeat now.
    """
    child = WorkOrder.objects.filter(parent=order, state__in=UNFINISHED).order_by("id").first()
    if child is not None:
        raise Conflict(
            _("its child order %(number)s is unfinished") % {"number": child.number},
            where="state",
            code="open_child",
        )
    with transaction.atomic():
        same = completed_of_same_piece(order)
        repeat = same.filter(completed_at__gte=at - REPEATED_WITHIN, completed_at__lt=at).exists()
        move(
            order, "completed", by=by, at=at, completed_at=at, outcome=outcome, parts_fen=parts_fen,
            parts_cost_fen=parts_cost_fen, fee_fen=fee_fen, waiting_for="", is_repeat=repeat,
            values={"parts_fen": parts_fen, "fee_fen": fee_fen},
        )  # fmt: skip
        recorded_before = same.filter(completed_at__gt=at, completed_at__lte=at + REPEATED_WITHIN)
        recorded_before.update(is_repeat=True)


def cancel_work_order(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> None:
    """Cancel an order, with the reason."""
    require(by, "cancel_work_order", unit_id=order.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    move(order, "cancelled", by=by, at=at, because=because.strip())


def reopen_work_order(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> None:
    """Take the cancellation of an order back: it is pending in nobody's hands, and dispatched again."""
    move(
        order, "pending", by=by, at=at, because=because, fact="work_order.reopened", assignee_id=None, assigned_at=None,
        **NO_WINDOW,
    )  # fmt: skip


def pause_work_order(order: WorkOrder, reason: str, *, by: Actor, at: datetime) -> None:
    """Let the clocks stand still while waiting for the customer, parts or an approval."""
    require(by, "pause_work_order", unit_id=order.unit_id, reach=not by.own_only)
    reasons = {r.code for r in policy_for(order.unit_id).pack.clocks.pause_reasons}
    if reason not in reasons:
        raise Invalid(_("unknown reason to wait"), where="reason", expected=", ".join(sorted(reasons)))
    with transaction.atomic():
        changed = WorkOrder.objects.filter(pk=order.pk, waiting_for="", state__in=UNFINISHED).update(
            waiting_for=reason, waiting_since=at
        )
        if not changed:
            raise Conflict(_("this order is waiting already, or is done"), where="state")
        order.waiting_for, order.waiting_since = reason, at
        record("work_order.paused", order, by=by, at=at, because=reason)


def resume_work_order(order: WorkOrder, *, by: Actor, at: datetime) -> None:
    """Let the clocks run again."""
    require(by, "pause_work_order", unit_id=order.unit_id, reach=not by.own_only)
    with transaction.atomic():
        changed = (
            WorkOrder.objects.filter(pk=order.pk)
            .exclude(waiting_for="")
            .update(waiting_for="", waiting_since=None)
        )
        if not changed:
            raise Conflict(_("this order is not waiting"), where="state")
        reason, order.waiting_for, order.waiting_since = order.waiting_for, "", None
        record("work_order.resumed", order, by=by, at=at, because=reason)


def pause_work_orders(
    orders: Iterable[WorkOrder], reason: str, *, by: Actor, at: datetime, keep: bool = True
) -> list[Outcome[WorkOrder]]:
    """Let the clocks of several orders stand still; those that can't wait say why. `keep=False`: only tried."""
    return do_each(orders, lambda order: pause_work_order(order, reason, by=by, at=at), keep=keep)


def resume_work_orders(
    orders: Iterable[WorkOrder], *, by: Actor, at: datetime, reason: str = "", keep: bool = True
) -> list[Outcome[WorkOrder]]:
    """Let the clocks of several orders run again, of those alone that wait for `reason` where one is given. `keep=False`: only tried."""

    def resume(order: WorkOrder) -> None:
        if reason and order.waiting_for != reason:
            raise Conflict(
                _("somebody else changed this a moment ago"), where="state", code="moved_meanwhile"
            )
        resume_work_order(order, by=by, at=at)

    return do_each(orders, resume, keep=keep)


def resume_expired_pauses(*, at: datetime) -> int:
    """Resume orders that waited longer than the pack allows for their reason; give how many."""
    resumed = 0
    for order in (
        WorkOrder.objects.exclude(waiting_for="").filter(state__in=UNFINISHED).select_related("unit")[:200]
    ):
        limits = {r.code: r.at_most for r in policy_for(order.unit_id).pack.clocks.pause_reasons}
        limit = limits.get(order.waiting_for)
        if limit and order.waiting_since and (at - order.waiting_since).total_seconds() >= limit:
            resume_work_order(order, by=MACHINE, at=at)
            resumed += 1
    return resumed


def convert_to_visit(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> None:
    """Turn remote support that did not help into a visit; the customer repeats nothing (M59)."""
    require(by, "convert_to_visit", unit_id=order.unit_id, reach=not by.own_only)
    if order.service_type != "remote" or order.state not in UNFINISHED:
        raise Conflict(
            _("only unfinished remote support becomes a visit"), where="service_type", expected="remote"
        )
    with transaction.atomic():
        WorkOrder.objects.filter(pk=order.pk).update(service_type="visit")
        order.service_type = "visit"
        record("work_order.converted", order, by=by, at=at, because=because)
        if order.assignee_id or order.state != "pending":
            release_work_order(order, by=by, at=at, because=because)


def close_finished_request(request_id: int, *, at: datetime) -> bool:
    """Close a request once its last work order and what was split from it are done; cancelled orders alone do not close it."""
    with transaction.atomic():
        request = Request.objects.select_for_update().get(pk=request_id)
        states = set(WorkOrder.objects.filter(request=request).values_list("state", flat=True))
        if request.state != "open" or "completed" not in states or states & set(UNFINISHED):
            return False
        if request.children.filter(state="open").exists():
            return False
        close_request(request, by=MACHINE, at=at)
        return True


def _has_a_place(unit_id: int) -> bool:
    return Unit.objects.filter(pk=unit_id, lat__isnull=False, lon__isnull=False).exists()


def _equip(order: WorkOrder, people: int, pickup_unit_id: int | None, *, by: Actor, at: datetime) -> None:
    if (order.people, order.pickup_unit_id) == (people, pickup_unit_id):
        return
    with transaction.atomic():
        WorkOrder.objects.filter(pk=order.pk).update(people=people, pickup_unit_id=pickup_unit_id)
        order.people, order.pickup_unit_id = people, pickup_unit_id
        record(
            "work_order.equipped", order, by=by, at=at, values={"people": people, "pickup": pickup_unit_id}
        )
