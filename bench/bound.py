"""How far from the best possible a day plan is: a lower bound no plan can be below, and our price above it.

The bound is that of column generation: a linear programme over all routes of all engineers, where only those routes are
made that would lower its price (pricing, by labels in order of time). Routes may come back to an order, but not to one that is
near (ng-routes: Baldacci, Mingozzi & Roberti, Operations Research 59(5), 2011), so the bound is a little lower than the
programme's. By weak duality, for any worth of the orders between nothing and the price of leaving them undone, no plan is
cheaper than the sum of the worths and of each engineer's best route, its way less what its orders are worth.

Suites: small (125 orders, 20 engineers, as a region has in a day; our search has 1 s, as when a dispatcher waits), city (500 × 80,
20 s). Keys, per cent above the bound, mean of the seeds: small_above_pct, city_above_pct; worst of them: …_worst_pct.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from statistics import mean
from typing import Any

import numpy as np
from days import Day, city
from dispatch import ours
from harness import finish
from scipy.optimize import linprog
from scipy.sparse import csc_matrix

from aftercare.routing.engine import COMPILED, warm_up

NEAR = 10  # an order is not come back to from so many around it
KEPT = 25  # routes of one engineer added in one round
LABELS = 3_000_000
SPAN = 1200  # seconds: labels are taken in such spans of time, none longer than a service
CLOSE = 0.0005  # the bound is near enough to the programme
SMOOTH = 0.5  # worths go half way from the best so far to the programme's (Wentges 1997)
SIZES = {"small": (125, 20, 1.0), "city": (500, 80, 20.0)}

Route = tuple[int, tuple[int, ...]]


class Pricing:
    """A day as arrays, and the best routes of an engineer when each order is worth something."""

    def __init__(self, day: Day) -> None:
        tasks, self.workers = day["tasks"], day["workers"]
        self.travel = np.array(day["travel"], dtype=np.int32)
        self.place = np.array([t["place"] for t in tasks])
        self.service = np.array([t["service"] for t in tasks])
        self.opens, self.closes = np.array([t["window"] for t in tasks]).T.copy()
        self.drop = np.array([t["drop"] for t in tasks], dtype=float)
        assert self.service.min() >= SPAN, "labels of one span must not lead to the same span"
        self._able = [
            np.array([n for n, t in enumerate(tasks) if set(t["needs"]) <= set(w["has"])], dtype=np.int64)
            for w in self.workers
        ]
        self._near, self._bit = self._neighbours()
        self._paths, self._lengths = np.zeros((KEPT, 64), np.int64), np.zeros(KEPT, np.int64)

    def _neighbours(self) -> tuple[Any, Any]:
        """Give for each order the nearest from which it could be come back to in time, itself first; and the place of each in that list."""
        count = len(self.place)
        ways = self.travel[np.ix_(self.place, self.place)]
        near, bit = np.full((count, NEAR), -1), np.full((count, count), -1)
        for o in range(count):
            there = np.maximum(self.opens[o] + self.service[o] + ways[o], self.opens)
            back = there + self.service + ways[:, o]
            away = np.where((there <= self.closes) & (back <= self.closes[o]), ways[o] + ways[:, o], np.inf)
            away[o] = -1
            chosen = [n for n in np.argsort(away, kind="stable")[:NEAR] if np.isfinite(away[n])]
            near[o, : len(chosen)] = chosen
            bit[o, chosen] = range(len(chosen))
        return near, bit

    def cost(self, route: Route) -> int:
        """Give the way of a route from home to home, seconds."""
        worker, orders = self.workers[route[0]], route[1]
        stops = [worker["start"], *self.place[list(orders)], worker["end"]]
        return int(sum(self.travel[a, b] for a, b in itertools.pairwise(stops)))

    def best(self, v: int, worth: Any) -> tuple[float, list[Route]]:
        """Give the lowest reduced cost of an engineer's routes, 0 when none pays, and the best routes."""
        from bound_labels import best_routes  # here, so that a word about numba can be said without it

        w = self.workers[v]
        lowest, found = best_routes(
            w["start"], w["start_at"], w["end_by"], self._able[v], self.place, self.service, self.opens, self.closes, worth,
            self.travel, self._near, self._bit, SPAN, LABELS, self._paths, self._lengths,
        )  # fmt: skip
        assert found >= 0, "more labels than there is room for"
        return lowest, [(v, tuple(self._paths[k, : self._lengths[k]].tolist())) for k in range(found)]


def lower_bound(day: Day, routes: dict[int, list[int]]) -> float:
    """Give a price, seconds of travel, that no plan of a day is below; `routes` of some plan to begin with."""
    pricing = Pricing(day)
    columns = {route: pricing.cost(route) for route in ((v, tuple(orders)) for v, orders in routes.items())}
    best, bound, smooth = None, -np.inf, SMOOTH
    while True:
        price, worth = _programme(pricing, columns)
        asked = worth if best is None else smooth * best + (1 - smooth) * worth
        found = [pricing.best(v, asked) for v in range(len(pricing.workers))]
        at_least = asked.sum() + sum(lowest for lowest, _routes in found)
        if at_least > bound:
            bound, best = at_least, asked
        fresh = {route for _lowest, some in found for route in some} - set(columns)
        columns |= {route: pricing.cost(route) for route in fresh}
        print(
            f"  programme {price / 60:10.1f}  bound {bound / 60:10.1f}  routes {len(columns)}",
            end="\r",
            flush=True,
        )
        if price - bound <= CLOSE * price or (not fresh and smooth == 0):
            return bound
        smooth = SMOOTH if len(fresh) > 50 else 0.0


def _programme(pricing: Pricing, columns: dict[Route, int]) -> tuple[float, Any]:
    """Solve the programme over the routes there are; give its price and what it is worth to have each order done."""
    orders, workers, count = len(pricing.drop), len(pricing.workers), len(columns)
    rows, cols, values = list(range(orders)), list(range(count, count + orders)), [1] * orders
    for k, (v, route) in enumerate(columns):
        for o in set(route):
            rows.append(o)
            cols.append(k)
            values.append(route.count(o))
        rows.append(orders + v)
        cols.append(k)
        values.append(-1)
    needed = np.concatenate([np.ones(orders), -np.ones(workers)])
    prices = np.concatenate([np.array(list(columns.values()), dtype=float), pricing.drop])
    matrix = csc_matrix((values, (rows, cols)), shape=(orders + workers, count + orders))
    found = linprog(prices, A_ub=-matrix, b_ub=-needed, method="highs-ds")
    return found.fun, np.clip(-found.ineqlin.marginals[:orders], 0, pricing.drop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json")
    parser.add_argument("--suite", action="append", choices=list(SIZES))
    given = parser.parse_args()
    if not COMPILED:
        sys.exit("numba is not here: pip install -r requirements/fast.lock")
    warm_up()
    figures: dict[str, float] = {}
    for suite in given.suite or list(SIZES):
        orders, workers, seconds = SIZES[suite]
        above = []
        for seed in (1, 2, 3):
            day = city(seed, orders, workers)
            plan, made = ours(day, seconds)
            bound = lower_bound(day, made.routes) / day["unit"]
            assert bound <= plan["price"], "a plan below the bound"
            above.append(100 * (plan["price"] / bound - 1))
            print(
                f"{day['name']:24} bound {bound:10.1f}  aftercare {seconds:4.0f} s {plan['price']:10.1f}  {above[-1]:.2f} % above",
                flush=True,
            )
        figures |= {f"{suite}_above_pct": mean(above), f"{suite}_above_worst_pct": max(above)}
    finish("bound", figures, given.json)


if __name__ == "__main__":
    main()
