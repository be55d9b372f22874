"""The engine: no plan breaks a hard rule, whatever the day; the same seed and course make the same plan."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aftercare.routing.engine import (
    COMPILED,
    Course,
    Rest,
    Task,
    Worker,
    build,
    make_plan,
    search,
    stops_of,
    violations,
)

HOUR = 3600
AGAIN = Course(3, 5, tuple(300.0 * 0.9**n for n in range(12)))


def day(seed: int, orders: int = 24, workers: int = 5, *, fast: bool = False, one_way: bool = False):
    """Make up a day: places on a plane, minutes away; skills, windows, breaks, two-person jobs, pickups, a provider.

    `one_way`: going east takes twice as long.
    """
    luck = random.Random(seed)
    spots = [(luck.uniform(0, 30), luck.uniform(0, 30)) for _n in range(orders + workers + 1)]
    travel = [[round(60 * (abs(a - c) + abs(b - d))) for c, d in spots] for a, b in spots]
    if one_way:
        travel = [
            [way * (2 if c > a else 1) for way, (c, _d) in zip(row, spots, strict=True)]
            for row, (a, _b) in zip(travel, spots, strict=True)
        ]
    depot = orders + workers
    tasks = []
    for n in range(orders):
        begin = luck.choice([8, 10, 12, 14, 16]) * HOUR
        windows = ((begin, begin + 2 * HOUR),)
        if luck.random() < 0.2:
            windows = ((8 * HOUR, 9 * HOUR), (15 * HOUR, 17 * HOUR))
        urgent = luck.random() < 0.2
        tasks.append(
            Task(
                workers + n, luck.randint(10, 80) * 60, windows, drop=28800 if urgent else 7200, urgent=urgent,
                pickup=depot if luck.random() < 0.15 else None, handling=600, people=2 if luck.random() < 0.08 else 1,
            )
        )  # fmt: skip
    crew = [
        Worker(
            v, v, luck.choice([8, 9]) * HOUR, luck.choice([16, 17, 20]) * HOUR, most=luck.choice([4, 6, 99]),
            rest=Rest(11 * HOUR, 13 * HOUR, 45 * 60) if luck.random() < 0.5 else None,
            outside=v == workers - 1 and luck.random() < 0.5, fair_from=5 * HOUR,
        )
        for v in range(workers)
    ]  # fmt: skip
    able = [[luck.random() < 0.6 for _v in range(workers)] for _n in range(orders)]
    halves = [n for n, task in enumerate(tasks) if task.people == 2]
    rows = [*range(orders), *halves]

    def may(o: int, v: int) -> bool:
        return able[rows[o]][v]

    charge = [[0 if able[n][v] else None for v in range(workers)] for n in range(orders)]
    problem = build(tasks, crew, travel, lambda o, v: charge[o][v], fast=fast)
    return problem, tasks, crew, travel, may


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
@example(118)  # an order before a break taken out: all of the way then came after the break
@example(500611)
@example(502782)
@example(10399)
def test_no_plan_breaks_a_hard_rule(seed):
    problem, tasks, crew, travel, may = day(seed)
    made = make_plan(problem, again=AGAIN)
    assert violations(tasks, crew, travel, may, made.routes) == []
    planned = [o for route in made.routes.values() for o in route]
    assert sorted([*planned, *made.undone]) == list(range(problem.orders))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_ways_that_differ_by_direction_break_none_either(seed):
    problem, tasks, crew, travel, may = day(seed, one_way=True)
    made = make_plan(problem, again=AGAIN)
    assert violations(tasks, crew, travel, may, made.routes) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_a_place_that_was_looked_up_is_what_looking_again_finds(seed, one_way):
    problem, *_rest = day(seed, one_way=one_way)
    plan, luck, prices = search.empty_plan(problem), search.luck_from(seed, False), [0, 0]
    best, scratch = search.empty_plan(problem), search.scratch_for(problem, plan)
    search.insert_absent(problem, plan, scratch, luck)
    known = 0
    for heat in (3000.0, 300.0, 3.0):
        search.steps(problem, plan, best, scratch, luck, prices, 20, heat)
        for o, v in itertools.product(range(problem.orders), range(problem.routes)):
            pair = o * problem.routes + v
            if scratch.seen[pair] == plan.version[v]:
                known += 1
                assert search.cheapest_on(problem, plan, scratch, o, v, -1) == scratch.seen_price[pair]
                assert scratch.place[2] == scratch.seen_at[pair]
    assert known, "nothing was kept: this test has seen nothing"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
@example(9189)  # a pair was split up at the end, and left room
@example(13886)  # there was room only with the break elsewhere
def test_an_urgent_order_is_never_left_for_one_that_is_not(seed):
    """No route would have room for it, even if everything that is not urgent left."""
    problem, tasks, crew, travel, may = day(seed, orders=30, workers=3)
    halves = [n for n, task in enumerate(tasks) if task.people == 2]
    firm = [n for n, task in enumerate(tasks) if task.urgent and task.people == 1]
    made = make_plan(problem, again=AGAIN, firm=firm)
    assert violations(tasks, crew, travel, may, made.routes) == []
    for o in set(made.undone) & set(firm):
        for v in range(len(crew)):
            if not may(o, v) or crew[v].outside:
                continue
            others = [x for x in made.routes.get(v, []) if x in firm or x >= len(tasks) or x in halves]
            for at in range(len(others) + 1):
                assert violations(tasks, crew, travel, may, {v: [*others[:at], o, *others[at:]]}) or any(
                    tasks[x].people == 2 for x in others if x < len(tasks)
                )


def test_the_same_seed_and_course_make_the_same_plan():
    first, second = (make_plan(day(5)[0], again=AGAIN) for _n in range(2))
    assert (first.routes, first.price) == (second.routes, second.price)
    for seconds in (0.3, 3.0):
        timed = make_plan(day(5)[0], seconds=seconds, seed=11)
        stored = Course.stored(11, json.loads(json.dumps(timed.course.as_values())))
        again = make_plan(day(5)[0], again=stored)
        assert (again.routes, again.price) == (timed.routes, timed.price)
    assert len(timed.course.legs) == 4 and sum(timed.course.legs) < len(timed.course.heats), (
        "with time enough"
    )
    assert Course.stored(11, [5, 3.0, 2.0]) == Course(11, 5, (3.0, 2.0)), "as it was stored before"


def test_after_a_leg_the_search_goes_back_and_ends_with_the_best_of_all():
    problem = day(5)[0]
    alone = [make_plan(problem, again=Course(3, 5, AGAIN.heats[:n])) for n in (4, 12)]
    legs = make_plan(problem, again=Course(3, 5, (*AGAIN.heats[:4], *AGAIN.heats), legs=(4,)))
    assert legs.price <= alone[0].price, "nothing that was found is lost"
    assert make_plan(problem, again=Course(3, 5, AGAIN.heats[:4], legs=(4,))).routes == alone[0].routes


@pytest.mark.skipif(not COMPILED, reason="numba is not here")
@pytest.mark.parametrize("seed", range(8))
def test_compiled_and_plain_are_the_same_search(seed):
    plain, fast = (make_plan(day(seed, fast=fast)[0], again=AGAIN) for fast in (False, True))
    assert (fast.routes, fast.price) == (plain.routes, plain.price)


def test_the_search_only_ever_makes_it_cheaper():
    for seed in range(6):
        made = make_plan(day(seed)[0], again=AGAIN)
        assert made.price <= made.first_price


def test_a_plan_that_is_there_is_kept_as_far_as_it_can_be():
    problem, tasks, crew, travel, may = day(9)
    made = make_plan(problem, again=AGAIN)
    kept = make_plan(problem, kept=made.routes)
    assert kept.routes == made.routes
    v, route = next((v, route) for v, route in made.routes.items() if len(route) > 1)
    backwards = make_plan(problem, kept={v: route[::-1]})
    assert violations(tasks, crew, travel, may, backwards.routes) == []


def test_moving_a_promise_has_its_price():
    travel = [[0, 600, 60], [600, 0, 600], [60, 600, 0]]
    task = Task(2, 600, drop=90000)
    workers = [Worker(0, 0, 0, 10 * HOUR), Worker(1, 1, 0, 10 * HOUR)]
    free = make_plan(build([task], workers, travel, lambda _o, _v: 0), kept={1: [0]}, again=AGAIN)
    assert free.routes == {0: [0]}
    dear = make_plan(
        build([task], workers, travel, lambda _o, v: 0 if v == 1 else 9000), kept={1: [0]}, again=AGAIN
    )
    assert dear.routes == {1: [0]}


def test_times_come_with_the_break_and_the_pickup():
    travel = [[0, 600, 900], [600, 0, 300], [900, 300, 0]]
    tasks = [Task(1, 1800, ((8 * HOUR, 12 * HOUR),), pickup=2, handling=300)]
    workers = [Worker(0, 0, 8 * HOUR, 18 * HOUR, rest=Rest(8 * HOUR, 9 * HOUR, 1800))]
    problem = build(tasks, workers, travel, lambda _o, _v: 0)
    made = make_plan(problem, again=AGAIN)
    stop = stops_of(problem, made.routes)[0][0]
    begins_work = stop.begins + 300 + 300  # at the store, then the way to the customer
    assert 8 * HOUR <= begins_work <= 12 * HOUR
    assert stop.leaves - stop.begins == 300 + 300 + 1800


@pytest.mark.parametrize("pickup", [None, 3])
def test_beginning_late_in_a_window_has_its_price_wherever_the_parts_are(pickup):
    """Two visits: a window that is soon over, with minutes charged from its middle, is served first though that is the longer way."""
    travel = [[0, 600, 900, 60], [600, 0, 600, 600], [900, 600, 0, 900], [60, 600, 900, 0]]
    near = Task(1, 3600, ((0, 4 * HOUR),))
    far = Task(2, 600, ((0, 2 * HOUR),), pickup=pickup, handling=300)
    calm = build([near, far], [Worker(0, 0, 0, 8 * HOUR)], travel, lambda _o, _v: 0)
    lead = 0 if pickup is None else travel[3][2] + 300
    in_time = travel[0][2] if pickup is None else travel[0][3] + lead
    after_near = travel[0][1] + 3600 + (travel[1][2] if pickup is None else travel[1][3] + lead)
    priced = [replace(far, late_after=after_near - late, late_price=120) for late in (0, 60)]
    first, second = (
        build([near, one], [Worker(0, 0, 0, 8 * HOUR)], travel, lambda _o, _v: 0) for one in priced
    )
    routes = {0: [0, 1]}
    prices = [make_plan(problem, kept=routes, insert=False).price for problem in (calm, first, second)]
    assert prices == [prices[0], prices[0], prices[0] + 120], (
        "charged from the second it is later than it should be"
    )
    assert in_time < after_near - 60
    dear = build(
        [near, replace(far, late_after=in_time, late_price=600)],
        [Worker(0, 0, 0, 8 * HOUR)],
        travel,
        lambda _o, _v: 0,
    )
    assert make_plan(dear, again=AGAIN).routes == {0: [1, 0]}


def test_a_provider_is_the_last_resort():
    travel = [[0, 600], [600, 0]]
    tasks = [Task(1, HOUR, ((9 * HOUR, 10 * HOUR),), drop=90000) for _n in range(3)]
    workers = [Worker(0, 0, 8 * HOUR, 18 * HOUR), Worker(0, 0, 0, 1, outside=True, most=1)]
    made = make_plan(build(tasks, workers, travel, lambda _o, v: 0 if v == 0 else 36000), again=AGAIN)
    assert len(made.routes[0]) == 1 or len(made.routes[0]) == 2
    assert len(made.routes[1]) == 1, "one is the quota"


@pytest.mark.parametrize(
    "task",
    [Task(0, -1), Task(0, 60, ((10, 5),)), Task(0, 60, ()), Task(0, 60, people=3), Task(0, 60, drop=-5)],
)
def test_what_can_not_be_is_refused(task):
    with pytest.raises(ValueError, match="task 0: expected"):
        build([task], [Worker(0, 0, 0, 1)], [[0]], lambda _o, _v: 0)


def test_nothing_to_do_and_nobody_to_do_it():
    nobody = make_plan(build([Task(0, 60)], [], [[0]], lambda _o, _v: 0), again=AGAIN)
    assert (nobody.routes, nobody.undone) == ({}, [0])
    nothing = make_plan(build([], [Worker(0, 0, 0, 1)], [[0]], lambda _o, _v: 0), again=AGAIN)
    assert (nothing.routes, nothing.undone) == ({}, [])
