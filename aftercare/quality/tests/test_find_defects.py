"""A defect from its first repairs to the guide beside every case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from aftercare.intake.models import Request
from aftercare.knowledge.models import Article
from aftercare.knowledge.services import publish_article
from aftercare.ledger.models import Fact
from aftercare.people.models import Staff
from aftercare.quality.models import Defect
from aftercare.quality.selectors import defects_for, known_defects, requests_of, visits_of_defect, weeks_of
from aftercare.quality.services import confirm_defect, dismiss_defect, find_defects, remedy_defect
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.visits.models import Visit
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING

SEAL = "冰箱门封条变形，门关不严"
NOW = MORNING + timedelta(days=140)


@pytest.fixture
def repairs(cast):
    return grown(cast)


def grown(cast):
    """Twelve of one model with one symptom in the last month, one in the months before; other models as ever."""

    def receive(n, at, model, said, category="fridge"):
        request = cast.request(
            at=MORNING,
            phone=f"1380{n:07d}",
            name=f"顾客{n}",
            description=said,
            product_model=model,
            category=category,
            serial="",
        )
        Request.objects.filter(pk=request.pk).update(received_at=at)
        return Request.objects.get(pk=request.pk)

    made = [receive(n, NOW - timedelta(days=2 * n + 1), "BCD-260", SEAL) for n in range(12)]
    receive(40, NOW - timedelta(days=90), "BCD-260", SEAL)
    for n in range(10):
        receive(50 + n, NOW - timedelta(days=13 * n + 2), f"BCD-{300 + n % 3}", "冰箱有异响，嗡嗡的一直响")
    return made


def visited(request, staff, cause, n):
    order = WorkOrder.objects.create(
        number=f"WO-{n}", request=request, unit=request.unit, service_type="visit", kind="repair", category="fridge", urgency="normal",
        opened_at=request.received_at, policy=request.policy, state_since=request.received_at,
    )  # fmt: skip
    return Visit.objects.create(
        number=f"OS-{n}", order=order, engineer=staff, unit=request.unit, state="finished", departed_at=request.received_at,
        finished_at=request.received_at + timedelta(hours=3), record_hash="x", cause=cause, solution="换门封条", policy=request.policy,
        state_since=request.received_at,
    )  # fmt: skip


@pytest.fixture
def found(cast, repairs):
    staff = Staff.objects.get(pk=cast.staff["zhou"].pk)
    for n, request in enumerate(repairs[:8]):
        visited(request, staff, "门封条变形" if n < 6 else "门铰链松动", n)
    assert find_defects(at=NOW) >= 1
    return Defect.objects.get(product_model="BCD-260")


@pytest.mark.django_db
def test_what_grows_is_suspected_named_by_its_cause_and_told_with_its_derivation(cast, found):
    assert (found.state, found.recent, found.before, found.against) == ("suspected", 12, 1, "past")
    assert found.chance < 0.001 and found.expected < 3
    assert (found.cause, found.cause_percent) == ("门封条变形", 75)
    assert len(requests_of(found)) == 12 and len(visits_of_defect(found)) == 8
    assert sum(count for _week, count in weeks_of(found)) == 13
    assert Fact.objects.get(name="defect.suspected").values["recent"] == 12


@pytest.mark.django_db
def test_looking_again_brings_the_figures_up_to_date_and_nothing_twice(cast, found):
    later = NOW + timedelta(days=3)
    find_defects(at=later)
    again = Defect.objects.get(product_model="BCD-260")
    assert (again.pk, again.looked_at, again.state) == (found.pk, later, "suspected")


@pytest.mark.django_db
def test_confirmed_it_drafts_the_guide_and_stands_beside_its_cases(cast, found, repairs):
    assert known_defects(repairs[0]) == []
    confirm_defect(found, by=cast.actor("zheng"), at=NOW, because="批次质检确认")
    guide = Article.objects.get()
    assert (guide.state, guide.kind, guide.product_models) == ("draft", "guide", ["BCD-260"])
    assert "门封条变形" in guide.versions.get().fields["steps"]
    publish_article(guide, by=cast.actor("boss"), at=NOW)
    assert [d.number for d in known_defects(repairs[0])] == [found.number]
    remedy_defect(found, by=cast.actor("zheng"), at=NOW, because="供应商换料")
    assert known_defects(repairs[0]) == []


@pytest.mark.django_db
def test_dismissed_it_is_not_brought_up_again_for_a_while(cast, found):
    dismiss_defect(found, by=cast.actor("zheng"), at=NOW, because="促销后的集中报修")
    find_defects(at=NOW + timedelta(days=1))
    assert not defects_for(cast.actor("zheng"), state="suspected").filter(product_model="BCD-260").exists()


@pytest.mark.django_db
def test_who_decides_and_what_is_refused(cast, found):
    with pytest.raises(Forbidden):
        confirm_defect(found, by=cast.actor("li"), at=NOW, because="是的")
    with pytest.raises(Invalid):
        confirm_defect(found, by=cast.actor("zheng"), at=NOW, because="")
    with pytest.raises(Conflict):
        remedy_defect(found, by=cast.actor("zheng"), at=NOW, because="还没确认")


@pytest.mark.django_db
def test_an_empty_company_has_no_defects(cast):
    assert find_defects(at=NOW) == 0


@pytest.mark.django_db
def test_the_pages_show_and_decide(cast_now, signed_in):
    repairs = grown(cast_now)
    find_defects(at=NOW)
    row = Defect.objects.get(product_model="BCD-260")
    client = signed_in("zheng")
    assert row.number in client.get("/defects").content.decode()
    page = client.get(f"/defects/{row.number}").content.decode()
    assert repairs[0].number in page
    assert (
        client.post(f"/defects/{row.number}/act", {"act": "confirm", "because": "质检确认"}).status_code
        == 302
    )
    assert client.post(f"/defects/{row.number}/act", {"act": "fly"}).status_code == 422
    assert "BCD-260" in client.get("/defects?state=confirmed").content.decode()
    assert (
        signed_in("li").post(f"/defects/{row.number}/act", {"act": "remedy", "because": "换料"}).status_code
        == 404
    )


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_look_at_once_open_one(cast, repairs):
    def look(_n):
        try:
            return find_defects(at=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        new = list(pool.map(look, range(2)))
    assert sorted(new)[0] == 0 and Defect.objects.filter(product_model="BCD-260").count() == 1
