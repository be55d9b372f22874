"""A working day as people speak of it: jobs in windows at places, people in shifts; made into a problem for the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from .engine import NEVER, Planned, Problem, Rest, Stop, Task, Worker, build, make_plan, stops_of
from .places import Spot, great_circle_km
from .travel import TravelProvider

Span = tuple[datetime, datetime]
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
LATE = 120  # seconds of travel that each minute counts by which a visit eats into its spare
WAY_HOME = timedelta(hours=1)  # how long after the shift somebody may still be on the way home


@dataclass(frozen=True)
class Job:
    """One visit to be made: where (None: nobody knows, so it is taken as on the way), when it may begin, how long it takes.

    `spare`: minutes before the end of the last window by which it had better begin, for ways and work last longer than planned.
    """

    id: int
    spot: Spot | None
    windows: tuple[Span, ...]
    minutes: int
    drop: int = 7200
    firm: bool = False
    pickup: Spot | None = None
    people: int = 1
    spare: int = 0


@dataclass(frozen=True)
class Person:
    """Somebody at work: where the day begins (and ends), from when to when; a provider is outside the plan's hours."""

    id: int
    start: Spot
    shift: Span
    end: Spot | None = None
    rest: tuple[datetime, datetime, int] | None = None
    most: int = 99
    provider: bool = False
    fair_minutes: int | None = None


@dataclass(frozen=True)
class Day:
    """A day made ready: the problem, and whose and which its numbers are."""

    problem: Problem
    jobs: tuple[Job, ...]
    people: tuple[Person, ...]
    zero: datetime

    def at(self, seconds: int) -> datetime:
        return self.zero + timedelta(seconds=seconds)

    def kept(self, routes: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
        """Turn routes of ids (person: jobs) into those of the engine; what this day does not know is left out."""
        numbers = {job.id: n for n, job in enumerate(self.jobs)}
        people = {person.id: v for v, person in enumerate(self.people)}
        return {
            people[who]: [numbers[job] for job in jobs if job in numbers]
            for who, jobs in routes.items()
            if who in people
        }

    def plan(
        self,
        *,
        seconds: float = 0.0,
        seed: int = 1,
        kept: Mapping[int, Sequence[int]] | None = None,
        **how: object,
    ) -> Planned:
        firm = [n for n, job in enumerate(self.jobs) if job.firm and job.people == 1]
        return make_plan(
            self.problem,
            seconds=seconds,
            seed=seed,
            firm=firm,
            kept=self.kept(kept) if kept else None,
            **how,  # type: ignore[arg-type]
        )

    def agreed(self, routes: Mapping[int, Sequence[int]]) -> Planned:
        """Give the plan that is agreed now: these routes as they are, everything else undone."""
        return make_plan(self.problem, kept=self.kept(routes), insert=False)

    def stops(self, planned: Planned) -> dict[int, list[tuple[Job, Stop]]]:
        """Give by person what they do, in order; the second half of a job for two is the same job.

        A job begins at the customer's, also where parts are fetched right before.
        """
        found = {}
        for v, stops in stops_of(self.problem, planned.routes).items():
            rows = [(self.job(stop.task), stop) for stop in stops]
            found[self.people[v].id] = [
                (job, replace(stop, begins=stop.leaves - job.minutes * 60) if job.pickup else stop)
                for job, stop in rows
            ]
        return found

    def straight_km(self, planned: Planned) -> float:
        """Give the kilometres, as the crow flies, of all ways to where parts are fetched and to the jobs; the way home is not counted."""
        starts, total = {person.id: person.start for person in self.people}, 0.0
        for who, rows in self.stops(planned).items():
            here = starts[who]
            for job, _stop in rows:
                for spot in (job.pickup, job.spot):
                    if spot is not None:
                        total, here = total + great_circle_km(here, spot), spot
        return total

    def job(self, order: int) -> Job:
        return self.jobs[order] if order < len(self.jobs) else self.jobs[int(self.problem.twin[order])]


def spare_in(window: Span, most: int) -> int:
    """Give how many minutes before the end of a promised window a visit had better begin: `most` seconds, or half the window."""
    return round(min(most, (window[1] - window[0]).total_seconds() / 2) / 60)


def make_day(
    jobs: Sequence[Job], people: Sequence[Person], travel: TravelProvider, *, hour: int,
    price: Callable[[Job, Person], int | None] = lambda _job, _person: 0,
) -> Day:  # fmt: skip
    """Make a day ready, with the ways of one local `hour`. `price(job, person)`: what it costs in seconds of travel that they do it, None where they may not."""
    spans = [person.shift for person in people] + [span for job in jobs for span in job.windows]
    zero = min((start for start, _end in spans), default=EPOCH) - timedelta(hours=4)
    spots: list[Spot] = []
    index: dict[Spot, int] = {}

    def place(spot: Spot) -> int:
        if spot not in index:
            index[spot] = len(spots)
            spots.append(spot)
        return index[spot]

    def seconds(instant: datetime) -> int:
        return round((instant - zero).total_seconds())

    anywhere = people[0].start if people else Spot(0.0, 0.0)
    tasks = [
        Task(
            place(job.spot or anywhere), job.minutes * 60, tuple((seconds(a), seconds(b)) for a, b in job.windows),
            drop=job.drop, urgent=job.firm, pickup=place(job.pickup) if job.pickup else None, handling=600, people=job.people,
            late_after=seconds(job.windows[-1][1]) - job.spare * 60 if job.spare else NEVER, late_price=LATE,
        )
        for job in jobs
    ]  # fmt: skip
    workers = [
        Worker(
            place(person.start), place(person.end or person.start), seconds(person.shift[0]),
            seconds(person.shift[1] + WAY_HOME), most=person.most, outside=person.provider,
            rest=Rest(seconds(person.rest[0]), seconds(person.rest[1]), person.rest[2] * 60) if person.rest else None,
            fair_from=NEVER if person.fair_minutes is None else person.fair_minutes * 60,
        )
        for person in people
    ]  # fmt: skip
    table = travel.table(spots, hour=hour) if spots else [[0]]
    problem = build(tasks, workers, table, lambda o, v: price(jobs[o], people[v]))
    return Day(problem, tuple(jobs), tuple(people), zero)
