"""Grade complaints (M35, M38), and move cases to the level that decides them (M42)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.ledger.services import move, record
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid

from ..models import Authority, Grade
from ..rules import class_of, grade_of, who_decides
from ..selectors import complaints_like
from ..states import LEVELS

MOST_FEN = 2_000_000_000


def appraise_complaints(requests: Iterable[Request], *, at: datetime) -> None:
    """Grade complaints that came in, and see which level decides them; several customers with one cause are suggested."""
    for request in requests:
        governance = policy_for(request.unit_id).pack.governance
        case = _case(request)
        with transaction.atomic():
            grade, made = Grade.objects.get_or_create(
                request=request,
                defaults={
                    "unit_id": request.unit_id, "state": grade_of(governance, case), "state_since": at,
                    "klass": class_of(governance, case),
                },
            )  # fmt: skip
            if made:
                grade.request = request
                record(f"grade.{grade.state}", grade, by=MACHINE, at=at)
                _order_rectification(grade, at=at)
        alike = complaints_like(request, within=governance.group_within, alike=governance.group_alike)
        customers = {row.customer_id for row in alike if row.customer_id} | {request.customer_id}
        group = sorted(row.number for row in alike)[:20]
        _weigh(request, by=MACHINE, at=at, group=group, customers=len(customers))


def change_grade(request: Request, to: str, *, by: Actor, at: datetime, because: str) -> None:
    """Give a complaint another grade, for a reason; its clocks follow."""
    require(by, "grade_complaint", unit_id=request.unit_id, reach=True)
    reason = _reason(because)
    grade = Grade.objects.select_related("request").filter(request=request).first()
    if grade is None:
        raise Conflict(_("only complaints have a grade"), where="grade")
    if to not in Grade.MOVES:
        raise Invalid(_("unknown grade"), where="grade", expected=", ".join(Grade.MOVES))
    _check_open(request)
    move(grade, to, by=by, at=at, because=reason, values={"grade": to, "before": grade.state})


def note_dispute(
    request: Request, *, amount_fen: int, reputation: bool, by: Actor, at: datetime
) -> Authority:
    """Note how much is at stake and whether the brand's name is; a rule of the pack may raise the case at once (M42)."""
    require(by, "raise_authority", unit_id=request.unit_id, reach=True)
    if not 0 <= amount_fen <= MOST_FEN:
        raise Invalid(_("this is not an amount"), where="amount", expected="0–20,000,000.00")
    _check_open(request)
    row = _weigh(request, by=by, at=at, amount_fen=amount_fen, reputation=reputation, keep=True)
    assert row is not None  # what is noted is kept
    return row


def raise_authority(request: Request, to: str, *, by: Actor, at: datetime, because: str) -> None:
    """Hand a case up to a higher level, for a reason."""
    require(by, "raise_authority", unit_id=request.unit_id, reach=True)
    reason = _reason(because)
    if to not in LEVELS[1:]:
        raise Invalid(_("unknown level"), where="level", expected=", ".join(LEVELS[1:]))
    _check_open(request)
    with transaction.atomic():
        row = _row(request, at)
        if LEVELS.index(to) <= LEVELS.index(row.state):
            raise Conflict(_("the case is at this level or above already"), where="level", code="not_higher")
        _move(row, to, by=by, at=at, because=reason)


def hand_back(request: Request, *, by: Actor, at: datetime, because: str) -> None:
    """Hand a case back to the level below, with what it should do."""
    require(by, "take_authority", unit_id=request.unit_id, reach=True)
    reason = _reason(because)
    _check_open(request)
    with transaction.atomic():
        row = _row(request, at)
        if row.state == LEVELS[0]:
            raise Conflict(_("there is no level below"), where="level")
        _move(row, LEVELS[LEVELS.index(row.state) - 1], by=by, at=at, because=reason)


