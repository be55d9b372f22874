"""Redistribution (M52): idle colleagues take what comes beyond a backlog; offers of the absent go to somebody else."""

from __future__ import annotations

from datetime import timedelta

from aftercare.dispatch.models import Matching, Offer
from aftercare.dispatch.services import assign_by_hand, reoffer_orders
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.models import Shift
from aftercare.people.rules import MACHINE
from aftercare.people.services import add_leave
from aftercare.policies.services import activate_pack
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING


def offered_to(order: WorkOrder) -> int:
    return Offer.objects.get(order=order, state="offered").staff_id


def test_a_backlog_sends_the_next_order_to_the_idle_colleague_and_says_so(cast):
    activate_pack("retail", by=MACHINE, at=MORNING)
    chen = cast.staff["chen"]
    chen.home_lat = 30.5  # far away: by points alone Zhou would have every order
    chen.save()
    Shift.objects.filter(
        staff__in=[chen, cast.staff["huang"]], starts_at__lt=MORNING, ends_at__gt=MORNING
    ).update(ends_at=MORNING)  # only Zhou is there at first
    for _n in range(4):
        assert offered_to(cast.order()) == cast.staff["zhou"].pk
    Shift.objects.filter(staff=chen, ends_at=MORNING).update(ends_at=MORNING + timedelta(hours=8))
    order = cast.order()
    assert offered_to(order) == chen.pk
    told = Fact.objects.get(name="dispatch.redistributed", order_id=order.pk)
    assert told.values["staff"] == chen.pk and told.values["limit"] == 3
    assert told.values["instead_of"][0]["staff"] == cast.staff["zhou"].pk
    kept = Matching.objects.filter(order=order).latest("id").candidates
    assert next(c for c in kept if c["staff"] == cast.staff["zhou"].pk)["gives_way_to"] == [chen.pk]


def test_leave_has_open_offers_offered_to_somebody_else(cast):
    order = cast.order()
    first = offered_to(order)
    person = next(s for s in cast.staff.values() if s.pk == first)
    add_leave(person, starts_at=MORNING, ends_at=MORNING + timedelta(hours=5), by=MACHINE, at=MORNING)
    assert reoffer_orders(at=MORNING + timedelta(minutes=1)) == 1
    deliver_until_idle(at=MORNING + timedelta(minutes=1))
    assert offered_to(order) != first
    assert Offer.objects.get(order=order, staff_id=first).state == "withdrawn"
    assert Fact.objects.get(name="offer.withdrawn").because == "on_leave"
    assert reoffer_orders(at=MORNING + timedelta(minutes=1)) == 0


def test_the_end_of_a_shift_does_too_and_nobody_left_means_the_queue(cast):
    order = cast.order()
    later = MORNING + timedelta(hours=11, minutes=1)
    assert reoffer_orders(at=later) == 1
    deliver_until_idle(at=later)
    assert not Offer.objects.filter(order=order, state="offered").exists()
    assert Fact.objects.get(name="offer.withdrawn").because == "shift_over"
    assert Fact.objects.filter(name="dispatch.stuck", order_id=order.pk).exists()


def test_an_offer_made_by_hand_to_somebody_off_shift_stays(cast):
    Shift.objects.filter(staff=cast.staff["chen"], starts_at__lt=MORNING, ends_at__gt=MORNING).update(
        ends_at=MORNING
    )
    order = cast.order()
    assign_by_hand(order, cast.staff["chen"].pk, by=cast.actor("pan"), at=MORNING, because="他就在隔壁")
    assert reoffer_orders(at=MORNING) == 0
    assert offered_to(order) == cast.staff["chen"].pk
