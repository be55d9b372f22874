"""What people want to hear of single requests: a note that calls them, a request handed to them, and what they follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from aftercare.intake.selectors import followers_of, requests_by_id
from aftercare.ledger.models import Fact
from aftercare.people.rules import Actor

from ..models import News
from ..states import NewsReason

FOLLOWED = (
    "request.heard", "request.told", "request.planned", "request.answered", "request.closed", "request.cancelled",
    "request.reopened", "request.merged", "clock.breached", "work_order.completed",
)  # fmt: skip
CALLING = ("request.noted", "request.handed_over")


def tell_news(facts: Iterable[Fact]) -> list[News]:
    """Write down who hears what of these facts; nobody hears of what they did themselves, and each fact once."""
    listed = list(facts)
    followers = followers_of({fact.case_id or 0 for fact in listed if fact.name in FOLLOWED})
    told: list[tuple[Fact, int, NewsReason]] = []
    for fact in listed:
        told += [(fact, staff, NewsReason.MENTIONED) for staff in fact.values.get("mentioned", ())]
        if fact.name == "request.handed_over" and fact.values.get("holder"):
            told.append((fact, fact.values["holder"], NewsReason.HANDED))
        if fact.name in FOLLOWED:
            told += [(fact, staff, NewsReason.FOLLOWED) for staff in followers.get(fact.case_id or 0, ())]
    told = [(f, who, why) for f, who, why in told if not (f.actor_kind == "staff" and f.actor_id == who)]
    numbers = (
        {row.pk: row.number for row in requests_by_id({f.case_id or 0 for f, _who, _why in told})}
        if told
        else {}
    )
    return News.objects.bulk_create(
        [
            News(
                staff_id=who, request_id=fact.case_id, number=numbers[fact.case_id or 0], reason=why, fact_id=fact.pk,
                fact_name=fact.name, author=fact.actor_name, at=fact.at,
            )
            for fact, who, why in told
            if fact.case_id in numbers
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def note_news_seen(*, by: Actor, at: datetime, request_id: int | None = None) -> int:
    """Note that somebody has read their news, all or those of one request; give how many."""
    rows = News.objects.filter(staff_id=by.id or 0, seen_at=None)
    return (rows if request_id is None else rows.filter(request_id=request_id)).update(seen_at=at)
