"""An order is a repeat where the same piece had another one completed within 30 days before, in whatever order they are told."""

from __future__ import annotations

from datetime import timedelta

from aftercare.intake.models import Request
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import begin_service, complete_work_order
from tests.cast import MORNING


def done(cast, *, day: float, customer_id: int | None = None, model: str = "KFR-35GW") -> WorkOrder:
    """Give an order of the customer's piece, completed so many days after the morning."""
    order = cast.order()
    Request.objects.filter(pk=order.request_id).update(customer_id=customer_id, product_model=model)
    order = WorkOrder.objects.get(pk=order.pk)
    at = MORNING + timedelta(days=day)
    begin_service(order, by=cast.actor("zhou"), at=at)
    complete_work_order(order, by=cast.actor("zhou"), at=at, outcome="修好")
    return order


def repeats() -> set[int]:
    return set(WorkOrder.objects.filter(is_repeat=True).values_list("pk", flat=True))


def test_only_the_same_piece_within_thirty_days_is_a_repeat(cast):
    mine = cast.order().request.customer_id
    done(cast, day=1, customer_id=mine)
    again = done(cast, day=31, customer_id=mine)
    done(cast, day=61.1, customer_id=mine)
    done(cast, day=32, customer_id=mine, model="BCD-215")
    assert repeats() == {again.pk}


def test_without_a_model_or_a_customer_nothing_is_a_repeat(cast):
    mine = cast.order().request.customer_id
    for customer_id, model in ((mine, ""), (None, "KFR-35GW")):
        done(cast, day=1, customer_id=customer_id, model=model)
        done(cast, day=2, customer_id=customer_id, model=model)
    assert repeats() == set()


def test_what_was_done_earlier_and_told_later_makes_the_later_one_a_repeat(cast):
    mine = cast.order().request.customer_id
    later = done(cast, day=9, customer_id=mine)
    assert repeats() == set()
    done(cast, day=2, customer_id=mine)
    assert repeats() == {later.pk}
