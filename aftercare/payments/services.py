"""Open what is owed, send the customer to pay, and believe what the provider says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.ledger.models import Fact
from aftercare.ledger.services import move, next_number, record
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound
from aftercare.visits.models import Visit

from .models import Payment
from .providers import NotGenuine, NotReached, Told, Trade, provider, read_told

ASKED_AFTER = timedelta(minutes=2)
ASKED_EVERY = timedelta(minutes=5)
ASKED_FOR = timedelta(days=1)
ASKED_LAST = 3  # attempts: the first may have been paid though a second was begun
_log = structlog.get_logger()


def open_payment(visit: Visit, *, by: Actor, at: datetime) -> Payment | None:
    """Open what is owed for a tested visit, once; a new amount takes the place of one that nobody paid yet.

    None when nothing is owed or nobody can pay online here.
    """
    payment = Payment.objects.select_for_update().filter(visit=visit).first()
    if payment is None:
        if not visit.quote_fen or provider() is None:
            return None
        payment = Payment(
            visit=visit, order=visit.order, unit_id=visit.unit_id, state="open", state_since=at, amount_fen=visit.quote_fen,
            opened_at=at,
        )  # fmt: skip
        prefixed = policy_for(visit.unit_id).pack.pack.number_with_prefix
        payment.number = next_number("PM", at=at, zone=zone_of(visit.unit_id), with_prefix=prefixed)
        payment.save(force_insert=True)
        record("payment.opened", payment, by=by, at=at)
    elif payment.state == "paid":
        if visit.quote_fen != payment.paid_fen:
            _doubt(payment, "amount", by=by, at=at)
    elif not visit.quote_fen:
        drop_payment(payment, by=by, at=at, because="free")
    elif payment.state == "dropped":
        move(payment, "open", by=by, at=at, amount_fen=visit.quote_fen, fact="payment.opened")
    elif payment.amount_fen != visit.quote_fen:
        before, payment.amount_fen = payment.amount_fen, visit.quote_fen
        Payment.objects.filter(pk=payment.pk).update(amount_fen=visit.quote_fen, revision=F("revision") + 1)
        record("payment.changed", payment, by=by, at=at, values={"before": before})
    return payment


def begin_payment(payment: Payment, *, returns_to: str, by: Actor, at: datetime) -> str:
    """Begin an attempt to pay and give the address where it is done; `returns_to` is where the customer comes back to.

    Anybody who has a link of the case may pay. The provider is asked outside of any transaction.
    """
    way = provider()
    if way is None:
        raise Conflict(_("nobody can pay online here; please pay the engineer"), where="payment", code="no_provider")  # fmt: skip
    with transaction.atomic():
        payment = Payment.objects.select_for_update(of=("self",)).select_related("order").get(pk=payment.pk)
        if payment.state != "open":
            raise Conflict(_("there is nothing to pay at present"), where="payment", code="nothing_to_pay")
        payment.attempts, payment.provider, payment.begun_at = payment.attempts + 1, way.code, at
        payment.save(update_fields=["attempts", "provider", "begun_at"])
        record("payment.begun", payment, by=by, at=at, values={"attempt": payment.attempts})
    trade = Trade(
        number=payment.trade, amount_fen=payment.amount_fen, subject=f"{_('After-sales service')} {payment.order.number}",
        returns_to=returns_to, tells=f"{settings.PUBLIC_URL}/payments/told",
    )  # fmt: skip
    try:
        return way.begin(trade)
    except NotReached as problem:
        _log.warning("payment_provider_not_reached", payment=payment.number, problem=str(problem))
        raise Conflict(
            _("the payment service can't be reached"), where="payment", code="provider_away",
            expected=_("try again in a minute, or pay the engineer"),
        ) from problem  # fmt: skip


def hear_payment(headers: Mapping[str, str], body: bytes, *, at: datetime) -> None:
    """Believe what a provider tells, once it is shown to be the provider; told again, nothing happens again."""
    try:
        told = read_told(headers, body)
    except NotGenuine as problem:
        _log.warning("payment_not_genuine", problem=str(problem))
        raise Forbidden(_("this was not signed by the payment service")) from problem
    _believe(told, at=at)


def ask_payments(*, at: datetime) -> int:
    """Ask the provider about payments that somebody set out to make and nothing was heard of; give how many were heard."""
    way = provider()
    if way is None:
        return 0
    waiting = Payment.objects.filter(state="open", begun_at__lt=at - ASKED_AFTER, begun_at__gt=at - ASKED_FOR)
    rows = list(waiting.exclude(looked_at__gt=at - ASKED_EVERY).order_by("begun_at")[:50])
    Payment.objects.filter(pk__in=[row.pk for row in rows]).update(looked_at=at)
    heard = 0
    for payment in rows:
        try:
            answers = [way.ask(trade) for trade in payment.trades(ASKED_LAST)]
        except NotReached as problem:
            _log.warning("payment_provider_not_reached", payment=payment.number, problem=str(problem))
            return heard
        paid = [told for told in answers if told is not None and told.state == "paid"]
        for told in paid:
            _believe(told, at=at)
        heard += bool(paid)
    return heard


def settle_payment(visit: Visit, *, by: Actor, at: datetime) -> None:
    """Note how a finished visit was paid: at the door, or online, in which case the customer is asked if they have not yet."""
    payment = Payment.objects.select_for_update().filter(visit=visit).first()
    if payment is None:
        return
    if visit.paid_by == "online":
        if payment.state == "open":
            record("payment.asked", payment, by=by, at=at)
    elif payment.state == "open":
        move(payment, "settled", by=by, at=at, because=visit.paid_by, paid_fen=visit.quote_fen, begun_at=None)
    elif payment.state == "paid":
        _doubt(payment, "twice", by=by, at=at)


def drop_payment(payment: Payment, *, by: Actor, at: datetime, because: str) -> None:
    """Let go of what nobody owes any more; money that came already is doubted instead."""
    if payment.state == "open":
        move(payment, "dropped", by=by, at=at, because=because, begun_at=None)
    elif payment.state == "paid":
        _doubt(payment, "nothing", by=by, at=at)


def drop_for_visit(visit_id: int, *, by: Actor, at: datetime) -> None:
    """Let go of what was owed for a visit that was broken off."""
    payment = Payment.objects.select_for_update().filter(visit_id=visit_id).first()
    if payment is not None:
        drop_payment(payment, by=by, at=at, because="abandoned")


def clear_doubt(payment: Payment, *, by: Actor, at: datetime, because: str) -> None:
    """Note what a person found and did about a payment that was doubted, such as money given back."""
    require(by, "clear_payment", unit_id=payment.unit_id, reach=True)
    if len(because.strip()) < 4:
        raise Invalid(_("say what was found and done"), where="because", expected=_("a reason, which is recorded"))  # fmt: skip
    with transaction.atomic():
        if not Payment.objects.filter(pk=payment.pk, doubt=payment.doubt).exclude(doubt="").update(doubt=""):
            raise Conflict(_("somebody else has looked at this"), where="doubt", code="cleared")
        record("payment.cleared", payment, by=by, at=at, because=because.strip()[:400], values={"doubt": payment.doubt})  # fmt: skip


def _believe(told: Told, *, at: datetime) -> None:
    number, _dot, attempt = told.number.rpartition(".")
    with transaction.atomic():
        payment = Payment.objects.select_for_update().filter(number=number).first()
        if payment is None or not attempt.isdecimal() or not 0 < int(attempt[:9]) <= payment.attempts:
            raise NotFound(_("no such payment"))
        if told.state == "open" or (payment.state == "paid" and payment.reference == told.reference):
            return
        values = {"reference": told.reference, "attempt": int(attempt), "told_fen": told.amount_fen}
        if told.state == "failed":
            if payment.state == "open" and int(attempt) == payment.attempts and payment.begun_at is not None:
                Payment.objects.filter(pk=payment.pk).update(begun_at=None)
                record("payment.failed", payment, by=MACHINE, at=at, values=values)
        elif payment.state == "paid":
            if not _was_told(payment, told.reference):
                _doubt(payment, "twice", by=MACHINE, at=at, values=values)
        else:
            doubt = "twice" if payment.state == "settled" else "nothing" if payment.state == "dropped" else ""
            doubt = doubt or ("amount" if told.amount_fen != payment.amount_fen else "")
            move(
                payment, "paid", by=MACHINE, at=at, paid_fen=told.amount_fen, paid_at=at, reference=told.reference,
                doubt=doubt or payment.doubt, values=values,
            )  # fmt: skip
            if doubt:
                record("payment.doubted", payment, by=MACHINE, at=at, values={"doubt": doubt})


def _was_told(payment: Payment, reference: str) -> bool:
    return Fact.objects.filter(
        name="payment.doubted", subject_kind="payment", subject_id=payment.pk, values__reference=reference
    ).exists()


def _doubt(payment: Payment, why: str, *, by: Actor, at: datetime, values: Mapping[str, object] | None = None) -> None:  # fmt: skip
    Payment.objects.filter(pk=payment.pk).update(doubt=why)
    payment.doubt = why
    record("payment.doubted", payment, by=by, at=at, values={"doubt": why, **(values or {})})
