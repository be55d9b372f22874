"""A live installation in processes of its own, for the tests that crash things or drive a browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.kept import MIGRATIONS, copy_kept

Found = TypeVar("Found")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(found: Callable[[], Found | None], *, seconds: float = 30) -> Found:
    """Deliver facts until `found()` gives something; used inside an installation whose workers deliver as well.

    Facts behind a transaction that is still open are not delivered yet, so that once idle is not yet done.
    """
    from aftercare.ledger.services import deliver_until_idle

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        deliver_until_idle(at=datetime.now(UTC), rounds=10)
        if (it := found()) is not None:
            return it
        time.sleep(0.05)
    raise AssertionError(f"nothing came within {seconds} s")


class Installation:
    """`aftercare up` on an embedded database of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        kept = {
            k: v
            for k, v in os.environ.items()
            if k
            not in ("DATABASE_URL", "AFTERCARE_TESTS_RUN", "AFTERCARE_LIVE_STREAMS", "DJANGO_SETTINGS_MODULE")
        }
        return {
            **kept,
            "AFTERCARE_HOME": str(self.home),
            "AFTERCARE_URL": self.url,
            "AFTERCARE_PAYMENTS": "sandbox",
        }

    def run(self, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "aftercare.cli.main", *arguments],
            env=self.env,
            input=text,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, script: str) -> str:
        """Run a script with Django set up in this installation, and give what it printed."""
        lines = "".join(f"    {line}\n" for line in script.strip().splitlines())
        whole = f"from aftercare.cli.starting import installation\nwith installation(migrate=False):\n{lines}"
        done = subprocess.run(
            [sys.executable, "-c", whole], env={**self.env, "DJANGO_SETTINGS_MODULE": "aftercare.config.settings"},
            capture_output=True, text=True, timeout=120, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        """Start the server, which ends by itself after half an hour, should nobody stop it."""
        command = [sys.executable, "-m", "aftercare.cli.main", "up", "--port", str(self.port), "--for", "1800"]  # fmt: skip
        self.process = subprocess.Popen(command, env=self.env, start_new_session=True)
        for _try in range(200):
            try:
                if httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError("aftercare up did not answer")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


def make_empty(home: Path) -> None:
    """Make an installation whose database is made and empty."""
    Installation(home).run("policy", "list")


@contextlib.contextmanager
def new_installation(make: Callable[[Path], None] | None = make_empty, **kept: Any) -> Iterator[Installation]:
    """Give an installation in a folder of its own, outside of pytest's, which is closed to the database's user.

    It is a copy of one that `make` makes once; None leaves even the database to the test.
    """
    made = Installation(Path(tempfile.mkdtemp(prefix="aftercare-live-")))
    if make is not None:
        copy_kept(make.__name__.removeprefix("make_"), made.home, make, **{"files": MIGRATIONS, **kept})
    try:
        yield made
    finally:
        made.stop()
        stop = "from aftercare.config.embedded import EmbeddedDatabase as E; from pathlib import Path; import sys; e = E(Path(sys.argv[1])); e.start(); e.stop()"
        if (made.home / "db" / "postmaster.pid").exists():
            subprocess.run([sys.executable, "-c", stop, str(made.home)], env=made.env, capture_output=True)
        shutil.rmtree(made.home, ignore_errors=True)
