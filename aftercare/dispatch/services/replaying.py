"""A plan made again: what the search was given is stored with it, and the same search gives the same routes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from aftercare.routing.days import Day, Job, make_day
from aftercare.routing.days import Person as Worker
from aftercare.routing.engine import EDITION, Course, Planned
from aftercare.routing.places import Spot

from ..models import DayPlan


class Replay(NamedTuple):
    """What came of making a plan again: the routes, jobs by person, and why it can't be the same, if so.

    `because`: "" it is the same; "inputs" they are not those it was made from; "engine" another edition of the search made it;
    "routes" the search gave others, which must not be.
    """

    routes: dict[str, list[int]]
    because: str = ""


def replay_plan(plan: DayPlan) -> Replay:
    """Make a plan again from its seed, course and inputs."""
    if digest_of(plan.inputs) != plan.digest:
        return Replay({}, "inputs")
    day = day_from(plan.inputs)
    kept = {int(who): jobs for who, jobs in plan.inputs["kept"].items()}
    course = Course.stored(plan.seed, plan.course)
    again = named_routes(day, day.plan(kept=kept, again=course))
    if again == plan.routes:
        return Replay(again)
    return Replay(again, "routes" if plan.inputs.get("engine") == EDITION else "engine")


def named_routes(day: Day, planned: Planned) -> dict[str, list[int]]:
    return {
        str(day.people[v].id): [day.job(o).id for o in route] for v, route in sorted(planned.routes.items())
    }


def inputs_of(day: Day, routes: Mapping[int, list[int]]) -> dict[str, Any]:
    """Give all that the search was given, as JSON: jobs, people, ways, prices and the routes agreed."""
    p = day.problem
    return {
        "engine": EDITION, "zero": day.zero.isoformat(), "travel": [int(way) for way in p.travel], "places": p.places,
        "jobs": [
            [job.id, int(p.leave[n]), [[a.isoformat(), b.isoformat()] for a, b in job.windows], job.minutes, job.drop, job.firm,
             int(p.enter[n]) if job.pickup else None, job.spare]
            for n, job in enumerate(day.jobs)
        ],
        "people": [
            [person.id, int(p.start[v]), [t.isoformat() for t in person.shift], person.most, person.provider,
             person.rest and [person.rest[0].isoformat(), person.rest[1].isoformat(), person.rest[2]], person.fair_minutes]
            for v, person in enumerate(day.people)
        ],
        "charge": [int(price) for price in p.charge], "kept": {str(who): jobs for who, jobs in routes.items()},
    }  # fmt: skip


def day_from(inputs: Mapping[str, Any]) -> Day:
    """Make the day of stored inputs ready again."""
    places, travel = inputs["places"], inputs["travel"]
    spots = [Spot(float(n), 0.0) for n in range(places)]
    jobs, people = [], []
    for number, place, windows, minutes, drop, firm, *more in inputs["jobs"]:
        spans = tuple((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in windows)
        pickup = spots[more[0]] if more and more[0] is not None else None
        spare = more[1] if len(more) > 1 else 0
        jobs.append(Job(number, spots[place], spans, minutes, drop, firm, pickup, spare=spare))
    for number, place, shift, most, provider, *more in inputs["people"]:
        rest, fair = more or (None, None)
        if rest:
            rest = datetime.fromisoformat(rest[0]), datetime.fromisoformat(rest[1]), rest[2]
        hours = datetime.fromisoformat(shift[0]), datetime.fromisoformat(shift[1])
        person = Worker(
            number, spots[place], hours, rest=rest, most=most, provider=provider, fair_minutes=fair
        )
        people.append(person)
    columns = max(len(people), 1)
    index, who = {job.id: n for n, job in enumerate(jobs)}, {person.id: v for v, person in enumerate(people)}

    class Stored:
        def table(self, asked: Any, *, hour: int) -> list[list[int]]:
            return [[travel[int(a.lat) * places + int(b.lat)] for b in asked] for a in asked]

    def price(job: Job, person: Worker) -> int:
        return int(inputs["charge"][index[job.id] * columns + who[person.id]])

    return make_day(
        jobs, people, Stored(), hour=0, price=price
    )  # what is stored holds for the hour it was made for


def digest_of(inputs: Mapping[str, Any]) -> str:
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
