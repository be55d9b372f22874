"""Merge and undo, split, child orders: nothing is lost, clocks are as if nothing had been, the whole ends last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.dispatch.services import accept_offer
from aftercare.intake.models import Request
from aftercare.intake.selectors import kin_of
from aftercare.intake.services import answer_request, cancel_request
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Message
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound
from aftercare.sla.models import Clock
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import (
    Portion,
    begin_service,
    close_finished_request,
    complete_work_order,
    merge_request,
    open_work_order,
    split_request,
    unmerge_request,
)
from tests.cast import MORNING

LATER = MORNING + timedelta(minutes=30)


def two(cast) -> tuple[Request, Request]:
    """Give the same matter, reported by phone and once more by the shop's chat."""
    first = cast.order().request
    second = cast.order(
        description="还是那台空调，外机嗡嗡响不制冷，刚才电话里说过", channels=("shop_chat",)
    ).request
    return first, second


def open_clocks(request: Request) -> set[str]:
    return set(Clock.objects.filter(case_id=request.pk, state="running").values_list("code", flat=True))


def test_a_second_report_within_a_day_is_suggested(cast):
    first, second = two(cast)
    late = cast.request(at=MORNING + timedelta(hours=25))
    other = cast.request(category="washer", product_model="XQG100", description="洗衣机脱水的时候整机都在跳")
    assert [row for row, _alike in kin_of(second).duplicates] == [first]
    assert kin_of(late).duplicates == [] and kin_of(other).duplicates == []


def test_merging_ends_the_second_and_tells_its_customer(cast):
    first, second = two(cast)
    merge_request(second, first, by=cast.actor("li"), at=LATER, because="同一台空调")
    deliver_until_idle(at=LATER)
    second.refresh_from_db()
    assert (second.state, second.merged_into) == ("merged", first)
    assert not open_clocks(second) and open_clocks(first)
    assert WorkOrder.objects.get(request=second).state == "cancelled"
    assert not WorkOrder.objects.get(request=second).offers.filter(state="offered").exists()
    message = Message.objects.get(case_id=second.pk, template="merged")
    assert first.number in message.body
    with pytest.raises(Conflict):
        merge_request(second, first, by=cast.actor("li"), at=LATER, because="再合并一次")
    with pytest.raises(Conflict):
        merge_request(first, second, by=cast.actor("li"), at=LATER, because="反过来合并")


def test_undoing_a_merge_gives_clocks_as_if_they_had_never_stopped(cast):
    first, second = two(cast)
    before = {
        c.code: c.due_at
        for c in Clock.objects.filter(case_id=second.pk, key=f"request:{second.pk}", state="running")
    }
    merge_request(second, first, by=cast.actor("li"), at=LATER, because="同一台空调")
    deliver_until_idle(at=LATER)
    undone = LATER + timedelta(hours=1)
    unmerge_request(second, by=cast.actor("li"), at=undone, because="其实是两台")
    deliver_until_idle(at=undone)
    second.refresh_from_db()
    assert (second.state, second.merged_into) == ("open", None)
    after = {
        c.code: c.due_at
        for c in Clock.objects.filter(case_id=second.pk, key=f"request:{second.pk}", state="running")
    }
    assert before and after == before
    order = WorkOrder.objects.get(request=second)
    assert order.state == "pending" and order.offers.filter(state="offered").count() == 1
    assert Message.objects.filter(case_id=second.pk, template="unmerged").count() == 1


