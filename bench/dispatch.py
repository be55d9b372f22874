"""The day plan and the instant choice, against other solvers on the same days in the same run.

Suites: city (500 orders, 80 engineers), large (2,000 × 320), vrptw (Solomon, Gehring-Homberger), site (site-dependent
VRPTW), replan (two engineers out and 30 new orders at 11:00), instant (10,000 engineers; with its commit: bench/instant). All plans are driven again by a checker
of their own; seconds are of one core. Prices are minutes of travel, an undone urgent, high or normal order counting 480,
240 or 120. The other solvers run at their defaults in an environment of their own (requirements/referees.lock).

Keys: city_vs_vroom, city_vs_ortools (our price at 5 s ÷ theirs at 20 s, mean of the seeds), city20_vs_vroom (at 20 s),
large_vs_greedy, large_vs_best (20 s), vrptw_gap_pct, vrptw_vs_pyvrp_points, sdvrptw_gap_pct (above the best known, 20 s),
replan_first_ms, replan_vs_vroom, replan_moved_pct, instant_p50_us, instant_p99_us.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from days import Day, best_known, city, driving, greedy, judge, site_dependent, vrptw
from harness import finish, percentile
from instant import in_memory

from aftercare.routing.engine import COMPILED, NEVER, Planned, Task, Worker, build, make_plan, warm_up

ROOT = Path(__file__).resolve().parent.parent
REFEREES = Path(os.environ.get("AFTERCARE_REFEREES", ROOT / ".referees")) / "bin" / "python"
VRPTW = ("solomon/R112", "gh/R1_2_4", "gh/RC1_2_5", "gh/R1_4_5", "gh/RC2_4_1")
MOVED = 600  # price of telling a customer that another engineer comes, seconds of travel


def problem_of(day: Day, held: dict[int, int] | None = None) -> Any:
    tasks = [
        Task(t["place"], t["service"], (tuple(t["window"]),), drop=t["drop"], demand=t["demand"])
        for t in day["tasks"]
    ]
    alike: dict[Any, int] = {}
    workers = []
    for w in day["workers"]:
        key = (w["start"], w["end"], w["start_at"], w["end_by"], w["capacity"], w["longest"], tuple(w["has"]))
        workers.append(Worker(
            w["start"], w["end"], w["start_at"], w["end_by"], capacity=w["capacity"] or 10**9,
            longest=NEVER if w["longest"] is None else w["longest"], kind=alike.setdefault(key, len(alike)),
        ))  # fmt: skip
    skills = [set(w["has"]) for w in day["workers"]]
    fits: dict[tuple[int, ...], list[int]] = {}
    for t in day["tasks"]:
        needs = tuple(t["needs"])
        if needs not in fits:
            fits[needs] = [0 if set(needs) <= has else NEVER for has in skills]
    able = np.array([fits[tuple(t["needs"])] for t in day["tasks"]])
    for n, v in (held or {}).items():  # telling another engineer costs
        able[n] = np.where(able[n] < NEVER, MOVED, NEVER)
        able[n, v] = 0
    return build(tasks, workers, np.array(day["travel"]), able, fast=True)


def ours(day: Day, seconds: float, **how: Any) -> tuple[dict[str, Any], Planned]:
    began = time.process_time()
    problem = problem_of(day)
    made = make_plan(problem, seconds=max(seconds - (time.process_time() - began), 0.0), **how)
    return judge(day, made.routes), made


def referee(name: str, day: Day, seconds: float) -> dict[str, Any]:
    answer = subprocess.run(
        [REFEREES, ROOT / "bench" / "referees.py", name, str(seconds)], input=json.dumps(day), capture_output=True, text=True,
        check=True, timeout=seconds * 4 + 60,
    )  # fmt: skip
    routes = json.loads(answer.stdout.splitlines()[-1])["routes"]
    return judge(day, {int(v): route for v, route in routes.items()})


def show(solver: str, day: Day, seconds: float, found: dict[str, Any], **more: Any) -> None:
    extra = " ".join(f"{key} {value}" for key, value in more.items())
    print(
        f"{day['name']:24} {solver:10} {seconds:5.1f} s  {found['price']:10.1f}  undone {found['undone']:4}  {extra}",
        flush=True,
    )


def city_suite(seeds: tuple[int, ...], limits: tuple[float, float], theirs: float) -> dict[str, float]:
    ratios: dict[str, list[float]] = {"city_vs_vroom": [], "city_vs_ortools": [], "city20_vs_vroom": []}
    left: list[int] = []
    for seed in seeds:
        day = city(seed)
        others = {}
        for name in ("vroom", "ortools"):
            others[name] = referee(name, day, theirs)
            show(name, day, theirs, others[name])
        found = [ours(day, seconds)[0] for seconds in limits]
        for seconds, result in zip(limits, found, strict=True):
            show("aftercare", day, seconds, result)
        ratios["city_vs_vroom"].append(found[0]["price"] / others["vroom"]["price"])
        ratios["city_vs_ortools"].append(found[0]["price"] / others["ortools"]["price"])
        ratios["city20_vs_vroom"].append(found[1]["price"] / others["vroom"]["price"])
        served = [set(found[1]["urgent_undone"]) - set(other["urgent_undone"]) for other in others.values()]
        left.append(len(set().union(*served)))
    figures: dict[str, float] = {key: mean(values) for key, values in ratios.items()}
    return {**figures, "urgent_left_that_others_serve": sum(left)}


def large_suite(seeds: tuple[int, ...], seconds: float) -> dict[str, float]:
    ratios: dict[str, list[float]] = {"large_vs_greedy": [], "large_vs_best": []}
    for seed in seeds:
        day = city(seed, 2000, 320)
        plain = judge(day, greedy(day))
        show("greedy", day, 0, plain)
        found, first = ours(day, seconds)[0], ours(day, 2.0)[0]
        show("aftercare", day, 2.0, first)
        show("aftercare", day, seconds, found)
        others = []
        for name in ("vroom", "pyvrp"):
            others.append(referee(name, day, seconds))
            show(name, day, seconds, others[-1])
        ratios["large_vs_greedy"].append(found["price"] / plain["price"])
        ratios["large_vs_best"].append(found["price"] / min(other["price"] for other in others))
    return {key: mean(values) for key, values in ratios.items()}


def vrptw_suite(data: Path, names: tuple[str, ...], seconds: float) -> dict[str, float]:
    gaps, theirs = [], []
    for name in names:
        day = vrptw(data / f"{name}.txt")
        best = best_known(data, day["name"])
        found, other = ours(day, seconds)[0], referee("pyvrp", day, seconds)
        gaps.append(100 * (found["price"] / best - 1))
        theirs.append(100 * (other["price"] / best - 1))
        show("aftercare", day, seconds, found, gap=f"{gaps[-1]:.2f} %")
        show("pyvrp", day, seconds, other, gap=f"{theirs[-1]:.2f} %")
    worst = max(mine - other for mine, other in zip(gaps, theirs, strict=True))
    return {"vrptw_gap_pct": mean(gaps), "vrptw_pyvrp_gap_pct": mean(theirs), "vrptw_worst_points": worst}


def site_suite(data: Path, count: int, seconds: float) -> dict[str, float]:
    gaps, undone = [], 0
    for path in sorted((data / "sdvrptw").glob("*.vrp"))[:count]:
        day = site_dependent(path)
        found = ours(day, seconds)[0]
        undone += found["undone"]
        gaps.append(100 * (found["travel"] / best_known(data, f"SDVRPTW/{path.stem}") - 1))
        show("aftercare", day, seconds, found, gap=f"{gaps[-1]:.2f} %")
    return {"sdvrptw_gap_pct": mean(gaps), "sdvrptw_undone": undone}


def replan_suite(seeds: tuple[int, ...], seconds: float) -> dict[str, float]:
    firsts, ratios, moves = [], [], []
    for seed in seeds:
        day = city(seed)
        routes = ours(day, 5.0)[1].routes
        later, kept = at_eleven(day, routes)
        own = {n: v for v, route in kept.items() for n in route}
        ways = {**later, "travel": np.array(later["travel"])}
        began = time.perf_counter()
        problem = problem_of(ways, own)
        first = make_plan(problem, kept=kept)
        firsts.append((time.perf_counter() - began) * 1000)
        show("first", later, 0, judge(later, first.routes), ms=round(firsts[-1], 1))
        made = make_plan(problem, seconds=seconds, kept=kept)
        found = judge(later, made.routes)
        moved = sum(own.get(n, v) != v for v, route in made.routes.items() for n in route)
        warm = {**later, "kept": {str(v): route for v, route in first.routes.items()}}
        other = referee("vroom", warm, seconds)
        show("aftercare", later, seconds, found, moved=moved, of=len(own))
        show("vroom", later, seconds, other)
        ratios.append(found["price"] / other["price"])
        moves.append(100 * moved / len(own))
    return {
        "replan_first_ms": percentile(firsts, 0.5),
        "replan_vs_vroom": mean(ratios),
        "replan_moved_pct": mean(moves),
    }


def at_eleven(
    day: Day, routes: dict[int, list[int]], now: int = 11 * 3600, fixed: int = 1800
) -> tuple[Day, dict[int, list[int]]]:
    """Give the rest of a day from eleven on: what has begun or begins within half an hour is done, two engineers are out,
    thirty orders come in (six urgent ones for the next two hours); and the routes that are left."""
    luck = np.random.default_rng(99 + day["tasks"][0]["service"])
    count = len(day["workers"])
    spots = np.array(day["spots"])
    starts, free, done, left = spots[:count].copy(), [], set(), {}
    for v, worker in enumerate(day["workers"]):
        at, place, rest = worker["start_at"], worker["start"], list(routes.get(v, []))
        while rest:
            task = day["tasks"][rest[0]]
            begins = max(at + day["travel"][place][task["place"]], task["window"][0])
            if begins > now + fixed:
                break
            at, place = begins + task["service"], task["place"]
            done.add(rest.pop(0))
        starts[v] = spots[place]
        free.append(max(at, now))
        left[v] = rest
    out = luck.choice([v for v, rest in left.items() if len(rest) > 1], 2, replace=False)
    fresh = city(day["tasks"][1]["service"] + 1000, 30, count)
    kept_tasks = [n for n in range(len(day["tasks"])) if n not in done and day["tasks"][n]["window"][1] > now]
    renamed = {n: i for i, n in enumerate(kept_tasks)}
    places = np.vstack(
        [
            starts,
            spots[[day["tasks"][n]["place"] for n in kept_tasks]],
            np.array(fresh["spots"])[count:],
            spots[:count],
        ]
    )
    travel = driving(places)
    homes = count + len(kept_tasks) + 30
    tasks = [{**day["tasks"][n], "place": count + i} for n, i in renamed.items()]
    for n, task in enumerate(fresh["tasks"]):
        begins = now if n < 6 else int(luck.choice([12, 14, 16, 18])) * 3600
        urgency = 0 if n < 6 else task["urgency"]
        tasks.append({
            **task, "place": count + len(kept_tasks) + n, "window": [begins, begins + 7200], "urgency": urgency,
            "drop": 480 * 60 if urgency == 0 else task["drop"],
        })  # fmt: skip
    workers = []
    for v, worker in enumerate(day["workers"]):
        end_by = max(worker["end_by"], free[v] + int(travel[v, homes + v]))
        workers.append(
            {
                **worker,
                "start": v,
                "end": homes + v,
                "start_at": free[v],
                "end_by": end_by,
                "has": [] if v in out else worker["has"],
            }
        )
    kept = {v: [renamed[n] for n in rest if n in renamed] for v, rest in left.items() if v not in out}
    return {
        **day,
        "name": day["name"] + " 11:00",
        "spots": places.tolist(),
        "travel": travel.tolist(),
        "tasks": tasks,
        "workers": workers,
    }, kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true", help="one seed and short limits: under a minute")
    parser.add_argument(
        "--suite", action="append", choices=["city", "large", "vrptw", "site", "replan", "instant"]
    )
    given = parser.parse_args()
    if not COMPILED:
        sys.exit("numba is not here: pip install -r requirements/fast.lock")
    if not REFEREES.exists():
        sys.exit(
            f"the other solvers are not here: python -m venv {REFEREES.parent.parent} && {REFEREES} -m pip install -r requirements/referees.lock"
        )
    data = Path(os.environ.get("AFTERCARE_DATA", "")) / "dispatch"
    suites = given.suite or (
        ["city", "replan", "instant"]
        if given.quick
        else ["city", "large", "vrptw", "site", "replan", "instant"]
    )
    warm_up()
    figures: dict[str, float] = {}
    if "city" in suites:
        figures |= (
            city_suite((1,), (2.0, 5.0), 5.0) if given.quick else city_suite((1, 2, 3), (5.0, 20.0), 20.0)
        )
    if "large" in suites:
        figures |= large_suite((1,), 20.0)
    for suite in ("vrptw", "site"):
        if suite in suites and not data.is_dir():
            sys.exit(
                "the published instances are not here: AFTERCARE_DATA names the folder that holds dispatch/"
            )
    if "vrptw" in suites:
        figures |= vrptw_suite(data, VRPTW, 20.0)
    if "site" in suites:
        figures |= site_suite(data, 13, 20.0)
    if "replan" in suites:
        figures |= replan_suite((1,) if given.quick else (1, 2, 3), 1.0)
    if "instant" in suites:
        figures |= in_memory(5000)
    finish("dispatch", figures, given.json)


if __name__ == "__main__":
    main()
