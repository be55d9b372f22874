"""Make a plan: at once by cheapest insertion, better by the search; any plan can be made again from its seed and course."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import search
from .arrays import NEVER, row
from .course import COLD, ENOUGH, WARM, Course, Timed, legs_of
from .problem import Problem
from .search import UNSERVED, Plan, Scratch

AT_ONCE = {True: 200, False: 5}  # steps at one temperature: compiled, plain


@dataclass(frozen=True)
class Stop:
    """One order on a route: who (by worker), which, when the engineer comes, begins and leaves, and the way there. Seconds."""

    task: int
    arrives: int
    begins: int
    leaves: int
    way: int


@dataclass(frozen=True)
class Planned:
    """A plan: routes of orders by worker, what is left undone, and its price in seconds of travel."""

    routes: dict[int, list[int]]
    undone: list[int]
    price: int
    course: Course
    first_price: int = 0
    curve: list[tuple[float, int]] = field(default_factory=list)


def make_plan(
    problem: Problem, *, seconds: float = 0.0, seed: int = 1, kept: Mapping[int, Sequence[int]] | None = None,
    heats: tuple[float, float] | None = None, clock: Callable[[], float] = time.process_time, again: Course | None = None,
    firm: Iterable[int] = (), insert: bool = True,
) -> Planned:  # fmt: skip
    """Plan: keep the routes given in `kept` as far as they can be, insert the rest (if `insert`), then search for `seconds`.

    With `again` the search is not timed but goes the recorded course. `firm`: orders that are never left undone for one that
    is not. Orders of a pair (tasks for two) are done both or not at all.
    """
    began = clock()
    course = again or Course(seed)
    plan, luck = (
        engine_for(problem).empty_plan(problem),
        engine_for(problem).luck_from(course.seed, problem.fast),
    )
    scratch = engine_for(problem).scratch_for(problem, plan)
    _keep(problem, plan, scratch, kept or {})
    never_dropped = frozenset(firm)
    if insert:
        engine_for(problem).insert_absent(problem, plan, scratch, luck)
        _make_room(problem, plan, scratch, never_dropped)
        engine_for(problem).insert_absent(problem, plan, scratch, luck)
    first = price_of(problem, plan)
    best, prices = engine_for(problem).empty_plan(problem), row([first, first], problem.fast)
    engine_for(problem).copy_routes(plan, best)
    curve = [(clock() - began, first)]
    if problem.orders and problem.routes and (again is not None or seconds > 0):
        timed = Timed(seconds, began, clock, curve, prices)
        if again is not None:
            legs = legs_of(again)
        else:
            alone = bool(kept or heats) or seconds < ENOUGH * problem.orders
            legs = timed.legs_from(*(heats or (WARM if kept else COLD)), scale=mean_way(problem), alone=alone)
        steps = again.steps if again else AT_ONCE[problem.fast]
        _search(problem, plan, best, scratch, luck, prices, legs, steps)
        course = again or Course(course.seed, steps, tuple(timed.heats), tuple(timed.legs[:-1]))
    for v in range(problem.routes):
        _set_items(problem, plan, v, _items(best, v))
    if insert:
        _make_room(problem, plan, scratch, never_dropped)
        engine_for(problem).insert_absent(problem, plan, scratch, luck)
    _split_pairs(problem, plan)
    while insert and _make_room(problem, plan, scratch, never_dropped):
        _split_pairs(problem, plan)  # who was split from their pair may have left room for what is firm
    return Planned(
        routes={v: orders for v in range(problem.routes) if (orders := orders_on(problem, plan, v))},
        undone=[o for o in range(problem.orders) if plan.route_of[o] == UNSERVED],
        price=price_of(problem, plan), course=course, first_price=first, curve=curve,
    )  # fmt: skip


def stops_of(problem: Problem, routes: Mapping[int, Sequence[int]]) -> dict[int, list[Stop]]:
    """Give when everybody is where. Tasks only; breaks move the times."""
    plan = engine_for(problem).empty_plan(problem)
    found: dict[int, list[Stop]] = {}
    for v, orders in routes.items():
        _lay(problem, plan, v, orders)
        stops = []
        for k in range(plan.length[v]):
            at = v * plan.width + k
            o = int(plan.item[at])
            if o >= problem.orders:
                continue
            way = problem.way(plan.place_at[at], problem.enter[o])
            arrives, leaves = int(plan.free_at[at]) + way, int(plan.free_at[at + 1])
            stops.append(Stop(o, arrives, leaves - int(problem.service[o]), leaves, way))
        found[v] = stops
    return found


def mean_way(problem: Problem) -> float:
    """Give the mean way between two places, of some thousand pairs at even steps: the scale of temperatures."""
    ways = problem.travel[:: max(1, len(problem.travel) // 4001)]
    return max(1.0, float(sum(int(way) for way in ways)) / max(1, len(ways)))


def price_of(problem: Problem, plan: Plan) -> int:
    """Give the price of a plan: its routes, and what is left undone. Seconds of travel."""
    undone = sum(int(problem.drop[o]) for o in range(problem.orders) if plan.route_of[o] == UNSERVED)
    return undone + sum(int(plan.cost[v]) for v in range(problem.routes))


def orders_on(problem: Problem, plan: Plan, v: int) -> list[int]:
    """Give the orders on a route, without its break."""
    return [item for item in _items(plan, v) if item < problem.orders]


def engine_for(problem: Problem) -> Any:
    """Give the search that a problem was made for: compiled or plain."""
    if not problem.fast:
        return search
    from . import search_fast

    return search_fast


def _search(
    problem: Problem, plan: Plan, best: Plan, scratch: Scratch, luck: Any, prices: Any, legs: Sequence[Iterable[float]], steps: int,
) -> None:  # fmt: skip
    """Search leg by leg, so many steps at each temperature: each leg from the first plan, the last from the best there is."""
    engine, first = engine_for(problem), [_items(plan, v) for v in range(problem.routes)]
    first_price = int(prices[0])
    for n, heats in enumerate(legs):
        if n:
            last = n == len(legs) - 1
            for v in range(problem.routes):
                _set_items(problem, plan, v, _items(best, v) if last else first[v])
            prices[0] = prices[1] if last else first_price
        for heat in heats:
            engine.steps(problem, plan, best, scratch, luck, prices, steps, heat)


def _items(plan: Plan, v: int) -> list[int]:
    begin = v * plan.width
    return [int(item) for item in plan.item[begin : begin + int(plan.length[v])]]


def _set_items(problem: Problem, plan: Plan, v: int, items: Sequence[int]) -> None:
    """Make a route of these items (orders, and its break)."""
    for o in orders_on(problem, plan, v):
        if plan.route_of[o] == v:
            plan.route_of[o] = UNSERVED
    for k, item in enumerate(items):
        plan.item[v * plan.width + k] = item
        if item < problem.orders:
            plan.route_of[item] = v
    plan.length[v] = len(items)
    engine_for(problem).reschedule(problem, plan, v)


def _keep(problem: Problem, plan: Plan, scratch: Scratch, kept: Mapping[int, Sequence[int]]) -> None:
    """Lay the routes that are there; what can't be kept where it was is put elsewhere on its route or left to be inserted."""
    for v, orders in kept.items():
        _lay(problem, plan, v, orders)
        if not is_possible(problem, plan, v):
            _lay(problem, plan, v, ())
            for o in orders:
                _insert(problem, plan, scratch, o, v)


