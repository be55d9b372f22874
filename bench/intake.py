"""Requests received over HTTP, against a plain psycopg program that writes the same rows to the same server.

The same rows: all that a request leaves behind once it is dispatched (counters, customer, request, facts, clocks, work
order, matching, offer or queue entry, link, message), one transaction each, from as many writers.

Keys, each rate the median of the rounds: rps (requests a second, received over HTTP and dispatched: the time until the
worker has nothing left counts), vs_raw (rps ÷ requests a second of the plain program), growth_1m (rps with a million
requests stored ÷ rps with ten thousand), door_rps (requests a second as accepted over HTTP while the worker runs).
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from statistics import median
from typing import Any

import httpx
import psycopg
from harness import company, finish, options

BODY = {
    "kind": "repair",
    "description": "空调开了半天不出冷风，外机一直嗡嗡响，重启过",
    "name": "王测试",
    "product_model": "KFR-35GW",
}


def over_http(port: int, key: str, seconds: float, writers: int, start: int) -> float:
    """Send requests with so many connections for so long; give accepted requests a second."""
    done = [0] * writers
    ends = time.monotonic() + seconds

    def send(n: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        i = 0
        while time.monotonic() < ends:
            phone = f"13{(start + n * 10**6 + i) % 10**9:09d}"
            link.request("POST", "/api/v1/requests", json.dumps({**BODY, "phone": phone}), headers)
            answer = link.getresponse()
            text = answer.read()
            assert answer.status == 201, (answer.status, text[:400])
            done[n] += 1
            i += 1

    threads = [threading.Thread(target=send, args=(n,)) for n in range(writers)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - began)


RAW = """
import json, sys, time, psycopg
from psycopg.types.json import Jsonb
url, seconds = sys.argv[1], float(sys.argv[2])
statements = json.loads(sys.argv[3])
done = 0
with psycopg.connect(url) as link:
    cur = link.cursor()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for statement, rows in statements:
            values = [[Jsonb(v[0]) if isinstance(v, list) else v for v in row] for row in rows]
            cur.execute(statement, values[0]) if len(rows) == 1 else cur.executemany(statement, values)
        link.commit()
        done += 1
print(done)
"""
COUNT = (
    "INSERT INTO raw_counter VALUES (%s, current_date, 1) "
    "ON CONFLICT (prefix, day) DO UPDATE SET value = raw_counter.value + 1 RETURNING value"
)
WRITTEN = {  # table: (how its rows belong to a request, columns that must differ)
    "customers_customer": ("id = (SELECT customer_id FROM intake_request WHERE id = %s)", ()),
    "intake_request": ("id = %s", ("number", "external_ref")),
    "ledger_fact": ("case_id = %s", ()),
    "sla_clock": ("case_id = %s", ("key",)),
    "workorders_workorder": ("request_id = %s", ("number",)),
    "dispatch_matching": ("order_id IN (SELECT id FROM workorders_workorder WHERE request_id = %s)", ()),
    "dispatch_offer": (
        "order_id IN (SELECT id FROM workorders_workorder WHERE request_id = %s)",
        ("order_id",),
    ),
    "dispatch_queueentry": (
        "order_id IN (SELECT id FROM workorders_workorder WHERE request_id = %s)",
        ("order_id",),
    ),
    "customers_link": ("case_id = %s", ("token_hash",)),
    "notices_message": ("case_id = %s", ("fact_id",)),
}


def plain(url: str, seconds: float, writers: int) -> tuple[float, int]:
    """Write the rows of a dispatched request with plain psycopg, a transaction each; give requests a second and rows."""
    statements: list[tuple[str, list[Any]]] = [(COUNT, [["CR"]])]
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("DROP SEQUENCE IF EXISTS raw_ids CASCADE")
        link.execute("CREATE SEQUENCE raw_ids START 1000000000")
        link.execute("DROP TABLE IF EXISTS raw_counter")
        link.execute("CREATE TABLE raw_counter (prefix text, day date, value int, PRIMARY KEY (prefix, day))")
        request = link.execute(
            "SELECT max(case_id) FROM ledger_fact WHERE name IN ('offer.made', 'dispatch.stuck')"
        ).fetchone()[0]
        for table, (belongs, unique) in WRITTEN.items():
            link.execute(f"DROP TABLE IF EXISTS raw_{table}")
            link.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)")
            statements += _inserts(link, table, belongs, unique, request)
        statements.append((COUNT, [["WO"]]))
    command = [sys.executable, "-c", RAW, url, str(seconds), json.dumps(statements)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _n in range(writers)]
    rate = sum(int(worker.communicate()[0]) for worker in workers) / seconds
    return rate, sum(len(rows) for _statement, rows in statements)


def _inserts(
    link: Any, table: str, belongs: str, unique: tuple[str, ...], request: int
) -> list[tuple[str, list[Any]]]:
    """Give the INSERT of a table with the values of a request's rows; what must be unique comes from a sequence."""
    columns = link.execute(
        "SELECT column_name, CASE data_type WHEN 'ARRAY' THEN substr(udt_name, 2) || '[]' ELSE data_type END "
        "FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
        [table],
    ).fetchall()
    taken = [name for name, _kind in columns if name not in ("id", *unique)]
    text = ", ".join(
        f'"{name}"' if kind in ("bigint", "jsonb") else f'"{name}"::text'
        for name, kind in columns
        if name in taken
    )
    rows = link.execute(f"SELECT {text} FROM {table} WHERE {belongs}", [request]).fetchall()
    if not rows:
        return []
    slots = ", ".join(
        f"%s::{kind}" if name in taken
        else "nextval('raw_ids')" if kind == "bigint" else "nextval('raw_ids')::text"
        for name, kind in columns
    )  # fmt: skip
    kinds = [kind for name, kind in columns if name in taken]
    values = [[[v] if kind == "jsonb" else v for v, kind in zip(row, kinds, strict=True)] for row in rows]
    return [(f"INSERT INTO raw_{table} VALUES ({slots})", values)]


