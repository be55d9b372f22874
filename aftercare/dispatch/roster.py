"""Everybody who visits customers, kept in memory by certificate and place: who is worth a closer look for an order.

The roster only chooses whom to look at. What it knows may be some seconds old; those it names are read again before they
are judged, and whoever is chosen once more under a lock. An order for which none of them is possible is tried with
everybody within reach.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from .rules import Job, Person

Cell = tuple[int, int]
CELL = 0.02  # degrees a cell is wide: about 2.2 km from south to north
NORTH_KM = 111.2  # kilometres of a degree of latitude
LOOKED_AT = 16  # so many possible people are enough,
IDLE = 6  # … of whom so many have hardly anything in hand
EXPLAINED = 6  # impossible ones, to say why
SENIORS = 3
IN_HAND = 1.0  # an order in hand is as bad as a way of `near_km`


class Roster:
    """People in cells of a fiftieth of a degree, by the certificate they hold ("" for everybody)."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = {person.id: person for person in people}
        self.loads = {person.id: person.unfinished for person in self.people.values()}
        self._cells: dict[str, dict[Cell, list[Person]]] = {}
        self._nowhere: dict[str, list[Person]] = {}
        for person in self.people.values():
            for held in ("", *person.certificates):
                if person.lat is None or person.lon is None:
                    self._nowhere.setdefault(held, []).append(person)
                else:
                    cells = self._cells.setdefault(held, {})
                    cells.setdefault(_cell(person.lat, person.lon), []).append(person)

    def worth_a_look(
        self,
        job: Job,
        certificate: str,
        *,
        limit: int,
        idle: int,
        near_km: float,
        far_km: float,
        seniors: bool = False,
    ) -> list[int]:
        """Give the ids of the most promising who may be possible, near and with little in hand, and of some who are not.

        Providers count among the latter: they are asked only where nobody of the own staff within reach can.

        `limit`: unfinished orders from which on nobody gets another; `idle`: up to which somebody counts as idle. Looks on,
        ring by ring, until enough are found of whom some are idle, or all within `near_km` were seen; with `seniors` until
        some senior technicians are among them, or at `far_km`.
        """
        possible: list[tuple[float, int]] = []
        others: list[int] = []
        wanted, idle_wanted = (SENIORS if seniors else 0), IDLE
        loads, category = self.loads, job.category
        lat, lon = job.lat or 0.0, job.lon or 0.0
        across = math.cos(math.radians(lat)) if lat else 0.0
        for least_km, people in self._outwards(job, certificate, far_km):
            if wanted <= 0 and len(possible) >= LOOKED_AT and (idle_wanted <= 0 or least_km > near_km):
                break
            for person in people:
                load = loads[person.id]
                if (
                    person.on_shift
                    and not person.on_leave
                    and not person.is_provider
                    and load < limit
                    and (not person.skills or category in person.skills)
                ):
                    way = 0.0
                    if across and person.lat is not None and person.lon is not None:
                        way = math.hypot(person.lat - lat, (person.lon - lon) * across) * NORTH_KM
                    first = seniors and person.is_senior
                    possible.append((way / near_km + IN_HAND * load - (far_km if first else 0.0), person.id))
                    wanted -= person.is_senior
                    idle_wanted -= load <= idle
                elif len(others) < EXPLAINED:
                    others.append(person.id)
        possible.sort()
        return [one for _far, one in possible[:LOOKED_AT]] + others

    def within_reach(self, job: Job, certificate: str, *, far_km: float) -> list[int]:
        """Give the ids of everybody with the certificate whom the job is not too far for, by the cells they are in."""
        return [person.id for _km, people in self._outwards(job, certificate, far_km) for person in people]

    def took(self, staff_id: int) -> None:
        if staff_id in self.loads:
            self.loads[staff_id] += 1

    def reload(self, loads: Mapping[int, int]) -> None:
        self.loads = {person_id: loads.get(person_id, 0) for person_id in self.people}

    def _outwards(self, job: Job, certificate: str, far_km: float) -> Iterator[tuple[float, list[Person]]]:
        """Give people ring by ring around a job, with the least distance of a ring; then those of whom nobody knows where."""
        cells = self._cells.get(certificate, {})
        if job.lat is None or job.lon is None or job.is_remote:
            yield 0.0, [person for people in cells.values() for person in people]
        else:
            row, column = _cell(job.lat, job.lon)
            across = math.cos(math.radians(min(abs(job.lat) + 1.0, 89.0)))
            cell_km = CELL * NORTH_KM * across
            for ring in range(int(far_km / cell_km) + 2):
                found: list[Person] = []
                for cell in _ring(row, column, ring):
                    found += cells.get(cell, ())
                yield max(ring - 1, 0) * cell_km, found
        yield 0.0, self._nowhere.get(certificate, [])


def _cell(lat: float, lon: float) -> Cell:
    return math.floor(lat / CELL), math.floor(lon / CELL)


def _ring(row: int, column: int, ring: int) -> Iterator[Cell]:
    """Give the cells whose larger distance from the middle, in cells, is `ring`."""
    if ring == 0:
        yield row, column
        return
    for step in range(-ring, ring + 1):
        yield row - ring, column + step
        yield row + ring, column + step
    for step in range(-ring + 1, ring):
        yield row + step, column - ring
        yield row + step, column + ring