def _lay(problem: Problem, plan: Plan, v: int, orders: Sequence[int]) -> None:
    """Make a route of these orders, its break at the first place that keeps everything possible, else at the end."""
    if problem.rest_from[v] >= NEVER:
        _set_items(problem, plan, v, orders)
        return
    for at in range(len(orders) + 1):
        _set_items(problem, plan, v, [*orders[:at], problem.orders + v, *orders[at:]])
        if is_possible(problem, plan, v):
            return


def is_possible(problem: Problem, plan: Plan, v: int) -> bool:
    """Say whether a route breaks no hard rule: who may do it, how many, windows, shift, break, length of the day."""
    if plan.jobs[v] > problem.most[v] or plan.load[v] > problem.capacity[v]:
        return False
    orders = orders_on(problem, plan, v)
    if not all(problem.may(o, v) for o in orders):
        return False
    if problem.outside[v] or not orders:
        return True
    for k in range(v * plan.width, v * plan.width + plan.length[v] + 1):
        if plan.free_at[k] + problem.way(plan.place_at[k], plan.comes_to[k]) > plan.until[k]:
            return False
    limit = problem.longest[v]
    return bool(limit >= NEVER or engine_for(problem).duration(problem, plan, v) <= limit)


def _insert(problem: Problem, plan: Plan, scratch: Scratch, o: int, v: int) -> bool:
    """Put an order where it is cheapest on a route; False where there is no place for it that is worth it."""
    if not engine_for(problem).find_place(
        problem, plan, scratch, row([1, NEVER], problem.fast), o, row([v], problem.fast), 1
    ):
        return False
    at = scratch.place[2]
    engine_for(problem).put_in(problem, plan, o, v, at)
    return True


