"""Starts the PostgreSQL that the tests use: the embedded one, or a Debian one (AFTERCARE_TEST_SERVER=its bin folder)."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


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

    from aftercare.config.embedded import EmbeddedDatabase

    server = EmbeddedDatabase(home)
    os.environ["DATABASE_URL"] = server.start()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # a test database need not survive the machine
        connection.execute("SELECT pg_reload_conf()")
    return server.stop


def _external(programs: Path, home: Path):
    data = home / "outside"
    data.mkdir()
    home.chmod(0o755)
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(data, user)
    run = {"check": True, "capture_output": True, "user": user}
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "aftercare", "--auth=trust", "--encoding=UTF8", "--locale=C"],
        **run,
    )
    options = f"-h '' -k {data} -c fsync=off"
    subprocess.run([programs / "pg_ctl", "-w", "-D", data, "-l", data / "log", "-o", options, "start"], **run)
    os.environ["DATABASE_URL"] = f"postgresql://aftercare@/postgres?host={data}"
    return lambda: subprocess.run([programs / "pg_ctl", "-m", "fast", "-w", "-D", data, "stop"], **run)


# Each test process has a server of its own: the horizon below which facts are delivered is one for a whole server.
_ME = os.environ.get("PYTEST_XDIST_WORKER", "alone")
if os.environ.get("AFTERCARE_TESTS_RUN") != _ME:
    os.environ.setdefault("AFTERCARE_GIVEN_DATABASE", os.environ.get("DATABASE_URL", ""))
    os.environ["AFTERCARE_TESTS_RUN"] = _ME
    _start()
