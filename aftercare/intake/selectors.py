"""Reads of requests, within the reader's scope."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.rules import READ
from aftercare.refusals import NotFound
from aftercare.triage.rules import stability_index
from aftercare.triage.selectors import pairs_in_use

from .models import (
    Call,
    Follower,
    ImportJob,
    Note,
    Passage,
    Presence,
    RawInput,
    ReadingCheck,
    ReportPoint,
    Request,
)
from .rules import similarity

SHOWN = (
    "number", "state", "urgency", "category", "description", "product_model", "channels", "received_at", "customer__name_masked",
    "unit__name", "owner__name_masked",
)  # fmt: skip
LEAST_LIKELY = 25  # percent from which on two requests are suggested to be one matter, once it was learned how likely that is
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


def requests_by_id(request_ids: Iterable[int]) -> list[Request]:
    return list(Request.objects.select_related("customer").filter(id__in=list(request_ids)).order_by("id"))


def earlier_faults(request: Request | None, *, customer_id: int | None, serial: str = "") -> list[Request]:
    """Give earlier repairs of this customer or this piece: the flag 该客户过往有故障记录 (M11)."""
    match = Q(customer_id=customer_id) if customer_id else Q(pk=None)
    if serial:
        match |= Q(serial=serial)
    found = Request.objects.filter(match, kind="repair").order_by("-id")
    if request is not None:
        found = found.filter(id__lt=request.id)
    return list(found[:10])


def possible_duplicates(
    *, customer_id: int | None, serial: str, description: str, at: datetime, days: int = 14
) -> list[tuple[Request, int]]:
    """Give open requests of the same customer or piece, with how alike the words are in percent."""
    match = Q(customer_id=customer_id) if customer_id else Q(pk=None)
    if serial:
        match |= Q(serial=serial)
    since = at - timedelta(days=days)
    rows = Request.objects.filter(match, state="open", received_at__gte=since).order_by("-id")[:20]
    scored = [(row, likeness(description, row.description).percent) for row in rows]
    return sorted(scored, key=lambda pair: -pair[1])[:5]


class Likeness(NamedTuple):
    """How likely two texts speak of the same matter, in percent, and words that both say, the telling ones first.

    Where nothing was learned from merged requests yet, it is the share of character pairs that they have in common.
    """

    percent: int
    words: list[str]
    learned: bool


def likeness(one: str, other: str) -> Likeness:
    """Compare two texts by what was learned from requests that people merged or kept apart."""
    model = pairs_in_use() if one.strip() and other.strip() else None
    if model is None:
        return Likeness(round(100 * similarity(one, other)), [], False)
    return Likeness(round(100 * model.chance(one, other)), model.shared(one, other), True)


@dataclass(frozen=True)
class Kin:
    """The requests that belong with one: merged into it, split from it, and probably the same matter as it, the likeliest first."""

    merged: list[Request]
    children: list[Request]
    duplicates: list[tuple[Request, Likeness]]
    """Where it was learned how likely it is, those from `LEAST_LIKELY` percent on."""


def kin_of(request: Request) -> Kin:
    """Give the kin of a request. Probably the same matter: open, same customer and product, within 24 hours, not kept apart."""
    own = Q(merged_into=request) | Q(parent=request)
    rows = list(Request.objects.filter(own | _duplicates(request)).exclude(pk=request.pk).order_by("id")[:40])
    kin = Kin(
        [r for r in rows if r.merged_into_id == request.pk],
        [r for r in rows if r.parent_id == request.pk],
        [],
    )
    family = {request.parent_id, *(child.pk for child in kin.children)}
    for row in rows:
        siblings = request.parent_id is not None and row.parent_id == request.parent_id
        apart = row.pk in family or siblings or row.pk in request.apart_from
        if row.state == "open" and not apart:
            alike = likeness(request.description, row.description)
            if not alike.learned or alike.percent >= LEAST_LIKELY:
                kin.duplicates.append((row, alike))
    kin.duplicates.sort(key=lambda pair: -pair[1].percent)
    return kin


def _duplicates(request: Request) -> Q:
    if request.customer_id is None or request.state != "open":
        return Q(pk=None)
    product = Q(category=request.category) if request.category else Q()
    if request.item_id:
        product |= Q(item_id=request.item_id)
    day = timedelta(hours=24)
    return product & Q(
        customer_id=request.customer_id, state="open", received_at__gte=request.received_at - day,
        received_at__lte=request.received_at + day,
    )  # fmt: skip


def parent_of(request_id: int) -> int | None:
    """Give the id of the request that this one was split from."""
    return Request.objects.filter(id=request_id).values_list("parent_id", flat=True).first()


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


def refused_inputs(actor: Actor, *, job_id: int | None = None) -> QuerySet[RawInput]:
    """Give the inputs that could not be taken, with their reasons."""
    require(actor, "receive_request")
    rows = RawInput.objects.filter(state="refused").select_related("job").order_by("id")
    if job_id:
        rows = rows.filter(job_id=job_id)
    return rows if actor.units is None else rows.filter(unit_id__in=actor.units)


def raw_input_for(actor: Actor, raw_id: int) -> RawInput:
    found = refused_inputs(actor).filter(id=raw_id).first()
    if found is None:
        raise NotFound()
    return found


def import_jobs_for(actor: Actor) -> list[ImportJob]:
    require(actor, "import_requests")
    jobs = ImportJob.objects.order_by("-id")
    return list(jobs if actor.units is None else jobs.filter(unit_id__in=actor.units))


def sample_rows(job: ImportJob, count: int = 200) -> tuple[list[str], list[dict[str, str]]]:
    """Give the columns of a kept file and its first rows."""
    rows = [json.loads(raw.body) for raw in job.rows.order_by("id")[:count]]
    return list(rows[0]) if rows else [], rows


def job_counts(job: ImportJob) -> dict[str, int]:
    counts: dict[str, Any] = dict(job.rows.values_list("state").annotate(n=Count("id")))
    return {state: counts.get(state, 0) for state in ("waiting", "accepted", "refused", "discarded")}


def report_point(code: str) -> ReportPoint:
    """Give the live QR code point of a code; unknown and switched-off look the same."""
    found = (
        ReportPoint.objects.select_related("unit", "product", "item__product")
        .filter(code=code, active=True)
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def report_points() -> list[ReportPoint]:
    return list(ReportPoint.objects.select_related("unit", "product").order_by("id"))


def call_for(actor: Actor, ref: str) -> Call | None:
    """Give a call within reach by the telephone system's name for it, the latest where two units use the same one."""
    calls = Call.objects.filter(ref=ref)
    return (calls if actor.units is None else calls.filter(unit_id__in=actor.units)).order_by("-id").first()


