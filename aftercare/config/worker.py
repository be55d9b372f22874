"""The worker: delivers facts, keeps the schedule, and does outgoing work; woken by NOTIFY, asleep otherwise."""

from __future__ import annotations

import os
import signal
import threading
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from aftercare.dispatch.services import plan_wished_days
from aftercare.ledger.services import consumers_behind, deliver
from aftercare.ledger.services.delivery import BATCH
from aftercare.ledger.services.facts import CHANNEL
from aftercare.routing.engine import is_ready
from aftercare.sla.selectors import next_due_at
from aftercare.sla.services import sweep_clocks

from .garbage import settle
from .schedule import run_due

GATHER = 0.1  # seconds; facts that come thick are handled many at a time, and a lone one still at once
LOOK_EVERY = 1.0  # seconds; a clock that begins meanwhile is due later than that
# what has a thread of its own, so that no delivery waits for it
SLOW = (
    "find_defects",
    "forget_old_customers",
    "fill_cluster",
    "ask_payments",
)  # seconds, where much is stored
BESIDE = ("sweep_clocks", "plan_wished_days", *SLOW)
PLAN_EVERY = 5.0  # seconds
SETTLED_AFTER = 100  # rounds in which there was something to do
AT_LEAST = 0.05  # seconds between two sweeps, so that what is due together is swept together
log = structlog.get_logger(__name__)


class Worker:
    """One worker process: run as many as needed, positions and row locks keep them apart."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.last_run: dict[str, datetime] = {}

    def stop(self, *_args: Any) -> None:
        self.stopping.set()

    def run(self) -> None:
        """Deliver until told to stop; a lost database is waited for."""
        os.nice(5)  # who waits at a page goes before work that may follow a moment later
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        is_ready()
        for beside in (self._outgoing, self._sweep, self._plan, self._look):
            threading.Thread(target=beside, daemon=True).start()
        parent = os.getppid()
        while not self.stopping.is_set():
            try:
                self._serve(parent)
            except (OperationalError, InterfaceError) as error:
                log.warning("database_lost", error=str(error).splitlines()[0])
                self._recover()
            except Exception:
                log.exception("worker_failed")
                self._recover()

    def _recover(self) -> None:
        close_old_connections()
        connection.close()
        self.stopping.wait(1)

    def _serve(self, parent: int) -> None:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        raw, served = connection.connection, 0
        while not self.stopping.is_set():
            busy = sum(deliver(consumer, at=datetime.now(UTC)) for consumer in consumers_behind())
            busy += run_due(self.last_run, at=datetime.now(UTC), leave_out=BESIDE)
            served += busy > 0
            if served == SETTLED_AFTER and busy:
                settle()
            if not busy:
                for _note in raw.notifies(timeout=1.0, stop_after=1):
                    pass
            elif busy < BATCH:
                self.stopping.wait(GATHER)
            if os.getppid() != parent:
                self.stop()

    def _sweep(self) -> None:
        """Notice what is due at the moment it is due, whatever the deliveries are busy with; asleep in between."""
        while not self.stopping.is_set():
            try:
                due = next_due_at()
                ahead = (due - datetime.now(UTC)).total_seconds() if due else LOOK_EVERY
                if ahead > 0:
                    self.stopping.wait(min(max(ahead, AT_LEAST), LOOK_EVERY))
                else:
                    sweep_clocks(at=datetime.now(UTC))
            except (OperationalError, InterfaceError) as error:
                log.warning("database_lost", error=str(error).splitlines()[0])
                self._recover()
            except Exception:
                log.exception("sweep_failed")
                self._recover()
        connection.close()

    def _plan(self) -> None:
        """Search for better days where something happened, beside the loop; a compiled search lets the others run."""
        while not self.stopping.wait(PLAN_EVERY):
            try:
                plan_wished_days(at=datetime.now(UTC))
            except (OperationalError, InterfaceError) as error:
                log.warning("database_lost", error=str(error).splitlines()[0])
                self._recover()
            except Exception:
                log.exception("plan_failed")
                self._recover()
        connection.close()

    def _look(self) -> None:
        """Do what takes long and can wait, beside the loop."""
        looked: dict[str, datetime] = {}
        while not self.stopping.wait(PLAN_EVERY):
            try:
                run_due(looked, at=datetime.now(UTC), only=SLOW)
            except (OperationalError, InterfaceError) as error:
                log.warning("database_lost", error=str(error).splitlines()[0])
                self._recover()
            except Exception:
                log.exception("look_failed")
                self._recover()
        connection.close()

    def _outgoing(self) -> None:
        """Run the queue of webhooks and messages beside the loop."""
        import asyncio

        from procrastinate.contrib.django import app

        async def work() -> None:
            worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
            async with worker_app.open_async():
                task = asyncio.create_task(
                    worker_app.run_worker_async(
                        queues=["webhooks", "messages"], concurrency=4, install_signal_handlers=False,
                        fetch_job_polling_interval=5, delete_jobs="successful",
                    )
                )  # fmt: skip
                while not self.stopping.is_set() and not task.done():
                    await asyncio.sleep(0.3)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        while not self.stopping.is_set():
            try:
                asyncio.run(work())
            except Exception as error:  # noqa: BLE001 - the queue comes back after any fault
                log.warning("queue_lost", error=str(error))
            self.stopping.wait(2)
