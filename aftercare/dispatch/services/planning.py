"""The plan of a day: proposed by the engine when something happened, accepted as a whole or in parts."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import move, record
from aftercare.people.models import Unit
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import path_of, zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid, NotFound, Refusal
from aftercare.routing.days import Day
from aftercare.routing.engine import Planned
from aftercare.visits.learned import calibration_for
from aftercare.visits.models import Appointment
from aftercare.visits.selectors import day_of
from aftercare.visits.services import reassign_visit
from aftercare.workorders.models import WorkOrder

from ..daily import DROPS, FREEZE, PROMISE, BoardDay, against, day_of_unit, engine_day
from ..models import DayPlan, PlanWish
from .giving import booked_visit
from .offering import offer_as_planned
from .replaying import digest_of, inputs_of, named_routes

SETTLES_AFTER = timedelta(seconds=20)  # wishes that come within this time are answered by one plan
BETTER = 0.01  # by which share a plan must be cheaper to be proposed
APART = timedelta(minutes=15)
SEARCH_SECONDS = 1.0  # when somebody asks and waits
UNASKED_SECONDS = 0.5
SEED = 7


def wish_plan(unit_id: int, because: str, *, at: datetime) -> None:
    """Note that something happened which a better plan may answer: for the region the unit belongs to."""
    PlanWish.objects.create(unit_id=_planned_unit(unit_id), because=because[:40], wished_at=at)


def plan_wished_days(*, at: datetime) -> int:
    """Plan the days for which something happened, once it has been quiet for a moment; give how many plans were proposed.

    A region is planned at most every quarter of an hour, unless an urgent order finds nobody. Proposals whose last change
    would have begun by now are outdated.
    """
    _outdate_past(at=at)
    due: dict[int, str] = {}
    with transaction.atomic():
        wishes = list(
            PlanWish.objects.select_for_update(skip_locked=True)
            .filter(answered_at=None)
            .order_by("wished_at")[:500]
        )
        for unit_id in {wish.unit_id for wish in wishes}:
            own = [wish for wish in wishes if wish.unit_id == unit_id]
            urgent = any(wish.because == "dispatch.stuck" for wish in own)
            lately = PlanWish.objects.filter(unit_id=unit_id, answered_at__gt=at - APART).exists()
            if own[-1].wished_at <= at - SETTLES_AFTER and (urgent or not lately):
                due[unit_id] = own[-1].because
                PlanWish.objects.filter(unit_id=unit_id, answered_at__lt=at - APART).delete()
                PlanWish.objects.filter(pk__in=[wish.pk for wish in own]).update(answered_at=at)
    made = 0
    for unit_id, because in due.items():
        on = day_of(at, zone_of(unit_id))[0].date()
        plan = make_day_plan(unit_id, on, by=MACHINE, at=at, because=because, seconds=UNASKED_SECONDS)
        made += plan is not None
    return made


def make_day_plan(
    unit_id: int, on: date, *, by: Actor, at: datetime, because: str = "", seconds: float = SEARCH_SECONDS
) -> DayPlan | None:
    """Plan the rest of a day and propose it, if it is better by a hundredth or serves an urgent order that nobody has.

    An earlier proposal for the day is outdated by it, also where what is agreed is as good by now; then None is given.
    """
    require(by, "dispatch_work_order")
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None or not by.reaches(unit_id):
        raise NotFound()
    board = day_of_unit(unit, on, at=at)
    day, routes = engine_day(board, at=at)
    began = time.perf_counter()
    agreed = day.agreed(routes)
    planned = day.plan(
        seconds=seconds if day.jobs and day.people else 0.0, seed=SEED, kept=routes, clock=time.perf_counter
    )
    took = round((time.perf_counter() - began) * 1000)
    detour = calibration_for(unit_id).provider.detour
    before, after = _figures(day, agreed, detour), _figures(day, planned, detour)
    moves = _moves(board, day, planned, routes)
    saves_urgent = after["urgent_undone"] < before["urgent_undone"]
    if not moves or not (saves_urgent or planned.price < agreed.price * (1 - BETTER)):
        with transaction.atomic():
            _outdate(unit_id, on, by=by, at=at)
        return None
    if _same_as_proposed(unit_id, on, moves):
        return None
    inputs = inputs_of(day, routes)
    with transaction.atomic():
        _outdate(unit_id, on, by=by, at=at)
        plan = DayPlan.objects.create(
            unit=unit, day=on, state="proposed", state_since=at, made_at=at, because=because[:40], frozen_until=at + FREEZE,
            seed=SEED, course=planned.course.as_values(), inputs=inputs, digest=digest_of(inputs),
            routes=named_routes(day, planned), moves=moves, before=before, after=after, took_ms=took,
        )  # fmt: skip
        record("plan.proposed", plan, by=by, at=at, because=because)
    return plan


def _outdate(unit_id: int, on: date, *, by: Actor, at: datetime) -> None:
    for old in DayPlan.objects.select_for_update().filter(unit_id=unit_id, day=on, state="proposed"):
        move(old, "outdated", by=by, at=at)


def _outdate_past(*, at: datetime) -> None:
    """Outdate the proposals of which nothing is left to be accepted."""
    with transaction.atomic():
        rows = DayPlan.objects.select_for_update(skip_locked=True).filter(
            state="proposed", frozen_until__lt=at
        )
        for plan in rows:
            if all(datetime.fromisoformat(row["begins"]) <= at for row in plan.moves):
                move(plan, "outdated", by=MACHINE, at=at)


def _same_as_proposed(unit_id: int, on: date, moves: list[dict[str, Any]]) -> bool:
    """Say whether the open proposal moves the same orders to the same people: then nobody is told anew."""
    known = (
        DayPlan.objects.filter(unit_id=unit_id, day=on, state="proposed")
        .values_list("moves", flat=True)
        .first()
    )
    return known is not None and {(m["order"], m["to"]) for m in known} == {
        (m["order"], m["to"]) for m in moves
    }


def accept_plan(
    plan: DayPlan, chosen: Collection[int] | None, *, by: Actor, at: datetime
) -> list[dict[str, Any]]:
    """Carry out a proposal, as a whole or only the moves of some orders; gives what became of each.

    Every move is checked again as if made by hand: what can't be kept meanwhile is left as it was, with the reason.
    """
    require(by, "dispatch_work_order", unit_id=plan.unit_id, reach=True)
    moves = [row for row in plan.moves if chosen is None or row["order"] in chosen]
    if not moves:
        raise Invalid(_("nothing is chosen"), where="moves", expected=_("at least one order of the plan"))
    done = []
    with transaction.atomic():
        move(
            plan,
            "accepted",
            by=by,
            at=at,
            decided_by_id=by.id if by.kind == "staff" else None,
            values={"chosen": len(moves)},
        )
        for row in moves:
            try:
                with transaction.atomic():
                    give_order(row["order"], row["to"], by=by, at=at, because="plan")
                done.append({**row, "done": True})
            except Refusal as refusal:
                done.append({**row, "done": False, "why": str(refusal.what)})
        plan.done = done
        plan.save(update_fields=["done"])
    return done


def dismiss_plan(plan: DayPlan, *, by: Actor, at: datetime) -> None:
    """Leave everything as it is."""
    require(by, "dispatch_work_order", unit_id=plan.unit_id, reach=True)
    move(plan, "dismissed", by=by, at=at, decided_by_id=by.id if by.kind == "staff" else None)


def give_order(order_id: int, staff_id: int, *, by: Actor, at: datetime, because: str) -> None:
    """Give an order to somebody: a booked visit changes hands within its window, an order nobody has is offered."""
    order = WorkOrder.objects.select_related("request").filter(pk=order_id).first()
    if order is None or not by.reaches(order.unit_id):
        raise NotFound()
    if order.state == "booked":
        reassign_visit(booked_visit(order), staff_id, by=by, at=at, because=because)
    elif order.state == "pending" and order.assignee_id is None:
        offer_as_planned(order, staff_id, by=by, at=at, because=because)
    else:
        raise Conflict(_("the work order is no longer free"), where="state", code="not_free")


def pin_visit(order_id: int, *, pinned: bool, by: Actor, at: datetime) -> None:
    """Have the plan leave a booked visit with whoever has it, or let go of it again."""
    require(by, "dispatch_work_order")
    appointment = (
        Appointment.objects.select_related("order").filter(order_id=order_id, state="booked").first()
    )
    if appointment is None or not by.reaches(appointment.unit_id):
        raise NotFound()
    if Appointment.objects.filter(pk=appointment.pk, pinned=not pinned).update(pinned=pinned):
        record("appointment.pinned" if pinned else "appointment.unpinned", appointment, by=by, at=at)


def try_move(order: WorkOrder, staff_id: int, on: date, *, by: Actor, at: datetime) -> dict[str, Any]:
    """Say what giving an order to somebody would do: rules against it, when it would be, kilometres and who is pushed.

    Nothing is changed. The first answer of the engine, without a search.
    """
    require(by, "read_dispatch")
    unit = Unit.objects.get(pk=_planned_unit(order.unit_id))
    board = day_of_unit(unit, on, at=at)
    shown = board.people.get(staff_id)
    if shown is None:
        return {"ok": False, "against": [["off_shift", ""]]}
    rules = policy_for(order.unit_id).pack.dispatch
    reasons = against(order, shown.person, rules, on)
    holds = any(visit.order.pk == order.pk for visit in shown.visits)
    if not holds and shown.person.unfinished >= rules.max_unfinished:
        reasons.append(("at_limit", f"{shown.person.unfinished}/{rules.max_unfinished}"))
    if reasons:
        return {"ok": False, "against": [list(reason) for reason in reasons]}
    day, routes = engine_day(board, at=at)
    agreed = day.agreed(routes)
    tried, tried_routes = engine_day(board, at=at, extra=[(order, staff_id)])
    planned = tried.plan(kept=tried_routes)
    stops = {job.id: (who, stop) for who, rows in tried.stops(planned).items() for job, stop in rows}
    if order.pk not in stops:
        return {"ok": False, "against": [["no_time", ""]]}
    stop = stops[order.pk][1]
    was = {job.id: day.at(stop.begins) for rows in day.stops(agreed).values() for job, stop in rows}
    pushed = [
        [
            _number(board, abs(job_id)),
            round((tried.at(other.begins) - was[job_id]).total_seconds() / 60),
            board.people[who].person.name,
        ]
        for job_id, (who, other) in stops.items()
        if job_id in was
        and job_id != order.pk
        and abs((tried.at(other.begins) - was[job_id]).total_seconds()) >= 300
    ]
    out = [job.number for job in (_order(board, tried.job(o).id) for o in planned.undone) if job is not None]
    lost = [number for number in out if number not in {_number(board, day.job(o).id) for o in agreed.undone}]
    latest = order.window_ends_at
    return {
        "ok": not lost, "against": [["pushes_out", ", ".join(lost)]] if lost else [], "begins": tried.at(stop.begins).isoformat(),
        "ends": tried.at(stop.leaves).isoformat(), "way_minutes": round(stop.way / 60),
        "more_minutes": round((_travel(tried, planned) - _travel(day, agreed)) / 60), "pushed": pushed,
        "more_km": round(calibration_for(unit.pk).provider.detour * (tried.straight_km(planned) - day.straight_km(agreed)), 1),
        "spare_minutes": round((latest - tried.at(stop.begins)).total_seconds() / 60) if latest else None,
        "in_hand": [shown.person.unfinished, shown.person.unfinished + (0 if holds else 1)],
    }  # fmt: skip


def _planned_unit(unit_id: int) -> int:
    """Give the region a unit belongs to, whose day is planned as one; a unit without one is planned by itself."""
    regions = Unit.objects.filter(pk__in=path_of(unit_id), kind="region").values_list("pk", flat=True)
    return next(iter(regions), unit_id)


def _figures(day: Day, planned: Planned, detour: float) -> dict[str, Any]:
    undone = {day.job(o).id: day.job(o) for o in planned.undone}
    worked = [
        sum(stop.way + stop.leaves - stop.arrives for _job, stop in rows)
        for rows in day.stops(planned).values()
    ]
    return {
        "minutes": round(_travel(day, planned) / 60), "km": round(detour * day.straight_km(planned)), "undone": len(undone), "price": round(planned.price / 60),
        "urgent_undone": sum(job.drop % PROMISE >= DROPS["critical"] for job in undone.values()),
        "broken": sum(job.drop >= PROMISE for job in undone.values()), "most_minutes": round(max(worked, default=0) / 60),
    }  # fmt: skip


def _travel(day: Day, planned: Planned) -> int:
    return sum(stop.way for rows in day.stops(planned).values() for _job, stop in rows)


def _moves(
    board: BoardDay, day: Day, planned: Planned, routes: Mapping[int, list[int]]
) -> list[dict[str, Any]]:
    """Give what changes for people: orders that change hands, and those nobody has that somebody gets."""
    holder = {job: who for who, jobs in routes.items() for job in jobs}
    offered = {order_id: offer.staff_id for order_id, offer in board.offers.items()}
    found = []
    for who, rows in day.stops(planned).items():
        for job, stop in rows:
            before = holder.get(job.id, offered.get(job.id))
            order = _order(board, job.id)
            if before == who or order is None:
                continue
            found.append({
                "order": job.id, "number": order.number, "from": holder.get(job.id), "to": who, "way_minutes": round(stop.way / 60),
                "begins": day.at(stop.begins).isoformat(),
            })  # fmt: skip
    return sorted(found, key=lambda row: row["begins"])


def _order(board: BoardDay, order_id: int) -> WorkOrder | None:
    waiting = (order for order in board.waiting if order.pk == order_id)
    return next(waiting, None) or next((v.order for v in board.visits if v.order.pk == order_id), None)


def _number(board: BoardDay, order_id: int) -> str:
    order = _order(board, order_id)
    return order.number if order else ""
