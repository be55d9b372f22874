"""A reading is kept with its request, confirmed or corrected, and learned from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aftercare.intake.models import ReadingCheck, Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.selectors import reading_record
from aftercare.intake.services import check_reading, receive_request, train_reader
from aftercare.ledger.models import Fact
from aftercare.refusals import Conflict, Invalid, NotFound

AT = datetime(2026, 7, 15, 3, tzinfo=UTC)


def received(cast, text="空调开了半天不制冷，外机哗啦响", kind="repair"):
    form = RequestForm(name="王芳", phone="13900000011", kind=kind, channels=("phone",), description=text)
    return receive_request(form, by=cast.actor("li"), at=AT)


def test_a_request_keeps_how_it_was_read(cast):
    request = received(cast)
    fields = request.reading["fields"]
    assert request.category == fields["category"]["value"] == "aircon"
    assert fields["kind"]["by"] == "given"
    assert "summer_cooling" in request.reading["follows"]
    assert Fact.objects.get(name="request.received").values["follows"] == request.reading["follows"]


def test_confirming_and_correcting_leave_one_fact(cast):
    request = received(cast)
    assert (
        check_reading(
            request, {"category": "fridge", "component": "refrigeration"}, by=cast.actor("li"), at=AT
        )
        == 1
    )
    request.refresh_from_db()
    assert (request.category, request.group) == ("fridge", "cooling")
    fact = Fact.objects.get(name="request.reading_checked")
    assert fact.values["corrected"] == {"category": ["aircon", "fridge"]}
    assert fact.values["right"] == ["component"]
    check = ReadingCheck.objects.get(field="category")
    assert (check.read, check.right, check.is_right) == ("aircon", "fridge", False)


def test_the_same_again_changes_nothing(cast):
    request = received(cast)
    for _n in range(2):
        check_reading(request, {"category": "fridge"}, by=cast.actor("li"), at=AT)
    assert Fact.objects.filter(name="request.reading_checked").count() == 1
    check_reading(request, {"category": "aircon"}, by=cast.actor("li"), at=AT)
    assert ReadingCheck.objects.get(field="category").is_right


@pytest.mark.parametrize(
    ("values", "where"), [({"mood": "x"}, "mood"), ({"category": "spaceship"}, "category")]
)
def test_what_the_pack_does_not_have_is_refused(cast, values, where):
    with pytest.raises(Invalid) as refusal:
        check_reading(received(cast), values, by=cast.actor("li"), at=AT)
    assert refusal.value.problems[0].where == where


def test_the_kind_stays_under_a_work_order(cast):
    order = cast.order()
    with pytest.raises(Conflict):
        check_reading(
            Request.objects.get(pk=order.request_id), {"kind": "complaint"}, by=cast.actor("li"), at=AT
        )


def test_out_of_reach_looks_missing(cast):
    with pytest.raises(NotFound):
        check_reading(received(cast), {"category": "fridge"}, by=cast.actor("tang"), at=AT)


def test_checks_are_counted_and_learned_from(cast):
    for n in range(24):
        check_reading(
            received(cast, f"空调不制冷，第{n}次来电说明"),
            {"category": "aircon", "emotion": "anxious"},
            by=cast.actor("li"),
            at=AT,
        )
        check_reading(
            received(cast, f"电视黑屏没有图像，第{n}次"),
            {"category": "tv", "emotion": "calm"},
            by=cast.actor("li"),
            at=AT,
        )
    record = reading_record(cast.actor("boss"), at=AT)
    assert record.fields["category"].right_percent == 100
    assert record.fields["emotion"].right_percent == 50
    assert (record.confused[0].field, record.confused[0].count) == ("emotion", 24)
    model = train_reader(by=cast.actor("boss"), at=AT)
    assert model.trained_on == 48
    assert model.fields["emotion"]["new"]["accuracy"] > model.fields["emotion"]["before"]["accuracy"]
