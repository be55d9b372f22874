"""Register customers; make, open and revoke their links."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.services import count_against_limit, require
from aftercare.policies.rules import Pack
from aftercare.privacy.rules import masked_address, masked_name, masked_phone, normal_phone, normal_text
from aftercare.privacy.services import blind_index
from aftercare.refusals import Conflict, NotFound, Problem

from .models import Customer, Link
from .rules import ACTS, DECIDING, acts_of, is_phone


def contact_problems(pack: Pack, *, name: str, phone: str) -> list[Problem]:
    """Say what is wrong with a name and a phone number as typed."""
    problems = []
    if not name.strip():
        problems.append(Problem("name", _("the name is missing"), _("how to address the customer")))
    elif len(name.strip()) > 40:
        problems.append(Problem("name", _("the name is too long"), _("at most 40 characters")))
    if not is_phone(normal_phone(phone), pack.forms.phone_pattern):
        problems.append(
            Problem("phone", _("this is not a phone number"), _("11 digits, such as 13812345678"))
        )
    return problems


def register_customer(
    *, name: str, phone: str, unit_id: int, by: Actor, at: datetime, email: str = "", address: str = "",
    lat: float | None = None, lon: float | None = None,
) -> Customer:  # fmt: skip
    """Find the customer of this phone and name, or add them.

    A new address is taken over, unless a stranger typed it: who knows a name and a phone number is not yet the customer.
    """
    digits = normal_phone(phone)
    index = blind_index(digits, purpose="phone")
    name_index = blind_index(normal_text(name), purpose="name")
    same = Customer.objects.filter(phone_index=index, name_index=name_index)[:1] if digits else ()
    known = next(iter(same), None)
    if known is None:
        known = Customer.objects.create(
            full_name=name.strip(), name_masked=masked_name(name), name_index=name_index, phone=digits,
            phone_masked=masked_phone(digits), phone_index=index,
            phone_tail_index=blind_index(digits[-4:], purpose="tail"), email=email.strip(), address=address.strip(),
            address_masked=masked_address(address.strip())[:200], lat=lat, lon=lon, unit_id=unit_id,
        )  # fmt: skip
        return known
    if by.kind != "customer" and address.strip() and address.strip() != known.address:
        known.address, known.address_masked = address.strip(), masked_address(address.strip())[:200]
        known.lat, known.lon = lat, lon
        known.save(update_fields=["address", "address_masked", "lat", "lon"])
    return known


def erase_customer(customer: Customer) -> None:
    """Overwrite who a customer was; the row stays, so that what was done for them is still done for somebody."""
    Customer.objects.filter(pk=customer.pk).update(
        full_name="", name_masked="—", name_index=b"", phone="", phone_masked="—", phone_index=b"", phone_tail_index=b"",
        email="", address="", address_masked="", lat=None, lon=None, preference="",
    )  # fmt: skip


def make_link(
    customer: Customer, *, case_id: int, purpose: str, lives_for: int, at: datetime, sent: bool = False
) -> str:
    """Make a link for one purpose and give its token, which is stored only as a hash."""
    link, token = new_link(customer, case_id=case_id, purpose=purpose, lives_for=lives_for, at=at, sent=sent)
    link.save()
    return token


def new_link(
    customer: Customer, *, case_id: int, purpose: str, lives_for: int, at: datetime, sent: bool
) -> tuple[Link, str]:
    """Give a link that is not stored yet, and its token, for those who store many at once."""
    if purpose not in ACTS:
        raise ValueError(f"no such purpose: {purpose}")
    token = secrets.token_urlsafe(24)
    link = Link(
        customer=customer, case_id=case_id, purpose=purpose, token_hash=_hashed(token), made_at=at, sent=sent,
        expires_at=at + timedelta(seconds=lives_for),
    )  # fmt: skip
    return link, token


def open_link(token: str, *, at: datetime, sender: str) -> Link:
    """Find the live link of a token. Wrong, expired and revoked ones look alike; wrong tries are limited by sender."""
    link = Link.objects.select_related("customer").filter(token_hash=_hashed(token)).first()
    if link is None or link.revoked_at or link.expires_at <= at:
        count_against_limit(f"link:{sender}", limit=30, per=600, at=at)
        raise NotFound(_("this link is no longer valid"))
    if link.opened_at is None:
        link.opened_at = at
        Link.objects.filter(pk=link.pk, opened_at=None).update(opened_at=at)
    return link


@contextmanager
def use_link(link: Link, act: str, *, at: datetime) -> Iterator[None]:
    """Let a link do one act, in one transaction with it: an act of its own purpose, and one that decides only once.

    A link that was used at the same moment elsewhere, or is for something else, is refused, and nothing is changed;
    when the act itself is refused, the link is unused again.
    """
    with transaction.atomic():
        fresh = Link.objects.select_for_update().get(pk=link.pk)
        if act not in acts_of(fresh.purpose, used=fresh.used_at is not None):
            raise Conflict(
                _("this link can't do that"), where="link", code="link_used",
                expected=_("a fresh link, which is sent to your phone when you ask for it"),
            )  # fmt: skip
        if act in DECIDING:
            Link.objects.filter(pk=link.pk).update(used_at=at)
        yield


def revoke_links(case_id: int, *, by: Actor = MACHINE, at: datetime) -> int:
    """Switch off every live link of a request."""
    require(by, "edit_request")
    return Link.objects.filter(case_id=case_id, revoked_at=None).update(revoked_at=at)


def check_phone_tail(link: Link, tail: str, *, at: datetime, tries: int) -> bool:
    """Check the second factor behind a link: the last four digits of the customer's phone; tries are limited."""
    count_against_limit(f"tail:{link.pk}", limit=tries, per=3600, at=at)
    return secrets.compare_digest(link.customer.phone[-4:].encode(), tail.strip().encode())


def note_preference(customer: Customer, preference: str, *, by: Actor, at: datetime) -> None:
    """Note how this customer wants to be reached."""
    require(by, "edit_request", unit_id=customer.unit_id, reach=True)
    customer.preference = preference.strip()[:80]
    customer.save(update_fields=["preference"])
    record("customer.preference_noted", customer, by=by, at=at)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
