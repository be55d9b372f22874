"""The supervisor's board: what is overdue and about to be, on which level of the ladder, whose, in which store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from aftercare.intake.selectors import requests_by_id
from aftercare.notices.selectors import alerts_of_clocks
from aftercare.people.rules import Actor
from aftercare.people.selectors import names_of, units_for
from aftercare.policies.selectors import policy_for
from aftercare.sla.selectors import EDGE, edge_of, in_hand, paused_count
from aftercare.supervision.selectors import papers_for, raised_cases, store_share

from ..doors import actor, now, page

SOON = timedelta(minutes=30)
LISTED = 6
PEOPLE = 12
MONTH = timedelta(days=30)


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
    clocks = edge_of(who, now=at, soon=at + SOON)
    over = [clock for clock in clocks if clock.due_at <= at]
    crit = [clock for clock in clocks if clock.due_at > at]
    papers = papers_for(who, code="delay_report").filter(state__in=["due", "filed"])
    kept, closed = store_share(who, since=at - MONTH)
    raised = list(raised_cases(who)[: LISTED + 1])
    return render(request, "desk/board.html", {
        "place": "board", "over": _cases(over), "crit": _cases(crit), "full": len(clocks) == EDGE, "at": at,
        "paused": paused_count(who), "rungs": _rungs(who, over, at), "stores": _stores(who, over, crit),
        "people": _people(who, over, crit), "next": _listed(crit[:LISTED]), "papers": list(papers[:LISTED]), "owed": papers.count(),
        "raised": raised[:LISTED], "more_raised": len(raised) > LISTED, "kept": kept, "closed": closed,
        "share": kept / closed if closed else None,
    })  # fmt: skip


def _rungs(who: Actor, over: list[Any], at: datetime) -> list[Rung]:
    """Put the overdue clocks that have a ladder on the highest level they have reached."""
    pack = policy_for(who.unit_id).pack
    levels, codes = (
        pack.governance.overdue_warnings,
        {rule.code for rule in pack.clocks.clocks if rule.ladder},
    )
    over = [clock for clock in over if clock.code in codes]
    found: list[Rung] = []
    for height, level in enumerate(levels, 1):
        upper = levels[height].after if height < len(levels) else None
        mine = [
            clock for clock in over
            if (at - clock.due_at).total_seconds() >= level.after and (upper is None or (at - clock.due_at).total_seconds() < upper)
        ]  # fmt: skip
        found.append(Rung(level, height, len(mine), _listed(mine[:LISTED])))
    return found


def _listed(clocks: list[Any]) -> list[Any]:
    """Pair clocks with their request, who holds them, and who has acknowledged a warning of them."""
    requests = {row.pk: row for row in requests_by_id({clock.case_id for clock in clocks})}
    names = names_of({clock.holder_id for clock in clocks if clock.holder_id})
    alerts = alerts_of_clocks((clock.pk, clock.case_id) for clock in clocks)
    language = get_language() or "zh"
    return [
        {"clock": clock, "title": clock.title(language), "request": requests[clock.case_id],
         "holder": names.get(clock.holder_id or 0, ("", ""))[0], "alert": alerts.get(clock.pk)}
        for clock in clocks if clock.case_id in requests
    ]  # fmt: skip


def _stores(who: Actor, over: list[Any], crit: list[Any]) -> list[Place]:
    overs, crits = Counter(clock.unit_id for clock in over), Counter(clock.unit_id for clock in crit)
    stores = [unit for unit in units_for(who) if unit.kind == "store" or overs[unit.pk] or crits[unit.pk]]
    places = [Place(unit, overs[unit.pk], crits[unit.pk]) for unit in stores]
    return sorted(places, key=lambda place: (-place.over, -place.crit, place.of.name_key))


def _people(who: Actor, over: list[Any], crit: list[Any]) -> list[Place]:
    overs, crits = Counter(clock.holder_id for clock in over), Counter(clock.holder_id for clock in crit)
    ids = {holder for holder in (*overs, *crits) if holder}
    names, hands = names_of(ids), in_hand(who, ids)
    places = [
        Place(names[holder], overs[holder], crits[holder], hands.get(holder, 0))
        for holder in ids
        if holder in names
    ]
    return sorted(places, key=lambda place: (-place.over, -place.crit, place.of))[:PEOPLE]


def _cases(clocks: list[Any]) -> int:
    return len({clock.case_id for clock in clocks})
