"""`up`, `worker` and `demo`: what runs for long."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from types import FrameType
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from aftercare.config.home import aftercare_home

from .starting import installation, now, say


def up(options: argparse.Namespace) -> int:
    """Start the embedded database, the pages and a worker; stop them together."""
    started = time.monotonic()
    with installation():
        return serve(options, started=started)


def worker(options: argparse.Namespace) -> int:
    """Run a worker against the database in DATABASE_URL (or the embedded one)."""
    with installation(migrate=False):
        if options.once:
            from aftercare.config.schedule import run_due
            from aftercare.ledger.services import deliver_until_idle

            run_due({}, at=now())
            say(f"{deliver_until_idle(at=now())} facts delivered")
            return 0
        from aftercare.config.worker import Worker

        Worker().run()
    return 0


def demo(options: argparse.Namespace) -> int:
    """Found a made-up company, run its service day, print what happened, and serve the pages."""
    started = time.monotonic()
    os.environ.setdefault("AFTERCARE_PAYMENTS", "sandbox")
    os.environ.setdefault("AFTERCARE_URL", f"http://{options.host}:{options.port}")
    with installation():
        from aftercare.demo.bulk import add_bulk
        from aftercare.demo.founding import PASSWORD
        from aftercare.demo.people import ROLE_ACCOUNTS
        from aftercare.demo.service_day import demo_exists

        if demo_exists():
            say("There is a company in this database already; the demo leaves it alone.")
            say(f"For a fresh one set AFTERCARE_HOME to an empty folder (now: {aftercare_home()}).")
        else:
            _live(options)
            say(f"  {'took':<22}{time.monotonic() - started:.0f} s")
        if options.bulk:
            with _progress() as bar:
                task = bar.add_task("bulk", total=options.bulk)
                add_bulk(options.bulk, at=now(), progress=lambda n: bar.update(task, completed=n))
        if options.once:
            return 0
        say()
        say("Accounts (password for each: " + PASSWORD + ")")
        for number, _roles, title in (
            *ROLE_ACCOUNTS,
            ("DZ2024001", [], "店长"),
            ("QY2024001", [], "区域督导"),
            ("GY2024001", [], "服务工程师"),
        ):
            say(f"  {number:<12}{title}")
        return serve(options, started=time.monotonic())


def serve(options: argparse.Namespace, *, started: float) -> int:
    """Run web processes and a worker until told to stop; one that dies is started again, a few times."""
    if _is_taken(options.host, options.port):
        say(f"port {options.port} of {options.host} is in use by another program; choose one with --port")
        return 1
    from django.conf import settings

    from aftercare.config.statics import compress_statics

    compress_statics()
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "aftercare.config.settings"}
    env.setdefault("AFTERCARE_URL", f"http://{options.host}:{options.port}")
    web = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", options.host, "--port", str(options.port),
        "--workers", str(getattr(options, "workers", 2)), "--blocking-threads", str(settings.LIVE_STREAMS + 4), "--no-access-log", "--log-level",
        "error", "--backlog", "512", "--workers-kill-timeout", "3", "aftercare.config.wsgi:application",
    ]  # fmt: skip
    work = [sys.executable, "-m", "aftercare.cli.main", "worker"]
    commands = (web, work)
    children = [_start(command, env) for command in commands]
    deaths = 0

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)  # the children lead groups of their own and do not hear it
    ends_at = time.monotonic() + options.seconds if options.seconds else None
    try:
        if _answers(options.host, options.port, children):
            say(
                f"Aftercare is at http://{options.host}:{options.port}/ ({time.monotonic() - started:.1f} s to start; Ctrl+C stops it)"
            )
            say(f"Memory at rest: {_memory():.0f} MB in all processes")
        while ends_at is None or time.monotonic() < ends_at:
            for index, child in enumerate(children):
                if child.poll() is not None:
                    deaths += 1
                    if deaths > 5:
                        say("a process ends again and again; see its messages above")
                        return 1
                    time.sleep(deaths)
                    _end_group(child)
                    children[index] = _start(commands[index], env)
            time.sleep(0.3)
        return 0
    except KeyboardInterrupt:
        return 0
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
            _end_group(child)


def _live(options: argparse.Namespace) -> None:
    from django.db import connection

    from aftercare.config.schedule import run_due
    from aftercare.demo.service_day import run_demo

    with connection.cursor() as cursor:
        # the made-up day may be run again after a crash: it need not wait for the disk at every step
        cursor.execute("SET synchronous_commit = off")
    last: dict[str, datetime] = {}
    with _progress() as bar:
        tasks = {name: bar.add_task(name, total=1.0) for name in ("founding", "day")}
        result = run_demo(
            options.pack, at=now(), requests=options.requests, run_schedule=lambda at: run_due(last, at=at, leave_out=("plan_wished_days",)),
            progress=lambda name, share: bar.update(tasks[name], completed=share),
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    say()
    say(f"{result.founded.company.name}: one service day, {options.pack} pack")
    titles = {
        "requests": "requests", "work_orders": "work orders (done)", "offers": "offers/yes/no/silent",
        "appointments": "appointments (moved)", "visits": "visits signed", "pauses": "pauses", "breaches": "clocks missed",
        "queue": "for the dispatcher", "surveys": "ratings (mean)", "recoveries": "unhappy customers",
        "papers": "papers/written/closed",
    }  # fmt: skip
    for name, text in result.lines:
        say(f"  {titles[name]:<22}{text}")
    for number, token in result.tokens:
        say(f"  customer's link       http://{options.host}:{options.port}/c/{token}   ({number})")
    from aftercare.intake.selectors import report_points

    point = next(iter(report_points()), None)
    if point:
        say(f"  QR code of a store    http://{options.host}:{options.port}/r/{point.code}")


def _start(command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=env, process_group=0)  # noqa: S603 - our own programs


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End what a dead process left behind: web workers outlive the one that started them, and keep its port."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _is_taken(host: str, port: int) -> bool:
    """Say whether somebody serves there already: web processes share a port, so the second would not notice."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _answers(host: str, port: int, children: list[Any]) -> bool:
    import httpx

    for _try in range(300):
        if any(child.poll() is not None for child in children):
            return False
        try:
            if (
                httpx.get(
                    f"http://{host}:{port}/readyz", timeout=1, trust_env=False, headers={"Host": "localhost"}
                ).status_code
                == 200
            ):
                return True
        except httpx.HTTPError:
            time.sleep(0.1)
    return False


def _memory() -> float:
    """Add up the proportional memory of this process, its children and the database, in MB."""
    import psutil

    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    pid_file = aftercare_home() / "db" / "postmaster.pid"
    try:
        server = psutil.Process(int(pid_file.read_text().split()[0]))
        processes += [server, *server.children(recursive=True)]
    except (OSError, ValueError, psutil.Error):
        pass
    total = 0
    for process in {p.pid: p for p in processes}.values():
        try:
            full = process.memory_full_info()
            total += getattr(full, "pss", full.rss)
        except psutil.Error:
            continue
    return total / 2**20


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
