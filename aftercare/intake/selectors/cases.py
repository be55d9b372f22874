"""Reads of requests, within the reader's scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, QuerySet

from aftercare.compiled import Limit, compiled
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from ..models import (
    Follower,
    Note,
    Presence,
    Request,
    RequestFile,
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
    return requests_where(*where_requests(
        actor, state=state, kind=kind, unit_id=unit_id, urgency=urgency, category=category, owner_id=owner_id,
    ))  # fmt: skip


class WhereRequests(NamedTuple):
    """Which requests: to whose orders alone and of which units (None: anybody's, all); `owner_id` 0: those nobody answers for."""

    own_id: int | None
    units: frozenset[int] | None
    state: str = ""
    kind: str = ""
    unit_id: int | None = None
    urgency: str = ""
    category: str = ""
    owner_id: int | None = None


def where_requests(actor: Actor, **narrowed: Any) -> WhereRequests:
    """Say which requests this reader may see, narrowed."""
    require(actor, "read_request")
    return WhereRequests((actor.id or 0) if actor.own_only else None, actor.units, **narrowed)


def requests_where(
    own_id: int | None, units: frozenset[int] | None, state: str = "", kind: str = "", unit_id: int | None = None, urgency: str = "",
    category: str = "", owner_id: int | None = None,
) -> QuerySet[Request]:  # fmt: skip
    found = Request.objects.select_related("customer", "unit").order_by("-id")
    if own_id is not None:
        found = found.filter(workorder__assignee_id=own_id).distinct()
    elif units is not None:
        found = found.filter(unit_id__in=units)
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


@compiled
def newest_requests(most: Limit, before: int | None, *where: Any) -> QuerySet[Request]:
    """Give the newest of these requests as lists show them, with an id below `before`."""
    rows = as_listed(requests_where(*where))
    return (rows.filter(id__lt=before) if before else rows)[:most]


@compiled
def requests_of_cases(ids: Collection[int], *where: Any) -> QuerySet[Request, tuple[int, int]]:
    """Give twice the id of those of these requests that are among some."""
    return requests_where(*where).filter(id__in=ids).order_by("id").values_list("id", "pk")


@compiled
def listed_requests(ids: Collection[int], *where: Any) -> QuerySet[Request]:
    return as_listed(requests_where(*where)).filter(id__in=ids).order_by()


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
    return _one(actor, order_number=order_number)


def _one(actor: Actor, *, number: str = "", order_number: str = "") -> Request:
    found = _whole(number, order_number, actor.id if actor.kind == "staff" else None, *where_requests(actor))
    if not found:
        raise NotFound()
    return found[0]


@compiled
def _whole(number: str, order_number: str, reader_id: int | None, *where: Any) -> QuerySet[Request]:
    own = Follower.objects.filter(request=OuterRef("pk"), staff_id=reader_id or 0)
    found = requests_where(*where).select_related("item__product", "owner", "received_by")
    found = found.annotate(is_followed=Exists(own))
    return (found.filter(number=number) if number else found.filter(workorder__number=order_number))[:1]


def request_by_id(request_id: int) -> Request:
    return Request.objects.select_related("customer", "unit", "item__product", "merged_into").get(
        id=request_id
    )


def descriptions_of(request_ids: Iterable[int]) -> dict[int, str]:
    """Give what requests are about, by id; the caller has checked who may know."""
    return dict(Request.objects.filter(pk__in=set(request_ids)).values_list("pk", "description"))


def requests_by_id(request_ids: Iterable[int]) -> list[Request]:
    return _by_id(list(request_ids))


@compiled
def _by_id(request_ids: list[int]) -> QuerySet[Request]:
    return Request.objects.select_related("customer").filter(id__in=request_ids).order_by("id")


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
    return {note.fact_id or 0: note for note in _notes(request_id)}


@compiled
def _notes(request_id: int) -> QuerySet[Note]:
    return Note.objects.filter(request_id=request_id)


@compiled
def files_of(request_id: int) -> QuerySet[RequestFile]:
    """Give what was attached to a request, in the order it came."""
    return RequestFile.objects.filter(request_id=request_id).select_related("file").order_by("id")


def last_answer(request_id: int) -> str:
    """Give the last thing said to the customer of a request, as they may read it."""
    note = Note.objects.filter(request_id=request_id, kind="out").order_by("-id").first()
    return note.text if note else ""


def owned_count(staff_id: int) -> int:
    """Count the open requests somebody answers for."""
    return Request.objects.filter(owner_id=staff_id, state="open").count()