def take_authority(request: Request, *, by: Actor, at: datetime) -> None:
    """Take over a case that was handed up; whoever takes it owns the request from now on."""
    require(by, "take_authority", unit_id=request.unit_id, reach=True)
    _check_open(request)
    with transaction.atomic():
        row = _row(request, at)
        if row.state == LEVELS[0]:
            raise Conflict(_("the case was not handed up"), where="level")
        if not Authority.objects.filter(pk=row.pk, taken_by=None).update(taken_by_id=by.id, taken_at=at):
            raise Conflict(_("somebody has taken it over already"), where="taken_by", code="taken_already")
        Request.objects.filter(pk=request.pk).update(owner_id=by.id)
        record("authority.taken", row, by=by, at=at, values={"holder": by.id})


def _weigh(
    request: Request, *, by: Actor, at: datetime, amount_fen: int | None = None, reputation: bool | None = None,
    group: list[str] | None = None, customers: int = 0, keep: bool = False,
) -> Authority | None:  # fmt: skip
    """See by the pack's rules which level decides: raise the case, or keep the suggestion; nothing to say leaves no row."""
    governance = policy_for(request.unit_id).pack.governance
    with transaction.atomic():
        known = Authority.objects.select_for_update(of=("self",)).filter(request=request).first()
        amount = amount_fen if amount_fen is not None else known.amount_fen if known else 0
        name = reputation if reputation is not None else bool(known and known.reputation)
        case = {**_case(request), "amount_fen": amount, "reputation": name, "group": customers}
        decides = who_decides(governance, case)
        higher = LEVELS.index(decides.level) > LEVELS.index(known.state if known else "store")
        if known is None and not keep and not higher:
            return None
        row = known or _row(request, at)
        row.amount_fen, row.reputation, row.group = amount, name, group if group is not None else row.group
        if higher and decides.only_suggested:
            row.suggested = decides.level
        elif group is not None:  # whether there is a group was looked at, and nothing speaks for it
            row.suggested = ""
        row.because = decides.reason[:200] if higher else row.because
        row.save(update_fields=["amount_fen", "reputation", "group", "suggested", "because"])
        row.request = request
        if keep:
            record("authority.noted", row, by=by, at=at, values={"reputation": name})
        if higher and decides.only_suggested:
            record("authority.suggested", row, by=MACHINE, at=at, because=decides.reason, values={
                "suggested": decides.level, "customers": customers, "group": row.group,
            })  # fmt: skip
        elif higher:
            _move(row, decides.level, by=by, at=at, because=decides.reason)
        return row


def _row(request: Request, at: datetime) -> Authority:
    row, _made = Authority.objects.select_for_update(of=("self",)).get_or_create(
        request=request, defaults={"unit_id": request.unit_id, "state": "store", "state_since": at}
    )
    row.request = request
    return row


def _move(row: Authority, to: str, *, by: Actor, at: datetime, because: str) -> None:
    values = {"level": to, "before": row.state}
    move(
        row,
        to,
        by=by,
        at=at,
        because=because[:200],
        values=values,
        taken_by_id=None,
        taken_at=None,
        suggested="",
    )


def _order_rectification(grade: Grade, *, at: datetime) -> None:
    """Tell the ERP, by a fact it is sent, that a complaint of this class needs a rectification order (M38)."""
    classes = policy_for(grade.unit_id).pack.governance.complaint_classes
    if any(row.code == grade.klass and row.rectify for row in classes):
        record("rectification.ordered", grade, by=MACHINE, at=at)


def _case(request: Request) -> dict[str, Any]:
    return {
        "kind": request.kind, "urgency": request.urgency, "category": request.category, "amount_fen": 0, "group": 0,
        "reputation": False,
    }  # fmt: skip


def _check_open(request: Request) -> None:
    if request.state != "open":
        raise Conflict(_("the request is no longer open"), where="state", expected="open")


def _reason(because: str) -> str:
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    return because.strip()[:200]