def voice_of(call: Call) -> Passage | None:
    """Give how the caller spoke last, as far as the telephone system told."""
    return call.passages.order_by("-at").first()


def calls_to_register(actor: Actor, *, since: datetime) -> list[Call]:
    """Give the calls this actor has answered that have not led to a request yet, newest first."""
    calls = Call.objects.filter(answered_by_id=actor.id, request=None, rang_at__gte=since)
    return list(calls.order_by("-rang_at")[:5]) if actor.kind == "staff" else []


def call_keys(actor: Actor, *, since: datetime) -> QuerySet[Call, str]:
    """Give the keys of the clocks (`call:7`) of the calls within reach that came in since an instant."""
    calls = Call.objects.filter(rang_at__gte=since)
    calls = calls if actor.units is None else calls.filter(unit_id__in=actor.units)
    return calls.annotate(key=Concat(Value("call:"), Cast("id", CharField()))).values_list("key", flat=True)


def owned_count(staff_id: int) -> int:
    """Count the open requests somebody answers for."""
    return Request.objects.filter(owner_id=staff_id, state="open").count()


RECENT = 2000  # requests whose readings are counted for coverage
WEEKS = 8


@dataclass(frozen=True)
class FieldRecord:
    """How a field was read: share of recent requests where it was sure, and of the checks, how many were right, week by week."""

    sure_percent: int | None
    checks: int
    right_percent: int | None
    by_week: list[int | None]
    moved: float  # how far the mix of values moved between the older and the newer half (population stability index)


@dataclass(frozen=True)
class Confused:
    field: str
    read: str
    right: str
    count: int


@dataclass(frozen=True)
class ReadingRecord:
    fields: dict[str, FieldRecord]
    weeks: list[datetime]
    confused: list[Confused]
    checked: int


def checks_of(request_id: int) -> dict[str, str]:
    """Give what fields of a request were said to be."""
    return dict(ReadingCheck.objects.filter(request_id=request_id).values_list("field", "right"))


def reading_record(actor: Actor, *, at: datetime) -> ReadingRecord:
    """Give how well requests in reach were read in the last weeks: accuracy, coverage, drift, and what is mixed up most."""
    require(actor, "read_triage")
    within = Q() if actor.units is None else Q(request__unit_id__in=actor.units)
    begin = at - timedelta(weeks=WEEKS)
    weeks = [begin + timedelta(weeks=n) for n in range(WEEKS)]
    checks = list(
        ReadingCheck.objects.filter(within, at__gt=begin, at__lte=at).values_list(
            "field", "read", "right", "at"
        )[:100_000]
    )
    recent = (
        requests_for(actor)
        .filter(is_history=False)
        .order_by("-id")
        .values_list("reading", flat=True)[:RECENT]
    )
    read = [one.get("fields", {}) for one in recent]
    found = {}
    for field in READ:
        mine = [(was, right, when) for name, was, right, when in checks if name == field]
        chosen = [one[field] for one in read if field in one and one[field]["by"] != "given"]
        by_week: list[int | None] = []
        for week in weeks:
            there = [was == right for was, right, when in mine if week < when <= week + timedelta(weeks=1)]
            by_week.append(_percent(sum(there), len(there)))
        newer, older = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
        halves = [Counter(one["value"] for one in part) for part in (newer, older)]
        found[field] = FieldRecord(
            _percent(sum(one["sure"] for one in chosen), len(chosen)), len(mine),
            _percent(sum(was == right for was, right, _at in mine), len(mine)), by_week, stability_index(*halves),
        )  # fmt: skip
    wrong = Counter((name, was, right) for name, was, right, _at in checks if was != right)
    confused = [Confused(*key, n) for key, n in wrong.most_common(8)]
    return ReadingRecord(found, weeks, confused, len(checks))


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None
