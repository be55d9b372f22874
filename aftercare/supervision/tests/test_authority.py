"""Grades and levels of authority: by rule, by hand, with reasons, taken over, handed back (M35, M38, M42)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.policies.services import activate_pack
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.sla.models import Clock
from aftercare.supervision.models import Authority, Grade
from aftercare.supervision.selectors import raised_cases, store_share
from aftercare.supervision.services import (
    change_grade,
    hand_back,
    note_dispute,
    raise_authority,
    take_authority,
)
from tests.cast import MORNING
from tests.together import at_once

BAD = "空调装好两天就漏水，地板泡坏了，要求赔偿"


def complaint(cast, n: int = 0, **changes):
    values = {
        "kind": "complaint",
        "description": BAD,
        "phone": f"1381234567{n}",
        "name": f"王小{'一二三四五'[n]}",
    } | changes
    request = cast.request(**values)
    deliver_until_idle(at=changes.get("at", MORNING))
    request.refresh_from_db()
    return request


def test_a_complaint_is_graded_and_the_grade_moves_with_a_reason(cast):
    request = complaint(cast)
    grade = Grade.objects.get(request=request)
    assert grade.state in ("ordinary", "urgent")
    with pytest.raises(Invalid):
        change_grade(request, "crisis", by=cast.actor("li"), at=MORNING, because="")
    change_grade(request, "crisis", by=cast.actor("li"), at=MORNING, because="媒体已经在现场")
    grade.refresh_from_db()
    assert grade.state == "crisis"
    told = Fact.objects.get(name="grade.crisis")
    assert told.values["grade"] == "crisis" and told.because == "媒体已经在现场"
    with pytest.raises(Conflict):
        change_grade(cast.request(), "crisis", by=cast.actor("li"), at=MORNING, because="只是报修")


def test_food_safety_is_class_a_closed_in_two_hours_and_rectified(cast):
    activate_pack("retail", by=MACHINE, at=MORNING)
    request = complaint(
        cast, category="fresh_food", product_model="", description="牛肉有异味，孩子吃了拉肚子"
    )
    assert Grade.objects.get(request=request).klass == "a"
    clock = Clock.objects.get(case_id=request.pk, code="food_safety")
    assert (clock.due_at - clock.started_at) == timedelta(hours=2)
    assert Fact.objects.filter(name="rectification.ordered", case_id=request.pk).count() == 1


def test_the_clock_of_the_grade_follows_the_grade(cast):
    activate_pack("retail", by=MACHINE, at=MORNING)
    request = complaint(cast)
    before = Grade.objects.get(request=request).state
    change_grade(request, "crisis", by=cast.actor("li"), at=MORNING, because="扩散了")
    deliver_until_idle(at=MORNING)
    assert Clock.objects.get(case_id=request.pk, code=f"grade_{before}").state == "cancelled"
    clock = Clock.objects.get(case_id=request.pk, code="grade_crisis")
    assert (clock.state, clock.due_at - clock.started_at) == ("running", timedelta(hours=1))


def test_an_amount_above_the_limit_raises_the_case_at_once(cast):
    request = complaint(cast)
    by = cast.actor("li")
    assert note_dispute(request, amount_fen=50000, reputation=False, by=by, at=MORNING).state == "store"
    assert note_dispute(request, amount_fen=50001, reputation=False, by=by, at=MORNING).state == "region"
    assert note_dispute(request, amount_fen=50001, reputation=True, by=by, at=MORNING).state == "headquarters"
    deliver_until_idle(at=MORNING)
    assert Clock.objects.get(case_id=request.pk, code="authority_region").state == "cancelled"
    assert Clock.objects.get(case_id=request.pk, code="authority_headquarters").state == "running"
    with pytest.raises(Invalid):
        note_dispute(request, amount_fen=-1, reputation=False, by=by, at=MORNING)


def test_three_customers_with_one_cause_are_suggested_and_a_person_decides(cast):
    complaint(cast, 0)
    complaint(cast, 1)
    assert not Authority.objects.exists()
    third = complaint(cast, 2)
    row = Authority.objects.get(request=third)
    assert (row.state, row.suggested, len(row.group)) == ("store", "region", 2)
    assert row in raised_cases(cast.actor("zheng"))
    note_dispute(third, amount_fen=9900, reputation=False, by=cast.actor("li"), at=MORNING)
    row.refresh_from_db()
    assert row.suggested == "region", "a small amount says nothing against the group"
    raise_authority(third, "region", by=cast.actor("li"), at=MORNING, because="三位客户同一批次漏水")
    row.refresh_from_db()
    assert (row.state, row.suggested) == ("region", "")


def test_complaints_of_one_customer_or_about_something_else_are_no_group(cast):
    complaint(cast, 0)
    complaint(cast, 0)
    complaint(cast, 1, category="washer", product_model="XQG100", description="洗衣机门打不开，衣服还在里面")
    complaint(cast, 2, at=MORNING + timedelta(days=5))
    assert not Authority.objects.exists()


def test_a_raised_case_is_taken_over_once_and_handed_back_with_a_reason(cast):
    request = complaint(cast)
    with pytest.raises(Conflict):
        take_authority(request, by=cast.actor("zheng"), at=MORNING)
    raise_authority(request, "region", by=cast.actor("li"), at=MORNING, because="客户要见负责人")
    with pytest.raises(Conflict):
        raise_authority(request, "region", by=cast.actor("li"), at=MORNING, because="再报一次")
    with pytest.raises(Forbidden):
        take_authority(request, by=cast.actor("li"), at=MORNING)
    take_authority(request, by=cast.actor("zheng"), at=MORNING)
    with pytest.raises(Conflict):
        take_authority(request, by=cast.actor("dian"), at=MORNING)
    request.refresh_from_db()
    assert request.owner == cast.staff["zheng"]
    hand_back(request, by=cast.actor("zheng"), at=MORNING, because="按标准赔 300 元即可")
    row = Authority.objects.get(request=request)
    assert (row.state, row.taken_by) == ("store", None)
    names = Fact.objects.filter(subject_kind="authority").order_by("id").values_list("name", flat=True)
    assert list(names) == ["authority.region", "authority.taken", "authority.store"]


def test_the_share_that_stores_settle_themselves_is_counted(cast):
    from aftercare.intake.services import answer_request

    one, two = complaint(cast, 0), complaint(cast, 1)
    raise_authority(two, "region", by=cast.actor("li"), at=MORNING, because="争议")
    for request in (one, two):
        answer_request(request, by=cast.actor("li"), at=MORNING, answer="已致歉并补偿")
    assert store_share(cast.actor("zheng"), since=MORNING - timedelta(days=1)) == (1, 2)


def test_of_two_who_take_a_case_over_at_once_one_gets_it(cast):
    request = complaint(cast)
    raise_authority(request, "region", by=cast.actor("li"), at=MORNING, because="客户要见负责人")
    went = at_once(
        lambda: take_authority(request, by=cast.actor("zheng"), at=MORNING),
        lambda: take_authority(request, by=cast.actor("dian"), at=MORNING),
    )
    assert sorted(went) == [False, True]
    request.refresh_from_db()
    assert request.owner_id == Authority.objects.get(request=request).taken_by_id
    assert Fact.objects.filter(name="authority.taken").count() == 1
