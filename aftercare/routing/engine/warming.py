"""Have the search compiled before anybody waits for it: in a process of its own, then read from disk in this one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

from .arrays import COMPILED

_ready = threading.Event()
_begun = threading.Lock()
COMPILE = "from aftercare.routing.engine.warming import compile_for_parent; compile_for_parent()"
AT_MOST = 600  # seconds


def is_ready() -> bool:
    """Say whether compiled code is at hand in this process; if not, have it made ready in the background.

    Until then days are planned by the same source uncompiled, so nobody waits for a compiler.
    """
    if COMPILED and not _ready.is_set() and _begun.acquire(blocking=False):
        threading.Thread(target=_warm_up_apart, daemon=True).start()
    return _ready.is_set()


def warm_up() -> bool:
    """Have the search compiled here and now, or its machine code read from disk; False without numba."""
    if not COMPILED:
        return False
    from .course import Course
    from .planner import make_plan
    from .problem import Task, Worker, build

    travel = [[0, 60], [60, 0]]
    problem = build([Task(1, 60), Task(1, 60)], [Worker(0, 0, 0, 3600)], travel, lambda _o, _v: 0, fast=True)
    make_plan(problem, again=Course(1, 1, (1.0,)))
    _ready.set()
    return True


def compile_for_parent() -> None:
    """Compile, out of everybody's way, and end early with the process that wanted it."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    os.nice(15)
    warm_up()


def _warm_up_apart() -> None:
    """Compile in a process of its own: a compiler in a thread would hold up whatever this process serves."""
    try:
        subprocess.run([sys.executable, "-c", COMPILE], check=False, timeout=AT_MOST)  # noqa: S603 - our own words
    except (OSError, subprocess.TimeoutExpired):
        return
    warm_up()
