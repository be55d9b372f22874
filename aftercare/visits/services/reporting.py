"""What an engineer's phone reports, perhaps hours later: each action once, at the instant it happened, and never lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from aftercare.files.services import store_file
from aftercare.files.uploading import forget_upload, uploaded
from aftercare.ledger.services import record
from aftercare.people.rules import Actor
from aftercare.people.selectors import actor_for
from aftercare.people.services import require
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order, hand_over_work_order, release_work_order

from ..models import Appointment, FieldAction, Visit, VisitPhoto
from ..rules import instant_by_our_clock, is_behind
from ..selectors import held_work, once_held, open_visit
from .steps import STEPS, Told, do_step

KEPT_FOR = timedelta(days=30)
AT_MOST_LATE = timedelta(days=7)
Do = Callable[[datetime], None]


@dataclass(frozen=True)
class Action:
    """One action as told: `about` is the number of the order (or the offer) it concerns."""

    id: UUID
    about: str
    step: str
    values: Mapping[str, Sequence[str]]
    told_at: datetime
    device: str
    device_now: datetime


@dataclass(frozen=True)
class Answer:
    """What became of an action, and, when it was refused or kept aside, why."""

    id: UUID
    outcome: str
    problems: list[Problem]


def report_action(action: Action, *, by: Actor, at: datetime) -> Answer:
    """Do what a phone reports about a job, as of the instant it was done there.

    Sent again, it is answered as the first time. What another phone of the same engineer did before is known and not
    done twice. What concerns an order that has gone to somebody else, or was cancelled, is kept aside for the dispatcher,
    with all that was written. What a rule refuses is answered with the reason; the phone keeps it. Only an engineer's own orders, and
    those they once held, can be spoken of; others look as if they did not exist.
    """
    require(by, "perform_visit")
    order = WorkOrder.objects.select_related("request").filter(number=action.about).first()
    if (
        order is None
        or action.step not in STEPS
        or not (order.assignee_id == by.id or once_held(order, by.id or 0))
    ):
        return _once(action, None, by=by, at=at, do=_refuse_unknown, not_before=at - AT_MOST_LATE)
    if order.assignee_id != by.id or order.state == "cancelled":
        return _once(action, order, by=by, at=at, do=None, not_before=order.request.received_at)
    if _is_done(order, action.step, by):
        return _once(
            action,
            order,
            by=by,
            at=at,
            do=lambda _at: None,
            not_before=order.request.received_at,
            outcome="known",
        )
    visit = _visit_of(order, by)
    floor = visit.state_since if visit else order.request.received_at
    return _once(
        action, order, by=by, at=at, not_before=floor,
        do=lambda happened: do_step(order, action.step, Told(action.values), by=by, at=happened),
    )  # fmt: skip


def report_other(action: Action, do: Do, *, by: Actor, at: datetime) -> Answer:
    """Do once what a phone reports about something that is no job yet, such as the answer to an offer."""
    return _once(action, None, by=by, at=at, do=do, not_before=at - AT_MOST_LATE)


def settle_work(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> int:
    """Let held work rest as a note: somebody else does the job; give how many actions that concerns."""
    require(by, "dispatch_work_order", unit_id=order.unit_id, reach=True)
    _check_reason(because)
    with transaction.atomic():
        rows = held_work(order.pk, lock=True)
        if not rows:
            raise Conflict(_("nothing is kept aside for this order"), where="order", code="nothing_held")
        _settle(rows, by=by, at=at)
        record(
            "work_order.work_settled",
            order,
            by=by,
            at=at,
            because=because.strip(),
            values={"count": len(rows)},
        )
    return len(rows)


def adopt_work(order: WorkOrder, *, by: Actor, at: datetime, because: str) -> int:
    """Give an order back to whom had begun it without a network, and do what they did, as of when they did it.

    Refused once somebody else has set off. All or nothing: when one action is refused, none is done.
    """
    require(by, "dispatch_work_order", unit_id=order.unit_id, reach=True)
    _check_reason(because)
    with transaction.atomic():
        order = WorkOrder.objects.select_for_update(of=("self",)).select_related("request").get(pk=order.pk)
        rows = held_work(order.pk, lock=True)
        if not rows:
            raise Conflict(_("nothing is kept aside for this order"), where="order", code="nothing_held")
        if order.state not in ("pending", "booked"):
            raise Conflict(_("somebody else has begun this job"), where="state", code="begun")
        engineer = rows[0].staff
        rows = [row for row in rows if row.staff_id == engineer.pk]
        _put_in_hands(order, engineer.pk, by=by, at=at, because=because.strip())
        doer = actor_for(engineer)
        for row in rows:
            order.refresh_from_db()
            _do_held(row, order, doer)
        _settle(rows, by=by, at=at)
        record("work_order.work_adopted", order, by=by, at=at, because=because.strip(),
               values={"staff": engineer.pk, "count": len(rows)})  # fmt: skip
    return len(rows)


def forget_field_actions(*, at: datetime) -> int:
    """Drop what has been answered for thirty days: no phone sends it again. What waits for a dispatcher stays."""
    old = FieldAction.objects.filter(received_at__lt=at - KEPT_FOR).exclude(outcome="held", settled_at=None)
    return old.delete()[0]


def _once(
    action: Action, order: WorkOrder | None, *, by: Actor, at: datetime, do: Do | None, not_before: datetime, outcome: str = "done",
) -> Answer:  # fmt: skip
    """Keep the action and do it in one transaction; the row's id, given on the phone, lets it happen once."""
    before = _answered(action, by)
    if before is not None:
        return before
    happened = instant_by_our_clock(
        action.told_at, device_now=action.device_now, now=at, not_before=not_before
    )
    row = FieldAction(
        id=action.id, staff_id=by.id or 0, order=order, about=action.about[:40], step=action.step[:16], device=action.device[:40],
        told_at=action.told_at, happened_at=happened, received_at=at, outcome=outcome,
    )  # fmt: skip
    try:
        with transaction.atomic():
            if do is None:
                assert order is not None
                _hold(row, order, action, by=by, at=happened)
            else:
                row.save(force_insert=True)
                do(happened)
    except IntegrityError:
        again = _answered(action, by)
        if again is None:
            raise
        return again
    except Refusal as refusal:
        if order is not None and _is_done(order, action.step, by):  # by another phone, at the same moment
            row.outcome = "known"
        else:
            row.outcome, row.answer = "refused", _plain(refusal)
        if not FieldAction.objects.filter(pk=row.pk).exists():
            row.save(force_insert=True)
    return _answer(row)


