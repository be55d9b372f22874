"""Customers whose last case ended long ago are forgotten by themselves where the policy says so, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.customers.models import Customer
from aftercare.intake.models import Request
from aftercare.intake.services import answer_request, customers_due, forget_old_customers
from aftercare.ledger.models import Fact
from aftercare.policies.models import PolicyVersion
from tests.cast import MORNING

YEARS = timedelta(days=3 * 366)


@pytest.fixture
def ended(cast):
    """A case that was answered, of a customer who is known since then."""
    request = cast.request(kind="inquiry", description="想问问清洗一次要多久，现在还能用")
    answer_request(request, by=cast.actor("li"), at=MORNING, answer="一般一小时左右，欢迎再来电")
    Customer.objects.update(created_at=MORNING)
    return Request.objects.get(pk=request.pk)


def keep_for(months: int) -> None:
    from aftercare.policies.selectors import policy_version

    for row in PolicyVersion.objects.all():
        row.content["retention"] = {"customers_after_months": months}
        row.save(update_fields=["content"])
    policy_version.cache_clear()


def test_nobody_is_forgotten_unless_the_policy_says_so(cast, ended):
    assert forget_old_customers(at=MORNING + 9 * YEARS) == 0


def test_forgotten_after_the_months_of_the_policy_and_not_a_day_before(cast, ended):
    keep_for(36)
    assert forget_old_customers(at=MORNING + timedelta(days=3 * 365 - 2)) == 0
    assert forget_old_customers(at=MORNING + YEARS) == 1
    ended.customer.refresh_from_db()
    assert (ended.customer.phone, ended.customer.name_masked) == ("", "—")
    assert "retention: 36" in Fact.objects.get(name="customer.erased").because
    assert forget_old_customers(at=MORNING + YEARS) == 0, "once"


def test_who_has_a_case_in_progress_or_a_later_one_is_kept(cast, ended):
    keep_for(36)
    later = cast.request(at=MORNING + timedelta(days=700), description="外机又响了，开机十分钟停一次")
    assert later.customer_id == ended.customer_id
    assert forget_old_customers(at=MORNING + 2 * YEARS) == 0, "in progress"
    Request.objects.filter(pk=later.pk).update(
        state="closed", state_since=MORNING + timedelta(days=710), closed_at=MORNING
    )
    assert forget_old_customers(at=MORNING + YEARS) == 0, "their last case counts"
    assert customers_due([cast.store.pk], months=36, at=MORNING + 2 * YEARS).count() == 1
    assert customers_due([cast.other_store.pk], months=36, at=MORNING + 2 * YEARS).count() == 0
    assert forget_old_customers(at=MORNING + 2 * YEARS) == 1
