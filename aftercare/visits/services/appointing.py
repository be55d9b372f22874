"""Slots offered, a window booked, moved or taken back; reminders (M55, SA-AP-003)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from aftercare.ledger.services import move, next_number, record
from aftercare.people.models import Staff
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import (
    book_work_order,
    hand_over_work_order,
    pause_work_order,
    resume_work_order,
    unbook_work_order,
)

from ..helping import cheapest_helper, helpers_for
from ..keeping import Promise, begins_within, plan_of_day, promises_of
from ..models import Appointment
from ..rules import Span
from ..selectors import open_appointment, slots_for

BEHIND = timedelta(minutes=20)


def propose_slots(
    order: WorkOrder, *, by: Actor, at: datetime, instead_of: Span | None = None
) -> Appointment:
    """Offer the customer two or three windows from the engineer's real calendar; the clocks wait for the answer.

    Refused when nobody has accepted the order, or the engineer has fewer than one free window in the pack's horizon.
    `instead_of`: the window that was promised and can't be kept.
    """
    require(by, "propose_slots", unit_id=order.unit_id, reach=not by.own_only)
    if order.assignee_id is None:
        raise Conflict(_("no engineer has accepted this order yet"), where="assignee", code="no_engineer")
    if open_appointment(order.pk):
        raise Conflict(_("slots were offered already"), where="appointment", code="already_proposed")
    slots = slots_for(order, order.assignee_id, at=at)
    if not slots:
        raise Conflict(_("the engineer has no free window"), where="slots", code="no_slot")
    policy = policy_for(order.unit_id)
    with transaction.atomic():
        appointment = Appointment(
            order=order, engineer_id=order.assignee_id, unit_id=order.unit_id, state="proposed", state_since=at,
            slots=[[a.isoformat(), b.isoformat()] for a, b in slots], proposed_at=at, policy_id=policy.id,
        )  # fmt: skip
        prefixed = policy.pack.pack.number_with_prefix
        appointment.number = next_number("AP", at=at, zone=zone_of(order.unit_id), with_prefix=prefixed)
        appointment.save(force_insert=True)
        values: dict[str, Any] = {"slots": appointment.slots}
        if instead_of:
            values["instead_of"] = [instant.isoformat() for instant in instead_of]
        record("appointment.proposed", appointment, by=by, at=at, values=values)
        if not order.waiting_for:
            pause_work_order(order, "customer", by=MACHINE, at=at)
    return appointment


def choose_slot(appointment: Appointment, index: int, *, by: Actor, at: datetime) -> None:
    """Book the slot the customer chose by link; refused when it is gone meanwhile."""
    if not 0 <= index < len(appointment.slots):
        raise Invalid(
            _("this is not one of the slots"), where="slot", expected=f"0…{len(appointment.slots) - 1}"
        )
    starts, ends = (parse_datetime(text) for text in appointment.slots[index])
    assert starts and ends
    if starts <= at:
        raise Conflict(_("this time has passed; please choose another"), where="slot", code="slot_gone")
    _book(appointment, starts, ends, by=by, at=at, chosen_by=by.kind)


def book_visit(
    order: WorkOrder, *, starts_at: datetime, ends_at: datetime, by: Actor, at: datetime, wished: str = ""
) -> Appointment:
    """Book a window at once, as agreed on the phone."""
    require(by, "book_visit", unit_id=order.unit_id, reach=not by.own_only)
    if order.assignee_id is None:
        raise Conflict(_("no engineer has accepted this order yet"), where="assignee", code="no_engineer")
    _check_window(starts_at, ends_at, at=at)
    policy = policy_for(order.unit_id)
    with transaction.atomic():
        appointment = open_appointment(order.pk)
        if appointment is None:
            appointment = Appointment(
                order=order, engineer_id=order.assignee_id, unit_id=order.unit_id, state="proposed", state_since=at,
                proposed_at=at, policy_id=policy.id, wished=wished[:80],
            )  # fmt: skip
            prefixed = policy.pack.pack.number_with_prefix
            appointment.number = next_number("AP", at=at, zone=zone_of(order.unit_id), with_prefix=prefixed)
            appointment.save(force_insert=True)
        _book(appointment, starts_at, ends_at, by=by, at=at, chosen_by=by.kind)
    return appointment


def reschedule_visit(
    appointment: Appointment, *, starts_at: datetime, ends_at: datetime, by: Actor, at: datetime, because: str
) -> None:
    """Move a booked visit to another window; everybody is told through the fact."""
    if by.kind != "customer":
        require(by, "book_visit", unit_id=appointment.unit_id, reach=not by.own_only)
    if appointment.state != "booked":
        raise Conflict(_("only a booked visit can be moved"), where="state", expected="booked")
    _check_window(starts_at, ends_at, at=at)
    before = [appointment.starts_at, appointment.ends_at]
    with transaction.atomic():
        planned = _keep(appointment, (starts_at, ends_at), at=at)
        move(
            appointment, "booked", by=by, at=at, because=because, fact="appointment.rescheduled",
            starts_at=starts_at, ends_at=ends_at, reminded_at=None, behind_at=None, helper_id=appointment.helper_id, planned_from=planned[0], planned_to=planned[1],
            remind_at=_remind_at(appointment, starts_at),
            values={"before": [t.isoformat() for t in before if t], "starts_at": starts_at.isoformat(),
                    "ends_at": ends_at.isoformat()},
        )  # fmt: skip
        order = WorkOrder.objects.get(pk=appointment.order_id)
        book_work_order(order, starts_at=starts_at, ends_at=ends_at, by=by, at=at)


def reassign_visit(
    appointment: Appointment, engineer_id: int, *, by: Actor, at: datetime, because: str
) -> None:
    """Give a booked visit to another engineer within the window that was promised; the customer need not be asked.

    Refused when they can't keep it beside their other visits, or the visit has begun.
    """
    require(by, "dispatch_work_order", unit_id=appointment.unit_id, reach=True)
    if appointment.state != "booked" or not appointment.starts_at or not appointment.ends_at:
        raise Conflict(_("only a booked visit can be moved"), where="state", expected="booked")
    if appointment.engineer_id == engineer_id:
        raise Conflict(_("this engineer has the visit already"), where="staff", code="same_engineer")
    with transaction.atomic():
        order = WorkOrder.objects.select_for_update(of=("self",)).get(pk=appointment.order_id)
        if order.state != "booked":
            raise Conflict(_("the visit has begun"), where="state", expected="booked")
        before = appointment.engineer_id
        appointment.engineer_id = engineer_id
        planned = _keep(appointment, (appointment.starts_at, appointment.ends_at), at=at)
        move(
            appointment, "booked", by=by, at=at, because=because, fact="appointment.reassigned", engineer_id=engineer_id,
            helper_id=appointment.helper_id, behind_at=None, planned_from=planned[0], planned_to=planned[1], values={"before": before, "staff": engineer_id},
        )  # fmt: skip
        hand_over_work_order(order, engineer_id, by=by, at=at, because=because)


def cancel_appointment(appointment: Appointment, *, by: Actor, at: datetime, because: str) -> None:
    """Take an appointment back; a booked order is pending again."""
    if by.kind != "customer":
        require(by, "book_visit", unit_id=appointment.unit_id, reach=not by.own_only)
    with transaction.atomic():
        was_booked = appointment.state == "booked"
        move(appointment, "cancelled", by=by, at=at, because=because)
        order = WorkOrder.objects.get(pk=appointment.order_id)
        if was_booked and order.state == "booked":
            unbook_work_order(order, by=by, at=at, because=because)


def offer_other_times(appointment: Appointment, *, by: Actor, at: datetime, because: str) -> Appointment:
    """Take back a promised window that can't be kept, and offer the customer others by link: both, or neither.

    Refused when the visit has begun, without a reason, or when the engineer has no free window.
    """
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    if appointment.state != "booked" or not appointment.starts_at or not appointment.ends_at:
        raise Conflict(_("only a booked visit can be moved"), where="state", expected="booked")
    with transaction.atomic():
        order = WorkOrder.objects.select_for_update(of=("self",)).get(pk=appointment.order_id)
        if order.state != "booked":
            raise Conflict(_("the visit has begun"), where="state", expected="booked")
        cancel_appointment(appointment, by=by, at=at, because=because.strip())
        order = WorkOrder.objects.select_related("request").get(pk=order.pk)
        return propose_slots(order, by=by, at=at, instead_of=(appointment.starts_at, appointment.ends_at))


def remind_appointments(*, at: datetime) -> int:
    """Remind of every visit that starts within the pack's notice, once each; give how many."""
    reminded = 0
    due = Appointment.objects.filter(state="booked", reminded_at=None, remind_at__lte=at)
    for appointment in due.select_related("order").order_by("remind_at")[:500]:
        with transaction.atomic():
            if Appointment.objects.filter(pk=appointment.pk, reminded_at=None, state="booked").update(
                reminded_at=at
            ):
                record("appointment.reminded", appointment, by=MACHINE, at=at)
                reminded += 1
    return reminded


