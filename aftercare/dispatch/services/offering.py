"""Match, offer, accept, refuse, expire; and the dispatcher's own hand."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from aftercare.ledger.services import move, record, record_many
from aftercare.people.models import Staff
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import staff_member, zone_of
from aftercare.people.services import require
from aftercare.policies.rules import Dispatch
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order, release_work_order

from ..crew import Crew, job_of, workloads
from ..models import Matching, Offer, QueueEntry
from ..rules import Candidate, after_trying, hard_rules, passed_over, rank_candidates, what_would_give
from ..selectors import offers_of_the_absent

TRIED = 5  # so many of the first are tried in their day
RETRY_AFTER = timedelta(minutes=20)  # at the latest; somebody who becomes free wakes the queue at once


def dispatch_order(order: WorkOrder, *, by: Actor, at: datetime) -> Offer | None:
    """Match an order with everybody, keep all reasons, and offer it to the best who still has room.

    Gives the offer, or None when nobody can take it: then it waits in the dispatcher's queue.
    """
    return dispatch_orders([order], by=by, at=at)[0]


def dispatch_orders(orders: list[WorkOrder], *, by: Actor, at: datetime) -> list[Offer | None]:
    """Dispatch a run of orders in turn, everybody being looked up once; those that nobody can take are queued."""
    crews: dict[tuple[str, int], Crew] = {}
    made: list[Offer | None] = []
    stuck: list[tuple[Matching, list[Candidate]]] = []
    with transaction.atomic():
        for order in orders:
            policy, zone = policy_for(order.unit_id), zone_of(order.unit_id)
            if (zone, policy.id) not in crews:
                crews[zone, policy.id] = Crew(orders, policy.pack.dispatch, at=at, zone=zone)
            made.append(_dispatch(order, crews[zone, policy.id], stuck, by=by, at=at))
        if stuck:
            _queue(stuck, by=by, at=at)
    return made


def _dispatch(
    order: WorkOrder, crew: Crew, stuck: list[tuple[Matching, list[Candidate]]], *, by: Actor, at: datetime
) -> Offer | None:
    if order.state != "pending" or order.assignee_id or crew.is_offered(order):
        return None
    policy = policy_for(order.unit_id)
    ranked = _ranked(order, crew, policy.pack.dispatch)
    possible = [c for c in ranked if c.is_possible]
    matching = Matching(
        order=order, at=at, candidates=[c.as_values() for c in ranked[:40]], possible=len(possible),
        excluded=len(ranked) - len(possible), policy_id=policy.id,
    )  # fmt: skip
    if possible:
        matching.save()
    for candidate in possible:
        offer = _offer(order, candidate.person.id, matching, candidate.total, by=by, at=at)
        if offer:
            crew.took(candidate.person.id)
            _note_redistribution(order, candidate, ranked, policy.pack.dispatch.backlog_over, by=by, at=at)
            return offer
    stuck.append((matching, ranked))
    return None


def _ranked(order: WorkOrder, crew: Crew, rules: Dispatch) -> list[Candidate]:
    """Rank those worth a closer look, the first few by when they could begin; where none can, everybody within reach."""
    job = job_of(order)
    ranked = rank_candidates(job, crew.people_for(order), rules, on=crew.on)
    if not (ranked and ranked[0].is_possible) and crew.widen(order):
        ranked = rank_candidates(job, crew.people_for(order), rules, on=crew.on)
    first = [c.person for c in ranked[:TRIED] if c.is_possible]
    if job.is_remote or len(first) < 2:
        return ranked
    return after_trying(ranked, crew.begins_in(order, first), rules)


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
        _solve_queue(offer.order, by=by, at=at)


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
    require(by, "dispatch_work_order", unit_id=order.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    if order.state != "pending" or order.assignee_id:
        raise Conflict(_("the work order is no longer free"), where="state", code="not_free")
    staff = staff_member(by, staff_id)
    policy, zone = policy_for(order.unit_id), zone_of(order.unit_id)
    job = job_of(order)
    crew = Crew([order], policy.pack.dispatch, at=at, zone=zone, also=[staff.pk])
    person = next((p for p in crew.people_for(order) if p.id == staff.pk), None)
    if person is None:
        raise Invalid(
            _("this person does not visit customers"), where="staff", expected=_("an engineer or a provider")
        )
    against = hard_rules(job, person, policy.pack.dispatch, on=crew.on)
    firm = [
        rule for rule, _detail in against if rule in ("no_certificate", "certificate_expired", "at_limit")
    ]
    if firm:
        raise Conflict(
            _("a rule that may not give is against it: %(rule)s") % {"rule": firm[0]},
            where="staff",
            code=firm[0],
        )
    with transaction.atomic():
        for offer in Offer.objects.select_related("order").filter(order=order, state="offered"):
            move(offer, "withdrawn", by=by, at=at, because=because)
        made = _offer(order, staff.pk, None, 0, by=by, at=at, because=because.strip(), manual=True)
        if made is None:
            raise Conflict(_("this person has no room for another order"), where="staff", code="at_limit")
    return made


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
        made = _offer(order, staff_id, None, 0, by=by, at=at, because=because, manual=True)
        if made is None:
            raise Conflict(_("this person has no room for another order"), where="staff", code="at_limit")
    return made


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
        _solve_queue(order, by=by, at=at)


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


def retry_queue(*, at: datetime, limit: int = 50) -> int:
    """Match again the orders that nobody could take, once something may have changed; give how many found somebody."""
    due = QueueEntry.objects.filter(state="waiting", retry_at__lte=at).select_related("order__request")
    with transaction.atomic():
        offers = dispatch_orders([entry.order for entry in due[:limit]], by=MACHINE, at=at)
    return sum(offer is not None for offer in offers)


def wake_queue(*, at: datetime, category: str, limit: int = 3) -> None:
    """Have the longest waiting orders of a category matched again, because somebody has become free."""
    waiting = QueueEntry.objects.filter(state="waiting", order__category=category).order_by("since")[:limit]
    QueueEntry.objects.filter(pk__in=list(waiting.values_list("pk", flat=True))).update(retry_at=at)


def _offer(
    order: WorkOrder, staff_id: int, matching: Matching | None, points: int, *, by: Actor, at: datetime,
    because: str = "", manual: bool = False,
) -> Offer | None:  # fmt: skip
    """Make an offer under the person's row lock, so that two dispatches at once never pass the limit."""
    rules = policy_for(order.unit_id).pack.dispatch
    with transaction.atomic():
        Staff.objects.select_for_update(of=("self",)).get(pk=staff_id)
        if workloads([staff_id]).get(staff_id, 0) >= rules.max_unfinished:
            return None
        offer = Offer.objects.create(
            order=order, staff_id=staff_id, unit_id=order.unit_id, matching=matching, state="offered", state_since=at,
            offered_at=at, expires_at=at + timedelta(seconds=rules.accept_within), points=points, manual=manual,
        )  # fmt: skip
        record(
            "offer.made", offer, by=by, at=at, because=because,
            values={"points": points, "matching": matching.pk if matching else None, "staff": staff_id,
                    "possible": matching.possible if matching else 0, "excluded": matching.excluded if matching else 0},
        )  # fmt: skip
        _solve_queue(order, by=by, at=at)
    return offer


