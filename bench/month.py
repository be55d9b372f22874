"""A simulated month of one region: the day plan against what dispatchers do by hand, and against VROOM.

Every working day about 8.5 orders an engineer, each with a window promised to its customer: half are known in the morning,
the rest come during the day (a tenth of all urgent: within two hours). The world is not as planned: ways and work take
longer or shorter, customers are not at home, engineers refuse or break down. What happens to an order or an engineer is
drawn once, so that every policy meets the same month. An engineer sets out when the window allows; then nothing calls back.

  nearest   an order goes at the call to the nearest engineer with fewer than three in hand, who does them by window
  free      whoever is free takes the nearest order that can be begun now, urgent ones first
  first     … the one received first
  vroom     VROOM 1.15 (exploration level 5) plans everything open anew every five minutes
  plan      our engine, warm from the plan that is agreed: every five minutes when something happened, at once for an urgent
            order or an absence; promised windows hard, telling two engineers of a change costs ten minutes

A window that nobody can keep any more lasts until the evening in the eyes of both planners, and counts as missed.

Keys: on_time_pct, nearest_on_time_pct, free_on_time_pct, first_on_time_pct, vroom_on_time_pct (arrived by the end of the promised window, of all
orders), km_vs_nearest, km_vs_free, km_vs_vroom (ways per order done), urgent_min and …_nearest, …_free, …_vroom (minutes from the
call to the door, mean), moved_pct and vroom_moved_pct (orders given to somebody else after they had been given), spread_min and
…_nearest, …_free, …_vroom (standard deviation of the minutes worked a day).
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import numpy as np
from days import KMH, city
from harness import finish

from aftercare.routing.days import LATE
from aftercare.routing.engine import NEVER, Task, Worker, build, make_plan, warm_up

ROOT = Path(__file__).resolve().parent.parent
REFEREES = Path(os.environ.get("AFTERCARE_REFEREES", ROOT / ".referees")) / "bin" / "python"
EVERY = 300
MARGIN = 300  # seconds an engineer likes to be at the door before the window opens
LAST = 20 * 3600
MOVED = 600
PROMISE = 48 * 3600
SPARE = 3600  # as the packs have it
STEPS = {True: 0.12, False: 0.05}


@dataclass
class Order:
    n: int
    place: int
    window: tuple[int, int]
    service: int
    urgency: int
    drop: int
    needs: frozenset[int]
    known_at: int
    really: int
    absent: bool
    state: str = "open"
    given: int | None = None
    moved: int = 0


@dataclass
class Engineer:
    v: int
    home: int
    shift: tuple[int, int]
    has: frozenset[int]
    out_at: int
    place: int = 0
    free_at: int = 0
    doing: Order | None = None
    ends_as_told: int = 0
    worked: int = 0
    driven: int = 0


@dataclass
class World:
    """One day as it really goes; `noise[v, n]` how much longer the way to order n takes engineer v, `refuses[v, n]`."""

    travel: Any
    orders: list[Order]
    engineers: list[Engineer]
    noise: Any
    refuses: Any
    arrivals: dict[int, int] = field(default_factory=dict)
    said_no: set[tuple[int, int]] = field(default_factory=set)

    def way(self, a: int, b: int) -> int:
        return int(self.travel[a, b])


def make_world(seed: int, engineers: int, a_day: float) -> World:
    """Draw a day: the city's places, skills, windows and times of work, and everything that will go wrong."""
    day, luck = city(seed, round(engineers * a_day), engineers), np.random.default_rng(seed + 5000)
    count = len(day["tasks"])
    orders, skills = [], [set(w["has"]) for w in day["workers"]]
    for n, task in enumerate(day["tasks"]):
        if (
            sum(set(task["needs"]) <= has for has in skills) < 2
        ):  # a region has two people for everything it sells
            task["needs"] = [max(range(6), key=lambda k: sum(k in has for has in skills))]
        opens, closes = task["window"]
        known = 7 * 3600
        if opens >= 16 * 3600:  # nobody is promised the evening: by then people are on their way home
            opens = int(luck.integers(9, 14)) * 3600
            closes = opens + 7200
        if task["urgency"] == 0:
            known = int(luck.uniform(8.5, 15) * 3600)
            opens, closes = known, known + 7200
        elif closes - opens > 7200:
            opens, closes = 9 * 3600, 16 * 3600
        elif opens >= 10 * 3600 and luck.random() < 0.6:
            known = int(luck.uniform(7.5 * 3600, opens - 5400))
        orders.append(Order(
            n, task["place"], (opens, closes), task["service"], task["urgency"], task["drop"], frozenset(task["needs"]), known,
            really=int(task["service"] * np.exp(luck.normal(-0.03, 0.25))), absent=bool(luck.random() < 0.03),
        ))  # fmt: skip
    people = []
    for v, w in enumerate(day["workers"]):
        out = int(luck.uniform(9, 16) * 3600) if luck.random() < 0.02 else NEVER
        people.append(
            Engineer(
                v,
                w["start"],
                (w["start_at"], w["end_by"]),
                frozenset(w["has"]),
                out,
                w["start"],
                w["start_at"],
            )
        )
    noise = np.exp(luck.normal(-0.02, 0.2, (engineers, count)))
    refuses = luck.random((engineers, count)) < 0.03
    return World(np.array(day["travel"]), orders, people, noise, refuses)


