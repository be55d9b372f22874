"""What is to be planned: tasks at places in windows, workers with shifts, prices on one scale (seconds of travel)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .arrays import NEVER, flat, row, turned
from .warming import is_ready

LARGE = 2000  # pairs of order and worker from which on the compiled search is worth its start
NEAR = 150  # how many neighbours of a task the search looks at
WHOLE_DAY = ((0, NEVER),)


@dataclass(frozen=True)
class Rest:
    """A break: so long, begun within a window, wherever the worker is then. Seconds."""

    begins_from: int
    begins_to: int
    lasts: int


@dataclass(frozen=True)
class Task:
    """One job. Times in seconds of one clock, places as indices of the travel table, prices in seconds of travel.

    `windows`: when work may begin. `drop`: the price of leaving it undone. `pickup`: a place that has the parts, visited
    right before. `people`: how many must be there at once (1 or 2). `keep`: the worker to whom it is promised.
    """

    place: int
    service: int
    windows: tuple[tuple[int, int], ...] = WHOLE_DAY
    drop: int = 7200
    urgent: bool = False
    pickup: int | None = None
    handling: int = 0
    people: int = 1
    demand: int = 0
    late_after: int = NEVER
    late_price: int = 0


@dataclass(frozen=True)
class Worker:
    """One person, from place to place within a shift. `outside`: a provider paid by the job, not planned in time.

    `most`: jobs a day. `longest`: the most seconds from setting out to coming back, the start being free. `fair_from`:
    seconds of work beyond which more is dearer, at `over² / fair_soft`. Workers of one `kind` are the same when idle.
    """

    start: int
    end: int
    start_at: int
    end_by: int
    rest: Rest | None = None
    most: int = 10**6
    capacity: int = 10**9
    outside: bool = False
    longest: int = NEVER
    fair_from: int = NEVER
    fair_soft: int = 3600
    kind: int = -1


class Problem(NamedTuple):
    """A day to be planned, as named rows: `[o]` by order, `[v]` by route; grids are flat, read as `travel[i * places + j]`.

    A task for two is two orders that begin at the same second; `twin[o]` is the other one, or -1.
    """

    fast: bool  # on arrays, for the compiled search
    places: int
    routes: int
    wide: int  # the most windows of an order
    reach: int  # how many near orders are listed for each
    travel: Any  # [i, j] seconds from place i to place j
    trips: Any  # [o, i, 2] seconds from place i to where order o is entered, and from where it is left to place i
    enter: Any  # [o] the place first come to
    leave: Any  # [o] the place left from
    inner: Any  # [o] seconds of travel within the order (from the pickup to the customer)
    service: Any  # [o] seconds from the begin at `enter` until `leave` is left
    windows: Any  # [o] how many windows
    opens: Any  # [o, w] seconds
    closes: Any  # [o, w] seconds: the last instant to begin
    drop: Any  # [o] price of leaving it undone
    demand: Any  # [o]
    late_after: Any  # [o] seconds: beginning later than this is charged
    late_price: Any  # [o] price of a minute late
    charge: Any  # [o, v] price of having it done on this route; NEVER: it can't be
    near: Any  # [o, n] the nearest other orders, itself first
    start: Any  # [v] place
    end: Any  # [v] place
    start_at: Any  # [v] seconds
    end_by: Any  # [v] seconds
    rest_from: Any  # [v] first instant a break may begin; NEVER: none is due
    rest_to: Any  # [v]
    rest_for: Any  # [v] seconds
    most: Any  # [v] orders
    capacity: Any  # [v]
    outside: Any  # [v] 1: paid by the job, not planned in time
    longest: Any  # [v] seconds
    fair_from: Any  # [v] seconds
    fair_soft: Any  # [v]
    kind: Any  # [v]
    twin: Any  # [o]

    @property
    def orders(self) -> int:
        return len(self.drop)

    def may(self, o: int, v: int) -> bool:
        """Say whether an order may be done on a route at all."""
        return bool(self.charge[o * self.routes + v] < NEVER)

    def way(self, here: int, there: int) -> int:
        return int(self.travel[here * self.places + there])


Charge = Callable[[int, int], int | None]


def build(
    tasks: Sequence[Task],
    workers: Sequence[Worker],
    travel: Sequence[Sequence[int]],
    charge: Charge | Sequence[Sequence[int]],
    *,
    fast: bool | None = None,
) -> Problem:
    """Make the arrays. Providers are not given tasks for two. `charge(task, worker)` (or a ready grid) gives the price of the pair, None (NEVER) where a hard rule forbids it.

    `fast`: for the compiled search; left open, it is taken for days of `LARGE` pairs and more once that is ready.

    Refused: windows that end before they begin, negative times, tasks for more than two.
    """
    for n, task in enumerate(tasks):
        if task.service < 0 or task.drop < 0 or task.people not in (1, 2):
            raise ValueError(f"task {n}: expected service and drop from 0 on, and one or two people")
        if not task.windows or any(opens > closes for opens, closes in task.windows):
            raise ValueError(f"task {n}: expected windows that do not end before they begin")
    if fast is None:
        fast = len(tasks) * len(workers) >= LARGE and is_ready()
    if any(w.longest < NEVER for w in workers) and any(len(task.windows) > 1 for task in tasks):
        raise ValueError("expected one window a task where a worker's whole day is limited")
    halves = [n for n, task in enumerate(tasks) if task.people == 2]
    whole = [*range(len(tasks)), *halves]
    first = {n: len(tasks) + i for i, n in enumerate(halves)}
    shaped = [_shaped(tasks[n], travel) for n in whole]
    wide = max((len(windows) for windows, _inner, _service in shaped), default=1)
    charges = _charges(charge, len(tasks), len(workers))
    for n in halves:  # providers come in their own time, so nobody can be told to meet them
        charges[n] = [
            NEVER if worker.outside else price for worker, price in zip(workers, charges[n], strict=True)
        ]
    return Problem(
        fast=fast,
        places=len(travel),
        routes=len(workers),
        wide=wide,
        reach=min(len(whole), NEAR),
        travel=flat(travel, fast, small=True),
        trips=_trips([_enter(tasks[n]) for n in whole], [tasks[n].place for n in whole], travel, fast),
        enter=row([_enter(tasks[n]) for n in whole], fast),
        leave=row([tasks[n].place for n in whole], fast),
        inner=row([inner for _windows, inner, _service in shaped], fast),
        service=row([service for _windows, _inner, service in shaped], fast),
        windows=row([len(windows) for windows, _inner, _service in shaped], fast),
        opens=_padded([[opens for opens, _closes in windows] for windows, _i, _s in shaped], wide, fast),
        closes=_padded([[closes for _opens, closes in windows] for windows, _i, _s in shaped], wide, fast),
        drop=row([tasks[n].drop for n in whole], fast),
        demand=row([tasks[n].demand for n in whole], fast),
        late_after=row(
            [
                NEVER if tasks[n].late_after >= NEVER else tasks[n].late_after + tasks[n].service - service
                for n, (_windows, _inner, service) in zip(whole, shaped, strict=True)
            ],
            fast,
        ),
        late_price=row([tasks[n].late_price for n in whole], fast),
        charge=flat([charges[n] for n in whole], fast) if len(whole) else row([], fast),
        near=_near([tasks[n] for n in whole], travel, fast),
        start=row([w.start for w in workers], fast),
        end=row([w.end for w in workers], fast),
        start_at=row([w.start_at for w in workers], fast),
        end_by=row([w.end_by for w in workers], fast),
        rest_from=row([w.rest.begins_from if w.rest else NEVER for w in workers], fast),
        rest_to=row([w.rest.begins_to if w.rest else NEVER for w in workers], fast),
        rest_for=row([w.rest.lasts if w.rest else 0 for w in workers], fast),
        most=row([w.most for w in workers], fast),
        capacity=row([w.capacity for w in workers], fast),
        outside=row([int(w.outside) for w in workers], fast),
        longest=row([w.longest for w in workers], fast),
        fair_from=row([w.fair_from for w in workers], fast),
        fair_soft=row([max(w.fair_soft, 1) for w in workers], fast),
        kind=row([w.kind if w.kind >= 0 else 10**6 + v for v, w in enumerate(workers)], fast),
        twin=row([first.get(n, -1) if i < len(tasks) else n for i, n in enumerate(whole)], fast),
    )


def _enter(task: Task) -> int:
    return task.place if task.pickup is None else task.pickup


def _shaped(task: Task, travel: Any) -> tuple[list[tuple[int, int]], int, int]:
    """Give windows for coming to the first place, the travel within, and the whole time there.

    Two people begin together: at the first instant of the window.
    """
    inner = 0 if task.pickup is None else int(travel[task.pickup][task.place])
    lead = inner + (task.handling if task.pickup is not None else 0)
    windows = [(opens, opens) for opens, _c in task.windows[:1]] if task.people == 2 else list(task.windows)
    return [(opens - lead, closes - lead) for opens, closes in sorted(windows)], inner, lead + task.service


def _charges(charge: Any, orders: int, routes: int) -> Any:
    if not callable(charge):
        return charge
    found = []
    for o in range(orders):
        prices = [charge(o, v) for v in range(routes)]
        found.append([NEVER if price is None else price for price in prices])
    return found


def _padded(rows: list[list[int]], wide: int, fast: bool) -> Any:
    return row([value for values in rows for value in values + [NEVER] * (wide - len(values))], fast)


def _trips(enter: list[int], leave: list[int], travel: Any, fast: bool) -> Any:
    """Give for each order the ways to it from every place and from it to every place, side by side (flat)."""
    if fast and enter:
        import numpy

        ways = numpy.asarray(travel)
        return flat(
            numpy.stack((ways.T[enter], ways[leave]), axis=2).reshape(len(enter), -1), fast, small=True
        )
    columns = turned(travel, fast)
    return flat(
        [
            [way for pair in zip(columns[i], travel[j], strict=True) for way in pair]
            for i, j in zip(enter, leave, strict=True)
        ],
        fast,
        small=True,
    )


def _near(tasks: list[Task], travel: Any, fast: bool) -> Any:
    """Give for each order the orders nearest to it, itself first (flat)."""
    wide = min(len(tasks), NEAR)
    if fast and tasks:
        import numpy

        places = numpy.array([task.place for task in tasks])
        table = numpy.asarray(travel)[numpy.ix_(places, places)].copy()
        numpy.fill_diagonal(table, -1)
        return flat(numpy.argsort(table, axis=1, kind="stable")[:, :wide], fast)
    found: list[int] = []
    for o, task in enumerate(tasks):
        away = travel[task.place]
        ranked = sorted(range(len(tasks)), key=lambda other: (other != o, away[tasks[other].place], other))
        found += ranked[:wide]
    return row(found, fast)
