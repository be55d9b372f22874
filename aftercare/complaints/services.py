"""Keep what shops tell of orders, open reviews, and decide on them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.customers.models import Customer
from aftercare.customers.selectors import customers_by_phone
from aftercare.intake.models import Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import receive_request
from aftercare.ledger.services import move, record
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import item_of
from aftercare.refusals import Invalid

from .models import OrderEvent, Review
from .rules import counts_of, signs_in
from .selectors import done_by
from .states import OrderEventKind


def note_order_event(
    *,
    ref: str,
    kind: str,
    happened_at: datetime,
    order_number: str = "",
    phone: str = "",
    unit_id: int,
    by: Actor,
    at: datetime,
) -> OrderEvent:
    """Keep what a shop tells of an order; the same reference again changes nothing.

    The customer is found by the order's number or the phone; one that is not known is kept without. Refuses an unknown kind,
    an empty reference and an instant in the future.
    """
    require(by, "note_order", unit_id=unit_id, reach=True)
    if kind not in OrderEventKind.values:
        raise Invalid(_("unknown kind of event"), where="kind", expected=", ".join(OrderEventKind.values))
    if not 1 <= len(ref.strip()) <= 80:
        raise Invalid(
            _("the reference is missing or too long"),
            where="ref",
            expected=_("1 to 80 characters, yours, once for each event"),
        )
    if happened_at > at + timedelta(minutes=5):
        raise Invalid(_("this lies in the future"), where="at", expected=_("an instant of the past"))
    known = OrderEvent.objects.filter(client=by.name, ref=ref.strip()).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            row = OrderEvent.objects.create(
                client=by.name, ref=ref.strip(), kind=kind, order_number=order_number.strip()[:40], unit_id=unit_id, at=happened_at,
                customer_id=_customer_of(order_number, phone, by),
            )  # fmt: skip
            record(
                "order_event.told",
                row,
                by=by,
                at=happened_at,
                values={"kind": kind, "customer": row.customer_id},
            )
    except IntegrityError:  # told twice at the same instant
        return OrderEvent.objects.get(client=by.name, ref=ref.strip())
    return row


def review_customers(customer_ids: Collection[int], *, at: datetime) -> int:
    """Open a review for each of these customers whose doings are signs by the pack; give how many are new.

    One at a time for a customer, and none again within the pack's span of the last.
    """
    if not customer_ids:
        return 0
    customers = Customer.objects.in_bulk(list(customer_ids))
    new = 0
    for unit_id in {customer.unit_id for customer in customers.values()}:
        policy = policy_for(unit_id)
        rule = policy.pack.complaints
        since = at - timedelta(seconds=rule.within)
        ids = [pk for pk, customer in customers.items() if customer.unit_id == unit_id]
        quiet = set(
            Review.objects.filter(customer_id__in=ids)
            .exclude(state__in=["raised", "dismissed"], found_at__lt=since)
            .values_list("customer_id", flat=True)
        )
        for customer_id, (requests, events) in done_by(set(ids) - quiet, since=since).items():
            counts = counts_of(requests, events)
            signs = signs_in(counts, rule.signs)
            if not signs:
                continue
            with transaction.atomic():
                row, is_new = Review.objects.get_or_create(
                    customer_id=customer_id, state="open",
                    defaults={"unit_id": unit_id, "signs": signs, "counts": counts, "found_at": at, "state_since": at, "policy_id": policy.id},
                )  # fmt: skip
                if is_new:
                    record("review.opened", row, by=MACHINE, at=at)
                    new += 1
    return new


def raise_complaint(row: Review, words: str, *, by: Actor, at: datetime) -> Request:
    """Make a review a complaint, with what the customer said when they were asked; it runs like any other."""
    require(by, "decide_review", unit_id=row.unit_id, reach=True)
    titles = [sign_title(row, code) for code in row.signs]
    with transaction.atomic():
        request = receive_request(
            RequestForm(
                kind="complaint", description=words.strip(), channels=("phone",), customer_id=row.customer_id, unit_id=row.unit_id,
                remark=_("Found by its signs: %(signs)s") % {"signs": "、".join(titles)},
            ), by=by, at=at,
        )  # fmt: skip
        move(row, "raised", by=by, at=at, values={"request": request.number}, request_id=request.pk)
    return request


def dismiss_review(row: Review, *, by: Actor, at: datetime, because: str) -> None:
    """Say why the signs are no complaint."""
    require(by, "decide_review", unit_id=row.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    move(row, "dismissed", by=by, at=at, because=because.strip())


def sign_title(row: Review, code: str) -> str:
    """Give what a sign is called by the policy in force; its code where the pack no longer knows it."""
    found = next((sign for sign in policy_for(row.unit_id).pack.complaints.signs if sign.code == code), None)
    return found.title[get_language() or "zh"] if found else code


def _customer_of(order_number: str, phone: str, by: Actor) -> int | None:
    item = item_of(order_number) if order_number.strip() else None
    if item is not None and by.reaches(item.customer.unit_id):
        return int(item.customer_id)
    found = customers_by_phone(by, phone) if len(phone.strip()) >= 7 and by.can("read_request") else []
    return int(found[0].pk) if len(found) == 1 else None