def through(port: int, key: str, chosen: Any, start: int) -> tuple[float, float]:
    """Give requests a second as dispatched (until the worker has nothing left), and as accepted at the door."""
    began = time.monotonic()
    accepted = over_http(port, key, chosen.seconds, chosen.writers, start)
    _settle()
    return accepted * chosen.seconds / (time.monotonic() - began), accepted


def main() -> None:
    chosen = options(__doc__ or "", seconds=6, writers=4, rounds=3, small=10_000, large=1_000_000)
    with company() as url:
        from aftercare.cli.starting import now
        from aftercare.demo.bulk import add_bulk
        from aftercare.people.models import Unit
        from aftercare.people.rules import MACHINE
        from aftercare.people.services import create_client
        from tests.live import free_port

        store = Unit.objects.filter(kind="store").first()
        assert store
        _row, key = create_client(
            name="bench", unit=store, verbs=["receive_request", "read_request"], by=MACHINE, at=now()
        )
        port = free_port()
        up = subprocess.Popen(
            [sys.executable, "-m", "aftercare.cli.main", "up", "--port", str(port), "--for", "1500"],
            env={**os.environ, "AFTERCARE_HOSTS": "127.0.0.1,localhost"}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for _try in range(200):
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                        break
                except httpx.HTTPError:
                    time.sleep(0.1)
            add_bulk(chosen.small, at=now(), progress=lambda n: None)
            _settle(clocks=True)
            over_http(port, key, 3, chosen.writers, 0)
            _settle()
            ours, raw = [], []
            for turn in range(chosen.rounds):
                ours.append(through(port, key, chosen, (turn + 1) * 10**8))
                rate, rows = plain(url, chosen.seconds, chosen.writers)
                raw.append(rate)
            add_bulk(
                chosen.large - chosen.small,
                at=now(),
                progress=lambda n: print(f"  stored {n}", end="\r", flush=True),
                seed=8,
            )
            _settle(clocks=True)
            over_http(port, key, 3, chosen.writers, 5 * 10**8)
            _settle()
            large = [through(port, key, chosen, (turn + 6) * 10**8) for turn in range(chosen.rounds)]
        finally:
            up.terminate()
            up.wait(30)
    rps, door = (median(rates) for rates in zip(*ours, strict=True))
    rps_1m, door_1m = (median(rates) for rates in zip(*large, strict=True))
    figures = {
        "rps": rps, "vs_raw": rps / median(raw), "growth_1m": rps_1m / rps, "door_rps": door, "raw_rps": median(raw),
        "rows_a_request": rows, "rps_1m": rps_1m, "door_rps_1m": door_1m,
    }  # fmt: skip
    finish("intake", figures, chosen.json)


def _settle(*, clocks: bool = False) -> None:
    """Wait until the worker has dispatched what came in (and swept the clocks of what was loaded): start from rest."""
    from aftercare.cli.starting import now
    from aftercare.ledger.services import backlog
    from aftercare.sla.selectors import next_due_at

    for _try in range(4000):
        due = next_due_at() if clocks else None
        if max(backlog().values()) == 0 and (due is None or due > now() - timedelta(seconds=2)):
            return
        time.sleep(0.15)


if __name__ == "__main__":
    main()
