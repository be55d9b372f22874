"""What the lists share: a saved view behind the address, narrowing, and walking by deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from aftercare.compiled import Limit
from aftercare.intake.selectors import (
    WhereRequests,
    listed_requests,
    newest_requests,
    requests_of_cases,
    requests_where,
    where_requests,
)
from aftercare.people.rules import Actor
from aftercare.refusals import Invalid
from aftercare.sla.selectors import clocks_by_id, next_clocks, next_due, running_clocks
from aftercare.workorders.selectors import (
    WhereOrders,
    listed_orders,
    newest_orders,
    orders_of_cases,
    orders_where,
    where_orders,
)
from aftercare.workspace.rules import COLOURS, PLACES
from aftercare.workspace.selectors import view_for, views_for

from ..doors import number_in

PAGE = 50
COUNTED = 99  # rows of a view that are counted; what is beyond is "99+"
TABS = 8  # views that stand above a list, counted
FAR, STEP = 2000, 200  # clocks walked for one page of a list, at most, and at a time
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Look:
    """How a list is looked at: its filters and columns, the saved view it began with, and whether it was changed since."""

    place: str
    filters: dict[str, str]
    columns: list[str]
    views: list[Any]
    view: Any = None

    def __getitem__(self, name: str) -> str:
        return self.filters[name]

    @property
    def changed(self) -> bool:
        return self.view is not None and {k: v for k, v in self.filters.items() if v} != self.view.filters

    @property
    def colours(self) -> dict[str, Any]:
        """The colours a view may have, by code."""
        return COLOURS

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The filters that stand, to be sent along by a form."""
        return [(name, value) for name, value in self.filters.items() if value]


def look_of(request: HttpRequest, who: Actor, place: str, **first: str) -> Look:
    """Read how a list is to be looked at: what the address says, else the saved view it names, else `first`."""
    asked, known = request.GET, PLACES[place]
    views = views_for(who, place) if who.can("arrange_workspace") else []
    chosen = asked.get("view", "")
    view = next((v for v in views if str(v.pk) == chosen), None)
    if view is None and (number := number_in(chosen)) is not None:
        view = view_for(who, place, number)
    base = view.filters if view else first
    filters = {name: asked.get(name, base.get(name, "")).strip()[:40] for name in known.filters}
    columns = view.columns if view else list(known.first_columns)
    return Look(place, filters, columns, views, view)


