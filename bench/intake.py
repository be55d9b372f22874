"""Requests received over HTTP, against a plain psycopg program that writes the same rows to the same server.

Keys: rps (requests a second over HTTP), vs_raw (rps ÷ rows a second of the plain program, same number of writers),
growth_1m (rps with a million requests stored ÷ rps with ten thousand).
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
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
import sys, time, psycopg, json
url, seconds, offset = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
template = json.loads(sys.argv[4])
done = 0
with psycopg.connect(url) as link:
    cur = link.cursor()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        i = offset + done
        cur.execute("INSERT INTO raw_counter VALUES ('CR', current_date, 1) ON CONFLICT (prefix, day) DO UPDATE SET value = raw_counter.value + 1 RETURNING value")
        serial = cur.fetchone()[0]
        cur.execute("INSERT INTO raw_customers_customer SELECT nextval('raw_ids'), " + template["customer"] + " FROM customers_customer WHERE id = %s RETURNING id", [template["customer_id"]])
        customer = cur.fetchone()[0]
        cur.execute("INSERT INTO raw_intake_request SELECT nextval('raw_ids'), " + template["request"] + " FROM intake_request WHERE id = %s RETURNING id", [f"R{serial}-{i}", template["request_id"]])
        request = cur.fetchone()[0]
        cur.execute("INSERT INTO raw_ledger_fact SELECT nextval('raw_ids'), " + template["fact"] + " FROM ledger_fact WHERE id = %s", [template["fact_id"]])
        link.commit()
        done += 1
print(done)
"""


def plain(url: str, seconds: float, writers: int) -> float:
    """Write the same rows (counter, customer, request, fact) with plain psycopg; give rows of requests a second."""
    tables = {"customers_customer": "customer", "intake_request": "request", "ledger_fact": "fact"}
    template: dict[str, Any] = {}
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("DROP SEQUENCE IF EXISTS raw_ids CASCADE")
        link.execute("CREATE SEQUENCE raw_ids START 1000000000")
        link.execute("DROP TABLE IF EXISTS raw_counter")
        link.execute("CREATE TABLE raw_counter (prefix text, day date, value int, PRIMARY KEY (prefix, day))")
        for table, short in tables.items():
            link.execute(f"DROP TABLE IF EXISTS raw_{table}")
            link.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)")
            columns = [r[0] for r in link.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", [table])]  # fmt: skip
            template[short] = ", ".join(
                "%s" if c == "number" else "nextval('raw_ids')::text" if c == "external_ref" else f'"{c}"'
                for c in columns
                if c != "id"
            )
            template[f"{short}_id"] = link.execute(f"SELECT max(id) FROM {table}").fetchone()[0]
    command = [sys.executable, "-c", RAW, url, str(seconds)]
    workers = [
        subprocess.Popen([*command, str(n * 10**7), json.dumps(template)], stdout=subprocess.PIPE, text=True)
        for n in range(writers)
    ]
    return sum(int(worker.communicate()[0]) for worker in workers) / seconds


def main() -> None:
    chosen = options(__doc__ or "", seconds=10, writers=4, small=10_000, large=1_000_000)
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
            over_http(port, key, 3, chosen.writers, 0)
            first = over_http(port, key, chosen.seconds, chosen.writers, 10**8)
            _settle()
            raw = plain(url, chosen.seconds, chosen.writers)
            again = over_http(port, key, chosen.seconds, chosen.writers, 2 * 10**8)
            small = (first + again) / 2
            _settle()
            add_bulk(
                chosen.large - chosen.small,
                at=now(),
                progress=lambda n: print(f"  stored {n}", end="\r", flush=True),
                seed=8,
            )
            over_http(port, key, 3, chosen.writers, 3 * 10**8)
            large = over_http(port, key, chosen.seconds, chosen.writers, 4 * 10**8)
        finally:
            up.terminate()
            up.wait(30)
    figures = {
        "rps": small,
        "vs_raw": small / raw,
        "growth_1m": large / small,
        "raw_rps": raw,
        "rps_1m": large,
    }
    finish("intake", figures, chosen.json)


def _settle() -> None:
    """Wait until the worker has dispatched what came in, so that the next figure starts from rest."""
    from aftercare.ledger.services import backlog

    for _try in range(600):
        if max(backlog().values()) == 0:
            return
        time.sleep(0.2)


if __name__ == "__main__":
    main()
