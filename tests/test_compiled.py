"""A compiled query finds what the query it was made of finds, whatever its values; and one that cannot be filled in is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from aftercare.compiled import compiled, insert
from aftercare.dispatch.models import Matching, Offer
from aftercare.intake.models import Request
from aftercare.ledger.models import Fact
from aftercare.people.models import Staff, Unit
from aftercare.people.states import UnitKind
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING


def of(unit_ids=None, urgency="", since=None, number=None) -> QuerySet[Request]:
    rows = Request.objects.select_related("unit").order_by("id")
    rows = rows if unit_ids is None else rows.filter(unit_id__in=unit_ids)
    rows = rows.filter(urgency=urgency) if urgency else rows
    rows = rows.filter(received_at__gte=since) if since else rows
    return rows if number is None else rows.filter(pk=number)


compiled_of = compiled(of)


def test_it_finds_what_the_query_finds_for_every_shape_and_value(cast):
    made = [cast.request() for _ in range(3)]
    Request.objects.filter(pk=made[1].pk).update(
        urgency="critical", received_at=cast.at - timedelta(days=400)
    )
    every = [
        (), (None, "urgent"), (None, "critical"), (frozenset([made[0].unit_id]),), (frozenset(),), ([made[0].unit_id, 0, 99, 99, None],),
        ([0, made[0].unit_id], "urgent"), ([None],), (None, "", cast.at - timedelta(days=30)), (None, "", cast.at + timedelta(days=3000)),
        (None, "", None, made[2].pk), (None, "", None, 0), (None, "urgent", None, made[1].pk),
    ]  # fmt: skip
    for _again in range(2):
        for given in every:
            assert compiled_of(*given) == list(of(*given)), given
            assert compiled_of.count(*given) == of(*given).count(), given
    assert compiled_of(urgency="urgent", number=made[0].pk) == [made[0]]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert compiled_of()[0].unit.name
    assert len(asked) == 1  # what was joined is there


def test_one_statement_serves_lists_of_every_length(cast):
    request = cast.request()

    @compiled
    def found(ids: list[int]) -> QuerySet[Request]:
        return Request.objects.filter(pk__in=ids)

    assert found([request.pk]) == found([0, request.pk, 7]) == found(range_of(request.pk)) == [request]
    assert len(found._made) == 1


def range_of(last: int) -> list[int]:
    return list(range(last + 1))


def test_values_counts_prefetched_rows_and_unions_come_as_they_are(cast):
    order = cast.order()

    @compiled
    def named(kind: str) -> QuerySet[Unit, tuple[int, str]]:
        return Unit.objects.filter(kind=kind).order_by("id").values_list("id", "name")

    @compiled
    def counted(states: list[str]) -> QuerySet[WorkOrder, dict[str, object]]:
        return WorkOrder.objects.filter(state__in=states).values("state").annotate(n=Count("id"))

    @compiled
    def whole(pk: int) -> QuerySet[Request]:
        return Request.objects.filter(pk=pk).prefetch_related("workorder_set").annotate(n=Count("workorder"))

    @compiled
    def both(one: int, other: int) -> QuerySet[WorkOrder, tuple[int]]:
        rows = WorkOrder.objects.order_by()
        return rows.filter(pk=one).values_list("id").union(rows.filter(pk=other).values_list("id"), all=True)

    assert (
        named(UnitKind.STORE)
        == list(Unit.objects.filter(kind="store").order_by("id").values_list("id", "name"))
        != []
    )
    assert counted([order.state, "cancelled"]) == [{"state": order.state, "n": 1}]
    (request,) = whole(order.request_id)
    with CaptureQueriesContext(connection) as asked:
        assert (request.n, list(request.workorder_set.all())) == (1, [order])
    assert not asked.captured_queries
    assert both.count(order.pk, order.pk) == 2


@pytest.mark.parametrize(
    "build",
    [
        lambda pk: Request.objects.filter(pk=pk + 1),
        lambda pk: Request.objects.order_by("id")[:pk],
        lambda pk: Request.objects.filter(number=pk),
        lambda pk: Request.objects.filter(description__contains=str(pk)),
    ],
    ids=["changed", "in the SQL", "converted", "wrapped"],
)
@pytest.mark.django_db
def test_what_cannot_be_filled_in_is_refused(build):
    with pytest.raises(TypeError, match="compiled"):
        compiled(build)(5)


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_within_a_transaction_alone():
    @compiled
    def locked(pk: int) -> QuerySet[Unit]:
        return Unit.objects.select_for_update().filter(pk=pk)

    with transaction.atomic():
        assert locked(1) == list(Unit.objects.filter(pk=1))
    with pytest.raises(TransactionManagementError):
        locked(1)


@pytest.mark.django_db
def test_rows_are_stored_in_one_statement_and_get_their_keys(cast):
    facts = [
        Fact(name="x.y", subject_kind="x", subject_id=n, actor_kind="machine", at=MORNING, values={"n": n})
        for n in range(3)
    ]
    with CaptureQueriesContext(connection) as asked:
        insert(facts)
    assert len(asked) == 1
    stored = {fact.pk: fact for fact in Fact.objects.filter(name="x.y")}
    assert [stored[fact.pk].values for fact in facts] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert all(fact.transaction and fact.recorded_at for fact in stored.values()), (
        "as the database gives them"
    )
    insert([])
    order = cast.order()
    tried = [
        Matching(
            order=order, at=MORNING, candidates=[{"n": n}], possible=n, excluded=0, policy_id=order.policy_id
        )
        for n in range(3)
    ]
    insert(tried)
    again = Matching.objects.in_bulk([one.pk for one in tried])
    assert [(again[one.pk].possible, again[one.pk].candidates) for one in tried] == [
        (n, [{"n": n}]) for n in range(3)
    ]
    with pytest.raises(TypeError, match="the key"):
        insert(facts[:1])
    with pytest.raises(TypeError, match="recorded_at"):
        insert(
            [
                Fact(
                    name="x.y",
                    subject_kind="x",
                    subject_id=1,
                    actor_kind="machine",
                    at=MORNING,
                    recorded_at=MORNING,
                )
            ]
        )
    with pytest.raises(ValueError, match="unsaved"):
        insert(
            [
                Offer(
                    order=cast.order(), staff=Staff(), unit=cast.store, offered_at=MORNING, expires_at=MORNING
                )
            ]
        )


def test_what_is_no_plain_value_is_refused():
    with pytest.raises(TypeError, match=r"whole numbers, texts.*1\.5"):
        compiled_of(None, "", None, 1.5)
