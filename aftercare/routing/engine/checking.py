"""An independent look at a plan: written from the tasks and workers alone, sharing no code with the search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .problem import Task, Worker


def violations(
    tasks: Sequence[Task], workers: Sequence[Worker], travel: Sequence[Sequence[int]],
    may: Callable[[int, int], bool], routes: Mapping[int, Sequence[int]],
) -> list[str]:  # fmt: skip
    """Give every hard rule that routes break, in words.

    Orders beyond the tasks are the second halves of tasks for two, in the order in which those come.
    """
    halves = [n for n, task in enumerate(tasks) if task.people == 2]
    task_of = [*range(len(tasks)), *halves]
    found: list[str] = []
    begun: dict[int, list[int]] = {}
    for v, orders in routes.items():
        found += [f"route {v}: may not do task {task_of[o]}" for o in orders if not may(task_of[o], v)]
        if len(orders) > workers[v].most:
            found.append(f"route {v}: {len(orders)} jobs, at most {workers[v].most}")
        if sum(tasks[task_of[o]].demand for o in orders) > workers[v].capacity:
            found.append(f"route {v}: more than it can carry")
        if not workers[v].outside:
            found += _late(tasks, workers[v], travel, [task_of[o] for o in orders], v, begun)
        else:
            for o in orders:
                begun.setdefault(task_of[o], []).append(-1)
    for n, starts in begun.items():
        if len(starts) > tasks[n].people:
            found.append(f"task {n}: done {len(starts)} times")
        if tasks[n].people == 2 and (len(starts) != 2 or starts[0] != starts[1]):
            found.append(f"task {n}: two people must begin together, not at {starts}")
    return found


def _late(
    tasks: Sequence[Task], worker: Worker, travel: Sequence[Sequence[int]], route: list[int], v: int,
    begun: dict[int, list[int]],
) -> list[str]:  # fmt: skip
    """Drive a route for every place its break could be at; give what is wrong with the best of them."""
    choices = range(len(route) + 1) if worker.rest else [-1]
    best: tuple[list[str], dict[int, int]] | None = None
    for at in choices:
        wrong, starts = _drive(tasks, worker, travel, route, v, at)
        if best is None or len(wrong) < len(best[0]):
            best = wrong, starts
        if not wrong:
            break
    assert best is not None
    for n, start in best[1].items():
        begun.setdefault(n, []).append(start)
    return best[0]


def _drive(
    tasks: Sequence[Task],
    worker: Worker,
    travel: Sequence[Sequence[int]],
    route: list[int],
    v: int,
    rest_at: int,
) -> tuple[list[str], dict[int, int]]:
    now, place, wrong, starts = worker.start_at, worker.start, [], {}
    if worker.longest < 1 << 40 and route:  # set out so late that nothing is waited for at the first one
        first = tasks[route[0]]
        now = max(now, first.windows[0][0] - int(travel[place][first.place]))
    set_out = now
    for k, n in enumerate(route):
        if k == rest_at:
            now, problem = _rest(worker, now, v)
            wrong += problem
        task = tasks[n]
        if task.pickup is not None:
            now += int(travel[place][task.pickup]) + task.handling
            place = task.pickup
        now += int(travel[place][task.place])
        windows = (
            [(opens, opens) for opens, _c in task.windows[:1]] if task.people == 2 else sorted(task.windows)
        )
        open_ones = [max(now, opens) for opens, closes in windows if now <= closes]
        if not open_ones:
            wrong.append(f"route {v}: comes to task {n} at {now}, after {windows[-1][1]}")
        else:
            now = open_ones[0]
        starts[n] = now
        now += task.service
        place = task.place
    if rest_at == len(route):
        now, problem = _rest(worker, now, v)
        wrong += problem
    now += int(travel[place][worker.end]) if route else 0
    if route and now > worker.end_by:
        wrong.append(f"route {v}: ends at {now}, after {worker.end_by}")
    if route and now - set_out > worker.longest:
        wrong.append(f"route {v}: lasts {now - set_out}, longer than {worker.longest}")
    return wrong, starts


def _rest(worker: Worker, now: int, v: int) -> tuple[int, list[str]]:
    assert worker.rest
    begins = max(now, worker.rest.begins_from)
    late = (
        []
        if begins <= worker.rest.begins_to
        else [f"route {v}: break at {begins}, after {worker.rest.begins_to}"]
    )
    return begins + worker.rest.lasts, late