class ByHand:
    """Whoever is free takes one of the orders that can be begun now: the nearest, or the first received; urgent first."""

    def __init__(self, how: str) -> None:
        self.how = how

    def plan(self, world: World, now: int, *, urgent: bool) -> None:
        """A dispatcher by hand makes no plan."""

    def next(self, world: World, who: Engineer, now: int) -> Order | None:
        can = [
            o for o in world.orders
            if o.state == "open" and o.known_at <= now and o.needs <= who.has and not world.refuses[who.v, o.n]
            and now + world.way(who.place, o.place) + MARGIN >= o.window[0] and self.is_home_in_time(world, who, o, now)
        ]  # fmt: skip
        by = {"nearest": lambda o: world.way(who.place, o.place), "first": lambda o: o.known_at}[self.how]
        return min(can, key=lambda o: (o.urgency > 0, by(o), o.n), default=None)

    def is_home_in_time(self, world: World, who: Engineer, order: Order, now: int) -> bool:
        """Say whether they would be home within an hour of the shift's end, as every plan has it."""
        begins = max(now + world.way(who.place, order.place), order.window[0])
        return begins + order.service + world.way(order.place, who.home) <= who.shift[1] + 3600


class AtTheCall(ByHand):
    """An order goes, when it is received, to the nearest engineer with fewer than three in hand (M49), who does them by window."""

    def __init__(self) -> None:
        super().__init__("nearest")

    def next(self, world: World, who: Engineer, now: int) -> Order | None:
        in_hand = {e.v: 0 for e in world.engineers}
        for o in world.orders:
            if o.state == "open" and o.given is not None:
                in_hand[o.given] += 1
        waiting = [o for o in world.orders if o.state == "open" and o.given is None and o.known_at <= now]
        for o in sorted(waiting, key=lambda o: (o.urgency > 0, o.window[0], o.known_at)):
            able = [
                e for e in world.engineers
                if o.needs <= e.has and not world.refuses[e.v, o.n] and in_hand[e.v] < 3 and now < min(e.shift[1], e.out_at)
            ]  # fmt: skip
            if able:
                o.given = min(able, key=lambda e: world.way(e.place, o.place)).v
                in_hand[o.given] += 1
        for o in world.orders:  # whoever broke down, or can't be home in time, hands over
            if o.state == "open" and o.given is not None and now >= world.engineers[o.given].out_at:
                o.given = None
        mine = [
            o for o in world.orders
            if o.state == "open" and o.given == who.v and now + world.way(who.place, o.place) + MARGIN >= o.window[0]
        ]  # fmt: skip
        for o in mine:
            if not self.is_home_in_time(world, who, o, now):
                o.given = None
        return min(
            (o for o in mine if o.given == who.v),
            key=lambda o: (o.urgency > 0, o.window[1], o.n),
            default=None,
        )


class Planning(ABC):
    """A plan of everything open, carried out from the front; what a solver gives is routes of orders by engineer."""

    def __init__(self) -> None:
        self.routes: dict[int, list[Order]] = {}
        self.spent = 0.0
        self.runs = 0

    def plan(self, world: World, now: int, *, urgent: bool) -> None:
        began = time.process_time()
        open_orders = [o for o in world.orders if o.state == "open" and o.known_at <= now]
        people = [e for e in world.engineers if e.out_at > now and e.shift[1] > now]
        before = {o.n: o.given for o in open_orders}
        self.routes = self.solve(world, open_orders, people, now) if open_orders and people else {}
        for v, route in self.routes.items():
            for o in route:
                if before[o.n] is not None and before[o.n] != v:
                    o.moved += 1
                o.given = v
        self.spent += time.process_time() - began
        self.runs += 1

    def next(self, world: World, who: Engineer, now: int) -> Order | None:
        route = self.routes.get(who.v, [])
        while route and route[0].state != "open":
            route.pop(0)
        if not route:
            return None
        leave_at = route[0].window[0] - world.way(who.place, route[0].place) - MARGIN
        if leave_at > now:
            return None
        return route.pop(0)

    @abstractmethod
    def solve(
        self, world: World, orders: list[Order], people: list[Engineer], now: int
    ) -> dict[int, list[Order]]:
        """Give everybody's orders, in the order of the day."""


