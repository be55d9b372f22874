"""One listener a process, many open pages: facts are read once and handed to every page that they concern."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import close_old_connections, connection
from django.db.utils import InterfaceError, OperationalError

from aftercare.intake.selectors import requests_by_id
from aftercare.ledger.selectors import facts_since
from aftercare.ledger.services import listen_live
from aftercare.people.rules import Actor

NEWS = (
    "request.received", "request.urgency_changed", "clock.warned", "clock.breached", "clock.escalated",
    "clock.breach_withdrawn", "alert.raised", "alert.acknowledged", "paper.asked", "paper.filed", "paper.closed",
    "paper.returned", "paper.withdrawn", "authority.store", "authority.region", "authority.headquarters",
    "authority.suggested", "authority.taken", "dispatch.stuck", "dispatch_queue.solved", "request.closed",
    "request.answered", "request.cancelled", "request.merged", "request.planned", "call.answered", "call.heard", "team.formed",
    "team.stood_down",
)  # fmt: skip
NOW = (-1, 0)  # the position of whoever has read nothing and wants only what comes
MOST = 500  # facts of one look; what is beyond comes with the next
APART = 0.25  # seconds between two looks, so that a storm of facts is taken in few of them
log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Listener:
    """One open page: who reads it, the case it shows (none: lists and boards), its tab, and what waits to be sent to it."""

    actor: Actor
    case_id: int | None = None
    tab: str = ""
    waiting: queue.Queue[tuple[str, dict[str, Any]]] = field(default_factory=lambda: queue.Queue(maxsize=200))
    over: bool = False

    def tell(self, event: str, values: dict[str, Any]) -> None:
        """Queue an event; a page that does not keep up loses what it can read again anyway."""
        with contextlib.suppress(queue.Full):
            self.waiting.put_nowait((event, values))


class Hub:
    """The listeners of this process and the thread that serves them; the thread lives while anybody listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._position = NOW

    def join(self, listener: Listener, *, most: int) -> bool:
        """Take a listener in, in place of an earlier one of its tab; refused when as many listen as this process may serve."""
        with self._lock:
            for earlier in [known for known in self._listeners if listener.tab and known.tab == listener.tab]:
                earlier.over = True
                earlier.tell("over", {})
                self._listeners.discard(earlier)
            if len(self._listeners) >= most:
                return False
            self._listeners.add(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="live", daemon=True)
                self._thread.start()
            return True

    def leave(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    @property
    def count(self) -> int:
        return len(self._listeners)

    def _snapshot(self) -> list[Listener]:
        with self._lock:
            return list(self._listeners)

    def _serve(self) -> None:
        self._position = NOW
        while True:
            try:
                self._listen()
                return
            except (OperationalError, InterfaceError) as error:
                log.warning("live_database_lost", error=str(error).splitlines()[0])
            except Exception:
                log.exception("live_failed")
            close_old_connections()
            connection.close()
            time.sleep(1)

    def _listen(self) -> None:
        """Serve until the last listener has left; from where it was, when the database was lost meanwhile."""
        connection.ensure_connection()
        listen_live()
        raw = connection.connection
        while True:
            listeners = self._snapshot()
            if not listeners and self._ended():
                connection.close()
                return
            cases = {listener.case_id for listener in listeners if listener.case_id}
            facts, self._position = facts_since(self._position, names=NEWS, cases=cases, limit=MOST)
            for fact in facts:
                for listener in listeners:
                    _hand(fact, listener)
            _warn(
                [fact for fact in facts if fact.name == "clock.warned" and fact.values.get("holder")],
                listeners,
            )
            if len(facts) < MOST:
                looked = {note.payload for note in raw.notifies(timeout=5.0, stop_after=1)}
                time.sleep(APART)
                looked |= {note.payload for note in raw.notifies(timeout=0)}
                for listener in self._snapshot():  # some came while this thread waited
                    if listener.case_id and str(listener.case_id) in looked:
                        listener.tell("presence", {})

    def _ended(self) -> bool:
        with self._lock:
            if self._listeners:
                return False
            self._thread = None
            return True


def _hand(fact: Any, listener: Listener) -> None:
    """Tell a page of a fact that concerns it and that its reader may see."""
    actor, mine = listener.actor, fact.actor_kind == "staff" and fact.actor_id == listener.actor.id
    if not actor.reaches(fact.unit_id) or (actor.own_only and not _own(fact, listener)):
        return
    values = {"name": fact.name, "mine": mine, "who": fact.actor_name if fact.actor_kind != "machine" else ""}
    if listener.case_id is not None and fact.case_id == listener.case_id:
        listener.tell("case", values)
    if fact.name not in NEWS:
        return
    if fact.name == "call.answered" and fact.values.get("staff") == actor.id:
        listener.tell(
            "call", {"ref": fact.values["ref"], "caller": fact.values["caller"] or fact.values["ref"]}
        )
    if fact.name == "call.heard" and fact.values.get("staff") == actor.id:
        listener.tell("voice", {"ref": fact.values["ref"]})
    if fact.name == "team.formed" and actor.id in fact.values["members"]:
        listener.tell("urgent", {"kind": "team", "number": fact.values["number"]})
    to_me = fact.name == "alert.raised" and fact.values.get("staff") == actor.id
    critical = (
        fact.name in ("request.received", "request.urgency_changed")
        and fact.values.get("urgency") == "critical"
    )
    if to_me or (critical and not mine and not fact.values.get("history")):
        listener.tell(
            "urgent", {"kind": "alert" if to_me else "critical", "number": fact.values.get("number", "")}
        )
    listener.tell("news", values)


def _warn(facts: list[Any], listeners: list[Listener]) -> None:
    """Tell those who hold a clock that so much of its time is used."""
    holders = {listener.actor.id for listener in listeners}
    mine = [fact for fact in facts if fact.values["holder"] in holders]
    numbers = {row.pk: row.number for row in requests_by_id({fact.case_id for fact in mine})} if mine else {}
    for fact in mine:
        for listener in listeners:
            if listener.actor.id == fact.values["holder"] and fact.case_id in numbers:
                listener.tell("warned", {"number": numbers[fact.case_id], "percent": fact.values["percent"]})


def _own(fact: Any, listener: Listener) -> bool:
    """Say whether a fact is theirs who see no more than their own: about the case they have open, or held by them."""
    shown = listener.case_id is not None and fact.case_id == listener.case_id
    return bool(shown or fact.values.get("holder") == listener.actor.id)


HUB = Hub()