def note_behind(*, at: datetime) -> int:
    """Note each visit that should have begun twenty minutes ago and for which nobody has set off, once; give how many."""
    noted = 0
    due = Appointment.objects.filter(
        state="booked", order__state="booked", behind_at=None, planned_from__lte=at - BEHIND
    )
    for appointment in due.select_related("order").order_by("planned_from")[:200]:
        with transaction.atomic():
            if Appointment.objects.filter(pk=appointment.pk, behind_at=None, state="booked").update(
                behind_at=at
            ):
                assert appointment.planned_from is not None
                minutes = int((at - appointment.planned_from).total_seconds() // 60)
                record("appointment.behind", appointment, by=MACHINE, at=at, values={"minutes": minutes})
                noted += 1
    return noted


def _book(
    appointment: Appointment, starts: datetime, ends: datetime, *, by: Actor, at: datetime, chosen_by: str
) -> None:
    values = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    with transaction.atomic():
        order = WorkOrder.objects.get(pk=appointment.order_id)
        planned = _keep(appointment, (starts, ends), at=at)
        move(
            appointment, "booked", by=by, at=at, starts_at=starts, ends_at=ends, booked_at=at,
            remind_at=_remind_at(appointment, starts), planned_from=planned[0], planned_to=planned[1],
            helper_id=appointment.helper_id, chosen_by=chosen_by, values=values,
        )  # fmt: skip
        book_work_order(order, starts_at=starts, ends_at=ends, by=by, at=at)
        if order.waiting_for == "customer":
            resume_work_order(order, by=MACHINE, at=at)


def _keep(appointment: Appointment, window: Span, *, at: datetime) -> Span:
    """Plan the engineer's day with this visit in it, under their row lock; refused when not all promises can be kept.

    The other visits of the day may be planned anew within their windows. Where two are needed, somebody who can be there
    comes along: whoever did before, if they still can. Gives when this visit is planned.
    """
    order = appointment.order
    helpers = helpers_for(order, window, without=appointment.engineer_id, at=at) if order.people == 2 else []
    ids = [appointment.engineer_id, *(helper.pk for helper in helpers)]
    locked = (
        Staff.objects.select_for_update(of=("self",)).filter(pk__in=ids).select_related("unit").order_by("pk")
    )
    engineer = {person.pk: person for person in locked}[appointment.engineer_id]
    start = window[0].astimezone(ZoneInfo(zone_of(appointment.unit_id)))
    start = start.replace(hour=0, minute=0, second=0, microsecond=0)
    promises = promises_of(
        engineer.pk, start, start + timedelta(days=1), at=at, without=appointment.order_id, held=False
    )
    promises.append(Promise(order, begins_within(order, window)))
    planned = plan_of_day(engineer, promises, at=at)
    if planned is None:
        raise Conflict(
            _("the engineer can't keep this beside the other visits of the day"), where="starts_at",
            expected=_("a free window"), code="slot_gone",
        )  # fmt: skip
    times = planned[0]
    if order.people == 2:
        helpers.sort(key=lambda person: person.pk != appointment.helper_id)
        before = [person for person in helpers if person.pk == appointment.helper_id]
        found = cheapest_helper(order, window, before, at=at) or cheapest_helper(
            order, window, helpers, at=at
        )
        if found is None:
            raise Conflict(
                _("two are needed, and nobody can come along then"), where="starts_at",
                expected=_("a window in which somebody else is free"), code="no_helper",
            )  # fmt: skip
        appointment.helper_id = found[0].pk
        times = {**found[1], **times}
    else:
        appointment.helper_id = None
    for order_id, (begins, ends) in times.items():
        Appointment.objects.filter(order_id=order_id, state="booked").update(
            planned_from=begins, planned_to=ends
        )
    return times[appointment.order_id]


def _remind_at(appointment: Appointment, starts_at: datetime) -> datetime:
    return starts_at - timedelta(seconds=policy_for(appointment.unit_id).pack.appointment.remind_before)


def _check_window(starts_at: datetime, ends_at: datetime, *, at: datetime) -> None:
    if ends_at <= starts_at or (ends_at - starts_at) > timedelta(hours=12):
        raise Invalid(
            _("this is not a window"), where="ends_at", expected=_("after its start, at most 12 hours")
        )
    if ends_at <= at:
        raise Invalid(_("this time has passed"), where="starts_at", expected=_("a time to come"))
