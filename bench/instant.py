"""The instant choice among 10,000 engineers: in memory, and with everything it stores, by several workers at once.

In memory: who is worth a look, their points, the exact insertion test of the first few in their day, beside judging
everybody. Stored: orders come at a rate (200 a second, four workers, a minute); a worker takes what is due in one run,
as it takes facts, each run a transaction; every tenth time an empty transaction is timed in the same worker.

Keys: instant_p50_us, instant_p99_us, instant_vs_everybody (p50 ÷ p50 of judging everybody), rate (dispatches a second), at_once (orders
a run),commit_p50_ms, commit_p99_ms, empty_p99_ms, over_empty_p99_ms (commit_p99 − empty_p99), late_p99_ms (from the instant an
order was due to the end of its transaction), broken (people beyond their limit, orders with several open offers or none).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from harness import company, finish, options, percentile

SKILLS = 40
PEOPLE = 10_000
MIDDLE = (30.25, 120.15)
WIDTH = (0.54, 0.62)  # degrees: about sixty kilometres
SEED = 4
AT_ONCE = 50  # orders that a worker takes in one run, when so many are due


def somewhere(luck: random.Random) -> tuple[float, float]:
    return (
        MIDDLE[0] + (luck.random() - 0.5) * WIDTH[0],
        MIDDLE[1] + (luck.random() - 0.5) * WIDTH[1],
    )


def in_memory(orders: int) -> dict[str, float]:
    """Time the choice for each of some orders; and judging everybody, for a few."""
    from aftercare.dispatch.roster import Roster
    from aftercare.dispatch.rules import Job, Person, after_trying, rank_candidates
    from aftercare.policies.rules import load_pack
    from aftercare.routing.insertion import Stop, earliest_begin
    from aftercare.routing.places import Spot
    from aftercare.routing.travel import GreatCircle

    luck = random.Random(SEED)
    skills = [f"s{n}" for n in range(SKILLS)]
    rules = load_pack("appliance")[1].dispatch.model_copy(update={"certificates": {s: s for s in skills}})
    on, until = date(2026, 11, 22), 18 * 3600.0
    people, days = [], {}
    for n in range(PEOPLE):
        lat, lon = somewhere(luck)
        held = {
            s: on + timedelta(days=luck.randrange(-30, 600)) for s in luck.sample(skills, luck.randint(2, 4))
        }
        load = luck.choice((0, 0, 1, 1, 2, 2, 3))
        people.append(Person(
            n, f"GY{n:05d}", "工*", frozenset(), held, luck.random() < 0.8, None, luck.random() < 0.05, load, lat, lon, group=n % 50,
        ))  # fmt: skip
        stops, opens = [], 9 * 3600
        for _stop in range(load):
            opens += luck.choice((1800, 3600, 7200))
            stops.append(Stop(Spot(*somewhere(luck)), opens, opens + 7200, luck.choice((1800, 2700, 3600))))
        days[n] = stops
    roster = Roster(people)
    way = GreatCircle().seconds_at(9)
    jobs = [
        Job(luck.choice(skills), luck.choice(("normal", "urgent", "critical")), *somewhere(luck))
        for _n in range(orders)
    ]
    taken, found = [], 0
    for job in jobs:
        began = time.perf_counter()
        ids = roster.worth_a_look(job, job.category, limit=3, near_km=5.0, far_km=40.0)
        ranked = rank_candidates(job, [roster.people[one] for one in ids], rules, on=on)
        spot = Spot(job.lat or 0.0, job.lon or 0.0)
        begins: dict[int, int | None] = {}
        for c in ranked[:5]:
            at = earliest_begin(
                Spot(c.person.lat, c.person.lon), 9 * 3600.0, days[c.person.id], spot, 3600.0, until, way
            )
            begins[c.person.id] = None if at is None else round(at / 60 - 540)
        best = after_trying(ranked, begins, rules)[0]
        taken.append((time.perf_counter() - began) * 1e6)
        found += best.is_possible
    assert found > orders * 0.99, f"only {found} of {orders} found somebody"
    everybody = []
    for job in jobs[:20]:
        began = time.perf_counter()
        rank_candidates(job, people, rules, on=on)
        everybody.append((time.perf_counter() - began) * 1e6)
    return {
        "instant_p50_us": percentile(taken, 0.5),
        "instant_p99_us": percentile(taken, 0.99),
        "instant_vs_everybody": percentile(taken, 0.5) / percentile(everybody, 0.5),
    }


def fill(orders: int) -> list[int]:
    """Store the engineers with certificates and shifts, and orders that nobody has; give their ids."""
    from django.contrib.auth.hashers import make_password

    from aftercare.intake.models import Request
    from aftercare.people.models import Certificate, Shift, Staff, Unit
    from aftercare.policies.selectors import policy_for
    from aftercare.workorders.models import WorkOrder

    luck = random.Random(SEED)
    stores = list(Unit.objects.filter(kind="store"))
    now, password = datetime.now(UTC), make_password("demo-aftercare-2026")
    rules = policy_for(stores[0].pk).pack.dispatch
    held = sorted(set(rules.certificates.values()))
    Shift.objects.all().delete()  # the company's own people have none, so that all are alike
    staff = []
    for n in range(PEOPLE):
        lat, lon = somewhere(luck)
        staff.append(Staff(
            number=f"GX{n:08d}", full_name="工测试", name_masked="工*", name_key="gong", phone_masked="", unit=luck.choice(stores),
            roles=["engineer"], password=password, home_lat=lat, home_lon=lon,
        ))  # fmt: skip
    staff = Staff.objects.bulk_create(staff, batch_size=2000)
    Shift.objects.bulk_create(
        [
            Shift(staff=one, starts_at=now - timedelta(hours=2), ends_at=now + timedelta(hours=9))
            for one in staff
        ],
        batch_size=5000,
    )
    Certificate.objects.bulk_create(
        [
            Certificate(staff=one, code=code, valid_on=now.date() - timedelta(days=300), expires_on=now.date() + timedelta(days=300))
            for one in staff
            for code in luck.sample(held, 2)
        ],
        batch_size=5000,
    )  # fmt: skip
    policy = policy_for(stores[0].pk)
    categories = sorted(rules.certificates)
    ids: list[int] = []
    for begin in range(0, orders, 2000):
        requests, rows = [], []
        for n in range(begin, min(begin + 2000, orders)):
            lat, lon = somewhere(luck)
            requests.append(Request(
                number=f"BX{n:08d}", kind="repair", channels=["phone"], description="不制冷", unit=luck.choice(stores), lat=lat, lon=lon,
                category=luck.choice(categories), urgency=luck.choice(("normal", "urgent")), state="open", state_since=now,
                received_at=now, policy_id=policy.id,
            ))  # fmt: skip
        for n, request in enumerate(Request.objects.bulk_create(requests, batch_size=500), start=begin):
            rows.append(WorkOrder(
                number=f"WX{n:08d}", request=request, unit_id=request.unit_id, service_type="visit", kind="repair", category=request.category,
                urgency=request.urgency, state="pending", state_since=now, opened_at=now, lat=request.lat, lon=request.lon,
                policy_id=policy.id,
            ))  # fmt: skip
        ids += [row.pk for row in WorkOrder.objects.bulk_create(rows, batch_size=500)]
    from django.db import connection

    with (
        connection.cursor() as cursor
    ):  # as autovacuum does, which leaves tables alone that nothing was written to
        for model in (Staff, Shift, Certificate, Request, WorkOrder):
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    return ids


def work(number: int, workers: int, rate: int, seconds: int, first: int) -> None:
    """One worker: take every n-th order at the instant it is due; print what was measured as JSON."""
    import django

    django.setup()
    from django.db import connection, transaction

    from aftercare.config.garbage import settle
    from aftercare.dispatch.services import dispatch_orders
    from aftercare.people.rules import MACHINE
    from aftercare.workorders.selectors import work_orders_by_id

    count = rate * seconds // workers
    warm = work_orders_by_id([first + workers * count + number])
    dispatch_orders(warm, by=MACHINE, at=datetime.now(UTC))
    settle()  # as the worker does after its first hundred rounds
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    begun = float(sys.stdin.readline())
    taken, empty, late, runs = [], [], [], []
    mine = [(begun + (n * workers + number) / rate, first + n * workers + number) for n in range(count)]
    while mine:
        time.sleep(max(mine[0][0] - time.time(), 0))
        due = [pair for pair in mine[:AT_ONCE] if pair[0] <= time.time()]
        mine = mine[len(due) :]
        began = time.perf_counter()
        dispatch_orders(work_orders_by_id([pk for _at, pk in due]), by=MACHINE, at=datetime.now(UTC))
        taken += [(time.perf_counter() - began) * 1000] * len(due)
        late += [(time.time() - at) * 1000 for at, _pk in due]
        runs.append(len(due))
        if len(runs) % 10 == 0:
            began = time.perf_counter()
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            empty.append((time.perf_counter() - began) * 1000)
    ended = time.time() - begun
    print(json.dumps({"taken": taken, "empty": empty, "late": late, "runs": runs, "ended": ended}))


def stored(rate: int, seconds: int, workers: int) -> dict[str, float]:
    """Have orders dispatched at a rate, and look at what came of it."""
    with company():
        from django.db import connection

        ids = fill(rate * seconds + workers)
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        command = [sys.executable, __file__, "--work"]
        given = [str(workers), str(rate), str(seconds), str(ids[0])]
        started = [
            subprocess.Popen([*command, str(n), *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ})
            for n in range(workers)
        ]  # fmt: skip
        for one in started:
            assert one.stdout and one.stdout.readline().strip() == "ready"
        begin = time.time() + 1
        for one in started:
            assert one.stdin
            one.stdin.write(f"{begin}\n")
            one.stdin.flush()
        results: list[dict[str, Any]] = [
            json.loads(one.communicate(timeout=seconds * 5 + 120)[0]) for one in started
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT staff_id FROM dispatch_offer WHERE state = 'offered' GROUP BY 1 HAVING count(*) > 3) AS over"
            )
            broken = cursor.fetchone()[0]
            cursor.execute(
                "SELECT count(*) FROM workorders_workorder w WHERE w.id = ANY(%s) AND "
                "(SELECT count(*) FROM dispatch_offer o WHERE o.order_id = w.id AND o.state = 'offered') <> 1",
                [ids],
            )
            broken += cursor.fetchone()[0]
    taken = [ms for found in results for ms in found["taken"]]
    empty = [ms for found in results for ms in found["empty"]]
    late = [ms for found in results for ms in found["late"]]
    return {
        "rate": len(taken) / max(found["ended"] for found in results),
        "at_once": len(taken) / sum(len(found["runs"]) for found in results),
        "commit_p50_ms": percentile(taken, 0.5), "commit_p99_ms": percentile(taken, 0.99), "empty_p99_ms": percentile(empty, 0.99),
        "over_empty_p99_ms": percentile(taken, 0.99) - percentile(empty, 0.99), "late_p99_ms": percentile(late, 0.99), "broken": broken,
    }  # fmt: skip


def main() -> None:
    if "--work" in sys.argv:
        work(*(int(text) for text in sys.argv[sys.argv.index("--work") + 1 :]))
        return
    chosen = options(__doc__ or "", orders=5000, rate=200, seconds=60, workers=4)
    figures = in_memory(chosen.orders)
    print("  in memory", {key: round(value, 4) for key, value in figures.items()}, flush=True)
    figures |= stored(chosen.rate, chosen.seconds, chosen.workers)
    finish("instant", figures, chosen.json)


if __name__ == "__main__":
    main()
