"""Depart, arrive, say that one is late, support by video, and diagnose (M56–M59)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.customers.services import make_link
from aftercare.intake.services import note_serial
from aftercare.ledger.services import move, next_number, record
from aftercare.people.rules import Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import warranty_of
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import begin_service, note_arrival, note_lateness

from ..models import Appointment, Visit
from ..rules import is_measured
from ..selectors import day_of, open_visit


def depart(order: WorkOrder, *, by: Actor, at: datetime, checklist: Sequence[str] = ()) -> Visit:
    """Set off for a customer; that begins the service and opens the visit's record."""
    check_own(order, by)
    if order.service_type == "remote":
        raise Conflict(_("remote support has no journey"), where="service_type")
    return _begin(order, by=by, at=at, is_remote=False, checklist=checklist)


def start_remote_support(order: WorkOrder, *, by: Actor, at: datetime) -> Visit:
    """Begin support by video; its record has the steps of a visit without the journey."""
    check_own(order, by)
    if order.service_type != "remote":
        raise Conflict(_("this order is not remote support"), where="service_type", expected="remote")
    visit = _begin(order, by=by, at=at, is_remote=True)
    arrive(visit, by=by, at=at)
    return visit


def arrive(visit: Visit, *, by: Actor, at: datetime, checklist: Sequence[str] = ()) -> None:
    """Note the arrival: on time or not, how many minutes before the window's end a delay was told, and the etiquette (M56)."""
    check_own(visit.order, by)
    appointment, told_at = visit.appointment, visit.order.late_told_at
    ends_at = appointment.ends_at if appointment else None
    on_time = ends_at is None or at <= ends_at
    ahead = round((ends_at - told_at).total_seconds() / 60) if ends_at and told_at else None
    with transaction.atomic():
        move(visit, "on_site", by=by, at=at, fact="visit.arrived", arrived_at=at, checklist=ticked(visit, checklist),
             values={"on_time": on_time, "late_told_ahead": ahead})  # fmt: skip
        note_arrival(visit.order, at=at)
        if appointment and appointment.state == "booked":
            move(appointment, "kept", by=by, at=at)


def announce_lateness(order: WorkOrder, minutes: int, *, by: Actor, at: datetime) -> None:
    """Tell customer and dispatcher that one will be later than promised by so much; one tap on the phone (M56).

    The same word again tells nobody twice; another one does. Refused once there is nothing left to be late for.
    """
    check_own(order, by)
    if not 5 <= minutes <= 240:
        raise Invalid(_("this is not a delay"), where="minutes", expected=_("5 to 240 minutes"))
    visit = open_visit(order.pk)
    if order.state != "booked" and (visit is None or visit.state != "travelling"):
        raise Conflict(
            _("nobody waits for this visit"),
            where="state",
            expected=_("a promised visit that has not arrived"),
        )
    with transaction.atomic():
        note_lateness(order, minutes, by=by, at=at)


def show_trace(order: WorkOrder, *, by: Actor, at: datetime) -> str:
    """Make a link under which the customer reads the whole service record (M62), for the engineer to show as a QR code.

    It decides nothing in the customer's name: the engineer holds the phone.
    """
    check_own(order, by)
    customer = order.request.customer
    if customer is None:
        raise Invalid(_("No contact was given."), where="customer")
    lives_for = policy_for(order.unit_id).pack.links.live_for
    with transaction.atomic():
        record("request.link_made", order.request, by=by, at=at, values={"purpose": "record"})
        return make_link(customer, case_id=order.request_id, purpose="record", lives_for=lives_for, at=at)


def diagnose(
    visit: Visit,
    *,
    phenomenon: str,
    cause: str,
    by: Actor,
    at: datetime,
    solution: str = "",
    serial: str = "",
) -> None:
    """Write down what was found. Refused unless the cause holds a measured value: measured, not guessed (M124).

    `serial`: read off the appliance; it takes the place of the one recorded.
    """
    check_own(visit.order, by)
    if len(phenomenon.strip()) < 4:
        raise Invalid(
            _("the phenomenon is missing"), where="phenomenon", expected=_("what was seen, heard or measured")
        )
    if not is_measured(cause):
        raise Invalid(
            _("the cause has no measured value"),
            where="cause",
            expected=_("a number with its unit, such as 12 µF or 218 V"),
        )
    policy = policy_for(visit.unit_id)
    request = visit.order.request
    day = day_of(at, zone_of(visit.unit_id))[0].date()
    warranty = warranty_of(
        policy.pack, category=visit.order.category, purchased_on=request.purchased_on, on=day
    )
    note_serial(request, serial, by=by, at=at)
    move(
        visit, "diagnosed", by=by, at=at, phenomenon=phenomenon.strip(), cause=cause.strip(), solution=solution.strip(),
        in_warranty=warranty.in_warranty, warranty_until=warranty.until,
        values={"in_warranty": warranty.in_warranty, "rule": f"warranty.categories.{visit.order.category}"},
    )  # fmt: skip


def ticked(visit: Visit, codes: Sequence[str]) -> list[str]:
    """Give what was ticked so far and now, in the pack's order; codes that the pack does not have are left out."""
    wanted = {*visit.checklist, *codes}
    return [item.code for item in policy_for(visit.unit_id).pack.visit.checklist if item.code in wanted]


def _begin(
    order: WorkOrder, *, by: Actor, at: datetime, is_remote: bool, checklist: Sequence[str] = ()
) -> Visit:
    policy = policy_for(order.unit_id)
    appointment = Appointment.objects.filter(order=order, state="booked").first()
    assert by.id is not None
    with transaction.atomic():
        begin_service(order, by=by, at=at)
        visit = Visit(
            order=order, appointment=appointment, engineer_id=by.id, unit_id=order.unit_id, is_remote=is_remote,
            state="travelling", state_since=at, departed_at=at, policy_id=policy.id,
        )  # fmt: skip
        prefixed = policy.pack.pack.number_with_prefix
        visit.number = next_number("OS", at=at, zone=zone_of(order.unit_id), with_prefix=prefixed)
        visit.checklist = ticked(visit, checklist)
        visit.save(force_insert=True)
        record("visit.started", visit, by=by, at=at)
    return visit


def check_own(order: WorkOrder, by: Actor) -> None:
    """Refuse unless the order is in this engineer's hands."""
    require(by, "perform_visit")
    if order.assignee_id != by.id:
        raise Forbidden(_("this order is not in your hands"))