def _visit_of(order: WorkOrder, by: Actor) -> Visit | None:
    return Visit.objects.filter(order=order, engineer_id=by.id).order_by("-id").first()


def _is_done(order: WorkOrder, step: str, by: Actor) -> bool:
    visit = _visit_of(order, by)
    return visit is not None and is_behind(step, visit.state)


def _hold(row: FieldAction, order: WorkOrder, action: Action, *, by: Actor, at: datetime) -> None:
    row.outcome, row.body = "held", json.dumps({name: list(values) for name, values in action.values.items()})
    row.answer = [{"where": "order", "what": _("this job is no longer yours; your work is kept, and the dispatcher decides"), "expected": ""}]  # fmt: skip
    if action.step == "photo" and action.values.get("upload"):
        upload = UUID(action.values["upload"][-1])
        row.file = store_file(uploaded(upload, by.id or 0), name="photo.jpg", where="photo", taken_at=at)
        forget_upload(upload, by.id or 0)
    row.save(force_insert=True)
    record("work_order.work_held", order, by=by, at=at, values={"step": action.step, "staff": by.id})


def _put_in_hands(order: WorkOrder, staff_id: int, *, by: Actor, at: datetime, because: str) -> None:
    if order.assignee_id == staff_id:
        return
    if order.state == "booked":
        Appointment.objects.filter(order=order, state="booked").update(
            engineer_id=staff_id, planned_from=None, planned_to=None
        )
        hand_over_work_order(order, staff_id, by=by, at=at, because=because)
        return
    if order.assignee_id is not None:
        release_work_order(order, by=by, at=at, because=because)
    assign_work_order(order, staff_id, by=by, at=at)


def _do_held(row: FieldAction, order: WorkOrder, doer: Actor) -> None:
    visit = open_visit(order.pk)
    if row.file is not None and visit is not None:
        taken_in = str(Told(json.loads(row.body))["taken_in"] or visit.state)
        VisitPhoto.objects.create(visit=visit, file=row.file, step=taken_in[:10], taken_at=row.happened_at)
    elif row.file is None:
        do_step(order, row.step, Told(json.loads(row.body)), by=doer, at=row.happened_at)


def _settle(rows: list[FieldAction], *, by: Actor, at: datetime) -> None:
    FieldAction.objects.filter(pk__in=[row.pk for row in rows]).update(settled_at=at, settled_by_id=by.id)


def _answered(action: Action, by: Actor) -> Answer | None:
    row = FieldAction.objects.filter(pk=action.id).first()
    if row is None:
        return None
    if row.staff_id != by.id:
        raise Forbidden(_("this action is somebody else's"))
    return _answer(row)


def _answer(row: FieldAction) -> Answer:
    return Answer(row.pk, row.outcome, [Problem(**problem) for problem in row.answer])


def _plain(refusal: Refusal) -> list[dict[str, Any]]:
    listed = refusal.problems or [Problem("", str(refusal.what))]
    return [{"where": p.where, "what": str(p.what), "expected": str(p.expected)} for p in listed]


def _refuse_unknown(_at: datetime) -> None:
    raise NotFound(_("no such job of yours"))


def _check_reason(because: str) -> None:
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
