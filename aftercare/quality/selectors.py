"""Reads of quality: groups of repairs, defects, and which defects concern a request."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from aftercare.briefly import briefly
from aftercare.intake.models import Request
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound
from aftercare.visits.models import Visit

from .models import Defect
from .rules import Group

WEEKS = 16


def groups_between(
    start: datetime, since: datetime, end: datetime
) -> tuple[list[Group], dict[str, tuple[int, int]]]:
    """Count repairs by model and symptom from `since` to `end` and from `start` to `since`; and all of each category."""
    spans = [since, since, start, end]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.product_model, r.category, s->>'code',
                   count(*) FILTER (WHERE r.received_at >= %s), count(*) FILTER (WHERE r.received_at < %s)
            FROM intake_request r, jsonb_array_elements(r.reading->'notes'->'symptom') s
            WHERE r.kind = 'repair' AND r.product_model <> '' AND r.state NOT IN ('merged', 'cancelled')
              AND r.received_at >= %s AND r.received_at < %s
            GROUP BY 1, 2, 3
            """,
            spans,
        )
        groups = [Group(*row) for row in cursor.fetchall()]
        cursor.execute(
            """
            SELECT category, count(*) FILTER (WHERE received_at >= %s), count(*) FILTER (WHERE received_at < %s)
            FROM intake_request
            WHERE kind = 'repair' AND product_model <> '' AND state NOT IN ('merged', 'cancelled')
              AND received_at >= %s AND received_at < %s
            GROUP BY 1
            """,
            spans,
        )
        return groups, {category: (recent, before) for category, recent, before in cursor.fetchall()}


def defects_for(actor: Actor, *, state: str = "") -> QuerySet[Defect]:
    """Give the defects, those that stand out most first."""
    require(actor, "read_defect")
    rows = Defect.objects.select_related("article").order_by("-looked_at", "chance")
    return rows.filter(state=state) if state else rows


def defect_for(actor: Actor, number: str) -> Defect:
    row = defects_for(actor).filter(number=number).first()
    if row is None:
        raise NotFound()
    return row


def requests_of(row: Defect, *, most: int = 60) -> list[Request]:
    """Give the repairs a defect was counted from, the last first."""
    return list(
        _of(row)
        .filter(received_at__gte=row.since)
        .select_related("customer", "unit")
        .order_by("-received_at")[:most]
    )


def visits_of_defect(row: Defect) -> list[Visit]:
    """Give the finished visits to pieces of that model with that symptom, over both spans."""
    return list(
        Visit.objects.filter(
            state="finished", order__request__in=_of(row).filter(received_at__gte=row.before_from)
        )
        .exclude(cause="")
        .select_related("order__request")
        .order_by("-finished_at")[:400]
    )


def weeks_of(row: Defect) -> list[tuple[datetime, int]]:
    """Count the repairs of a defect by week, the oldest first."""
    counts = [0] * WEEKS
    start = row.looked_at - timedelta(weeks=WEEKS)
    for at in (
        _of(row)
        .filter(received_at__gte=start, received_at__lt=row.looked_at)
        .values_list("received_at", flat=True)
    ):
        counts[min(WEEKS - 1, (at - start).days // 7)] += 1
    return [(start + timedelta(weeks=week), count) for week, count in enumerate(counts)]


def known_defects(request: Request) -> list[Defect]:
    """Give the confirmed defects that a request is a case of: its model, and one of its symptoms."""
    symptoms = [note["code"] for note in request.reading.get("notes", {}).get("symptom", ())]
    if not symptoms or not request.product_model:
        return []
    return [
        row
        for row in _confirmed("")
        if row.product_model == request.product_model and row.symptom in symptoms
    ]


def forget_defects() -> None:
    """Make this process look up the confirmed defects anew; others do within a second."""
    _confirmed.forget()


@briefly
def _confirmed(_company: str) -> list[Defect]:
    return list(Defect.objects.filter(state="confirmed").select_related("article"))


def _of(row: Defect) -> QuerySet[Request]:
    return Request.objects.filter(
        kind="repair",
        product_model=row.product_model,
        reading__notes__symptom__contains=[{"code": row.symptom}],
    ).exclude(state__in=["merged", "cancelled"])
