"""A request is received whole or not at all, and nothing of another unit can be reached through it."""

from __future__ import annotations

import pytest

from aftercare.customers.models import Customer
from aftercare.intake.models import Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.selectors import earlier_faults, possible_duplicates, request_for
from aftercare.intake.services import (
    answer_request,
    change_urgency,
    edit_request,
    note_request,
    receive_from_customer,
)
from aftercare.intake.services.receiving import receive_request
from aftercare.ledger.models import Fact
from aftercare.people.rules import customer_actor
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound, Stale
from tests.cast import MORNING, NOISE, WANG


def test_every_field_of_the_form_is_kept(cast):
    request = cast.request(
        serial="HF35230815009", emotion="anxious", remark="老人在家", customer_id=cast.wang.pk
    )
    assert request.number == "CR20240520-001"
    assert (request.customer_id, request.owner.number, request.group) == (
        cast.wang.pk,
        "KF2024001",
        "cooling",
    )
    assert (request.urgency, request.urgency_reason["rule"]) == ("urgent", "urgency.core_lost")
    assert (request.emotion, request.address_masked) == ("anxious", "南屿市澄湖区槐荫街***")
    fact = Fact.objects.get(name="request.received")
    assert (fact.case_id, fact.values["service_type"], fact.policy_id) == (
        request.pk,
        "visit",
        request.policy_id,
    )


def test_the_same_phone_and_name_is_the_same_customer(cast):
    assert cast.request().customer_id == cast.wang.pk
    assert cast.request(name="别人", phone="13700000000").customer_id != cast.wang.pk
    assert Customer.objects.count() == 2


def test_all_problems_come_at_once_and_nothing_is_stored(cast):
    with pytest.raises(Invalid) as refusal:
        cast.request(description="坏了", phone="123", serial="!", kind="wish")
    assert {p.where for p in refusal.value.problems} == {"description", "phone", "serial", "kind"}
    assert not Request.objects.exists()


def test_the_same_reference_again_gives_the_first_one_back(cast):
    assert cast.request(external_ref="shop-1").pk == cast.request(external_ref="shop-1").pk


def test_another_units_customer_or_unit_looks_missing(cast):
    stranger = cast.actor("tang")
    form = RequestForm(kind="repair", description=NOISE, channels=("phone",), customer_id=cast.wang.pk)
    with pytest.raises(NotFound):
        receive_request(form, by=stranger, at=MORNING)
    with pytest.raises(NotFound):
        receive_request(
            RequestForm(kind="repair", description=NOISE, channels=("phone",), unit_id=cast.store.pk),
            by=stranger,
            at=MORNING,
        )
    with pytest.raises(NotFound):
        request_for(stranger, cast.request().number)


def test_an_engineer_does_not_receive(cast):
    with pytest.raises(Forbidden):
        receive_request(
            RequestForm(kind="repair", description=NOISE, channels=("phone",)),
            by=cast.actor("zhou"),
            at=MORNING,
        )


def test_a_customer_cannot_name_rows_of_ours(cast):
    who = customer_actor(cast.wang.pk, "王*")
    form = RequestForm(
        kind="repair",
        description=NOISE,
        channels=("qr",),
        name=WANG[0],
        phone=WANG[1],
        customer_id=cast.wang.pk,
    )
    with pytest.raises(Invalid):
        receive_from_customer(form, unit_id=cast.store.pk, item=None, by=who, at=MORNING)


def test_earlier_faults_and_duplicates_are_seen(cast):
    first = cast.request()
    again = cast.request(description="空调不出冷风，外机嗡嗡响，重启过没用")
    assert [f.pk for f in earlier_faults(again, customer_id=again.customer_id)] == [first.pk]
    found = possible_duplicates(customer_id=cast.wang.pk, serial="", description=NOISE, at=MORNING)
    assert (found[0][0].pk, found[0][1]) == (first.pk, 100)


def test_an_answer_ends_an_inquiry_and_notes_stay_internal(cast):
    request = cast.request(kind="inquiry", description="想问一下滤网多久洗一次比较好")
    note_request(request, by=cast.actor("li"), at=MORNING, text="老客户，客气点")
    answer_request(request, by=cast.actor("li"), at=MORNING, answer="三个月一次，先断电")
    request.refresh_from_db()
    assert (request.state, request.planned_at) == ("answered", MORNING)
    with pytest.raises(Conflict):
        answer_request(request, by=cast.actor("li"), at=MORNING, answer="再说一次")


def test_overruling_needs_a_reason_and_leaves_a_fact(cast):
    request = cast.request()
    with pytest.raises(Invalid):
        change_urgency(request, "normal", by=cast.actor("li"), at=MORNING, because=" ")
    change_urgency(request, "normal", by=cast.actor("li"), at=MORNING, because="客户说不急")
    assert Fact.objects.get(name="request.urgency_changed").values["before"] == "urgent"


def test_a_stale_save_shows_what_the_other_changed(cast):
    request = cast.request()
    edit_request(request, {"serial": "HF35230815111"}, by=cast.actor("li"), at=MORNING, revision=1)
    with pytest.raises(Stale) as refusal:
        edit_request(request, {"serial": "HF35230815222"}, by=cast.actor("zheng"), at=MORNING, revision=1)
    assert "HF35230815111" in refusal.value.problems[0].what
