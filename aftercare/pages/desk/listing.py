"""What the lists share: a saved view behind the address, narrowing, and walking by deadline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from aftercare.intake.selectors import as_listed as requests_as_listed
from aftercare.intake.selectors import requests_for
from aftercare.people.rules import Actor
from aftercare.refusals import Invalid
from aftercare.sla.selectors import running_clocks
from aftercare.workorders.selectors import as_listed as orders_as_listed
from aftercare.workorders.selectors import work_orders_for
from aftercare.workspace.rules import PLACES
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


def by_deadline(
    who: Actor, rows: QuerySet[Any], *, key: str, after: str, unit_id: int | None, due: str, at: datetime
) -> tuple[list[Pair], str]:
    """Walk the running clocks by due instant until a page of rows is full; `key` is the field of a row that names its case.

    `due` narrows to what is `over` or due `soon`. Gives the pairs and the mark of the next page; after `FAR` clocks without enough rows it
    gives what it has, and the mark goes on from there.
    """
    clocks = _due(running_clocks(who).order_by("due_at", "id"), due, at)
    if unit_id:
        clocks = clocks.filter(unit_id=unit_id)
    if after:
        clocks = _behind(clocks, after)
    seen: set[int] = set()
    found: list[tuple[int, int]] = []
    mark, offset = "", 0
    while len(found) < PAGE and offset < FAR:
        chunk = list(clocks.values_list("id", "case_id", "due_at")[offset : offset + STEP])
        if not chunk:
            mark = ""
            break
        offset += len(chunk)
        of_case: dict[int, list[int]] = {}
        cases = {case_id for _id, case_id, _due_at in chunk} - seen
        for row_id, case_id in rows.filter(**{f"{key}__in": cases}).order_by("id").values_list("id", key):
            of_case.setdefault(case_id, []).append(row_id)
        for clock_id, case_id, due_at in chunk:
            mark = f"{due_at.isoformat()}|{clock_id}"
            if case_id not in seen:
                seen.add(case_id)
                found += [(row_id, clock_id) for row_id in of_case.get(case_id, [])]
                if len(found) >= PAGE:
                    break
    shown, clock_of = rows.in_bulk([row for row, _ in found]), clocks.in_bulk([clock for _, clock in found])
    return [(shown[row], clock_of[clock]) for row, clock in found if row in shown and clock in clock_of], mark


def rows_of(who: Actor, place: str, filters: Mapping[str, str]) -> QuerySet[Any]:
    """Give what the filters of a list or a view leave, but for when it is due."""
    state, unit_id = filters.get("state", ""), number_in(filters.get("unit", ""))
    urgency, category = filters.get("urgency", ""), filters.get("category", "")
    if place == "orders":
        state = "" if state == "all" else state or "unfinished"
        return orders_as_listed(
            work_orders_for(who, state=state, unit_id=unit_id, category=category, urgency=urgency)
        )
    asked = filters.get("owner", "")
    return requests_as_listed(requests_for(
        who, state="" if state == "all" else state or "open", kind=filters.get("kind", ""), unit_id=unit_id, urgency=urgency,
        category=category, owner_id={"me": who.id, "none": 0}.get(asked, number_in(asked)),
    ))  # fmt: skip


def count_of(who: Actor, place: str, filters: Mapping[str, str], *, at: datetime) -> int:
    """Count the rows of a list or a view up to `COUNTED`; one more means that there are more."""
    rows, due = rows_of(who, place, filters), filters.get("due", "")
    key = "pk" if place == "requests" else "request_id"
    if due in ("over", "soon"):
        rows = rows.filter(**{f"{key}__in": _due(running_clocks(who), due, at).values("case_id")})
    return rows.order_by()[: COUNTED + 1].count()


def groups_of(shown: list[Pair], at: datetime) -> list[tuple[str, str, list[Pair]]]:
    """Group rows by how soon they are due: overdue, within half an hour, later."""
    soon = at + timedelta(minutes=30)
    over = [pair for pair in shown if pair[1] and pair[1].due_at <= at]
    near = [pair for pair in shown if pair[1] and at < pair[1].due_at <= soon]
    rest = [pair for pair in shown if not pair[1] or pair[1].due_at > soon]
    named = ((_("Overdue"), "over", over), (_("Within 30 minutes"), "crit", near), (_("Later"), "ok", rest))
    return [(title, sign, rows) for title, sign, rows in named if rows]


def _due(clocks: QuerySet[Any], due: str, at: datetime) -> QuerySet[Any]:
    if due == "over":
        return clocks.filter(due_at__lte=at)
    if due == "soon":
        return clocks.filter(due_at__gt=at, due_at__lte=at + timedelta(minutes=30))
    return clocks


def _behind(clocks: QuerySet[Any], mark: str) -> QuerySet[Any]:
    due, _sep, last = mark.partition("|")
    try:
        instant = parse_datetime(due)
    except ValueError:
        instant = None
    if instant is None:
        raise Invalid(_("this page mark can't be read"), where="after")
    return clocks.filter(due_at__gte=instant).exclude(due_at=instant, id__lte=number_in(last) or 0)
