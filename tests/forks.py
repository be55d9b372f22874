"""Processes to be killed by the dozen: one is set up once and forks the others, each with connections of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
NURSERY = """
import os, signal, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "aftercare.config.settings"
django.setup()
{setup}
def loop(argument):
{body}
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
print("up", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        loop(line.strip())
        os._exit(1)
    print(child, flush=True)
"""


class Nursery:
    """A process that forks others running `loop(argument)`; they end only by being killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def fork(self, argument: str = "") -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(argument + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def nursery(setup: str, body: str, env: dict[str, str]) -> Iterator[Nursery]:
    """Give a nursery whose children run `body` (of a function with `argument`) in the installation of `env`."""
    script = NURSERY.format(setup=setup, body="".join(f"    {line}\n" for line in body.strip().splitlines()))
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout and process.stdin
    assert process.stdout.readline().strip() == "up"
    try:
        yield Nursery(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with whatever still runs in it
        process.wait(10)
        process.stdin.close()
        process.stdout.close()
