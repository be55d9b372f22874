"""Reads of work orders, within the reader's scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from aftercare.compiled import Limit, compiled
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
    actor: Actor, *, state: str = "", unit_id: int | None = None, category: str = "", urgency: str = ""
) -> QuerySet[WorkOrder]:
    """Give the work orders this reader may see, newest first."""
    return orders_where(
        *where_orders(actor, state=state, unit_id=unit_id, category=category, urgency=urgency)
    )


class WhereOrders(NamedTuple):
    """Which work orders: whose alone and of which units (None: anybody's, all), and in which states (none: in any)."""

    own_id: int | None
    units: frozenset[int] | None
    states: tuple[str, ...] = ()
    unit_id: int | None = None
    category: str = ""
    urgency: str = ""


def where_orders(
    actor: Actor, *, state: str = "", unit_id: int | None = None, category: str = "", urgency: str = ""
) -> WhereOrders:
    """Say which work orders this reader may see, narrowed; `state` may be `unfinished`."""
    require(actor, "read_work_order")
    states = UNFINISHED if state == "unfinished" else (state,) if state else ()
    own_id = (actor.id or 0) if actor.own_only else None
    return WhereOrders(own_id, actor.units, tuple(states), unit_id, category, urgency)


def orders_where(
    own_id: int | None, units: frozenset[int] | None, states: Collection[str] = (), unit_id: int | None = None,
    category: str = "", urgency: str = "",
) -> QuerySet[WorkOrder]:  # fmt: skip
    found = WorkOrder.objects.select_related("request__customer", "unit", "assignee").order_by("-id")
    if own_id is not None:
        found = found.filter(assignee_id=own_id)
    elif units is not None:
        found = found.filter(unit_id__in=units)
    if states:
        found = found.filter(state__in=states)
    if unit_id:
        found = found.filter(unit_id=unit_id)
    if category:
        found = found.filter(category=category)
    return found.filter(urgency=urgency) if urgency else found


@compiled
def newest_orders(most: Limit, before: int | None, *where: Any) -> QuerySet[WorkOrder]:
    """Give the newest of these orders as lists show them, with an id below `before`."""
    rows = as_listed(orders_where(*where))
    return (rows.filter(id__lt=before) if before else rows)[:most]


@compiled
def orders_of_cases(case_ids: Collection[int], *where: Any) -> QuerySet[WorkOrder, tuple[int, int]]:
    """Give id and request of those of these orders that belong to some requests."""
    return orders_where(*where).filter(request_id__in=case_ids).order_by("id").values_list("id", "request_id")


@compiled
def listed_orders(ids: Collection[int], *where: Any) -> QuerySet[WorkOrder]:
    return as_listed(orders_where(*where)).filter(id__in=ids).order_by()


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
    return _by_id(list(order_ids))


@compiled
def _by_id(order_ids: list[int]) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.select_related("request").filter(id__in=order_ids).order_by("id")


def requests_with_orders(request_ids: Iterable[int]) -> set[int]:
    """Say which of these requests have a work order already."""
    rows = WorkOrder.objects.filter(request_id__in=list(request_ids))
    return set(rows.values_list("request_id", flat=True))


@compiled
def orders_of_request(request_id: int) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.filter(request_id=request_id).select_related("assignee", "unit").order_by("id")


def jobs_of(staff_id: int, start: datetime, end: datetime) -> list[WorkOrder]:
    """Give somebody's jobs of a day: those booked for it, and all they have in hand."""
    match = Q(window_starts_at__gte=start, window_starts_at__lt=end) | Q(state__in=UNFINISHED)
    rows = WorkOrder.objects.filter(match, assignee_id=staff_id).exclude(state="cancelled")
    return list(
        rows.select_related("request__customer", "request__item__product", "pickup_unit").order_by(
            "window_starts_at", "id"
        )
    )


def familiar_staff(customer_ids: Iterable[int]) -> dict[int, set[int]]:
    """Give, for each customer, those who finished a job there before."""
    found: dict[int, set[int]] = {}
    for customer_id, staff_id in _familiar(list(customer_ids)):
        found.setdefault(customer_id, set()).add(staff_id)
    return found


@compiled
def _familiar(customer_ids: list[int]) -> QuerySet[WorkOrder, tuple[int, int]]:
    rows = WorkOrder.objects.filter(
        request__customer_id__in=customer_ids, state="completed", assignee__isnull=False
    )
    return rows.values_list("request__customer_id", "assignee_id").distinct()


def completed_of_same_piece(order: WorkOrder) -> QuerySet[WorkOrder]:
    """Give the other completed orders of the same customer's product of the same model; none where no model is known."""
    case = order.request
    rows = WorkOrder.objects.filter(state="completed").exclude(pk=order.pk)
    if case.customer_id is None or not case.product_model:
        return rows.none()
    return rows.filter(request__customer_id=case.customer_id, request__product_model=case.product_model)


def state_counts(actor: Actor) -> dict[str, int]:
    """Count the unfinished orders by state, up to `COUNTED`: nobody needs to know more, and counting costs."""
    return {state: _ids.count(*where_orders(actor, state=state)) for state in UNFINISHED}


@compiled
def _ids(*where: Any) -> QuerySet[WorkOrder, tuple[int]]:
    return orders_where(*where).order_by().values_list("id")[:COUNTED]
