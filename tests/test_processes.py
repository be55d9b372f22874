"""Crashes of real processes: workers killed at any moment, a database killed during intake, and the wheel by itself."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.forks import nursery
from tests.live import free_port, new_installation

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
KILLS = int(os.environ.get("KILLS", "100"))

SETUP = """
from datetime import datetime, UTC
from django.db import connection
from aftercare.ledger.services import deliver, each
from aftercare.ledger.services.delivery import Consumer
def react(fact, at):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO counted (fact_id) VALUES (%s)", [fact.pk])
"""
WORKER = """
consumer = Consumer("counting", {"*": [each(react)]})
while True:
    deliver(consumer, at=datetime.now(UTC), batch=7)
"""


@pytest.fixture(scope="module")
def home():
    with new_installation() as made:
        yield from _with_administrator(made)


def _with_administrator(made):
    made.run(
        "user",
        "add",
        "GL2024001",
        "--name",
        "顾怀瑾",
        "--role",
        "administrator",
        "--company",
        "澄和",
        text="a-long-test-password\n",
    )
    made.run("policy", "activate", "appliance")
    yield made


def test_a_worker_killed_a_hundred_times_loses_and_doubles_no_reaction(home):
    env = home.env
    script = (
        "from aftercare.config.embedded import EmbeddedDatabase; from aftercare.config.home import aftercare_home\n"
        "print(EmbeddedDatabase(aftercare_home()).start())"
    )
    url = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
    ).stdout.strip()
    env["DATABASE_URL"] = url
    luck = random.Random(5)
    with psycopg.connect(url, autocommit=True) as connection, contextlib.ExitStack() as stack:
        connection.execute("CREATE TABLE counted (fact_id bigint)")
        insert = (
            "INSERT INTO ledger_fact (name, subject_kind, subject_id, actor_kind, actor_name, at, because, values) "
            "SELECT 'x', 'x', 1, 'machine', '', now(), '', '{}' FROM generate_series(1, %s)"
        )
        connection.execute(insert, [KILLS * 30])
        ours = stack.enter_context(nursery(SETUP, WORKER, env))
        kills = 0
        while kills < KILLS:
            workers = [ours.fork() for _n in range(4)]
            time.sleep(luck.uniform(0.02, 0.15))
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            kills += len(workers)
            connection.execute(insert, [40])
        assert connection.execute("SELECT count(*) FROM counted").fetchone()[0], (
            "the killed ones had been at work"
        )
        ours.fork()
        total = connection.execute("SELECT count(*) FROM ledger_fact").fetchone()[0]
        for _try in range(600):
            if connection.execute("SELECT count(*) FROM counted").fetchone()[0] >= total:
                break
            time.sleep(0.1)
        assert connection.execute("SELECT count(*), count(DISTINCT fact_id) FROM counted").fetchone() == (
            total,
            total,
        )
        stack.close()
        connection.execute("DROP TABLE counted")
        connection.execute("DELETE FROM ledger_position WHERE consumer = 'counting'")


def test_a_database_killed_during_intake_keeps_every_answered_request(home):
    key = home.run(
        "client", "add", "shop", "--verb", "receive_request", "--verb", "read_request"
    ).splitlines()[0]
    home.port = free_port()
    home.url = f"http://127.0.0.1:{home.port}"
    home.start()
    body = {
        "kind": "repair",
        "description": "外机嗡嗡响，不出冷风，重启过",
        "name": "王小禾",
        "phone": "13812345678",
    }
    accepted: list[str] = []
    stop = threading.Event()

    def send(n: int) -> None:
        with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {key}"}, timeout=10) as client:
            while not stop.is_set():
                try:
                    answer = client.post(
                        f"{home.url}/api/v1/requests", json={**body, "phone": f"138000{n:05d}"}
                    )
                except httpx.HTTPError:
                    continue
                if answer.status_code == 201:
                    accepted.append(answer.json()["number"])

    try:
        threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for _try in range(150):
            if len(accepted) > 5:
                break
            time.sleep(0.2)
        before = len(accepted)
        pid = int((home.home / "db" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        script = (
            "from aftercare.config.embedded import EmbeddedDatabase; from aftercare.config.home import aftercare_home\n"
            "print(EmbeddedDatabase(aftercare_home()).start())"
        )
        for _try in range(20):
            started = subprocess.run(
                [sys.executable, "-c", script], env=home.env, capture_output=True, text=True
            )
            if started.returncode == 0:
                break
            time.sleep(0.5)
        url = started.stdout.strip()
        for _try in range(100):
            if len(accepted) > before + 10:
                break
            time.sleep(0.2)
        stop.set()
        for thread in threads:
            thread.join()
        assert before > 0
        assert len(accepted) > before, "intake goes on after the database is back"
        with psycopg.connect(url) as connection:
            stored = {row[0] for row in connection.execute("SELECT number FROM intake_request")}
        assert set(accepted) <= stored
        assert len(accepted) == len(set(accepted))
        serials = sorted(int(number.split("-")[1]) for number in stored)
        assert serials == list(range(1, len(serials) + 1)), "no gap either"
    finally:
        stop.set()
        home.stop()


def test_a_process_that_dies_is_started_again(home):
    home.port = free_port()
    home.url = f"http://127.0.0.1:{home.port}"
    home.start()
    try:
        second = subprocess.run(
            [sys.executable, "-m", "aftercare.cli.main", "up", "--port", str(home.port)],
            env=home.env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert second.returncode == 1
        assert "is in use" in second.stdout
        for what in ("worker", "granian"):
            before = children_of(home.process.pid, what)
            assert len(before) == 1, what
            os.kill(before[0], signal.SIGKILL)
            for _try in range(150):
                after = children_of(home.process.pid, what)
                if after and after != before and answers(home.url):
                    break
                time.sleep(0.2)
            else:
                raise AssertionError(f"{what} was not started again")
    finally:
        home.stop()


def children_of(process: int, what: str) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(c) for c in children if what in Path(f"/proc/{c}/cmdline").read_text().split("\0")]


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_backup_and_restore_bring_everything_back(home, tmp_path):
    archive = tmp_path / "kept.tar"
    home.run("backup", str(archive))
    with new_installation(None) as fresh:
        fresh.run("restore", str(archive))
        assert fresh.run("user", "list") == home.run("user", "list")
        assert "seals hold" in fresh.run("ledger", "verify")
        assert "BAD" not in fresh.run("doctor")


@pytest.fixture
def bare():
    with new_installation(None) as made:
        yield made


CLEAR = """
import json, os, subprocess
from aftercare.cli.starting import installation
with installation(migrate=False):
    from aftercare.config.embedded import EmbeddedDatabase
    from aftercare.config.home import aftercare_home
    from aftercare.customers.models import Customer
    from aftercare.people.models import Staff
    tool = EmbeddedDatabase(aftercare_home()).bin_path / "pg_dump"
    subprocess.run([tool, f"--dbname={os.environ['DATABASE_URL']}", f"--file={aftercare_home() / 'dump.sql'}"], check=True)
    people = [(c.full_name, c.phone) for c in Customer.objects.all()] + [(s.full_name, s.phone) for s in Staff.objects.all()]
    print(json.dumps(people))
