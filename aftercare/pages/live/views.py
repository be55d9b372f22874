"""The stream of a page, the counts of the shell, and who else has a request open."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Generator, Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from aftercare.intake.selectors import others_present, request_for
from aftercare.intake.services import leave_request, note_presence
from aftercare.notices.selectors import unread_count
from aftercare.refusals import NotFound
from aftercare.sla.selectors import due_counts, waiting_count

from ..doors import actor, now, page
from .hub import HUB, Listener

BEAT = 10.0  # seconds of silence after which a comment is sent, so that a closed page is noticed
LIVES_FOR = 600.0  # seconds; the browser comes again, and who they are is looked at again
SOON = timedelta(minutes=30)


@page("read_request")
def live(request: HttpRequest) -> HttpResponseBase:
    """Send what happens, as it happens, to an open page; 503 where this process serves as many as it may."""
    who = actor(request)
    number = request.GET.get("case", "")
    case_id = request_for(who, number).pk if number else None
    tab = f"{who.id}:{request.GET.get('tab', '')[:32]}" if request.GET.get("tab") else ""
    listener = Listener(who, case_id, tab)
    if not HUB.join(listener, most=settings.LIVE_STREAMS):
        answer = HttpResponse(status=503)
        answer.headers["Retry-After"] = "15"
        return answer
    stream = StreamingHttpResponse(_Stream(listener), content_type="text/event-stream")
    stream.headers["X-Accel-Buffering"] = "no"
    stream.headers["Cache-Control"] = "no-store"
    return stream


@page("read_request")
def live_counts(request: HttpRequest) -> JsonResponse:
    """Count what the shell shows: steps that wait for the reader, their warnings, what is overdue and critical."""
    who, at = actor(request), now()
    over, crit = due_counts(who, now=at, soon=at + SOON)
    return JsonResponse(
        {"waiting": waiting_count(who), "alerts": unread_count(who), "over": over, "crit": crit}
    )


@page("read_request", "GET", "HEAD", "POST")
def presence(request: HttpRequest, number: str) -> HttpResponse:
    """Say that this page is open, being written in, or closed (POST); show who else has it open (GET)."""
    who, at = actor(request), now()
    row = request_for(who, number)
    if request.method == "POST":
        match request.POST.get("doing", ""):
            case "reading" | "writing" as doing:
                note_presence(row, by=who, at=at, writes=doing == "writing")
            case "gone":
                leave_request(row, by=who)
            case _:
                raise NotFound()
        return HttpResponse(status=204)
    return render(request, "desk/presence.html", {"others": others_present(row, who, at=at)})


class _Stream:
    """The events of one listener as bytes; whoever stops reading leaves the hub."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.events: Generator[bytes, None, None] = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self.events

    def close(self) -> None:
        HUB.leave(self.listener)
        self.events.close()

    def _run(self) -> Generator[bytes, None, None]:
        ends = time.monotonic() + LIVES_FOR
        try:
            connection.close()  # a page may be open for hours and needs no connection of its own
            yield b"retry: 3000\n\n"
            while (left := ends - time.monotonic()) > 0 and not self.listener.over:
                try:
                    event, values = self.listener.waiting.get(timeout=min(BEAT, left))
                except queue.Empty:
                    yield b": still here\n\n"
                    continue
                yield f"event: {event}\ndata: {json.dumps(values)}\n\n".encode()
        finally:
            HUB.leave(self.listener)
