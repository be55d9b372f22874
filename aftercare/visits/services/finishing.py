"""Repair, prove it with numbers, sign, and finish; or break off (M57–M60, M64)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.files.services import Place, store_file, store_signature
from aftercare.ledger.services import move, record
from aftercare.parts.services import take_part
from aftercare.people.rules import Actor
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid, Problem
from aftercare.workorders.services import complete_work_order, release_work_order

from ..models import Signature, Visit, VisitPhoto
from ..rules import judge_reading
from ..selectors import hash_of, signed_by_link
from .visiting import check_own, ticked

PAID_BY = ("scan", "card", "cash", "online")


def add_photo(
    visit: Visit,
    content: bytes,
    *,
    step: str,
    by: Actor,
    at: datetime,
    name: str = "",
    place: Place | None = None,
) -> VisitPhoto:
    """Keep a photo of a step with the time it was taken at and, where the phone told, the place (M62)."""
    check_own(visit.order, by)
    if visit.state in ("finished", "abandoned"):
        raise Conflict(_("the visit is over"), where="state")
    file = store_file(content, name=name, where="photo", taken_at=at, place=place)
    with transaction.atomic():
        photo = VisitPhoto.objects.create(visit=visit, file=file, step=step[:10], taken_at=at)
        record("visit.photographed", visit, by=by, at=at, values={"step": step[:10], "sha256": file.sha256})
    return photo


def finish_repair(
    visit: Visit, *, solution: str, by: Actor, at: datetime, parts_unit_id: int | None = None
) -> None:
    """Write down what was done, and take the parts used from the van, else from stock."""
    check_own(visit.order, by)
    if len(solution.strip()) < 2:
        raise Invalid(_("the solution is missing"), where="solution", expected=_("what was done"))
    with transaction.atomic():
        move(visit, "repaired", by=by, at=at, solution=solution.strip())
        for line in visit.lines.filter(kind="part", declined=False).select_related("part"):
            if line.part is not None:
                take_part(
                    line.part, unit_id=parts_unit_id or visit.unit_id, quantity=line.quantity, by=by, at=at,
                    staff_id=visit.engineer_id,
                )  # fmt: skip


def measure_visit(
    visit: Visit,
    readings: Mapping[str, float],
    *,
    checklist: Sequence[str],
    by: Actor,
    at: datetime,
    because: str = "",
) -> bool:
    """Keep the readings of the function test; give whether all passed. A failed one can be signed only with a reason.

    Refused when a reading of the pack's list for the category is missing: a number with a unit, not "works".
    """
    check_own(visit.order, by)
    rules = policy_for(visit.unit_id).pack.visit
    items = rules.tests.get(visit.order.category) or rules.tests["default"]
    missing = [item for item in items if item.code not in readings]
    if missing:
        raise Invalid(
            _("the test is not complete"),
            [
                Problem(
                    f"readings.{item.code}", _("no value"), _("a number in %(unit)s") % {"unit": item.unit}
                )
                for item in missing
            ],
        )
    judged = [judge_reading(item, readings[item.code]) for item in items]
    passed = all(reading.passed for reading in judged)
    if not passed and len(because.strip()) < 4:
        failed = [Problem(f"readings.{r.code}", _("%(v)g %(u)s does not pass") % {"v": r.value, "u": r.unit}, r.limit)
                  for r in judged if not r.passed]  # fmt: skip
        raise Invalid(_("a value does not pass; repair on, or say why it is so"), failed)
    move(
        visit, "tested", by=by, at=at, because=because.strip(), readings=[asdict(reading) for reading in judged],
        checklist=ticked(visit, checklist), tested_at=at, values={"passed": passed},
    )  # fmt: skip
    return passed


def sign_record(visit: Visit, signature: str, *, seen: str, by: Actor, at: datetime) -> None:
    """Keep the customer's signature given by link, bound to the record as tested; given again, the last one counts.

    `seen`: the hash of what was shown. Refused before the test, once the visit is over, and when the record was changed
    meanwhile; one that changes afterwards wants it anew.
    """
    if visit.state != "tested":
        raise Conflict(_("there is nothing to sign at present"), where="state", expected="tested")
    digest = hash_of(visit)
    if seen != digest:
        raise Conflict(
            _("the record has been changed meanwhile; please look again"), where="seen", code="record_changed"
        )
    file = store_signature(signature, where="signature")
    with transaction.atomic():
        Signature.objects.update_or_create(
            visit=visit, who="customer", defaults={"file": file, "record_hash": digest, "signed_at": at}
        )
        record("visit.signed", visit, by=by, at=at, values={"who": "customer", "record_hash": digest})


def finish_visit(
    visit: Visit, *, engineer_signature: str, by: Actor, at: datetime, customer_signature: str = "", feedback: str = "",
    paid_by: str = "", invoice_wanted: bool = False,
) -> None:  # fmt: skip
    """Finish with both signatures, bound to the hash of the record; that completes the work order.

    The customer's may have been given by link (`sign_record`); one drawn here takes its place.
    """
    check_own(visit.order, by)
    if visit.state != "tested":
        raise Conflict(_("test first, then sign"), where="state", expected="tested")
    if visit.quote_fen and paid_by not in PAID_BY:
        raise Invalid(_("how was it paid?"), where="paid_by", expected=", ".join(PAID_BY))
    digest = hash_of(visit)
    drawn = {"engineer": store_signature(engineer_signature, where="engineer_signature")}
    if customer_signature or not signed_by_link(visit):
        drawn["customer"] = store_signature(customer_signature, where="customer_signature")
    parts = [line for line in visit.lines.select_related("part") if line.kind == "part" and not line.declined]
    parts_fen = sum(line.total_fen for line in parts)
    with transaction.atomic():
        for who, file in drawn.items():
            Signature.objects.update_or_create(
                visit=visit, who=who, defaults={"file": file, "record_hash": digest, "signed_at": at}
            )
        move(
            visit, "finished", by=by, at=at, finished_at=at, record_hash=digest, feedback=feedback.strip()[:1000],
            paid_by=paid_by if visit.quote_fen else "", invoice_wanted=invoice_wanted,
            values={"total_fen": visit.quote_fen, "record_hash": digest, "paid_by": paid_by if visit.quote_fen else ""},
        )  # fmt: skip
        complete_work_order(
            visit.order, by=by, at=at, outcome=visit.solution, parts_fen=parts_fen,
            parts_cost_fen=sum((line.part.cost_fen if line.part else 0) * line.quantity for line in parts),
            fee_fen=visit.quote_fen - parts_fen,
        )  # fmt: skip


def abandon_visit(visit: Visit, *, because: str, by: Actor, at: datetime) -> None:
    """Break a visit off, with the reason; the order is dispatched again."""
    check_own(visit.order, by)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    with transaction.atomic():
        move(visit, "abandoned", by=by, at=at, because=because.strip())
        release_work_order(visit.order, by=by, at=at, because=because.strip())


def verify_record(visit: Visit) -> bool:
    """Say whether a finished visit's record is still what both signed."""
    digest = hash_of(visit)
    signed = {signature.record_hash for signature in visit.signatures.all()}
    return visit.record_hash == digest and signed == {digest}
