"""Accept, refuse, let expire; and the dispatcher's own hand."""

from __future__ import annotations

import contextlib
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftercare.ledger.services import move
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import staff_member, zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order, release_work_order

from ..crew import Crew, job_of
from ..models import Offer
from ..rules import hard_rules
from ..selectors import offers_of_the_absent
from .matching import Wanted, make_offers, solve_queue

FIRM = {  # rules that hold for the dispatcher's hand too, beside the limit of unfinished orders (M53)
    "no_certificate": gettext_lazy("no certificate"),
    "certificate_expired": gettext_lazy("certificate lapsed"),
}


def accept_offer(offer: Offer, *, by: Actor, at: datetime) -> None:
    """Take an offered order; it is then in this person's hands."""
    _check_own(offer, by)
    if at >= offer.expires_at and offer.state == "offered":
        raise Conflict(_("the time to accept is over"), where="expires_at", code="offer_expired")
    with transaction.atomic():
        move(
            offer, "accepted", by=by, at=at, answered_at=at,
            values={"after": int((at - offer.offered_at).total_seconds())},
        )  # fmt: skip
        assign_work_order(offer.order, offer.staff_id, by=by, at=at)
        solve_queue([offer.order], by=by, at=at)


def refuse_offer(offer: Offer, reason: str, *, by: Actor, at: datetime, remark: str = "") -> None:
    """Refuse an offered order with a reason, kept for appraisal; the next candidate is asked."""
    _check_own(offer, by)
    reasons = {r.code for r in policy_for(offer.unit_id).pack.dispatch.refusal_reasons}
    if reason not in reasons:
        raise Invalid(_("say why"), where="reason", expected=", ".join(sorted(reasons)))
    move(
        offer,
        "refused",
        by=by,
        at=at,
        because=reason,
        answered_at=at,
        reason=reason,
        remark=remark.strip()[:200],
    )


def expire_offers(*, at: datetime, limit: int = 200) -> int:
    """End offers that were not answered in time; give how many. Each next candidate is asked by the reaction."""
    expired = 0
    with transaction.atomic():
        due = Offer.objects.select_for_update(skip_locked=True, of=("self",)).select_related("order")
        for offer in due.filter(state="offered", expires_at__lte=at).order_by("expires_at")[:limit]:
            move(offer, "expired", by=MACHINE, at=offer.expires_at)
            expired += 1
    return expired


def assign_by_hand(order: WorkOrder, staff_id: int, *, by: Actor, at: datetime, because: str) -> Offer:
    """Offer an order to a chosen person: the dispatcher may use a provider or somebody of another region.

    The certificate and the limit of unfinished orders hold here too (M53); everything else may give, with a reason.
    """
    staff = staff_member(by, staff_id)
    crew = Crew(
        [order], policy_for(order.unit_id).pack.dispatch, at=at, zone=zone_of(order.unit_id), also=[staff.pk]
    )
    check_by_hand(order, staff.pk, crew, by=by, because=because)
    return offer_by_hand(order, staff.pk, by=by, at=at, because=because)


def offer_as_planned(order: WorkOrder, staff_id: int, *, by: Actor, at: datetime, because: str) -> Offer:
    """Offer an order to whom the day plan gives it, in the place of an offer that was not answered yet."""
    with transaction.atomic():
        for offer in (
            Offer.objects.select_for_update(of=("self",))
            .select_related("order")
            .filter(order=order, state="offered")
        ):
            if offer.staff_id == staff_id:
                return offer
            move(offer, "withdrawn", by=by, at=at, because="plan")
        return _offer_by_hand(order, staff_id, because=because, by=by, at=at)


def take_offer_back(order: WorkOrder, *, by: Actor, at: datetime) -> None:
    """Take back an offer that was not answered yet; the order is dispatched again."""
    require(by, "dispatch_work_order", unit_id=order.unit_id, reach=True)
    offer = Offer.objects.select_related("order").filter(order=order, state="offered").first()
    if offer is None:
        raise Conflict(_("there is no offer to take back"), where="state", code="not_offered")
    move(offer, "withdrawn", by=by, at=at, because="undone")


def take_back_order(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> None:
    """Take an order out of somebody's hands and dispatch it again."""
    require(by, "dispatch_work_order", unit_id=order.unit_id, reach=True)
    if order.assignee_id is None:
        raise Conflict(_("nobody has this order"), where="assignee")
    if order.state == "in_service":
        raise Conflict(_("the engineer is on site; the visit must be broken off there"), where="state")
    with transaction.atomic():
        release_work_order(order, by=by, at=at, because=because)


def withdraw_offers(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> None:
    """Withdraw what is offered of an order that is over, and take it out of the queue."""
    with transaction.atomic():
        for offer in Offer.objects.select_related("order").filter(order=order, state="offered"):
            move(offer, "withdrawn", by=by, at=at, because=because)
        solve_queue([order], by=by, at=at)


def reoffer_orders(*, at: datetime, limit: int = 100) -> int:
    """Withdraw offers to people who went on leave or whose shift ended (M52); give how many. The reaction asks the next."""
    absent = offers_of_the_absent(at=at, limit=limit)
    withdrawn = 0
    for offer in absent:
        because = "on_leave" if offer.on_leave else "shift_over"  # type: ignore[attr-defined]
        with contextlib.suppress(Conflict), transaction.atomic():  # answered a moment ago
            move(offer, "withdrawn", by=MACHINE, at=at, because=because, values={"rule": "M52"})
            withdrawn += 1
    return withdrawn


def check_by_hand(order: WorkOrder, staff_id: int, crew: Crew, *, by: Actor, because: str) -> None:
    """Refuse a choice of a dispatcher without a reason, of somebody who visits nobody, and against a rule that may not give."""
    require(by, "dispatch_work_order", unit_id=order.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    person = next((p for p in crew.people_for(order) if p.id == staff_id), None)
    if person is None:
        raise Invalid(
            _("this person does not visit customers"), where="staff", expected=_("an engineer or a provider")
        )
    against = hard_rules(job_of(order), person, policy_for(order.unit_id).pack.dispatch, on=crew.on)
    firm = next((rule for rule, _detail in against if rule in FIRM), "")
    if firm:
        raise Conflict(
            _("a rule that may not give is against it: %(rule)s") % {"rule": FIRM[firm]},
            where="staff",
            code=firm,
        )


def offer_by_hand(order: WorkOrder, staff_id: int, *, by: Actor, at: datetime, because: str) -> Offer:
    """Offer an order that nobody has to whom the dispatcher chose, in the place of any other offer; the limit holds."""
    if order.state != "pending" or order.assignee_id:
        raise Conflict(_("the work order is no longer free"), where="state", code="not_free")
    with transaction.atomic():
        for offer in Offer.objects.select_related("order").filter(order=order, state="offered"):
            move(offer, "withdrawn", by=by, at=at, because=because)
        return _offer_by_hand(order, staff_id, because=because.strip(), by=by, at=at)


def _offer_by_hand(order: WorkOrder, staff_id: int, *, because: str, by: Actor, at: datetime) -> Offer:
    made = make_offers([Wanted(order, [staff_id], manual=True, because=because)], by=by, at=at)
    if not made:
        raise Conflict(_("this person has no room for another order"), where="staff", code="at_limit")
    return made[order.pk]


def _check_own(offer: Offer, by: Actor) -> None:
    require(by, "answer_offer")
    if offer.staff_id != by.id:
        raise Forbidden(_("this offer is not made to you"))
