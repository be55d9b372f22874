"""Reads of work orders, within the reader's scope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from .models import WorkOrder
from .states import UNFINISHED

COUNTED = 1000
SHOWN = (
    "number", "state", "urgency", "category", "window_starts_at", "window_ends_at", "request__number", "request__description",
    "request__product_model", "request__customer__name_masked", "unit__name", "assignee__name_masked",
)  # fmt: skip


def work_orders_for(
    actor: Actor,
    *,
    state: str = "",
    unit_id: int | None = None,
    category: str = "",
    assignee_id: int | None = None,
    urgency: str = "",
) -> QuerySet[WorkOrder]:
    """Give the work orders this reader may see, newest first."""
    require(actor, "read_work_order")
    found = WorkOrder.objects.select_related("request__customer", "unit", "assignee").order_by("-id")
    if actor.own_only:
        found = found.filter(assignee_id=actor.id)
    elif actor.units is not None:
        found = found.filter(unit_id__in=actor.units)
    if state == "unfinished":
        found = found.filter(state__in=UNFINISHED)
    elif state:
        found = found.filter(state=state)
    if unit_id:
        found = found.filter(unit_id=unit_id)
    if category:
        found = found.filter(category=category)
    if urgency:
        found = found.filter(urgency=urgency)
    if assignee_id:
        found = found.filter(assignee_id=assignee_id)
    return found


def as_listed(rows: QuerySet[WorkOrder]) -> QuerySet[WorkOrder]:
    """Read of orders only what lists show: a row with its request, customer and people whole has 119 columns, some to be decrypted."""
    return rows.only(*SHOWN)


def work_order_for(actor: Actor, number: str) -> WorkOrder:
    """Give one work order by number; missing and hidden look the same."""
    found = work_orders_for(actor).select_related("request__item__product").filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def work_orders_numbered(actor: Actor, numbers: Iterable[str]) -> list[WorkOrder]:
    """Give those of these orders that are within reach, in the order of their keys; 200 at most."""
    return list(work_orders_for(actor).filter(number__in=list(numbers)[:200]).order_by("pk"))


def work_order_by_id(order_id: int) -> WorkOrder:
    return WorkOrder.objects.select_related("request__customer", "request__item__product", "unit").get(
        id=order_id
    )


def work_orders_by_id(order_ids: Iterable[int]) -> list[WorkOrder]:
    return list(WorkOrder.objects.select_related("request").filter(id__in=list(order_ids)).order_by("id"))


def requests_with_orders(request_ids: Iterable[int]) -> set[int]:
    """Say which of these requests have a work order already."""
    rows = WorkOrder.objects.filter(request_id__in=list(request_ids))
    return set(rows.values_list("request_id", flat=True))


def orders_of_request(request_id: int) -> list[WorkOrder]:
    return list(
        WorkOrder.objects.filter(request_id=request_id).select_related("assignee", "unit").order_by("id")
    )


def unfinished_counts(staff_ids: Iterable[int] | None) -> dict[int, int]:
    """Count the unfinished orders in each person's hands; None: in everybody's who has any."""
    rows = WorkOrder.objects.filter(assignee__isnull=False, state__in=UNFINISHED)
    rows = rows if staff_ids is None else rows.filter(assignee_id__in=list(staff_ids))
    return dict(rows.values_list("assignee_id").annotate(n=Count("id")))


def jobs_of(staff_id: int, start: datetime, end: datetime) -> list[WorkOrder]:
    """Give somebody's jobs of a day: those booked for it, and those in hand without a time."""
    match = Q(window_starts_at__gte=start, window_starts_at__lt=end) | Q(state__in=UNFINISHED)
    rows = WorkOrder.objects.filter(match, assignee_id=staff_id).exclude(state="cancelled")
    return list(
        rows.select_related("request__customer", "request__item__product").order_by("window_starts_at", "id")
    )


def familiar_staff(customer_ids: Iterable[int]) -> dict[int, set[int]]:
    """Give, for each customer, those who finished a job there before."""
    rows = WorkOrder.objects.filter(
        request__customer_id__in=list(customer_ids), state="completed", assignee__isnull=False
    )
    found: dict[int, set[int]] = {}
    for customer_id, staff_id in rows.values_list("request__customer_id", "assignee_id").distinct():
        found.setdefault(customer_id, set()).add(staff_id)
    return found


def completed_of_same_piece(order: WorkOrder) -> QuerySet[WorkOrder]:
    """Give the other completed orders of the same customer's product of the same model; none where no model is known."""
    case = order.request
    rows = WorkOrder.objects.filter(state="completed").exclude(pk=order.pk)
    if case.customer_id is None or not case.product_model:
        return rows.none()
    return rows.filter(request__customer_id=case.customer_id, request__product_model=case.product_model)


def state_counts(actor: Actor) -> dict[str, int]:
    """Count the unfinished orders by state, up to `COUNTED`: nobody needs to know more, and counting costs."""
    rows = work_orders_for(actor).order_by()
    return {state: rows.filter(state=state).values("id")[:COUNTED].count() for state in UNFINISHED}
