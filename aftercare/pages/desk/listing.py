"""What the lists share: a saved view behind the address, narrowing, and walking by deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from aftercare.people.rules import Actor
from aftercare.refusals import Invalid
from aftercare.sla.selectors import running_clocks
from aftercare.workspace.rules import PLACES
from aftercare.workspace.selectors import view_for, views_for

PAGE = 50
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


def number_in(text: str) -> int | None:
    """Read a number that came from outside; None where it is none, or none the database could hold."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


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
    clocks = running_clocks(who).order_by("due_at", "id")
    if unit_id:
        clocks = clocks.filter(unit_id=unit_id)
    if due == "over":
        clocks = clocks.filter(due_at__lte=at)
    elif due == "soon":
        clocks = clocks.filter(due_at__gt=at, due_at__lte=at + timedelta(minutes=30))
    if after:
        clocks = _behind(clocks, after)
    seen: set[int] = set()
    found: list[Pair] = []
    offset = 0
    while len(found) < PAGE and offset < FAR:
        chunk = list(clocks[offset : offset + STEP])
        if not chunk:
            return found, ""
        offset += len(chunk)
        cases = [c.case_id for c in chunk if c.case_id not in seen]
        of_case: dict[int, list[Any]] = {}
        for row in rows.filter(**{f"{key}__in": cases}).order_by("id"):
            of_case.setdefault(getattr(row, key), []).append(row)
        for clock in chunk:
            if clock.case_id in seen:
                continue
            seen.add(clock.case_id)
            found += [(row, clock) for row in of_case.get(clock.case_id, [])]
            if len(found) >= PAGE:
                return found, _mark(clock)
    return found, _mark(chunk[-1])


def groups_of(shown: list[Pair], at: datetime) -> list[tuple[str, str, list[Pair]]]:
    """Group rows by how soon they are due: overdue, within half an hour, later."""
    soon = at + timedelta(minutes=30)
    over = [pair for pair in shown if pair[1] and pair[1].due_at <= at]
    near = [pair for pair in shown if pair[1] and at < pair[1].due_at <= soon]
    rest = [pair for pair in shown if not pair[1] or pair[1].due_at > soon]
    named = ((_("Overdue"), "over", over), (_("Within 30 minutes"), "crit", near), (_("Later"), "ok", rest))
    return [(title, sign, rows) for title, sign, rows in named if rows]


def _mark(clock: Any) -> str:
    return f"{clock.due_at.isoformat()}|{clock.pk}"


def _behind(clocks: QuerySet[Any], mark: str) -> QuerySet[Any]:
    due, _sep, last = mark.partition("|")
    try:
        instant = parse_datetime(due)
    except ValueError:
        instant = None
    if instant is None:
        raise Invalid(_("this page mark can't be read"), where="after")
    return clocks.filter(due_at__gte=instant).exclude(due_at=instant, id__lte=number_in(last) or 0)
