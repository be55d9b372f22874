"""Customers who are forgotten by themselves: a policy's months after their last case ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet

from aftercare.customers.models import Customer
from aftercare.people.models import Unit
from aftercare.people.rules import MACHINE
from aftercare.policies.selectors import policy_for
from aftercare.products.rules import months_later
from aftercare.refusals import Conflict

from ..models import Request
from .forgetting import forget_customer

AT_ONCE = 200  # customers a run
_log = structlog.get_logger()


def customers_due(unit_ids: Collection[int], *, months: int, at: datetime) -> QuerySet[Customer]:
    """Give the customers of these units whose last case was received and ended more than `months` ago; none in progress."""
    since = months_later(at.date(), -months)
    recent = Request.objects.filter(
        Q(state="open") | Q(received_at__date__gte=since) | Q(state_since__date__gte=since),
        customer=OuterRef("pk"),
    )
    rows = Customer.objects.filter(unit_id__in=unit_ids, created_at__date__lt=since).exclude(phone_index=b"")
    return rows.filter(~Exists(recent)).order_by("pk")


def forget_old_customers(*, at: datetime) -> int:
    """Forget those whose time is over, some at a run, each in a transaction of its own; give how many."""
    by_months: dict[int, list[int]] = {}
    for unit_id in Unit.objects.values_list("pk", flat=True):
        months = policy_for(unit_id).pack.retention.customers_after_months
        if months:
            by_months.setdefault(months, []).append(unit_id)
    done = 0
    for months, units in by_months.items():
        for customer in customers_due(units, months=months, at=at)[: AT_ONCE - done]:
            try:
                forget_customer(customer, by=MACHINE, at=at, because=f"retention: {months} months")
                done += 1
            except Conflict as refusal:  # a case came in at this moment
                _log.info("customer_kept", customer=customer.pk, why=str(refusal.what))
    return done
