"""The supervisor's board: what is overdue and about to be, on which level of the ladder, whose, in which store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from aftercare.intake.selectors import call_keys, requests_by_id
from aftercare.notices.selectors import alerts_of_clocks
from aftercare.people.rules import Actor
from aftercare.people.selectors import names_of, units_for, zone_of
from aftercare.policies.selectors import policy_for
from aftercare.sla.selectors import (
    EDGE,
    Edge,
    breach_counts,
    breaches,
    clocks_by_id,
    edge_of,
    in_hand,
    kept_of,
    paused_count,
)
from aftercare.supervision.selectors import papers_for, raised_cases, store_share, teams_at_work

from ..doors import actor, now, number_in, page

SOON = timedelta(minutes=30)
LISTED = 6
PEOPLE = 12
MONTH = timedelta(days=30)
DAY = timedelta(days=1)
PART = 2  # hours of the day that are counted together


@dataclass(frozen=True)
class Rung:
    """One level of the ladder with the clocks on it: longest overdue first."""

    level: Any
    height: int
    count: int
    rows: list[Any]


@dataclass(frozen=True)
class Place:
    """A store or a person: how many clocks are overdue, how many critical, how many in hand at all."""

    of: Any
    over: int
    crit: int
    all: int = 0

    @property
    def sign(self) -> str:
        return "over" if self.over else "crit" if self.crit else "ok"

    @property
    def shares(self) -> tuple[int, int, int]:
        whole = max(self.all, self.over + self.crit, 1)
        over, crit = round(100 * self.over / whole), round(100 * self.crit / whole)
        return over, crit, 100 - over - crit


@page("read_board")
def board(request: HttpRequest) -> HttpResponse:
    """Show the clocks at the edge; the page takes what is new in by itself."""
    who, at = actor(request), now()
    clocks = edge_of(who, soon=at + SOON)
    over = [clock for clock in clocks if clock.due_at <= at]
    crit = [clock for clock in clocks if clock.due_at > at]
    papers = papers_for(who, code="delay_report").filter(state__in=["due", "filed"])
    kept, closed = store_share(who, since=at - MONTH)
    in_time, calls = kept_of(call_keys(who, since=at - DAY))
    raised = list(raised_cases(who)[: LISTED + 1])
    levels = _levels(who, over, at)
    shown = _listed([edge for _level, edges in levels for edge in edges[:LISTED]] + crit[:LISTED])
    rungs = [
        Rung(level, height, len(edges), [shown[edge.id] for edge in edges[:LISTED] if edge.id in shown])
        for height, (level, edges) in enumerate(levels, 1)
    ]
    return render(request, "desk/board.html", {
        "place": "board", "over": _cases(over), "crit": _cases(crit), "full": len(clocks) == EDGE, "at": at,
        "paused": paused_count(who), "rungs": rungs, "stores": _stores(who, over, crit),
        "people": _people(who, over, crit), "next": [shown[edge.id] for edge in crit[:LISTED] if edge.id in shown], "papers": list(papers[:LISTED]), "owed": papers.count(),
        "raised": raised[:LISTED], "more_raised": len(raised) > LISTED, "kept": kept, "closed": closed,
        "share": kept / closed if closed else None, "in_time": in_time, "calls": calls, "teams": teams_at_work(who),
        "answered": in_time / calls if calls else None,
    })  # fmt: skip


def _levels(who: Actor, over: list[Edge], at: datetime) -> list[tuple[Any, list[Edge]]]:
    """Put the overdue clocks that have a ladder on the highest level they have reached."""
    pack = policy_for(who.unit_id).pack
    levels, codes = (
        pack.governance.overdue_warnings,
        {rule.code for rule in pack.clocks.clocks if rule.ladder},
    )
    found: list[tuple[Any, list[Edge]]] = [(level, []) for level in levels]
    for edge in over:
        late = (at - edge.due_at).total_seconds()
        reached = [edges for level, edges in found if late >= level.after]
        if reached and edge.code in codes:
            reached[-1].append(edge)
    return found


def _listed(edges: list[Edge]) -> dict[int, Any]:
    """Give clocks by id, each with its request, who holds it, and who has acknowledged a warning of it."""
    clocks = clocks_by_id(edge.id for edge in edges)
    requests = {row.pk: row for row in requests_by_id({edge.case_id for edge in edges})}
    names = names_of({edge.holder_id for edge in edges if edge.holder_id})
    alerts = alerts_of_clocks((edge.id, edge.case_id) for edge in edges)
    language = get_language() or "zh"
    return {
        edge.id: {
            "clock": clocks[edge.id], "title": clocks[edge.id].title(language), "request": requests[edge.case_id],
            "holder": names.get(edge.holder_id or 0, ("", ""))[0], "alert": alerts.get(edge.id),
        }
        for edge in edges if edge.case_id in requests and edge.id in clocks
    }  # fmt: skip


def _stores(who: Actor, over: list[Edge], crit: list[Edge]) -> list[Place]:
    overs, crits = Counter(clock.unit_id for clock in over), Counter(clock.unit_id for clock in crit)
    stores = [unit for unit in units_for(who) if unit.kind == "store" or overs[unit.pk] or crits[unit.pk]]
    places = [Place(unit, overs[unit.pk], crits[unit.pk]) for unit in stores]
    return sorted(places, key=lambda place: (-place.over, -place.crit, place.of.name_key))


def _people(who: Actor, over: list[Edge], crit: list[Edge]) -> list[Place]:
    overs, crits = Counter(clock.holder_id for clock in over), Counter(clock.holder_id for clock in crit)
    ids = {holder for holder in (*overs, *crits) if holder}
    names, hands = names_of(ids), in_hand(who, ids)
    places = [
        Place(names[holder], overs[holder], crits[holder], hands.get(holder, 0))
        for holder in ids
        if holder in names
    ]
    return sorted(places, key=lambda place: (-place.over, -place.crit, place.of))[:PEOPLE]


def _cases(clocks: list[Edge]) -> int:
    return len({clock.case_id for clock in clocks})


@page("read_board")
def late(request: HttpRequest) -> HttpResponse:
    """Show what went overdue in 30 days by category × time of day × person, and the cases behind each number (M105)."""
    who, at = actor(request), now()
    category, part, person = (request.GET.get(name) for name in ("category", "part", "person"))
    begins, holder = number_in(part or ""), number_in(person or "")
    hours = (begins, begins + PART) if begins is not None and begins < 24 else None
    zone = zone_of(who.unit_id) if who.unit_id else "Asia/Shanghai"
    by_hour, by_person = breach_counts(breaches(who, since=at - MONTH, zone=zone))
    chosen = breaches(who, since=at - MONTH, category=category, hours=hours, holder_id=holder, zone=zone)
    rows = list(chosen[:50])
    requests = {row.pk: row for row in requests_by_id({clock.case_id for clock in rows})}
    names = names_of(
        {clock.holder_id for clock in rows if clock.holder_id} | {staff for staff, _n in by_person}
    )
    language = get_language() or "zh"
    return render(request, "desk/late.html", {
        "place": "board", "heat": _heat(by_hour), "parts": list(range(0, 24, PART)),
        "people": [(staff, *names.get(staff, ("", "")), n) for staff, n in by_person],
        "rows": [
            (clock, clock.title(language), requests[clock.case_id], names.get(clock.holder_id or 0, ("—", ""))[0])
            for clock in rows if clock.case_id in requests
        ],
        "category": category, "part": hours[0] if hours else None, "person": holder, "upto": hours[1] if hours else None,
    })  # fmt: skip


def _heat(by_hour: list[tuple[str, int, int]]) -> list[tuple[str, int, list[tuple[int, int, int]]]]:
    """Give a row a category: its sum, and for each part of the day where it begins, how many, and its share of the most."""
    cells: Counter[tuple[str, int]] = Counter()
    for category, hour, n in by_hour:
        cells[category, hour // PART * PART] += n
    most = max(cells.values(), default=1)
    sums: Counter[str] = Counter()
    for (category, _part), n in cells.items():
        sums[category] += n
    return [
        (
            category,
            total,
            [
                (part, cells[category, part], round(100 * cells[category, part] / most))
                for part in range(0, 24, PART)
            ],
        )
        for category, total in sums.most_common(12)
    ]
