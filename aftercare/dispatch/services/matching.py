"""Match orders with people and offer them: each to the best who still has room, the rest to the dispatcher's queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from aftercare.compiled import compiled, insert
from aftercare.ledger.services import move, record, record_many
from aftercare.people.models import Staff
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import zone_of
from aftercare.policies.rules import Dispatch
from aftercare.policies.selectors import policy_for
from aftercare.workorders.models import WorkOrder

from ..crew import Crew, job_of, workloads
from ..models import Matching, Offer, QueueEntry
from ..rules import Candidate, after_trying, passed_over, rank_candidates, what_would_give

TRIED = 5  # so many of the first are tried in their day
RETRY_AFTER = timedelta(minutes=20)  # at the latest; somebody who becomes free wakes the queue at once
SOON = timedelta(seconds=10)  # … where only other dispatches at the same moment stood in the way


@dataclass
class Wanted:
    """An order to be offered to the first of some people who still has room, in their order."""

    order: WorkOrder
    people: Sequence[int]
    points: Sequence[int] = ()
    matching: Matching | None = None
    manual: bool = False
    because: str = ""
    may_wait: bool = True  # in the dispatcher's queue, which it then leaves
    tried: int = 0

    @property
    def staff_id(self) -> int:
        return self.people[self.tried]


@dataclass
class _Match:
    """What became of matching one order: everybody looked at, best first."""

    matching: Matching
    ranked: list[Candidate]
    retry_at: datetime
    is_waiting: bool
    possible: list[Candidate] = field(default_factory=list)


def dispatch_order(order: WorkOrder, *, by: Actor, at: datetime) -> Offer | None:
    """Match an order with everybody, keep all reasons, and offer it to the best who still has room.

    Gives the offer, or None when nobody can take it: then it waits in the dispatcher's queue.
    """
    return dispatch_orders([order], by=by, at=at)[0]


def dispatch_orders(orders: list[WorkOrder], *, by: Actor, at: datetime) -> list[Offer | None]:
    """Dispatch a run of orders in turn, everybody being looked up once; those that nobody can take are queued.

    What waits in the queue though somebody has it (two runs matched it at once) leaves the queue.
    """
    crews: dict[tuple[str, int], Crew] = {}
    seen_to: list[WorkOrder] = []
    matches: dict[int, _Match] = {}
    with transaction.atomic():
        for order in orders:
            policy, zone = policy_for(order.unit_id), zone_of(order.unit_id)
            if (zone, policy.id) not in crews:
                crews[zone, policy.id] = Crew(orders, policy.pack.dispatch, at=at, zone=zone)
            crew = crews[zone, policy.id]
            if order.state != "pending" or order.assignee_id or crew.is_offered(order):
                seen_to += [order] if crew.is_waiting(order) else []
                continue
            if order.pk in matches:
                continue
            ranked = _ranked(order, crew, policy.pack.dispatch)
            possible = [c for c in ranked if c.is_possible]
            matches[order.pk] = _Match(
                Matching(
                    order=order, at=at, candidates=[c.as_values() for c in ranked[:40]], possible=len(possible),
                    excluded=len(ranked) - len(possible), policy_id=policy.id,
                ),
                ranked, at + (SOON if possible else RETRY_AFTER), crew.is_waiting(order), possible,
            )  # fmt: skip
            if possible:
                crew.took(possible[0].person.id)
        if seen_to:
            solve_queue(seen_to, by=by, at=at)
        insert([match.matching for match in matches.values()])
        made = make_offers([_wanted(match) for match in matches.values() if match.possible], by=by, at=at)
        for order_id, offer in made.items():
            _note_redistribution(matches[order_id], offer, by=by, at=at)
        stuck = [match for order_id, match in matches.items() if order_id not in made]
        if stuck:
            _queue(stuck, by=by, at=at)
    return [made.get(order.pk) for order in orders]


def make_offers(wanted: Iterable[Wanted], *, by: Actor, at: datetime) -> dict[int, Offer]:
    """Offer each order to the first who has room, under row locks, so that dispatches at once never pass the limit.

    Gives the offers by order; those for whom nobody had room are missing. Within the caller's transaction.
    """
    open_ones, agreed = list(wanted), []
    locked: set[int] = set()
    given: Counter[int] = Counter()
    while open_ones:
        # people are locked in the order of their ids, so that no two dispatches wait for each other; whoever is asked for
        # only later is passed over if another dispatch holds them
        fresh = {one.staff_id for one in open_ones} - locked
        locked |= set(_locked(fresh, skip_locked=bool(locked)))
        loads = workloads(sorted({one.staff_id for one in open_ones}))
        refused = []
        for one in open_ones:
            staff_id, most = one.staff_id, policy_for(one.order.unit_id).pack.dispatch.max_unfinished
            if staff_id in locked and loads.get(staff_id, 0) + given[staff_id] < most:
                given[staff_id] += 1
                agreed.append(one)
            elif one.tried + 1 < len(one.people):
                one.tried += 1
                refused.append(one)
        open_ones = refused
    return _store(agreed, by=by, at=at)


@compiled
def _locked(staff_ids: Collection[int], *, skip_locked: bool) -> QuerySet[Staff, int]:
    rows = Staff.objects.select_for_update(of=("self",), skip_locked=skip_locked).filter(pk__in=staff_ids)
    return rows.order_by("pk").values_list("pk", flat=True)


@compiled
def _waiting(order_ids: list[int]) -> QuerySet[QueueEntry]:
    return QueueEntry.objects.filter(order_id__in=order_ids, state="waiting").select_related("order")


def solve_queue(orders: Iterable[WorkOrder], *, by: Actor, at: datetime) -> None:
    """Take orders out of the dispatcher's queue, if they wait there."""
    for entry in _waiting([order.pk for order in orders]):
        move(entry, "solved", by=by, at=at, retry_at=None)


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


