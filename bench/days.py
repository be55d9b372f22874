"""Days to plan, as data that every solver reads: made-up cities, and published instances with their best-known values.

A day is {"travel": [[seconds]], "tasks": [{place, service, window, drop, demand, needs}], "workers": [{start, end, start_at,
end_by, capacity, longest, has}], "unit": how many of its time units make one of its price}. A worker may do a task when all
that it needs is among what they have.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

SKILLS = np.array([0.30, 0.22, 0.18, 0.13, 0.10, 0.07])
DROPS = (
    480 * 60,
    240 * 60,
    120 * 60,
)  # seconds of travel that an undone urgent, high or normal order is worth
KMH, DETOUR = 25, 1.35
FAR = 10**9
Day = dict[str, Any]


def city(seed: int, orders: int = 500, workers: int = 80) -> Day:
    """Make up a city day: eight centres, homes and shifts, six skills, two-hour windows, 10/20/70 % urgent/high/normal."""
    luck = np.random.default_rng(seed)
    centres = np.column_stack([31.23 + luck.normal(0, 0.07, 8), 121.47 + luck.normal(0, 0.08, 8)])
    weights = luck.dirichlet(np.ones(8) * 3)

    def spread(count: int) -> Any:
        spots = centres[luck.choice(8, count, p=weights)] + luck.normal(0, 0.018, (count, 2))
        outside = luck.random(count) < 0.25
        n = int(outside.sum())
        spots[outside] = np.column_stack(
            [31.23 + luck.uniform(-0.15, 0.15, n), 121.47 + luck.uniform(-0.17, 0.17, n)]
        )
        return spots

    homes, places = spread(workers), spread(orders)
    common = (SKILLS + 0.08) / (SKILLS + 0.08).sum()
    has = [
        sorted(
            int(k) for k in luck.choice(6, luck.choice([2, 3, 4], p=[0.4, 0.4, 0.2]), replace=False, p=common)
        )
        for _n in range(workers)
    ]
    starts = luck.choice([8, 9, 12], workers, p=[0.6, 0.25, 0.15]) * 3600
    needs = [
        sorted(int(k) for k in luck.choice(6, 2 if luck.random() < 0.1 else 1, replace=False, p=SKILLS))
        for _n in range(orders)
    ]
    slots = luck.choice([8, 10, 12, 14, 16, 18], orders, p=[0.2, 0.24, 0.12, 0.2, 0.18, 0.06]) * 3600
    windows = np.column_stack([slots, slots + 7200])
    windows[luck.random(orders) < 0.15] = [8 * 3600, 20 * 3600]
    service = (np.clip(np.exp(luck.normal(np.log(50) - 0.1, 0.45, orders)), 20, 150) * 60).astype(int)
    urgency = luck.choice([0, 1, 2], orders, p=[0.1, 0.2, 0.7])
    spots = np.vstack([homes, places])
    return {
        "name": f"city {orders}x{workers} seed {seed}", "unit": 60, "spots": spots.tolist(), "travel": driving(spots).tolist(),
        "tasks": [
            {"place": workers + n, "service": int(service[n]), "window": [int(x) for x in windows[n]],
             "drop": DROPS[urgency[n]], "urgency": int(urgency[n]), "demand": 0, "needs": needs[n]}
            for n in range(orders)
        ],
        "workers": [
            {"start": v, "end": v, "start_at": int(starts[v]), "end_by": int(starts[v]) + 8 * 3600, "capacity": 0,
             "longest": None, "has": has[v]}
            for v in range(workers)
        ],
    }  # fmt: skip


def driving(spots: Any) -> Any:
    """Give the seconds between places (latitude, longitude) at the city's detour and speed."""
    lat, lon = np.radians(spots[:, 0]), np.radians(spots[:, 1])
    h = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat)[:, None] * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    return np.rint(6371.0 * 2 * np.arcsin(np.sqrt(h)) * DETOUR / KMH * 3600).astype(np.int64)


def vrptw(path: Path) -> Day:
    """Read a Solomon or Gehring-Homberger file; distances in tenths, cut off (the convention of the best-known values)."""
    lines = [line.split() for line in path.read_text().splitlines()]
    numbers = [[float(x) for x in line] for line in lines[1:] if line and line[0].replace(".", "").isdigit()]
    (fleet, capacity), rows = (int(x) for x in numbers[0]), np.array(numbers[1:])
    gaps = np.hypot(rows[:, None, 1] - rows[:, 1], rows[:, None, 2] - rows[:, 2])
    end = int(rows[0, 5] * 10)
    return {
        "name": lines[0][0].upper(), "unit": 10, "spots": rows[:, 1:3].tolist(),
        "travel": np.floor(10 * gaps + 1e-9).astype(np.int64).tolist(),
        "tasks": [
            {"place": n, "service": int(row[6] * 10), "window": [int(row[4] * 10), int(row[5] * 10)], "drop": 100000,
             "urgency": 0, "demand": int(row[3]), "needs": []}
            for n, row in enumerate(rows) if n
        ],
        "workers": [
            {"start": 0, "end": 0, "start_at": 0, "end_by": end, "capacity": capacity, "longest": None, "has": []}
            for _n in range(fleet)
        ],
    }  # fmt: skip