def test_what_can_not_be_merged(cast):
    first, second = two(cast)
    by = cast.actor("li")
    with pytest.raises(Invalid):
        merge_request(second, second, by=by, at=LATER, because="自己")
    with pytest.raises(Invalid):
        merge_request(second, first, by=by, at=LATER, because="")
    with pytest.raises(NotFound):
        merge_request(second, first, by=cast.actor("tang"), at=LATER, because="别的店")
    with pytest.raises(Forbidden):
        merge_request(second, first, by=cast.actor("zhou"), at=LATER, because="工程师")
    order = WorkOrder.objects.get(request=second)
    offer = order.offers.get(state="offered")
    accept_offer(
        offer, by=cast.actor(next(n for n, s in cast.staff.items() if s.pk == offer.staff_id)), at=MORNING
    )
    begin_service(WorkOrder.objects.get(pk=order.pk), by=cast.actor("zhou"), at=LATER)
    with pytest.raises(Conflict) as refusal:
        merge_request(second, first, by=by, at=LATER, because="同一台空调")
    assert refusal.value.code == "in_service"
    cancel_request(first, by=by, at=LATER, because="客户取消")
    with pytest.raises(Conflict):
        merge_request(second, first, by=by, at=LATER, because="同一台空调")


def test_two_who_merge_at_once_in_both_directions_merge_once(cast):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    first, second = two(cast)

    def merge(pair):
        try:
            merge_request(
                *(Request.objects.get(pk=row.pk) for row in pair),
                by=cast.actor("li"),
                at=LATER,
                because="同一件事",
            )
            return "merged"
        except Conflict:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(merge, [(first, second), (second, first)]))
    assert sorted(ends) == ["merged", "refused"]


def test_what_is_split_off_has_a_life_of_its_own_and_ends_before_the_whole(cast):
    whole = cast.order().request
    portions = [
        Portion("inquiry", "另外想问延保怎么买，保几年"),
        Portion("repair", "还有一台洗衣机脱水时整机跳动", "washer"),
    ]
    children = split_request(whole, portions, by=cast.actor("li"), at=LATER)
    deliver_until_idle(at=LATER)
    assert [child.parent for child in children] == [whole, whole]
    assert all(open_clocks(child) for child in children)
    assert Message.objects.filter(case_id=whole.pk, template="split").count() == 1
    with pytest.raises(Conflict) as refusal:
        cancel_request(whole, by=cast.actor("li"), at=LATER, because="不修了")
    assert refusal.value.code == "open_child"
    order = WorkOrder.objects.get(request=whole)
    begin_service(order, by=cast.actor("zhou"), at=LATER)
    complete_work_order(order, by=cast.actor("zhou"), at=LATER, outcome="换电容")
    deliver_until_idle(at=LATER)
    whole.refresh_from_db()
    assert whole.state == "open"
    answer_request(children[0], by=cast.actor("li"), at=LATER, answer="三年，可在店里买")
    cancel_request(children[1], by=cast.actor("li"), at=LATER, because="客户自己修好了")
    deliver_until_idle(at=LATER)
    whole.refresh_from_db()
    assert whole.state == "closed"


def test_splitting_refuses_all_or_nothing(cast):
    whole = cast.order().request
    with pytest.raises(Invalid):
        split_request(whole, [], by=cast.actor("li"), at=LATER)
    with pytest.raises(Invalid):
        split_request(
            whole,
            [Portion("repair", "还有一台洗衣机脱水时整机跳动"), Portion("repair", "坏了")],
            by=cast.actor("li"),
            at=LATER,
        )
    assert not whole.children.exists()


def test_a_child_order_is_done_before_its_parent(cast):
    parent = cast.order()
    child = open_work_order(
        parent.request, service_type="visit", by=cast.actor("li"), at=LATER, parent=parent
    )
    for order in (parent, child):
        begin_service(order, by=cast.actor("zhou"), at=LATER)
    with pytest.raises(Conflict) as refusal:
        complete_work_order(parent, by=cast.actor("zhou"), at=LATER, outcome="修好")
    assert refusal.value.code == "open_child"
    complete_work_order(child, by=cast.actor("zhou"), at=LATER, outcome="搬下楼")
    complete_work_order(parent, by=cast.actor("zhou"), at=LATER, outcome="修好")
    assert close_finished_request(parent.request_id, at=LATER)