def _make_room(problem: Problem, plan: Plan, scratch: Scratch, firm: frozenset[int]) -> bool:
    """Serve every firm order for which some route has room once others have left it; says whether there was any."""
    served = False
    for o in sorted(firm):
        if plan.route_of[o] != UNSERVED or problem.twin[o] >= 0:
            continue
        best: tuple[int, int, list[int]] | None = None
        for v in range(problem.routes):
            if not problem.may(o, v) or problem.outside[v]:
                continue
            before = orders_on(problem, plan, v)
            price = int(plan.cost[v]) + sum(int(problem.drop[x]) for x in [*before, o])
            if _crowd_in(problem, plan, scratch, o, v, before, firm):
                now = orders_on(problem, plan, v)
                price = int(plan.cost[v]) - price + sum(int(problem.drop[x]) for x in {*before, o} - set(now))
                if best is None or price < best[0]:
                    best = price, v, now
            _lay(problem, plan, v, before)
        if best is not None:
            _lay(problem, plan, best[1], best[2])
            served = True
    return served


def _crowd_in(
    problem: Problem, plan: Plan, scratch: Scratch, o: int, v: int, before: list[int], firm: frozenset[int]
) -> bool:
    """Put a firm order on a route beside the firm ones, then the others back, dearest first, as far as they fit."""
    kept = [x for x in before if x in firm]
    ways = [[*kept[:at], o, *kept[at:]] for at in range(len(kept) + 1)]
    cheapest: tuple[int, list[int]] | None = None
    for way in ways:
        _lay(problem, plan, v, way)
        if is_possible(problem, plan, v) and (cheapest is None or plan.cost[v] < cheapest[0]):
            cheapest = int(plan.cost[v]), way
    if cheapest is None:
        return False
    _lay(problem, plan, v, cheapest[1])
    for other in sorted((x for x in before if x not in firm), key=lambda x: -int(problem.drop[x])):
        _insert(problem, plan, scratch, other, v)
    return True


def _split_pairs(problem: Problem, plan: Plan) -> None:
    """Take out what only one of two people would come to; what a break then no longer leaves time for goes too."""
    halves = [o for o in range(problem.orders) if problem.twin[o] >= 0]
    while alone := [
        o for o in halves if plan.route_of[o] != UNSERVED and plan.route_of[problem.twin[o]] == UNSERVED
    ]:
        v = int(plan.route_of[alone[0]])
        orders = [other for other in orders_on(problem, plan, v) if other != alone[0]]
        _lay(problem, plan, v, orders)
        while orders and not is_possible(problem, plan, v):
            orders.pop()
            _lay(problem, plan, v, orders)
