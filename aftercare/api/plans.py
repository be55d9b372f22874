"""Operations of the day plan: ask for one, read it, carry it out or leave it; and giving an order to somebody, with all it needs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from aftercare.dispatch.selectors import plan_for
from aftercare.dispatch.services import accept_plan, dismiss_plan, give_order, make_day_plan
from aftercare.people.selectors import names_of, staff_numbered, zone_of
from aftercare.people.services import require
from aftercare.refusals import Invalid, NotFound
from aftercare.workorders.selectors import work_order_for
from aftercare.workorders.services import equip_work_order

from .framing import PROBLEMS, actor, now, once
from .rows import order_out
from .shapes import ChosenIn, EquipIn, GiveIn, PlanIn, PlannedOut, PlanOut, ProblemOut, WorkOrderOut

router = Router()
refusals = frozenset(PROBLEMS)
PlanId = Annotated[int, Field(ge=1, le=2**62)]


def _plan(plan: Any) -> dict[str, Any]:
    names = names_of({row[key] for row in plan.moves for key in ("from", "to") if row[key]})
    done = {row["order"]: row for row in plan.done}

    def number(staff_id: int | None) -> str | None:
        return names[staff_id][1] if staff_id in names else None

    return {
        "id": plan.pk, "unit_id": plan.unit_id, "day": plan.day, "state": plan.state, "made_at": plan.made_at,
        "because": plan.because, "before": plan.before, "after": plan.after,
        "moves": [
            {
                "order": row["number"], "before": number(row["from"]), "after": number(row["to"]) or "",
                "begins": datetime.fromisoformat(row["begins"]), "done": done.get(row["order"], {}).get("done"),
                "why": done.get(row["order"], {}).get("why", ""),
            }
            for row in plan.moves
        ],
    }  # fmt: skip


@router.post("/day-plans", response={201: PlannedOut, refusals: ProblemOut})
def make_plan(request: HttpRequest, body: PlanIn) -> Any:
    """Plan the rest of a unit's day; `plan` is null where what is agreed is as good."""
    who, at = actor(request), now()
    require(who, "dispatch_work_order")
    if not who.reaches(body.unit_id):
        raise NotFound()

    def act() -> dict[str, Any]:
        on = body.day or at.astimezone(ZoneInfo(zone_of(body.unit_id))).date()
        if abs((on - at.date()).days) > 60:
            raise Invalid("this day can't be planned", where="day", expected="within sixty days of today")
        made = make_day_plan(body.unit_id, on, by=who, at=at, because="api")
        return {"plan": _plan(made) if made else None}

    return once(request, 201, act)


@router.get("/day-plans/{plan_id}", response={200: PlanOut, refusals: ProblemOut})
def get_plan(request: HttpRequest, plan_id: PlanId) -> Any:
    """Give a plan with what would change, and what became of each change once it was carried out."""
    return _plan(plan_for(actor(request), str(plan_id)))


@router.post("/day-plans/{plan_id}/accept", response={200: PlanOut, refusals: ProblemOut})
def accept(request: HttpRequest, plan_id: PlanId, body: ChosenIn) -> Any:
    """Carry a plan out, as a whole or in parts; every move is checked anew."""
    who, at = actor(request), now()
    require(who, "dispatch_work_order")
    plan = plan_for(who, str(plan_id))

    def act() -> dict[str, Any]:
        chosen = (
            None if body.orders is None else {m["order"] for m in plan.moves if m["number"] in body.orders}
        )
        accept_plan(plan, chosen, by=who, at=at)
        return _plan(plan)

    return once(request, 200, act)


@router.post("/day-plans/{plan_id}/dismiss", response={200: PlanOut, refusals: ProblemOut})
def dismiss(request: HttpRequest, plan_id: PlanId) -> Any:
    """Leave everything as it is."""
    who, at = actor(request), now()
    require(who, "dispatch_work_order")
    plan = plan_for(who, str(plan_id))

    def act() -> dict[str, Any]:
        dismiss_plan(plan, by=who, at=at)
        return _plan(plan)

    return once(request, 200, act)


@router.post("/work-orders/{number}/give", response={200: WorkOrderOut, refusals: ProblemOut})
def give(request: HttpRequest, number: Annotated[str, Field(max_length=24)], body: GiveIn) -> Any:
    """Give an order to somebody: a booked visit changes hands within its window, an order nobody has is offered."""
    who, at = actor(request), now()
    require(who, "dispatch_work_order")
    order = work_order_for(who, number)

    def act() -> dict[str, Any]:
        staff = staff_numbered(body.staff)
        if staff is None or not who.reaches(staff.unit_id):
            raise Invalid("nobody has this staff number", where="staff", expected="GY2024001")
        give_order(order.pk, staff.pk, by=who, at=at, because=body.because)
        return order_out(work_order_for(who, number))

    return once(request, 200, act)


@router.put("/work-orders/{number}/equipment", response={200: WorkOrderOut, refusals: ProblemOut})
def equip(request: HttpRequest, number: Annotated[str, Field(max_length=24)], body: EquipIn) -> Any:
    """Say how many must be there, and in which unit the engineer fetches parts on the way (null: nowhere)."""
    who, at = actor(request), now()
    require(who, "dispatch_work_order")
    order = work_order_for(who, number)

    def act() -> dict[str, Any]:
        if body.pickup_unit_id is not None and not who.reaches(body.pickup_unit_id):
            raise NotFound()
        equip_work_order(order, people=body.people, pickup_unit_id=body.pickup_unit_id, by=who, at=at)
        return order_out(work_order_for(who, number))

    return once(request, 200, act)