def day_in(text: str) -> date | None:
    """Read a day that came from outside; None where it is none, or of no year anybody works in."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 2000 <= day.year <= 2100 else None


class Reads(NamedTuple):
    """How a list is read: the rows of some cases as (row, case), some rows as lists show them, the newest of them."""

    of_cases: Callable[..., list[tuple[int, int]]]
    listed: Callable[..., list[Any]]
    newest: Callable[..., list[Any]]


READS = {
    "requests": Reads(requests_of_cases, listed_requests, newest_requests),
    "orders": Reads(orders_of_cases, listed_orders, newest_orders),
}


def by_deadline(
    who: Actor, place: str, filters: Mapping[str, str], *, after: str, at: datetime
) -> tuple[list[Pair], str]:
    """Walk the running clocks by due instant until a page of rows is full.

    Gives the pairs and the mark of the next page; after `FAR` clocks without enough rows it gives what it has, and the mark goes on from
    there.
    """
    reads, where = READS[place], where_of(who, place, filters)
    unit_id, span = number_in(filters.get("unit", "")), due_between(filters.get("due", ""), at)
    behind = _mark_in(after) if after else None
    seen: set[int] = set()
    found: list[tuple[int, int]] = []
    mark, walked = "", 0
    while len(found) < PAGE and walked < FAR:
        chunk = next_due(who, Limit(STEP), behind=behind, unit_id=unit_id, **span)
        if not chunk:
            mark = ""
            break
        walked += len(chunk)
        behind = chunk[-1].due_at, chunk[-1].id
        of_case: dict[int, list[int]] = {}
        for row_id, case_id in reads.of_cases({clock.case_id for clock in chunk} - seen, *where):
            of_case.setdefault(case_id, []).append(row_id)
        for clock in chunk:
            mark = f"{clock.due_at.isoformat()}|{clock.id}"
            if clock.case_id not in seen:
                seen.add(clock.case_id)
                found += [(row_id, clock.id) for row_id in of_case.get(clock.case_id, [])]
                if len(found) >= PAGE:
                    break
    shown = {row.pk: row for row in reads.listed([row for row, _ in found], *where)}
    clocks = clocks_by_id(clock for _, clock in found)
    return [(shown[row], clocks[clock]) for row, clock in found if row in shown and clock in clocks], mark


def newest_first(who: Actor, place: str, filters: Mapping[str, str], *, after: str) -> tuple[list[Pair], str]:
    """Give a page of rows, newest first, each with the clock that is due next; and the mark of the next page."""
    rows = READS[place].newest(Limit(PAGE + 1), number_in(after), *where_of(who, place, filters))
    shown, more = rows[:PAGE], len(rows) > PAGE
    case_of = {row.pk: row.pk if place == "requests" else row.request_id for row in shown}
    clocks = next_clocks(case_of.values())
    return [(row, clocks.get(case_of[row.pk])) for row in shown], str(shown[-1].pk) if more else ""


def where_of(who: Actor, place: str, filters: Mapping[str, str]) -> WhereOrders | WhereRequests:
    """Say which rows the filters of a list or a view leave, but for when they are due."""
    state, unit_id = filters.get("state", ""), number_in(filters.get("unit", ""))
    urgency, category = filters.get("urgency", ""), filters.get("category", "")
    if place == "orders":
        state = "" if state == "all" else state or "unfinished"
        return where_orders(who, state=state, unit_id=unit_id, category=category, urgency=urgency)
    asked = filters.get("owner", "")
    return where_requests(
        who, state="" if state == "all" else state or "open", kind=filters.get("kind", ""), unit_id=unit_id, urgency=urgency,
        category=category, owner_id={"me": who.id, "none": 0}.get(asked, number_in(asked)),
    )  # fmt: skip


def count_of(who: Actor, place: str, filters: Mapping[str, str], *, at: datetime) -> int:
    """Count the rows of a list or a view up to `COUNTED`; one more means that there are more."""
    where, due = where_of(who, place, filters), filters.get("due", "")
    key, rows = (
        ("pk", requests_where(*where)) if place == "requests" else ("request_id", orders_where(*where))
    )
    if due in ("over", "soon"):
        span = due_between(due, at)
        clocks = running_clocks(who).filter(due_at__lte=span["by"])
        clocks = clocks.filter(due_at__gt=span["after"]) if "after" in span else clocks
        rows = rows.filter(**{f"{key}__in": clocks.values("case_id")})
    return rows.order_by()[: COUNTED + 1].count()


def groups_of(shown: list[Pair], at: datetime) -> list[tuple[str, str, list[Pair]]]:
    """Group rows by how soon they are due: overdue, within half an hour, later."""
    soon = at + timedelta(minutes=30)
    over = [pair for pair in shown if pair[1] and pair[1].due_at <= at]
    near = [pair for pair in shown if pair[1] and at < pair[1].due_at <= soon]
    rest = [pair for pair in shown if not pair[1] or pair[1].due_at > soon]
    named = ((_("Overdue"), "over", over), (_("Within 30 minutes"), "crit", near), (_("Later"), "ok", rest))
    return [(title, sign, rows) for title, sign, rows in named if rows]


def due_between(due: str, at: datetime) -> dict[str, datetime]:
    """Say `after` and `by` when clocks that are `over` or due `soon` are due; nothing for all."""
    if due == "over":
        return {"by": at}
    return {"after": at, "by": at + timedelta(minutes=30)} if due == "soon" else {}


def _mark_in(text: str) -> tuple[datetime, int]:
    due, _sep, last = text.partition("|")
    try:
        instant = parse_datetime(due)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Invalid(_("this page mark can't be read"), where="after")
    return instant, number_in(last) or 0
