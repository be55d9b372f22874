"""Many work orders at once: offered to one person, left to wait, let go on; looked at before, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer, give_orders, pin_visit
from aftercare.ledger.models import Fact
from aftercare.policies.selectors import policy_for
from aftercare.visits.services import book_visit
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order, cancel_work_order, pause_work_order

MANY = 8


@pytest.fixture
def orders(cast_now):
    made = [
        cast_now.order(at=cast_now.at, phone=f"138000{n:05d}", name=f"顾客{n}", description=f"第 {n} 号冰箱不制冷")
        for n in range(MANY)
    ]  # fmt: skip
    Offer.objects.update(state="withdrawn")
    return made


@pytest.fixture
def give(orders, cast_now, signed_in):
    def post(**more):
        numbers = [order.number for order in orders]
        to = cast_now.staff["chen"].number
        return signed_in("pan").post("/work-orders/give", {"numbers": numbers, "to": to, "because": "暴雨后集中派单", **more})  # fmt: skip

    return post


def offered(cast_now) -> int:
    return Offer.objects.filter(staff=cast_now.staff["chen"], state="offered", manual=True).count()


def room(cast_now) -> int:
    from aftercare.dispatch.crew import workloads

    chen = cast_now.staff["chen"].pk
    most = policy_for(cast_now.store.pk).pack.dispatch.max_unfinished
    return most - workloads([chen]).get(chen, 0)


def test_what_is_looked_at_is_what_would_happen(give, orders, cast_now):
    free, before = room(cast_now), Fact.objects.count()
    shown = give(act="try").content.decode()
    assert (offered(cast_now), Fact.objects.count()) == (0, before), "nothing is kept"
    give()
    assert 0 < offered(cast_now) == free < MANY, "the limit is counted through all of them"
    assert f"{offered(cast_now)} 单派给" in shown
    assert shown.count("此人在手已满") == MANY - free


def test_offered_and_taken_back(give, orders, cast_now, signed_in):
    client = signed_in("pan")
    assert give().status_code == 302
    first = Offer.objects.filter(staff=cast_now.staff["chen"], state="offered", manual=True).first()
    accept_offer(first, by=cast_now.actor("chen"), at=cast_now.at)
    shown = client.get("/work-orders").content.decode()
    assert 'action="/work-orders/give"' in shown
    assert client.post("/work-orders/give", {"act": "undo"}).status_code == 302
    assert offered(cast_now) == 0
    first.refresh_from_db()
    assert first.state == "accepted", "what was accepted meanwhile stays"
    assert client.post("/work-orders/give", {"act": "undo"}).status_code == 404


def test_one_that_can_not_be_given_leaves_the_others(orders, cast_now):
    cancel_work_order(orders[0], by=cast_now.actor("pan"), at=cast_now.at, because="客户重复报修")
    done = give_orders(
        orders[:2], cast_now.staff["chen"].pk, by=cast_now.actor("pan"), at=cast_now.at, because="顺路"
    )
    assert [bool(outcome.against) for outcome in done] == [True, False]


@pytest.mark.parametrize("wrong", [{"to": "GY9999999"}, {"numbers": []}, {"numbers": ["WO0000"]}])
def test_what_can_not_be_meant_is_refused(give, wrong):
    assert give(act="try", **wrong).status_code == 422


def test_a_reason_is_asked_for_each(give, cast_now):
    assert "请写理由" in give(act="try", because="").content.decode()
    give(because="")
    assert offered(cast_now) == 0


def test_left_to_wait_and_let_go_on(orders, cast_now, signed_in):
    client, numbers = signed_in("pan"), [order.number for order in orders[:3]]
    pause_work_order(orders[0], "customer", by=cast_now.actor("pan"), at=cast_now.at)

    def waiting():
        rows = WorkOrder.objects.filter(number__in=numbers).order_by("pk")
        return list(rows.values_list("waiting_for", flat=True))

    shown = client.post("/work-orders/wait", {"numbers": numbers, "reason": "parts", "act": "try"})
    assert "2 单：等配件" in shown.content.decode()
    assert waiting() == ["customer", "", ""]
    client.post("/work-orders/wait", {"numbers": numbers, "reason": "parts"})
    assert waiting() == ["customer", "parts", "parts"]
    client.post("/work-orders/wait", {"act": "undo"})
    assert waiting() == ["customer", "", ""]
    client.post("/work-orders/wait", {"numbers": numbers, "reason": ""})
    assert waiting() == ["", "", ""]
    client.post("/work-orders/wait", {"act": "undo"})
    assert waiting() == ["customer", "", ""], "each waits again for what it had waited for"


def test_out_of_reach_is_as_if_it_were_not(orders, signed_in):
    shown = signed_in("zhou").post("/work-orders/give", {"numbers": [orders[0].number], "to": "GY2024001", "because": "顺路"})  # fmt: skip
    assert shown.status_code == 404, "engineers don't give orders"


def test_a_booked_visit_changes_hands_within_its_window(orders, cast_now, signed_in):
    order, zhou, chen = orders[0], cast_now.staff["zhou"], cast_now.staff["chen"]
    assign_work_order(order, zhou.pk, by=cast_now.actor("zhou"), at=cast_now.at)
    begins = cast_now.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    booked = book_visit(
        order, starts_at=begins, ends_at=begins + timedelta(hours=2), by=cast_now.actor("li"), at=cast_now.at
    )
    client = signed_in("pan")
    sent = {"numbers": [order.number], "to": chen.number, "because": "车坏了"}
    assert "1 单派给" in client.post("/work-orders/give", {**sent, "act": "try"}).content.decode()
    client.post("/work-orders/give", sent)
    booked.refresh_from_db()
    assert (booked.engineer_id, booked.starts_at) == (chen.pk, begins)
    client.post("/work-orders/give", {"act": "undo"})
    booked.refresh_from_db()
    assert booked.engineer_id == zhou.pk
    pin_visit(order.pk, pinned=True, by=cast_now.actor("pan"), at=cast_now.at)
    assert "0 单派给" in client.post("/work-orders/give", {**sent, "act": "try"}).content.decode()
