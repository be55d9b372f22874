"""Starts the PostgreSQL that the tests use: the embedded one, or a Debian one (AFTERCARE_TEST_SERVER=its bin folder)."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.kept import MIGRATIONS, ROOT, copy_kept


def _start() -> None:
    home = Path(tempfile.mkdtemp(prefix="aftercare-test-"))
    os.environ["AFTERCARE_HOME"] = str(home)
    os.environ["AFTERCARE_LOCAL_WEBHOOKS"] = "1"
    os.environ["AFTERCARE_LIVE_STREAMS"] = "0"  # a stream would hold a connection to the test database
    from aftercare.privacy.keyring import create_keys

    create_keys(home)
    if os.environ["AFTERCARE_GIVEN_DATABASE"]:
        os.environ["DATABASE_URL"] = os.environ["AFTERCARE_GIVEN_DATABASE"]
        return
    os.environ.pop("DATABASE_URL", None)
    outside = os.environ.get("AFTERCARE_TEST_SERVER")
    stop = _external(Path(outside), home) if outside else _embedded(home)

    def finish() -> None:
        stop()
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(finish)


def _embedded(home: Path):
    import psycopg

    from aftercare.config.embedded import DATABASE, EmbeddedDatabase
    from tests.live import make_empty

    copy_kept("empty", home, make_empty, files=MIGRATIONS)
    server = EmbeddedDatabase(home)
    os.environ["DATABASE_URL"] = server.start()
    os.environ["AFTERCARE_TEST_TEMPLATE"] = DATABASE
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # a test database need not survive the machine
        connection.execute("SELECT pg_reload_conf()")
    return server.stop


def _external(programs: Path, home: Path):
    user = "postgres" if os.geteuid() == 0 else None
    run = {"check": True, "capture_output": True, "user": user}

    def start(data: Path) -> str:
        options = f"-h '' -k {data} -c fsync=off"
        subprocess.run(
            [programs / "pg_ctl", "-w", "-D", data, "-l", data / "log", "-o", options, "start"], **run
        )
        return f"postgresql://aftercare@/aftercare?host={data}"

    def stop(data: Path) -> None:
        subprocess.run([programs / "pg_ctl", "-m", "fast", "-w", "-D", data, "stop"], **run)

    def make(place: Path) -> None:
        data = place / "outside"
        data.mkdir()
        place.chmod(0o755)
        if user:
            shutil.chown(data, user)
        options = ("-U", "aftercare", "--auth=trust", "--encoding=UTF8", "--locale=C")
        subprocess.run([programs / "initdb", "-D", data, *options], **run)
        url = start(data)
        subprocess.run(
            [programs / "createdb", "-h", data, "-U", "aftercare", "-T", "template0", "aftercare"], **run
        )
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("AFTERCARE_TEST", "DJANGO_SETTINGS"))
        }
        command = [sys.executable, "-m", "aftercare.cli.main", "policy", "list"]
        subprocess.run(command, env={**kept, "DATABASE_URL": url}, check=True, capture_output=True, cwd=ROOT)
        stop(data)

    copy_kept(f"outside-{programs.parent.name}", home, make, files=MIGRATIONS)
    os.environ["DATABASE_URL"] = start(home / "outside")
    os.environ["AFTERCARE_TEST_TEMPLATE"] = "aftercare"
    return lambda: stop(home / "outside")


# Each test process has a server of its own: the horizon below which facts are delivered is one for a whole server.
_ME = os.environ.get("PYTEST_XDIST_WORKER", "alone")
if os.environ.get("AFTERCARE_TESTS_RUN") != _ME:
    os.environ.setdefault("AFTERCARE_GIVEN_DATABASE", os.environ.get("DATABASE_URL", ""))
    os.environ["AFTERCARE_TESTS_RUN"] = _ME
    _start()