def _note_redistribution(
    order: WorkOrder, chosen: Candidate, ranked: list[Candidate], limit: int, *, by: Actor, at: datetime
) -> None:
    """Record who gave way to an idle colleague, by which rule, and who else could have had the order (M52)."""
    before = passed_over(ranked, chosen)
    if before:
        record("dispatch.redistributed", order, by=by, at=at, values={
            "rule": "backlog_over", "limit": limit, "staff": chosen.person.id,
            "instead_of": [{"staff": c.person.id, "unfinished": c.person.unfinished, "points": c.total} for c in before],
            "alternatives": [other for other in before[0].gives_way_to if other != chosen.person.id],
        })  # fmt: skip


def _queue(stuck: list[tuple[Matching, list[Candidate]]], *, by: Actor, at: datetime) -> None:
    """Keep why nobody could take these orders, and have them wait for the dispatcher."""
    Matching.objects.bulk_create([matching for matching, _ranked in stuck if matching.pk is None])
    rows = QueueEntry.objects.select_for_update(of=("self",)).select_related("order")
    known = {entry.order_id: entry for entry in rows.filter(order__in=[m.order_id for m, _ranked in stuck])}
    fresh, facts = [], []
    for matching, ranked in stuck:
        gives = what_would_give(ranked)
        starts = [
            parse_datetime(g["gives"][1]) for g in gives if g["gives"][0] == "off_shift" and g["gives"][1]
        ]
        changes: dict[str, Any] = {
            "gives": gives,
            "retry_at": min([s for s in starts if s] + [at + RETRY_AFTER]),
        }
        entry = known.get(matching.order_id)
        if entry is None:
            order = matching.order
            fresh.append(
                QueueEntry(
                    order=order, unit_id=order.unit_id, state="waiting", state_since=at, since=at, **changes
                )
            )
            facts.append((order, {"gives": len(gives), "looked_at": len(ranked)}, at))
        elif entry.state == "solved":
            move(entry, "waiting", by=by, at=at, fact="dispatch.stuck", since=at, **changes)
        else:
            QueueEntry.objects.filter(pk=entry.pk).update(**changes)
    QueueEntry.objects.bulk_create(fresh)
    record_many("dispatch.stuck", facts, by=by)


def _solve_queue(order: WorkOrder, *, by: Actor, at: datetime) -> None:
    entry = QueueEntry.objects.select_related("order").filter(order=order, state="waiting").first()
    if entry:
        move(entry, "solved", by=by, at=at, retry_at=None)


def _check_own(offer: Offer, by: Actor) -> None:
    require(by, "answer_offer")
    if offer.staff_id != by.id:
        raise Forbidden(_("this offer is not made to you"))
