"""The stores on a map in red, amber and green, and region against region: a store sees itself, headquarters sees all (M19, M104)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aftercare.people.rules import Actor
from aftercare.people.selectors import units_for
from aftercare.routing.places import Spot
from aftercare.sla.selectors import breach_counts_by_unit, edge_of

from ..doors import actor, now, page
from .board import DAY, SOON, Place
from .maps import View, tiles_set

WIDTH, HEIGHT = 900.0, 620.0
SIDE = 48.0  # pixels a store takes with its name


@dataclass(frozen=True)
class Region:
    """A unit with the stores right below it, the worst first, and their sums."""

    unit: Any
    stores: list[Place]
    late: int

    @property
    def over(self) -> int:
        return sum(place.over for place in self.stores)

    @property
    def crit(self) -> int:
        return sum(place.crit for place in self.stores)

    @property
    def sign(self) -> str:
        return "over" if self.over else "crit" if self.crit else "ok"


@page("read_board")
def stores_map(request: HttpRequest) -> HttpResponse:
    """Show every store in reach where it stands, with what is overdue and about to be; the page looks again every 30 seconds."""
    who, at = actor(request), now()
    edges = edge_of(who, soon=at + SOON)
    over = Counter(edge.unit_id for edge in edges if edge.due_at <= at)
    crit = Counter(edge.unit_id for edge in edges if edge.due_at > at)
    late = breach_counts_by_unit(who, since=at - DAY)
    stores = [
        Place(unit, over[unit.pk], crit[unit.pk], late.get(unit.pk, 0))
        for unit in units_for(who)
        if unit.kind == "store"
    ]
    return render(request, "desk/stores.html", {
        "place": "board", "at": at, "regions": _regions(stores), "map": _map(stores), "width": WIDTH, "height": HEIGHT,
        "tally": Counter(store.sign for store in stores), "placeless": [s for s in stores if s.of.lat is None],
        "tier": tier_of(who),
    })  # fmt: skip


def tier_of(who: Actor) -> str:
    """Say which of the three tiers a reader stands on: headquarters, region or store."""
    if who.units is None:
        return "headquarters"
    return "region" if len(who.units) > 1 else "store"


def _regions(stores: list[Place]) -> list[Region]:
    by_parent: dict[int, list[Place]] = {}
    units: dict[int, Any] = {}
    for store in stores:
        parent = store.of.parent or store.of
        units[parent.pk] = parent
        by_parent.setdefault(parent.pk, []).append(store)
    found = [
        Region(
            units[pk],
            sorted(rows, key=lambda p: (-p.over, -p.crit, p.of.name_key)),
            sum(row.all for row in rows),
        )
        for pk, rows in by_parent.items()
    ]
    return sorted(found, key=lambda region: (-region.over, -region.crit, region.unit.name_key))


def _map(stores: list[Place]) -> dict[str, Any]:
    tiles = tiles_set()
    known = [store for store in stores if store.of.lat is not None and store.of.lon is not None]
    if not known:
        return {"spots": [], "tiles": [], "credit": ""}
    view = View(
        [Spot(s.of.lat, s.of.lon) for s in known],
        WIDTH,
        HEIGHT,
        tiles.system if tiles else "wgs84",
        margin=70,
    )
    worst_last = sorted(known, key=lambda store: (store.over, store.crit))
    return {
        "spots": _apart([(*view.spot(s.of.lat, s.of.lon), s) for s in worst_last]),
        "tiles": view.pictures(tiles) if tiles else [], "credit": tiles.credit if tiles else "",
    }  # fmt: skip


def _apart(spots: list[tuple[float, float, Place]]) -> list[tuple[float, float, Place]]:
    """Move stores that would cover each other beside one another: each can be seen and chosen."""
    placed: list[tuple[float, float, Place]] = []
    for x, y, store in spots:
        while any(abs(x - other) < SIDE and abs(y - low) < SIDE for other, low, _store in placed):
            x += SIDE
        placed.append((x, y, store))
    return placed
