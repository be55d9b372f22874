"""Find customers within reach."""

from __future__ import annotations

from django.db.models import QuerySet

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.privacy.rules import normal_phone, normal_text
from aftercare.privacy.services import blind_index
from aftercare.refusals import NotFound

from .models import Customer, Link


def customers_for(actor: Actor) -> QuerySet[Customer]:
    """Give the customers of the units within reach."""
    require(actor, "read_request")
    found = Customer.objects.all()
    return found if actor.units is None else found.filter(unit_id__in=actor.units)


def customer_for(actor: Actor, customer_id: int) -> Customer:
    found = customers_for(actor).filter(id=customer_id).first()
    if found is None:
        raise NotFound()
    return found


def customers_by_phone(actor: Actor, phone: str) -> list[Customer]:
    """Find customers by whole phone number, or by its last four digits, through the blind index."""
    digits = normal_phone(phone)
    customers = customers_for(actor).order_by("-id")
    if len(digits) >= 7:
        return list(customers.filter(phone_index=blind_index(digits, purpose="phone"))[:10])
    if len(digits) == 4:
        return list(customers.filter(phone_tail_index=blind_index(digits, purpose="tail"))[:10])
    return []


def customers_by_name(actor: Actor, name: str) -> list[Customer]:
    """Find customers by full name (blind index) or by what is shown (`王*`)."""
    customers = customers_for(actor).order_by("-id")
    if name.endswith("*"):
        return list(customers.filter(name_masked=name)[:50])
    return list(customers.filter(name_index=blind_index(normal_text(name), purpose="name"))[:50])


def customer_by_id(customer_id: int) -> Customer:
    return Customer.objects.get(id=customer_id)


def is_verified(customer: Customer) -> bool:
    """Say whether somebody opened a link that went to this phone number and nowhere else."""
    return Link.objects.filter(
        customer__phone_index=customer.phone_index, sent=True, opened_at__isnull=False
    ).exists()