def window_of(world: World, order: Order, people: list[Engineer], now: int) -> tuple[int, int]:
    """Give the window as the planners see it: until the evening once nobody can keep it any more."""
    soonest = min(
        (max(now, e.ends_as_told) + world.way(e.place, order.place) for e in people if order.needs <= e.has),
        default=NEVER,
    )
    return order.window if soonest <= order.window[1] else (min(order.window[0], now), LAST)


class OurPlan(Planning):
    def solve(
        self, world: World, orders: list[Order], people: list[Engineer], now: int
    ) -> dict[int, list[Order]]:
        tasks = []
        for o in orders:
            window = window_of(world, o, people, now)
            promise = PROMISE if window == o.window else 0
            spare = min(SPARE, (window[1] - window[0]) // 2)
            tasks.append(Task(
                o.place, o.service, (window,), drop=o.drop + promise, urgent=o.urgency == 0,
                late_after=window[1] - spare if promise else NEVER, late_price=LATE,
            ))  # fmt: skip
        workers = [
            Worker(e.place, e.home, max(now, e.ends_as_told, e.shift[0]), e.shift[1] + 3600) for e in people
        ]
        able = np.full((len(orders), len(people)), NEVER)
        for i, o in enumerate(orders):
            for j, e in enumerate(people):
                if o.needs <= e.has and (e.v, o.n) not in world.said_no:
                    able[i, j] = 0 if o.given in (None, e.v) else MOVED
        where = {o.n: i for i, o in enumerate(orders)}
        kept = {
            j: [where[o.n] for o in self.routes.get(e.v, []) if o.n in where] for j, e in enumerate(people)
        }
        fast = len(orders) * len(people) >= 200
        made = make_plan(
            build(tasks, workers, world.travel, able, fast=fast), seconds=STEPS[fast], kept=kept,
            firm=[i for i, o in enumerate(orders) if o.urgency == 0],
        )  # fmt: skip
        return {people[j].v: [orders[i] for i in route] for j, route in made.routes.items()}


class Vroom(Planning):
    """VROOM in a process of its own, one JSON line a plan."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: World | None = None
        self.process = subprocess.Popen(
            [REFEREES, ROOT / "bench" / "referees.py", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def solve(
        self, world: World, orders: list[Order], people: list[Engineer], now: int
    ) -> dict[int, list[Order]]:
        day = {
            "travel": None if self.seen is world else world.travel.tolist(), "unit": 60,
            "tasks": [
                {"place": o.place, "service": o.service, "window": window_of(world, o, people, now), "drop": o.drop, "demand": 0,
                 "needs": sorted(o.needs) + [100 + o.n] * any((e.v, o.n) in world.said_no for e in people)}
                for o in orders
            ],
            "workers": [
                {"start": e.place, "end": e.home, "start_at": max(now, e.ends_as_told, e.shift[0]), "end_by": e.shift[1] + 3600,
                 "capacity": 0, "longest": None,
                 "has": sorted(e.has) + [100 + n for _v, n in world.said_no if (e.v, n) not in world.said_no]}
                for e in people
            ],
        }  # fmt: skip
        self.seen = world
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(day) + "\n")
        self.process.stdin.flush()
        routes = json.loads(self.process.stdout.readline())["routes"]
        return {people[int(j)].v: [orders[i] for i in route] for j, route in routes.items()}

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


def run_day(world: World, policy: Any, *, always: bool) -> None:
    """Let a day happen under a policy. `always`: plan every five minutes; else only when something happened."""
    events: list[tuple[int, int, str, Any]] = []
    tie = iter(range(10**9))

    def at(when: int, what: str, about: Any = None) -> None:
        heapq.heappush(events, (when, next(tie), what, about))

    for order in world.orders:
        at(order.known_at, "call", order)
    for engineer in world.engineers:
        at(engineer.shift[0], "free", engineer)
        if engineer.out_at < NEVER:
            at(engineer.out_at, "out", engineer)
    for tick in range(7 * 3600 + EVERY, LAST, EVERY):
        at(tick, "tick")
    news = True
    while events:
        now, _tie, what, about = heapq.heappop(events)
        if what == "call":
            news = True
            if about.urgency == 0:
                policy.plan(world, now, urgent=True)
        elif what == "out":
            policy.plan(world, now, urgent=True)
        elif what == "tick":
            if always or news:
                policy.plan(world, now, urgent=False)
            news = False
        elif what == "free":
            done = about.doing
            about.doing = None
            if done is not None:
                news = news or abs(now - about.ends_as_told) > 600
            about.ends_as_told = now
        for engineer in world.engineers:
            if (
                engineer.doing is None
                and engineer.shift[0] <= now < engineer.shift[1]
                and now < engineer.out_at
            ):
                order = policy.next(world, engineer, now)
                while order is not None and world.refuses[engineer.v, order.n]:
                    world.said_no.add((engineer.v, order.n))
                    order.given, news = None, True  # to be given to somebody else
                    order = policy.next(world, engineer, now)
                if order is not None:
                    set_out(world, engineer, order, now)
                    at(engineer.free_at, "free", engineer)


def set_out(world: World, who: Engineer, order: Order, now: int) -> None:
    way = round(world.way(who.place, order.place) * float(world.noise[who.v, order.n]))
    begins = max(now + way, order.window[0])
    lasts = 600 if order.absent else order.really
    world.arrivals[order.n] = now + way
    order.state, who.doing, who.place = "done", order, order.place
    who.driven += way
    who.free_at = begins + lasts
    who.ends_as_told = max(now + round(way), order.window[0]) + order.service
    who.worked += who.free_at - now


def figures_of(worlds: list[World]) -> dict[str, float]:
    orders = [(world, o) for world in worlds for o in world.orders]
    kept = [o.n in world.arrivals and world.arrivals[o.n] <= o.window[1] for world, o in orders]
    done = sum(o.n in world.arrivals for world, o in orders)
    driven = sum(e.driven for world in worlds for e in world.engineers)
    urgent = [(world.arrivals.get(o.n, LAST) - o.known_at) / 60 for world, o in orders if o.urgency == 0]
    worked = [pstdev([e.worked / 60 for e in world.engineers]) for world in worlds]
    return {
        "on_time": 100 * mean(kept), "undone": len(orders) - done, "orders": len(orders), "urgent": mean(urgent),
        "km": driven / 3600 * KMH / max(done, 1), "spread": mean(worked), "moved": 100 * sum(o.moved > 0 for _w, o in orders) / len(orders),
    }  # fmt: skip


POLICIES: dict[str, Any] = {
    "nearest": AtTheCall, "free": lambda: ByHand("nearest"), "first": lambda: ByHand("first"), "plan": OurPlan,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=22)
    parser.add_argument("--engineers", type=int, default=16)
    parser.add_argument("--load", type=float, default=8.5, help="orders an engineer and day")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="two days")
    parser.add_argument("--json")
    told = parser.parse_args()
    days = 2 if told.quick else told.days
    warm_up()
    found: dict[str, dict[str, float]] = {}
    for name in ("nearest", "free", "first", "plan", "vroom"):
        began, worlds = time.perf_counter(), []
        vroom = Vroom() if name == "vroom" else None
        for day in range(days):
            world = make_world(told.first_seed + day, told.engineers, told.load)
            policy: Any = vroom or POLICIES[name]()
            if vroom:
                vroom.routes = {}
            run_day(world, policy, always=name == "vroom")
            worlds.append(world)
        if vroom:
            vroom.close()
        found[name] = figures_of(worlds)
        shown = "  ".join(f"{key} {value:.1f}" for key, value in found[name].items())
        print(f"{name:8} {shown}  ({time.perf_counter() - began:.0f} s)", flush=True)
    plan, nearest, free, other = found["plan"], found["nearest"], found["free"], found["vroom"]
    finish("day", {
        "on_time_pct": plan["on_time"], "nearest_on_time_pct": nearest["on_time"], "free_on_time_pct": free["on_time"],
        "first_on_time_pct": found["first"]["on_time"],
        "vroom_on_time_pct": other["on_time"], "km_vs_nearest": plan["km"] / nearest["km"],
        "km_vs_free": plan["km"] / free["km"], "km_vs_vroom": plan["km"] / other["km"],
        "urgent_min": plan["urgent"], "urgent_min_nearest": nearest["urgent"], "urgent_min_free": free["urgent"], "urgent_min_vroom": other["urgent"],
        "moved_pct": plan["moved"], "vroom_moved_pct": other["moved"], "spread_min": plan["spread"],
        "spread_min_nearest": nearest["spread"], "spread_min_free": free["spread"], "spread_min_vroom": other["spread"], "orders": int(plan["orders"]),
    }, told.json)  # fmt: skip


if __name__ == "__main__":
    main()
