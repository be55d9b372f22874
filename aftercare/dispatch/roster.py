"""Everybody who visits customers, kept in memory by certificate: who is worth a closer look for an order.

The roster only chooses whom to look at. What it knows may be some seconds old; those it names are read again before they
are judged, and whoever is chosen once more under a lock. An order for which none of them is possible is tried with
everybody within reach.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .rules import Job, Person

NORTH_KM = 111.2  # kilometres of a degree of latitude
LOOKED_AT = 8  # so many possible people are enough
EXPLAINED = 4  # impossible ones, to say why


class Roster:
    """People as rows of arrays, from south to north; by certificate, the rows of those who hold it ("": everybody)."""

    def __init__(self, people: Iterable[Person]) -> None:
        ordered = sorted(people, key=lambda one: (not _is_somewhere(one), one.lat or 0.0, one.id))
        self.people = {person.id: person for person in ordered}
        self._row = {one: row for row, one in enumerate(self.people)}
        self._loads = np.array([person.unfinished for person in ordered], dtype=np.float64)
        everybody = _Everybody(ordered)
        rows: dict[str, list[int]] = {"": list(range(len(ordered)))}
        for row, person in enumerate(ordered):
            for held in person.certificates:
                rows.setdefault(held, []).append(row)
        self._groups = {held: _Group(everybody, some) for held, some in rows.items()}
        self._nobody = _Group(everybody, [])

    def worth_a_look(
        self, job: Job, certificate: str, *, limit: int, near_km: float, far_km: float, seniors: bool = False
    ) -> list[int]:
        """Give the ids of the most promising who may be possible, near and with little in hand, and of some near who are not.

        Providers count among the latter: they are asked only where nobody of the own staff within reach can. `limit`:
        unfinished orders from which on nobody gets another; with `seniors`, senior technicians come before all others.
        """
        group = self._groups.get(certificate, self._nobody)
        reached, km = group.within(job, far_km)
        loads = self._loads[group.rows[reached]]
        can = group.can(job.category)[reached] & (loads < limit) & (km <= far_km)
        price = km / near_km + loads  # an order in hand is as bad as a way of `near_km`
        if seniors:
            price -= far_km * group.senior[reached]
        ids = group.ids[reached]
        found = _least(ids, np.where(can, price, math.inf), LOOKED_AT)
        if len(found) < LOOKED_AT:
            free = group.can(job.category)[group.nowhere] & (self._loads[group.rows[group.nowhere]] < limit)
            found += group.ids[group.nowhere][free][: LOOKED_AT - len(found)].tolist()
        return found + _least(ids, np.where(can, math.inf, km), EXPLAINED)

    def within_reach(self, job: Job, certificate: str, *, far_km: float) -> list[int]:
        """Give the ids of everybody with the certificate whom the job is not too far for, or of whom nobody knows where."""
        group = self._groups.get(certificate, self._nobody)
        reached, km = group.within(job, far_km)
        return [*group.ids[reached][km <= far_km].tolist(), *group.ids[group.nowhere].tolist()]

    def load_of(self, staff_id: int) -> int:
        """Say how many unfinished orders somebody has, as far as is known here."""
        return int(self._loads[self._row[staff_id]])

    def took(self, staff_id: int) -> None:
        if staff_id in self._row:
            self._loads[self._row[staff_id]] += 1

    def reload(self, loads: Mapping[int, int]) -> None:
        self._loads = np.array([loads.get(person_id, 0) for person_id in self.people], dtype=np.float64)


class _Everybody:
    """What does not change of people between two readings, by row; those of whom nobody knows where they are come last."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.ids = np.array([one.id for one in people], dtype=np.int64)
        self.lat = np.array([one.lat for one in people if _is_somewhere(one)], dtype=np.float64)
        self.lon = np.array([one.lon for one in people if _is_somewhere(one)], dtype=np.float64)
        self.senior = np.array([one.is_senior for one in people], dtype=bool)
        self.ready = np.array(
            [one.on_shift and not one.on_leave and not one.is_provider for one in people], dtype=bool
        )
        self.skills = {row: one.skills for row, one in enumerate(people) if one.skills}


class _Group:
    """Those who hold a certificate."""

    def __init__(self, everybody: _Everybody, rows: Sequence[int]) -> None:
        self.rows = np.array(rows, dtype=np.int64)
        self.ids, self.senior = everybody.ids[self.rows], everybody.senior[self.rows]
        self.nowhere = slice(bisect_left(rows, len(everybody.lat)), len(rows))
        placed = self.rows[: self.nowhere.start]
        self._lat, self._lon = everybody.lat[placed], everybody.lon[placed]
        self._lats: list[float] = self._lat.tolist()
        self._ready = everybody.ready[self.rows]
        self._narrowed = [(n, everybody.skills[row]) for n, row in enumerate(rows) if row in everybody.skills]
        self._can: dict[str, Any] = {}

    def can(self, category: str) -> Any:
        """Say of each whether they could be sent to such work now, had they nothing in hand."""
        if not self._narrowed:
            return self._ready
        if category not in self._can:
            can = self._ready.copy()
            can[[n for n, skills in self._narrowed if category not in skills]] = False
            self._can[category] = can
        return self._can[category]

    def within(self, job: Job, far_km: float) -> tuple[slice, Any]:
        """Give which of them may be near enough, and about how many kilometres each is away; 0 where that does not matter."""
        if job.lat is None or job.lon is None or job.is_remote:
            return slice(0, self.nowhere.start), np.zeros(self.nowhere.start)
        reach = far_km / NORTH_KM
        near = slice(bisect_left(self._lats, job.lat - reach), bisect_right(self._lats, job.lat + reach))
        north = self._lat[near] - job.lat
        east = self._lon[near] - job.lon
        east *= math.cos(math.radians(job.lat))
        north *= north
        east *= east
        north += east
        return near, np.sqrt(north, out=north) * NORTH_KM


def _is_somewhere(person: Person) -> bool:
    return person.lat is not None and person.lon is not None


def _least(ids: Any, prices: Any, count: int) -> list[int]:
    """Give those with the lowest prices, lowest first, infinite ones left out."""
    least = prices.argpartition(count)[:count] if len(prices) > count else np.arange(len(prices))
    ranked = sorted(zip(prices[least].tolist(), ids[least].tolist(), strict=True))
    return [one for price, one in ranked if price < math.inf]