def _wanted(match: _Match) -> Wanted:
    people, points = [c.person.id for c in match.possible], [c.total for c in match.possible]
    return Wanted(match.matching.order, people, points, match.matching, may_wait=match.is_waiting)


def _store(agreed: list[Wanted], *, by: Actor, at: datetime) -> dict[int, Offer]:
    offers = []
    for one in agreed:
        lasts = timedelta(seconds=policy_for(one.order.unit_id).pack.dispatch.accept_within)
        points = one.points[one.tried] if one.points else 0
        offers.append(Offer(
            order=one.order, staff_id=one.staff_id, unit_id=one.order.unit_id, matching=one.matching, state="offered", state_since=at,
            offered_at=at, expires_at=at + lasts, points=points, manual=one.manual,
        ))  # fmt: skip
    insert(offers)
    happened: dict[str, list[tuple[Offer, dict[str, int | None], datetime]]] = {}
    for one, offer in zip(agreed, offers, strict=True):
        m = one.matching
        values = {"points": offer.points, "matching": m.pk if m else None, "staff": offer.staff_id,
                  "possible": m.possible if m else 0, "excluded": m.excluded if m else 0}  # fmt: skip
        happened.setdefault(one.because, []).append((offer, values, at))
    for because, rows in happened.items():
        record_many("offer.made", rows, by=by, because=because)
    if waiting := [one.order for one in agreed if one.may_wait]:
        solve_queue(waiting, by=by, at=at)
    return {offer.order_id: offer for offer in offers}


def _note_redistribution(match: _Match, offer: Offer, *, by: Actor, at: datetime) -> None:
    """Record who gave way to an idle colleague, by which rule, and who else could have had the order (M52)."""
    chosen = next(c for c in match.possible if c.person.id == offer.staff_id)
    before = passed_over(match.ranked, chosen)
    if before:
        limit = policy_for(offer.unit_id).pack.dispatch.backlog_over
        record("dispatch.redistributed", offer.order, by=by, at=at, values={
            "rule": "backlog_over", "limit": limit, "staff": chosen.person.id,
            "instead_of": [{"staff": c.person.id, "unfinished": c.person.unfinished, "points": c.total} for c in before],
            "alternatives": [other for other in before[0].gives_way_to if other != chosen.person.id],
        })  # fmt: skip


def _queue(stuck: list[_Match], *, by: Actor, at: datetime) -> None:
    """Keep why nobody could take these orders, and have them wait for the dispatcher."""
    rows = QueueEntry.objects.select_for_update(of=("self",)).select_related("order")
    known = {entry.order_id: entry for entry in rows.filter(order__in=[m.matching.order_id for m in stuck])}
    fresh, facts = [], []
    for match in stuck:
        gives = what_would_give(match.ranked)
        starts = [
            parse_datetime(g["gives"][1]) for g in gives if g["gives"][0] == "off_shift" and g["gives"][1]
        ]
        retry_at = min([s for s in starts if s] + [match.retry_at])
        entry, order = known.get(match.matching.order_id), match.matching.order
        if entry is None:
            fresh.append(QueueEntry(
                order=order, unit_id=order.unit_id, state="waiting", state_since=at, since=at, gives=gives, retry_at=retry_at,
            ))  # fmt: skip
            facts.append((order, {"gives": len(gives), "looked_at": len(match.ranked)}, at))
        elif entry.state == "solved":
            move(
                entry,
                "waiting",
                by=by,
                at=at,
                fact="dispatch.stuck",
                since=at,
                gives=gives,
                retry_at=retry_at,
            )
        else:
            QueueEntry.objects.filter(pk=entry.pk).update(gives=gives, retry_at=retry_at)
    QueueEntry.objects.bulk_create(fresh)
    record_many("dispatch.stuck", facts, by=by)
