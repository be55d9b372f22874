"""Reads of requests, within the reader's scope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, QuerySet

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from ..models import (
    Follower,
    Note,
    Presence,
    Request,
)

SHOWN = (
    "number", "state", "urgency", "category", "description", "product_model", "channels", "received_at", "customer__name_masked",
    "unit__name", "owner__name_masked",
)  # fmt: skip
PRESENT_FOR = timedelta(seconds=50)  # a page says every 20 seconds that it is open


def requests_for(
    actor: Actor, *, state: str = "", kind: str = "", unit_id: int | None = None, urgency: str = "", category: str = "",
    owner_id: int | None = None,
) -> QuerySet[Request]:  # fmt: skip
    """Give the requests this reader may see, newest first; `owner_id` 0: those nobody answers for."""
    require(actor, "read_request")
    found = Request.objects.select_related("customer", "unit").order_by("-id")
    if actor.own_only:
        found = found.filter(workorder__assignee_id=actor.id).distinct()
    elif actor.units is not None:
        found = found.filter(unit_id__in=actor.units)
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if unit_id:
        found = found.filter(unit_id=unit_id)
    if urgency:
        found = found.filter(urgency=urgency)
    if category:
        found = found.filter(category=category)
    if owner_id is not None:
        found = found.filter(owner_id=owner_id or None)
    return found


def as_listed(rows: QuerySet[Request], *also: str) -> QuerySet[Request]:
    """Read of requests only what lists show, and `also` these fields."""
    return rows.select_related("owner").only(*SHOWN, *also)


def requests_numbered(actor: Actor, numbers: Iterable[str]) -> list[Request]:
    """Give those of these requests that are within reach, in the order of their numbers."""
    return list(
        requests_for(actor).select_related("owner").filter(number__in=list(numbers)[:200]).order_by("number")
    )


def followers_of(request_ids: Iterable[int]) -> dict[int, list[int]]:
    """Give who follows each of these requests, by staff id."""
    found: dict[int, list[int]] = {}
    for request_id, staff_id in Follower.objects.filter(request_id__in=list(request_ids)).values_list(
        "request_id", "staff_id"
    ):
        found.setdefault(request_id, []).append(staff_id)
    return found


def request_for(actor: Actor, number: str) -> Request:
    """Give one request by number, and whether this reader follows it; missing and hidden look the same."""
    return _one(actor, number=number)


def request_of_order(actor: Actor, order_number: str) -> Request:
    """Give the request that a work order within reach belongs to, as `request_for` does."""
    return _one(actor, workorder__number=order_number)


def _one(actor: Actor, **which: str) -> Request:
    own = Follower.objects.filter(
        request=OuterRef("pk"), staff_id=(actor.id or 0) if actor.kind == "staff" else 0
    )
    found = (
        requests_for(actor)
        .select_related("customer", "item__product", "unit", "owner", "received_by")
        .annotate(is_followed=Exists(own))
        .filter(**which)
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def request_by_id(request_id: int) -> Request:
    return Request.objects.select_related("customer", "unit", "item__product", "merged_into").get(
        id=request_id
    )


def descriptions_of(request_ids: Iterable[int]) -> dict[int, str]:
    """Give what requests are about, by id; the caller has checked who may know."""
    return dict(Request.objects.filter(pk__in=set(request_ids)).values_list("pk", "description"))


def requests_by_id(request_ids: Iterable[int]) -> list[Request]:
    return list(Request.objects.select_related("customer").filter(id__in=list(request_ids)).order_by("id"))


def others_present(request: Request, actor: Actor, *, at: datetime) -> list[Presence]:
    """Give who else has this request open, those who write first."""
    rows = Presence.objects.filter(request=request, seen_at__gt=at - PRESENT_FOR).exclude(
        staff_id=actor.id or 0
    )
    return list(rows.select_related("staff").order_by("-writes", "staff__name_key")[:8])


def request_counts(actor: Actor) -> dict[str, int]:
    rows = requests_for(actor).order_by().values_list("state").annotate(n=Count("id"))
    return dict(rows)


def notes_of(request_id: int) -> dict[int, Note]:
    """Give the notes of a request by the fact that announced each."""
    return {note.fact_id or 0: note for note in Note.objects.filter(request_id=request_id)}


def last_answer(request_id: int) -> str:
    """Give the last thing said to the customer of a request, as they may read it."""
    note = Note.objects.filter(request_id=request_id, kind="out").order_by("-id").first()
    return note.text if note else ""


def owned_count(staff_id: int) -> int:
    """Count the open requests somebody answers for."""
    return Request.objects.filter(owner_id=staff_id, state="open").count()
