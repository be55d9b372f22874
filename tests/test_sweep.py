"""Clocks under crashes: sweepers killed at random, their machine's time set back and forth, each step exactly once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.forks import nursery
from tests.live import new_installation

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
KILLS = int(os.environ.get("KILLS", "100"))
A_ROUND = 200  # clocks that come due in each round, more than its sweepers notice before they are killed
SETUP = """
from datetime import datetime, timedelta, UTC
from aftercare.sla.services import sweep_clocks
"""
SWEEPER = """
off = timedelta(seconds=int(argument))
while True:
    sweep_clocks(at=datetime.now(UTC) + off, limit=7)
"""
INSERT = """
INSERT INTO sla_clock (code, key, case_id, unit_id, policy_id, rule, title_zh, title_en, step_zh, step_en, urgency, role, state,
    kind, category, first_urgency, calendar, target_seconds, events, started_at, due_at, next_step_at, steps_at, step_keys, noticed)
SELECT 'closure', 'request:' || n, n, 1, 1, 'r', '解决', 'Solution', '', '', 'normal', '', 'running', '', '', 'normal', 'always',
    3600, '[]', %(at)s, %(at)s + n * interval '1 second', %(at)s + n * interval '1 second',
    ARRAY[%(at)s + n * interval '1 second', %(at)s + n * interval '1 second' + interval '5 minutes'], ARRAY['100', '+300'], '{}'
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""


@pytest.fixture
def database():
    with new_installation() as made:
        start = (
            "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'aftercare.config.settings'\n"
            "from aftercare.cli.starting import installation\nwith installation():\n"
            "    print(os.environ['DATABASE_URL'], flush=True); input()\n"
        )
        keeper = subprocess.Popen(
            [sys.executable, "-c", start], env=made.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )  # fmt: skip
        yield keeper.stdout.readline().strip(), made.env
        keeper.communicate("\n", timeout=60)


def connected(url: str) -> psycopg.Connection:
    """Connect once the database is there again."""
    for _try in range(200):
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("the database did not come back")


def crash_database(url: str) -> None:
    """Kill one of the server's processes: it ends all others, recovers from its log and starts anew.

    A connection made before the server has noticed would be cut a moment later; so one stands by until it is cut.
    """
    with connected(url) as victim, connected(url) as witness:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            witness.execute("SELECT pg_sleep(60)")
    connected(url).close()


def test_sweepers_killed_a_hundred_times_and_a_database_that_crashes_notice_each_step_exactly_once(database):
    url, env = database
    env["DATABASE_URL"] = url
    luck = random.Random(3)
    begun = datetime.now(UTC) - timedelta(hours=3)

    def come_due(rounds: int) -> None:
        with connected(url) as link:
            link.execute(INSERT, {"at": begun, "first": rounds * A_ROUND + 1, "last": (rounds + 1) * A_ROUND})

    kills = rounds = 0
    come_due(0)
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(nursery(SETUP, SWEEPER, env))
        while kills < KILLS:
            rounds += 1
            come_due(rounds)
            sweepers = [ours.fork(str(luck.choice((0, 3600, -3600)))) for _n in range(4)]
            time.sleep(luck.uniform(0.03, 0.25))
            if rounds % 6 == 3:
                crash_database(url)
            for sweeper in sweepers:
                with contextlib.suppress(ProcessLookupError):  # it ended with the database
                    os.kill(sweeper, signal.SIGKILL)
            kills += len(sweepers)
        link = stack.enter_context(connected(url))
        noticed = link.execute("SELECT count(*) FROM ledger_fact WHERE subject_kind = 'clock'").fetchone()[0]
        assert noticed > 20 * KILLS, "the killed ones had been at work"
        come_due(rounds + 1)
        total = (rounds + 2) * A_ROUND
        ours.fork("0")
        for _try in range(600):
            if not link.execute("SELECT count(*) FROM sla_clock WHERE next_step_at <= now()").fetchone()[0]:
                break
            time.sleep(0.1)
        steps = link.execute(
            "SELECT name, count(*), count(DISTINCT subject_id) FROM ledger_fact WHERE subject_kind = 'clock' GROUP BY name ORDER BY name"
        ).fetchall()
        assert steps == [("clock.breached", total, total), ("clock.escalated", total, total)]
        wrong = link.execute(
            "SELECT count(*) FROM ledger_fact b JOIN ledger_fact e USING (subject_kind, subject_id) "
            "WHERE b.name = 'clock.breached' AND e.name = 'clock.escalated' AND e.id < b.id AND b.subject_kind = 'clock'"
        ).fetchone()[0]
        assert wrong == 0, "each clock's steps in their order"
