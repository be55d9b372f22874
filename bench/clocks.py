"""How late a breach is noticed with a million open clocks, against a job that selects all overdue every minute.

Keys: lag_p50_s, lag_p99_s, lag_max_s (from the due instant to the recorded fact, at so many due a second),
poll_lag_p99_s (the same steps noticed by a plain job once a minute), drain_per_s (steps missed in an outage, noticed by
one worker), step_growth (seconds a step with a million open clocks ÷ with ten thousand), idle_cpu_pct (of one core, the
worker at rest beside a million open clocks), busy_cpu_pct (the worker while noticing and delivering).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from harness import company, finish, options, percentile

COLUMNS = (
    "code, key, case_id, unit_id, policy_id, rule, title_zh, title_en, step_zh, step_en, urgency, role, state, kind, category, "
    "first_urgency, calendar, target_seconds, events, started_at, due_at, next_step_at, steps_at, step_keys, noticed"
)


def add_clocks(link: Any, count: int, first_due: datetime, apart: float, prefix: str) -> None:
    """Store so many open clocks whose breach is due one after the other, `apart` seconds from each other."""
    unit = link.execute("SELECT id FROM people_unit WHERE kind = 'store' ORDER BY id LIMIT 1").fetchone()[0]
    policy = link.execute("SELECT id FROM policies_policyversion WHERE active LIMIT 1").fetchone()[0]
    begun = first_due - timedelta(hours=24)
    with link.cursor().copy(f"COPY sla_clock ({COLUMNS}) FROM STDIN") as copy:
        for n in range(count):
            due = first_due + timedelta(seconds=n * apart)
            copy.write_row((
                "closure", f"{prefix}:{n}", n + 1, unit, policy, "clocks.closure.by_urgency.urgent", "解决", "Solution", "完成服务",
                "Finish", "urgent", "", "running", "repair", "aircon", "urgent", "always", 86400,
                f'[["{begun.isoformat()}", 0, "start", "request.received", ""]]', begun, due, due, [due], ["100"], ["50", "80"],
            ))  # fmt: skip


def lags(link: Any, since: datetime) -> list[float]:
    rows = link.execute(
        "SELECT extract(epoch FROM recorded_at - at) FROM ledger_fact WHERE name = 'clock.breached' AND at >= %s",
        [since],
    )
    return [float(row[0]) for row in rows]


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost_of_a_step(link: Any, steps: int, prefix: str) -> float:
    """Give the seconds a step takes when `steps` are overdue, in this process."""
    from aftercare.sla.services import sweep_clocks

    overdue = datetime.now(UTC) - timedelta(hours=1)
    add_clocks(link, steps, overdue, 0.001, prefix)
    link.execute("ANALYZE sla_clock")
    began = time.perf_counter()
    while sweep_clocks(at=datetime.now(UTC)):
        pass
    return (time.perf_counter() - began) / steps


def poll_once_a_minute(url: str, link: Any, rate: int, seconds: int) -> list[float]:
    """Do what rivals do: a job a minute selects all overdue and writes a fact of each."""
    first = datetime.now(UTC) + timedelta(seconds=2)
    add_clocks(link, rate * seconds, first, 1 / rate, "polled")
    link.execute("ANALYZE sla_clock")
    ends = time.monotonic() + seconds + 62
    with psycopg.connect(url) as job:
        while time.monotonic() < ends:
            time.sleep(max(0.0, min(60.0, ends - time.monotonic())))
            job.execute(
                "WITH over AS (UPDATE sla_clock SET next_step_at = NULL, breached_at = due_at WHERE state = 'running' "
                "AND due_at <= now() AND breached_at IS NULL AND key LIKE 'polled:%' RETURNING id, case_id, due_at) "
                "INSERT INTO ledger_fact (name, subject_kind, subject_id, case_id, actor_kind, actor_name, at, because, values) "
                "SELECT 'clock.breached', 'clock', id, case_id, 'machine', '', due_at, '', '{}' FROM over"
            )
            job.commit()
    return lags(link, first)


def main() -> None:
    chosen = options(
        __doc__ or "", polls=1, rate=1000, seconds=60, small=10_000, large=1_000_000, outage=100_000
    )
    with company() as url, psycopg.connect(url, autocommit=True) as link:
        from aftercare.ledger.services import deliver_until_idle

        deliver_until_idle(at=datetime.now(UTC))
        far = datetime.now(UTC) + timedelta(days=30)
        add_clocks(link, chosen.small, far, 1, "small")
        few = cost_of_a_step(link, 20_000, "few")
        add_clocks(link, chosen.large - chosen.small, far, 1, "large")
        link.execute("VACUUM ANALYZE sla_clock")
        many = cost_of_a_step(link, 20_000, "many")
        drain = 1 / cost_of_a_step(link, chosen.outage, "outage")
        polled = poll_once_a_minute(url, link, chosen.rate, chosen.seconds) if chosen.polls else [0.0]
        print(f"  {len(polled)} steps polled", flush=True)
        link.execute(
            "UPDATE ledger_position SET transaction = (SELECT max(transaction) FROM ledger_fact), fact_id = 1e15::bigint"
        )
        worker = subprocess.Popen(
            [sys.executable, "-m", "aftercare.cli.main", "worker"],
            env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(8)
            before, began = cpu_seconds(worker.pid), time.monotonic()
            time.sleep(20)
            idle = (cpu_seconds(worker.pid) - before) / (time.monotonic() - began)
            first = datetime.now(UTC) + timedelta(seconds=8)
            add_clocks(link, chosen.rate * chosen.seconds, first, 1 / chosen.rate, "due")
            link.execute("ANALYZE sla_clock")
            time.sleep(max(0.0, (first - datetime.now(UTC)).total_seconds()))
            before, began = cpu_seconds(worker.pid), time.monotonic()
            time.sleep(chosen.seconds + 3)
            busy = (cpu_seconds(worker.pid) - before) / (time.monotonic() - began)
            noticed = lags(link, first)
        finally:
            worker.terminate()
            worker.wait(20)
        if len(noticed) < chosen.rate * chosen.seconds:
            print(
                f"  only {len(noticed)} of {chosen.rate * chosen.seconds} steps were noticed in time",
                flush=True,
            )
    figures = {
        "lag_p50_s": percentile(noticed, 0.5), "lag_p99_s": percentile(noticed, 0.99), "lag_max_s": max(noticed),
        "poll_lag_p99_s": percentile(polled, 0.99), "drain_per_s": drain, "step_growth": many / few,
        "idle_cpu_pct": idle * 100, "busy_cpu_pct": busy * 100, "steps": len(noticed),
    }  # fmt: skip
    finish("clocks", figures, chosen.json)


if __name__ == "__main__":
    main()
