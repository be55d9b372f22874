"""The compiler that is spared some work says what Django's says."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.backends.postgresql.compiler import SQLCompiler as Theirs
from django.db.models import Count, Exists, F, OuterRef, Value
from django.db.models.functions import Coalesce, Lower

from aftercare.config.postgres.compiler import SQLCompiler as Ours
from aftercare.intake.models import Request
from aftercare.people.models import Staff, Unit
from aftercare.workorders.models import WorkOrder

orders = WorkOrder.objects
QUERIES = {
    "all": lambda: Request.objects.all(),
    "joined": lambda: orders.select_related("request__customer", "assignee", "unit").order_by("-id"),
    "only": lambda: orders.only("number", "request__description").select_related("request").order_by("opened_at", "pk"),
    "related name": lambda: orders.order_by("request__received_at", "-unit__name"),
    "meta ordering": lambda: Unit.objects.filter(kind="store"),
    "expression": lambda: orders.order_by(F("opened_at").desc(nulls_last=True), "id"),
    "selected": lambda: Request.objects.values("unit").annotate(n=Count("id")).order_by("-n", "unit"),
    "alias": lambda: Staff.objects.annotate(key=Lower("number")).order_by("key"),
    "constant": lambda: Staff.objects.order_by(Value(1), "number"),
    "random": lambda: Staff.objects.order_by("?"),
    "reversed": lambda: Unit.objects.order_by("path").reverse(),
    "exists": lambda: Request.objects.filter(Exists(orders.filter(request=OuterRef("pk")).order_by("id"))),
    "grouped": lambda: orders.values("unit__name").annotate(first=Coalesce(F("assignee_id"), 0), n=Count("id")).order_by("unit__name"),
    "distinct": lambda: Request.objects.order_by("unit_id", "-id").distinct("unit_id"),
    "union": lambda: orders.filter(id__lt=5).values("id", "number").union(orders.filter(id__gt=5).values("id", "number")).order_by("-number"),
    "subquery": lambda: Request.objects.filter(unit__in=Unit.objects.filter(name="x").order_by("path")[:3]),
    "locked": lambda: orders.select_for_update(of=("self",)).select_related("request").order_by("pk"),
    "extra": lambda: Staff.objects.extra(select={"one": "1"}, order_by=["one"]),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", QUERIES)
def test_the_sql_and_the_conversions_are_those_of_django(name):
    query = QUERIES[name]().query
    ours = query.clone().get_compiler(connection=connection)
    theirs = Theirs(query.clone(), connection, "default")
    assert type(ours) is Ours
    assert ours.as_sql() == theirs.as_sql()
    made = [one.get_converters([column for column, *_rest in one.select]) for one in (ours, theirs)]
    assert made[0].keys() == made[1].keys()
    assert [convert for convert, _column in made[0].values()] == [c for c, _column in made[1].values()]


def test_what_is_stored_comes_back(cast):
    request = cast.request()
    again = Request.objects.select_related("unit", "customer").order_by("-id").get(pk=request.pk)
    assert (again.channels, again.reading) == (request.channels, request.reading)
    assert again.customer.full_name == "王小禾"
