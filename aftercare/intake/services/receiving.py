"""Receive requests: check the form, know the customer and the piece, judge, number, store, and leave the fact."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.customers.models import Customer
from aftercare.customers.selectors import customer_for
from aftercare.customers.services import contact_problems, register_customer
from aftercare.files.models import StoredFile
from aftercare.ledger.services import next_number, record
from aftercare.people.rules import Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import Policy, policy_for
from aftercare.privacy.rules import masked_address
from aftercare.products.models import Item
from aftercare.products.selectors import item_by_id, product_of_model
from aftercare.refusals import Invalid, NotFound, Problem, Stale
from aftercare.triage.rules import Reading
from aftercare.triage.selectors import reader_for

from ..models import Request, RequestFile
from ..rules import RequestForm, form_problems


def receive_request(form: RequestForm, *, by: Actor, at: datetime) -> Request:
    """Receive a request at the desk, by the API or from a file.

    Every identifier in the form is resolved through the actor's scope. Refuses with all problems of the form at once.
    A second request with the same `external_ref` in the unit gives the first one back.
    """
    require(by, "receive_request")
    unit_id = form.unit_id or by.unit_id
    if unit_id is None or not by.reaches(unit_id):
        raise NotFound(_("no such unit"))
    if form.external_ref:
        known = Request.objects.filter(unit_id=unit_id, external_ref=form.external_ref).first()
        if known:
            return known
    customer = customer_for(by, form.customer_id) if form.customer_id else None
    item = item_by_id(form.item_id)
    if form.item_id and (item is None or not by.reaches(item.customer.unit_id)):
        raise NotFound(_("no such product"))
    return _receive(form, unit_id=unit_id, customer=customer, item=item, by=by, at=at)


def receive_from_customer(
    form: RequestForm, *, unit_id: int, item: Item | None, by: Actor, at: datetime
) -> Request:
    """Receive what a customer wrote in the public form; nothing in it may name rows of ours."""
    if form.customer_id or form.item_id or form.external_ref:
        raise Invalid(_("the form holds fields that are not asked"), where="form")
    return _receive(form, unit_id=unit_id, customer=None, item=item, by=by, at=at)


def edit_request(
    request: Request, changes: dict[str, str], *, by: Actor, at: datetime, revision: int
) -> None:
    """Correct words, model or serial of a request (M11: a mismatch found by phone is edited by the desk)."""
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    allowed = {"description", "product_model", "serial", "remark"}
    wrong = [name for name in changes if name not in allowed]
    if wrong:
        raise Invalid(_("this field can't be edited"), where=wrong[0], expected=", ".join(sorted(allowed)))
    with transaction.atomic():
        now = Request.objects.select_for_update().get(pk=request.pk)
        if now.revision != revision:
            differing = [
                Problem(name, _("is now “%(value)s”") % {"value": getattr(now, name)})
                for name in changes
                if getattr(now, name) != changes[name]
            ]
            raise Stale(_("somebody else changed this a moment ago"), differing)
        before = {name: getattr(now, name) for name in changes}
        for name, value in changes.items():
            setattr(now, name, value.strip())
        now.revision += 1
        now.save(update_fields=[*changes, "revision"])
        record("request.edited", now, by=by, at=at, values={"before": before, "after": changes})


def note_serial(request: Request, serial: str, *, by: Actor, at: datetime) -> None:
    """Keep the serial number read off the appliance; what was recorded before stays in the fact."""
    serial = serial.strip()[:40]
    if not serial or serial == request.serial:
        return
    with transaction.atomic():
        before = request.serial
        Request.objects.filter(pk=request.pk).update(serial=serial, revision=F("revision") + 1)
        request.serial = serial
        record("request.serial_read", request, by=by, at=at, values={"before": before, "serial": serial})


def _receive(
    form: RequestForm, *, unit_id: int, customer: Customer | None, item: Item | None, by: Actor, at: datetime
) -> Request:
    policy = policy_for(unit_id)
    zone = zone_of(unit_id)
    received_at = form.history.get("received_at", at)
    local = received_at.astimezone(ZoneInfo(zone))
    problems = form_problems(form, policy.pack, today=local.date())
    if customer is None and form.needs_contact:
        problems += contact_problems(policy.pack, name=form.name, phone=form.phone)
    files = list(StoredFile.objects.filter(id__in=form.file_ids)) if form.file_ids else []
    if len(files) != len(set(form.file_ids)):
        problems.append(Problem("files", _("a file is missing"), _("files uploaded with this form")))
    if problems:
        raise Invalid(_("the request can't be taken yet"), problems)
    with transaction.atomic():
        if customer is None and (form.name or form.phone):
            customer = register_customer(
                name=form.name, phone=form.phone, email=form.email, address=form.address, lat=form.lat, lon=form.lon,
                unit_id=unit_id, by=by, at=at,
            )  # fmt: skip
        request, reading = _draft(form, policy, unit_id, customer, item, by, received_at, local.date())
        prefixed = policy.pack.pack.number_with_prefix
        request.number = next_number("CR", at=received_at, zone=zone, with_prefix=prefixed)
        request.save(force_insert=True)
        if files:
            RequestFile.objects.bulk_create([RequestFile(request=request, file=file) for file in files])
        _leave_facts(request, form, policy, reading, by=by, at=received_at)
    return request


def _draft(
    form: RequestForm, policy: Policy, unit_id: int, customer: Customer | None, item: Item | None, by: Actor,
    received_at: datetime, today: date,
) -> tuple[Request, Reading]:  # fmt: skip
    product = item.product if item else product_of_model(form.product_model) if form.product_model else None
    category = form.category or (product.category if product else "")
    reading = reader_for(policy).read(
        f"{form.description.strip()} {form.remark.strip()}", today=today,
        known={"kind": form.kind, "category": category, "emotion": form.emotion},
    )  # fmt: skip
    category, urgency, emotion = (
        category or reading.value("category"),
        reading.urgency,
        reading.fields["emotion"],
    )
    known = customer if by.kind != "customer" else None
    address = form.address.strip() or (known.address if known else "")
    placed = form.lat is not None
    staff_id = by.id if by.kind == "staff" else None
    closed_at = form.history.get("closed_at")
    made = Request(
        received_at=received_at, channels=list(form.channels), customer=customer, item=item,
        product_model=form.product_model.strip() or (product.model if product else ""),
        serial=form.serial or (item.serial if item else ""), category=category,
        purchased_on=form.purchased_on or (item.purchased_on if item else None), kind=form.kind,
        description=form.description.strip(), urgency=form.urgency or urgency.value,
        urgency_reason={**urgency.as_values(), "chosen": form.urgency or urgency.value},
        emotion=emotion.value, emotion_reason={"value": emotion.value, "by": emotion.by}, reading=reading.as_values(), address=address,
        address_masked=masked_address(address)[:200], lat=form.lat if placed else known.lat if known else None,
        lon=form.lon if placed else known.lon if known else None, received_by_id=staff_id, owner_id=staff_id,
        group=policy.pack.forms.group_of_category.get(category, ""), remark=form.remark.strip(), unit_id=unit_id,
        state="closed" if closed_at else "open", state_since=closed_at or received_at,
        planned_at=form.history.get("responded_at"), closed_at=closed_at, external_ref=form.external_ref,
        policy_id=policy.id, is_history=bool(form.history),
    )  # fmt: skip
    return made, reading


def _leave_facts(
    request: Request, form: RequestForm, policy: Policy, reading: Reading, *, by: Actor, at: datetime
) -> None:
    kind = next(kind for kind in policy.pack.forms.kinds if kind.code == form.kind)
    history = bool(form.history)
    record(
        "request.received", request, by=by, at=at,
        values={
            "channels": list(form.channels), "service_type": "" if history else kind.service_type,
            "judged": request.urgency_reason, "files": len(form.file_ids), "history": history,
            "follows": [] if history else list(reading.follows),
        },
    )  # fmt: skip
    if request.planned_at:
        record("request.planned", request, by=by, at=request.planned_at, values={"history": True})
    if request.closed_at:
        record("request.closed", request, by=by, at=request.closed_at, values={"history": True})
