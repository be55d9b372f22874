"""Other solvers on the same day, at their defaults: python referees.py SOLVER SECONDS < day.json > routes.json.

`python referees.py serve`: VROOM, one day a line.

Runs in an environment of its own (requirements/referees.lock): they judge our engine and are never part of it.
"""

from __future__ import annotations

import datetime
import json
import sys
import time
from typing import Any

import numpy as np

BIG = 10**7


def vroom(day: dict[str, Any], seconds: float) -> dict[int, list[int]]:
    """VROOM 1.15 at exploration level 5; with kept routes as their first steps."""
    import vroom

    model = vroom.Input()
    model.set_durations_matrix("car", np.array(day["travel"], dtype=np.uint32))
    kept = day.get("kept", {})
    for v, worker in enumerate(day["workers"]):
        steps = [vroom.VehicleStep("single", n) for n in kept.get(str(v), [])]
        model.add_vehicle(vroom.Vehicle(
            v, start=worker["start"], end=worker["end"], skills={k + 1 for k in worker["has"]},
            time_window=vroom.TimeWindow(worker["start_at"], worker["end_by"]), steps=steps or (),
            **({"capacity": [worker["capacity"]]} if worker["capacity"] else {}),
        ))  # fmt: skip
    most = max(task["drop"] for task in day["tasks"])
    for n, task in enumerate(day["tasks"]):
        load = {"delivery": vroom.Amount([task["demand"]])} if day["workers"][0]["capacity"] else {}
        priority = max(1, round(100 * task["drop"] / most))
        model.add_job(vroom.Job(
            n, location=task["place"], default_service=task["service"], skills={k + 1 for k in task["needs"]},
            priority=priority if load == {} else 0, time_windows=[vroom.TimeWindow(*task["window"])], **load,
        ))  # fmt: skip
    found = model.solve(exploration_level=5, nb_threads=1, timeout=datetime.timedelta(seconds=seconds)).routes
    return {int(v): [int(n) for n in rows.id[rows.type == "job"]] for v, rows in found.groupby("vehicle_id")}


def ortools(day: dict[str, Any], seconds: float) -> dict[int, list[int]]:
    """OR-Tools 9.15: parallel cheapest insertion, guided local search."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    tasks, workers = day["tasks"], day["workers"]
    travel = np.array(day["travel"])
    manager = pywrapcp.RoutingIndexManager(
        len(travel), len(workers), [w["start"] for w in workers], [w["end"] for w in workers]
    )
    routing = pywrapcp.RoutingModel(manager)
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(travel.tolist()))
    service = np.zeros(len(travel), dtype=np.int64)
    for task in tasks:
        service[task["place"]] = task["service"]
    horizon = max(w["end_by"] for w in workers)
    routing.AddDimension(
        routing.RegisterTransitMatrix((travel + service[:, None]).tolist()), horizon, horizon, False, "time"
    )
    clock = routing.GetDimensionOrDie("time")
    for task in tasks:
        index = manager.NodeToIndex(task["place"])
        clock.CumulVar(index).SetRange(*task["window"])
        routing.AddDisjunction([index], task["drop"])
        able = [v for v, w in enumerate(workers) if set(task["needs"]) <= set(w["has"])]
        routing.VehicleVar(index).SetValues([-1, *able])
    for v, worker in enumerate(workers):
        for end in (routing.Start(v), routing.End(v)):
            clock.CumulVar(end).SetRange(worker["start_at"], worker["end_by"])
    options = pywrapcp.DefaultRoutingSearchParameters()
    options.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    options.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    options.time_limit.FromMilliseconds(int(seconds * 1000))
    solution = routing.SolveWithParameters(options)
    task_at = {task["place"]: n for n, task in enumerate(tasks)}
    routes: dict[int, list[int]] = {}
    for v in range(len(workers)):
        index, routes[v] = routing.Start(v), []
        while not routing.IsEnd(index):
            node = manager.IndexToNode(index)
            if node in task_at:
                routes[v].append(task_at[node])
            index = solution.Value(routing.NextVar(index))
    return routes


def pyvrp(day: dict[str, Any], seconds: float) -> dict[int, list[int]]:
    """PyVRP 0.14: skills as profiles (a matrix for each set of skills)."""
    from pyvrp import Client, Depot, Location, ProblemData, VehicleType, solve

    tasks, workers = day["tasks"], day["workers"]
    travel = np.array(day["travel"])
    optional = day["unit"] == 60
    profiles: dict[frozenset[int], int] = {}
    matrices = []
    for worker in workers:
        has = frozenset(worker["has"])
        if has not in profiles:
            profiles[has] = len(matrices)
            own, barred = travel.copy(), [t["place"] for t in tasks if not set(t["needs"]) <= has]
            own[:, barred] = own[barred, :] = BIG * (1 if optional else 10)
            np.fill_diagonal(own, 0)
            matrices.append(own)
    depots = sorted({w[end] for w in workers for end in ("start", "end")})
    at = {place: n for n, place in enumerate(depots)}
    kinds: dict[tuple[Any, ...], list[int]] = {}
    for v, w in enumerate(workers):
        key = (
            w["start"],
            w["end"],
            w["start_at"],
            w["end_by"],
            w["capacity"],
            w["longest"],
            profiles[frozenset(w["has"])],
        )
        kinds.setdefault(key, []).append(v)
    types = [
        VehicleType(
            len(members), [capacity] if capacity else [], at[start], at[end], tw_early=early, tw_late=late, profile=profile,
            **({"shift_duration": longest} if longest is not None else {}),
        )
        for (start, end, early, late, capacity, longest, profile), members in kinds.items()
    ]  # fmt: skip
    loads = bool(workers[0]["capacity"])
    clients = [
        Client(
            t["place"], delivery=[t["demand"]] if loads else [], service_duration=t["service"], tw_early=t["window"][0],
            tw_late=t["window"][1], **({"prize": t["drop"], "required": False} if optional else {}),
        )
        for t in tasks
    ]  # fmt: skip
    data = ProblemData(
        [Location(float(x), float(y)) for x, y in day["spots"]], clients, [Depot(place) for place in depots], types,
        matrices, matrices,
    )  # fmt: skip
    began = time.process_time()

    def over(_best: float) -> bool:
        return time.process_time() - began > seconds

    found = solve(data, over, seed=1, display=False, collect_stats=False)
    members = [list(group) for group in kinds.values()]
    routes: dict[int, list[int]] = {}
    for route in found.best.routes():
        v = members[route.vehicle_type()].pop(0)
        routes[v] = [activity.idx for activity in route if activity.is_client()]
    return routes


def serve() -> None:
    """Answer one day a line with VROOM's routes; a day without ways has those of the day before."""
    travel = None
    for line in sys.stdin:
        day = json.loads(line)
        travel = day["travel"] or travel
        print(json.dumps({"routes": vroom({**day, "travel": travel}, 5.0)}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
        sys.exit()
    solver, limit = sys.argv[1], float(sys.argv[2])
    given = json.load(sys.stdin)
    start = time.process_time()
    answer = {"vroom": vroom, "ortools": ortools, "pyvrp": pyvrp}[solver](given, limit)
    print(json.dumps({"routes": answer, "cpu": time.process_time() - start}))
