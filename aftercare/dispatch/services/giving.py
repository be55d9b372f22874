"""Several orders given to one person by the dispatcher's hand, and taken back again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from aftercare.ledger.services import Outcome, do_each
from aftercare.people.rules import Actor
from aftercare.people.selectors import staff_member, zone_of
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict
from aftercare.visits.models import Appointment
from aftercare.visits.services import reassign_visit
from aftercare.workorders.models import WorkOrder

from ..crew import Crew
from ..models import Offer
from .offering import check_by_hand, offer_by_hand, take_offer_back


def give_orders(
    orders: Iterable[WorkOrder], staff_id: int, *, by: Actor, at: datetime, because: str, keep: bool = True
) -> list[Outcome[WorkOrder]]:
    """Give several orders to a chosen person, by the rules of `assign_by_hand`; everybody is looked up once.

    What nobody has is offered; a booked visit changes hands within its window, where the person can keep it. Those that can't be given say
    why, the ones beyond the limit too. `keep=False`: only tried.
    """
    rows, staff = list(orders), staff_member(by, staff_id)
    crews: dict[tuple[str, int], Crew] = {}

    def give(order: WorkOrder) -> None:
        policy, zone = policy_for(order.unit_id), zone_of(order.unit_id)
        if (zone, policy.id) not in crews:
            crews[zone, policy.id] = Crew(rows, policy.pack.dispatch, at=at, zone=zone, also=[staff.pk])
        check_by_hand(order, staff.pk, crews[zone, policy.id], by=by, because=because)
        if order.state == "booked":
            reassign_visit(booked_visit(order), staff.pk, by=by, at=at, because=because.strip())
        else:
            offer_by_hand(order, staff.pk, by=by, at=at, because=because)

    return do_each(rows, give, keep=keep, afresh=crews.clear)


def take_orders_back(
    orders: Iterable[WorkOrder], staff_id: int, before: Mapping[int, int | None], *, by: Actor, at: datetime
) -> list[Outcome[WorkOrder]]:
    """Take back what was given to this person: an offer not answered yet is withdrawn, a booked visit goes to who had it before.

    `before` says by order who had it. What was accepted, or given to others meanwhile, stays.
    """

    def take_back(order: WorkOrder) -> None:
        had = before.get(order.pk)
        if had and order.state == "booked" and order.assignee_id == staff_id:
            reassign_visit(booked_visit(order), had, by=by, at=at, because=_("taken back"))
        elif Offer.objects.filter(order=order, state="offered", staff_id=staff_id).exists():
            take_offer_back(order, by=by, at=at)
        else:
            raise Conflict(_("there is no offer to take back"), where="state", code="not_offered")

    return do_each(orders, take_back)


def booked_visit(order: WorkOrder) -> Appointment:
    """Give what was promised for a booked order; refused where the visit is pinned to whoever has it."""
    appointment = Appointment.objects.select_related("order").filter(order=order, state="booked").first()
    if appointment is None:
        raise Conflict(_("only a booked visit can be moved"), where="state", expected="booked")
    if appointment.pinned:
        raise Conflict(_("this visit is pinned"), where="order", code="pinned")
    return appointment