"""


@pytest.fixture
def place():
    """Give an empty folder that the database's own user may look into, which pytest's are not."""
    folder = Path(tempfile.mkdtemp(prefix="aftercare-wheel-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_wheel_by_itself_runs_the_demo_day_and_leaves_no_clear_name_or_phone(place, bare):
    """Build the wheel, install it into an empty environment with the locked packages, run the demo from it, and look for
    every name and phone of its customers and staff in the dump, the logs and what was printed."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, ROOT],
        check=True,
        capture_output=True,
    )
    wheel = next(place.glob("*.whl"))
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    python = place / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--require-hashes", "-r", ROOT / "requirements" / "run.lock"], check=True, capture_output=True
    )
    subprocess.run([*pip, "--no-deps", wheel], check=True, capture_output=True)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "AFTERCARE_HOME": str(bare.home),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        [place / "venv" / "bin" / "aftercare", "demo", "--once", "--requests", "20"],
        env=env,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"requests\s+20", done.stdout)
    looked = subprocess.run(
        [python, "-c", CLEAR],
        env={**env, "DJANGO_SETTINGS_MODULE": "aftercare.config.settings"},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert looked.returncode == 0, looked.stderr[-2000:]
    people = json.loads(looked.stdout.strip().splitlines()[-1])
    dump = (bare.home / "dump.sql").read_text(encoding="utf-8")
    logs = (bare.home / "db" / "log").read_text(errors="replace") + done.stderr + done.stdout
    assert len({name for name, _phone in people}) > 300
    assert dump.count("request.received") >= 20
    for clear in {text for pair in people for text in pair if text}:
        assert clear not in dump, clear
        assert clear not in logs, clear
    listed = subprocess.run(
        [python, "-m", "zipfile", "-l", wheel], capture_output=True, text=True, check=True
    ).stdout
    for wanted in (
        "static/vendor/tabler.min.css",
        "static/icons.svg",
        "django.mo",
        "packs/retail/clocks.toml",
    ):
        assert wanted in listed
    assert "/tests/" not in listed
    shutil.rmtree(place / "venv")
