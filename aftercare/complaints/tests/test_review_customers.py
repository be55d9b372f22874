"""Signs that somebody is not content, found as it happens, looked at once, and decided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from aftercare.complaints.models import OrderEvent, Review
from aftercare.complaints.rules import Done, counts_of, signs_in
from aftercare.complaints.selectors import reviews_for
from aftercare.complaints.services import dismiss_review, note_order_event, raise_complaint, review_customers
from aftercare.intake.models import Request
from aftercare.intake.services import cancel_request, note_request
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.people.services import create_client
from aftercare.policies.rules import load_pack
from aftercare.refusals import Conflict, Invalid
from tests.cast import MORNING, WANG

SIGNS = load_pack("retail")[1].complaints.signs


def later(hours):
    return MORNING + timedelta(hours=hours)


def done(kind="repair", state="open", serial="", hours=0, ended=None, heard=0):
    return Done(kind, state, serial, later(hours), None if ended is None else later(ended), heard)


@pytest.mark.parametrize(
    ("requests", "events", "signs"),
    [
        ([done()], [], []),
        ([done(state="cancelled", ended=30)], [], ["gave_up"]),
        ([done(state="cancelled", ended=2)], [], []),
        ([done(heard=3)], [], ["many_contacts"]),
        ([done(serial="S1"), done(serial="S1", hours=5), done(serial="S1", hours=9)], [], ["came_back"]),
        ([done(serial="S1"), done(serial="S2"), done(serial="S3")], [], []),
        ([], ["refund"], ["refund"]),
        ([], ["cancel"], []),
        ([], ["cancel", "cancel"], ["order_cancelled"]),
        ([], ["non_renewal"], ["not_renewed"]),
        ([done(kind="complaint"), done(state="cancelled", ended=30)], ["refund"], []),
    ],
)
def test_which_doings_are_signs(requests, events, signs):
    assert signs_in(counts_of(requests, events), SIGNS) == signs


@pytest.fixture
def gave_up(cast):
    request = cast.request()
    cancel_request(request, by=cast.actor("li"), at=later(30), because="等太久了，不修了")
    deliver_until_idle(at=later(30))
    return request


@pytest.mark.django_db
def test_who_gives_up_waiting_is_looked_at_once(cast, gave_up):
    row = Review.objects.get()
    assert (row.signs, row.counts["waited_hours"], row.state) == (["gave_up"], 30, "open")
    assert review_customers([gave_up.customer_id], at=later(31)) == 0
    assert list(reviews_for(cast.actor("li"))) == [row]
    assert not reviews_for(cast.actor("tang")).exists(), "another store's customer"


@pytest.mark.django_db
def test_messages_on_a_request_count(cast):
    request = cast.request()
    for n in range(3):
        note_request(request, by=cast.actor("li"), at=later(n + 1), text="还没人来吗", kind="in")
    deliver_until_idle(at=later(4))
    assert Review.objects.get().signs == ["many_contacts"]


@pytest.mark.django_db
def test_it_becomes_a_complaint_with_the_customers_words(cast, gave_up):
    row = Review.objects.get()
    with pytest.raises(Invalid):
        raise_complaint(row, "", by=cast.actor("li"), at=later(40))
    made = raise_complaint(
        row, "等了两天没有人联系，只好自己找人修了，很失望", by=cast.actor("li"), at=later(40)
    )
    row.refresh_from_db()
    assert (made.kind, made.customer_id, row.state, row.request_id) == (
        "complaint",
        gave_up.customer_id,
        "raised",
        made.pk,
    )
    assert made.remark
    with pytest.raises(Conflict):
        dismiss_review(row, by=cast.actor("li"), at=later(41), because="不是")
    deliver_until_idle(at=later(42))
    assert Review.objects.count() == 1, "who complained is not looked at for signs"


@pytest.mark.django_db
def test_dismissed_it_stays_quiet_for_the_packs_span(cast, gave_up):
    row = Review.objects.get()
    with pytest.raises(Invalid):
        dismiss_review(row, by=cast.actor("li"), at=later(40), because="")
    dismiss_review(row, by=cast.actor("li"), at=later(40), because="顾客自己买了新机")
    assert review_customers([gave_up.customer_id], at=later(50)) == 0


@pytest.mark.django_db
def test_what_a_shop_tells_is_kept_once_and_looked_at(cast):
    request = cast.request()
    for _time in range(2):
        note_order_event(
            ref="r-1",
            kind="refund",
            happened_at=later(1),
            phone=WANG[1],
            unit_id=cast.store.pk,
            by=cast.actor("boss"),
            at=later(1),
        )
    assert OrderEvent.objects.get().customer_id == request.customer_id
    assert Fact.objects.filter(name="order_event.told").count() == 1
    deliver_until_idle(at=later(2))
    assert Review.objects.get().signs == ["refund"]
    for wrong in ({"kind": "explosion"}, {"ref": ""}, {"happened_at": later(9)}):
        with pytest.raises(Invalid):
            note_order_event(**{
                "ref": "r-2", "kind": "refund", "happened_at": later(1), "unit_id": cast.store.pk, "by": cast.actor("boss"), "at": later(1),
            } | wrong)  # fmt: skip


@pytest.mark.django_db
def test_an_unknown_customer_is_kept_and_nobody_is_looked_at(cast):
    note_order_event(
        ref="r-9",
        kind="refund",
        happened_at=MORNING,
        phone="13900000000",
        unit_id=cast.store.pk,
        by=cast.actor("boss"),
        at=MORNING,
    )
    deliver_until_idle(at=later(1))
    assert OrderEvent.objects.get().customer_id is None
    assert not Review.objects.exists()


@pytest.mark.django_db
def test_the_page_and_the_api(cast_now, signed_in):
    at = cast_now.at
    request = cast_now.request(at=at)
    _row, key = create_client(
        name="shop", unit=cast_now.root, verbs=["note_order", "read_request"], by=MACHINE, at=at
    )
    told = Client().post(
        "/api/v1/order-events", {"ref": "a", "kind": "refund", "at": at.isoformat(), "phone": WANG[1], "unit_id": cast_now.store.pk},
        content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {key}",
    )  # fmt: skip
    assert told.json()["customer_known"] is True
    deliver_until_idle(at=at)
    client, row = signed_in("li"), Review.objects.get()
    page = client.get("/reviews").content.decode()
    assert request.number in page
    refused = client.post(f"/reviews/{row.pk}", {"act": "raise", "words": "差"})
    assert refused.status_code == 422 and "差" in refused.content.decode()
    made = client.post(f"/reviews/{row.pk}", {"act": "raise", "words": "退款是因为等了三天都没有人来修"})
    assert made.url == f"/requests/{Request.objects.get(kind='complaint').number}"
