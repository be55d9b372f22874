"""Orders find somebody, refusals and silence ask the next, and the limit holds under concurrency."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections

from aftercare.dispatch.crew import workloads
from aftercare.dispatch.models import Matching, Offer, QueueEntry
from aftercare.dispatch.services import (
    accept_offer,
    assign_by_hand,
    dispatch_order,
    expire_offers,
    refuse_offer,
    retry_queue,
)
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.people.services import set_senior
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING


def later(minutes):
    return MORNING + timedelta(minutes=minutes)


def test_the_nearest_certified_engineer_is_asked_and_the_others_have_reasons(cast):
    order = cast.order()
    offer = Offer.objects.get()
    assert (offer.staff, offer.expires_at) == (cast.staff["zhou"], later(15))
    candidates = {c["number"]: c for c in Matching.objects.get(order=order).candidates}
    assert candidates["GY2024001"]["total"] > candidates["GY2024002"]["total"]
    assert candidates["GY2024003"]["against"][0][0] == "certificate_expired"


def test_a_refusal_with_its_reason_asks_the_next(cast):
    cast.order()
    offer = Offer.objects.select_related("order").get()
    with pytest.raises(Invalid):
        refuse_offer(offer, "lazy", by=cast.actor("zhou"), at=later(3))
    with pytest.raises(Forbidden):
        refuse_offer(offer, "time", by=cast.actor("chen"), at=later(3))
    refuse_offer(offer, "time", by=cast.actor("zhou"), at=later(3), remark="在修上一家")
    deliver_until_idle(at=later(3))
    second = Offer.objects.get(state="offered")
    assert (second.staff, second.expires_at) == (cast.staff["chen"], later(18))


def test_silence_asks_the_next_and_then_the_dispatcher(cast):
    order = cast.order()
    assert expire_offers(at=later(14)) == 0
    assert expire_offers(at=later(15)) == 1
    deliver_until_idle(at=later(15))
    with pytest.raises(Conflict):
        accept_offer(
            Offer.objects.select_related("order").get(state="offered"), by=cast.actor("chen"), at=later(31)
        )
    expire_offers(at=later(31))
    deliver_until_idle(at=later(31))
    entry = QueueEntry.objects.get(order=order)
    assert entry.state == "waiting"
    assert [g["number"] for g in entry.gives] == ["GY2024001", "GY2024002", "GY2024003"]


def test_the_dispatcher_may_choose_but_not_without_a_certificate(cast):
    order = cast.order()
    pan = cast.actor("pan")
    with pytest.raises(Conflict) as refusal:
        assign_by_hand(order, cast.staff["huang"].pk, by=pan, at=later(1), because="就他有空")
    assert refusal.value.code == "certificate_expired"
    with pytest.raises(Invalid):
        assign_by_hand(order, cast.staff["chen"].pk, by=pan, at=later(1), because="")
    made = assign_by_hand(order, cast.staff["chen"].pk, by=pan, at=later(1), because="客户点名")
    assert (made.manual, Offer.objects.get(staff=cast.staff["zhou"]).state) == (True, "withdrawn")


def test_an_order_that_nobody_could_take_is_matched_again(cast):
    night = MORNING + timedelta(hours=13)
    order = cast.order(at=night)
    assert QueueEntry.objects.get(order=order).state == "waiting"
    morning = QueueEntry.objects.get(order=order).retry_at
    assert retry_queue(at=MORNING + timedelta(days=1)) == 1
    assert morning > night
    assert Offer.objects.get(order=order).state == "offered"


def test_what_waits_though_somebody_has_it_leaves_the_queue(cast):
    """Two runs may match one order at once: one offers it, the other puts it into the queue."""
    order = cast.order()
    entry = QueueEntry.objects.create(
        order=order,
        unit=cast.store,
        state="waiting",
        state_since=MORNING,
        since=MORNING,
        gives=[],
        retry_at=MORNING,
    )
    assert retry_queue(at=later(1)) == 0
    entry.refresh_from_db()
    assert (entry.state, entry.retry_at) == ("solved", None)
    assert Offer.objects.get(order=order).state == "offered"


def test_dispatches_at_once_never_pass_the_limit(cast):
    for n in range(12):
        cast.request(phone=f"1380000{n:04d}", name=f"顾客{n}")
    deliver_until_idle(at=MORNING, only=["workorders"])
    orders = list(WorkOrder.objects.select_related("request"))
    assert len(orders) == 12

    def dispatch(mine):
        for order in mine:
            dispatch_order(order, by=MACHINE, at=MORNING)
        connections.close_all()

    threads = [threading.Thread(target=dispatch, args=(orders[n::6],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loads = workloads([cast.staff["zhou"].pk, cast.staff["chen"].pk])
    assert set(loads.values()) == {3}
    assert QueueEntry.objects.filter(state="waiting").count() == 6


def test_what_is_critical_goes_to_a_senior_technician_first(cast):
    """M26: the nearer colleague waits, and the matching says why; what is not critical goes as always."""
    set_senior(cast.staff["chen"], True, by=MACHINE, at=MORNING)
    normal = cast.order()
    assert Offer.objects.get(order=normal).staff == cast.staff["zhou"]
    critical = cast.order(phone="13900001234", name="赵急", urgency="critical")
    offer = Offer.objects.get(order=critical)
    assert offer.staff == cast.staff["chen"]
    assert offer.matching.candidates[0]["senior"] is True
    with pytest.raises(Conflict):
        set_senior(cast.staff["li"], True, by=MACHINE, at=MORNING)