def site_dependent(path: Path) -> Day:
    """Read a site-dependent VRPTW: vehicle classes that may serve some customers only; values times 1000, rounded."""
    head: dict[str, str] = {}
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] | None = None
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0] == "EOF":
            continue
        if words[0].endswith("_SECTION"):
            current = sections.setdefault(words[0], [])
        elif current is None or ":" in line:
            key, _colon, value = line.partition(":")
            head[key.strip()] = value.strip()
        else:
            current.append(words)
    spots = np.array([[float(x) for x in row[1:3]] for row in sections["NODE_COORD_SECTION"]])
    gaps = np.hypot(spots[:, None, 0] - spots[:, 0], spots[:, None, 1] - spots[:, 1])
    count, fleet = len(spots), int(head["VEHICLES"])

    def column(name: str, scale: int) -> list[list[int]]:
        """Give the values of a section by node, scaled and rounded; a value of the head holds for all."""
        rows = {
            int(row[0]): [round(float(x) * scale) for x in row[1:]]
            for row in sections.get(f"{name}_SECTION", [])
        }
        if not rows and name in head:
            return [[round(float(head[name]) * scale)]] * max(count, fleet)
        return [rows[n] for n in sorted(rows)]

    windows, service = column("TIME_WINDOW", 1000), column("SERVICE_TIME", 1000)
    demand, capacity = column("DEMAND", 1), column("CAPACITY", 1)
    longest = column("VEHICLES_MAX_DURATION", 1000)
    allowed = [{int(x) - 1 for x in row[1:]} for row in sections["VEHICLES_ALLOWED_CLIENTS_SECTION"]]
    who = [frozenset(v for v in range(fleet) if n in allowed[v]) for n in range(count)]
    kinds = {vehicles: k for k, vehicles in enumerate(dict.fromkeys(who[1:]))}
    return {
        "name": head["NAME"], "unit": 1, "spots": spots.tolist(), "travel": np.rint(gaps * 1000).astype(np.int64).tolist(),
        "tasks": [
            {"place": n, "service": service[n][0], "window": windows[n], "drop": 4 * int(gaps.max() * 1000), "urgency": 0,
             "demand": demand[n][0], "needs": [kinds[who[n]]]}
            for n in range(1, count)
        ],
        "workers": [
            {"start": 0, "end": 0, "start_at": windows[0][0], "end_by": windows[0][1], "capacity": capacity[v][0],
             "longest": longest[v][0], "has": sorted(k for vehicles, k in kinds.items() if v in vehicles)}
            for v in range(fleet)
        ],
    }  # fmt: skip


def best_known(folder: Path, name: str) -> float:
    return float(json.loads((folder / "bks.json").read_text())[name])


def judge(day: Day, routes: dict[int, list[int]]) -> dict[str, Any]:
    """Drive the routes, task by task; give price, travel and what is undone. Raises where a hard rule is broken."""
    tasks, workers, travel = day["tasks"], day["workers"], day["travel"]
    seen: set[int] = set()
    way = 0
    for v, route in routes.items():
        worker = workers[v]
        if not route:
            continue
        place, load, last = worker["start"], 0, worker["end_by"]
        now, lasts = worker["start_at"], 0
        for n in route:
            task = tasks[n]
            assert n not in seen, f"task {n} is done twice"
            assert set(task["needs"]) <= set(worker["has"]), f"worker {v} may not do task {n}"
            seen.add(n)
            load += task["demand"]
            step = travel[place][task["place"]]
            way += step
            opens, closes = task["window"]
            now = max(now + step, opens)
            assert now <= closes, f"task {n} begins {now - closes} late"
            wait = max(opens - lasts - step - last, 0)
            last = min(closes - lasts - step, last)
            lasts += step + wait + task["service"]
            now += task["service"]
            place = task["place"]
        step = travel[place][worker["end"]]
        way += step
        assert now + step <= worker["end_by"], f"worker {v} is back {now + step - worker['end_by']} late"
        assert not worker["capacity"] or load <= worker["capacity"], f"worker {v} carries {load}"
        assert worker["longest"] is None or lasts + step <= worker["longest"], (
            f"worker {v} is out for {lasts + step}"
        )
    undone = [n for n in range(len(tasks)) if n not in seen]
    price = way + sum(tasks[n]["drop"] for n in undone)
    return {
        "price": price / day["unit"], "travel": way / day["unit"], "undone": len(undone),
        "urgent_undone": [n for n in undone if tasks[n]["urgency"] == 0],
    }  # fmt: skip


def greedy(day: Day) -> dict[int, list[int]]:
    """Plan as a dispatcher does: urgent first, narrow windows first, each where it costs least."""
    tasks, workers, travel = day["tasks"], day["workers"], day["travel"]
    routes: dict[int, list[int]] = {v: [] for v in range(len(workers))}

    def fits(v: int, route: list[int]) -> bool:
        now, place = workers[v]["start_at"], workers[v]["start"]
        for n in route:
            now = max(now + travel[place][tasks[n]["place"]], tasks[n]["window"][0])
            if now > tasks[n]["window"][1]:
                return False
            now, place = now + tasks[n]["service"], tasks[n]["place"]
        return now + travel[place][workers[v]["end"]] <= workers[v]["end_by"]

    def sooner(n: int) -> tuple[int, int, int]:
        opens, closes = tasks[n]["window"]
        return tasks[n]["urgency"], closes - opens, opens

    for n in sorted(range(len(tasks)), key=sooner):
        here, best = tasks[n]["place"], (math.inf, 0, [])
        for v, worker in enumerate(workers):
            if not set(tasks[n]["needs"]) <= set(worker["has"]):
                continue
            spots = [worker["start"], *(tasks[x]["place"] for x in routes[v]), worker["end"]]
            for k in range(len(routes[v]) + 1):
                before, after = spots[k], spots[k + 1]
                more = (
                    travel[before][here] + travel[here][after] - (travel[before][after] if routes[v] else 0)
                )
                if more < best[0]:
                    tried = [*routes[v][:k], n, *routes[v][k:]]
                    if fits(v, tried):
                        best = (more, v, tried)
        if best[2]:
            routes[best[1]] = best[2]
    return routes
