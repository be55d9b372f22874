"""What a supervisor of processes asks: alive, ready, and how far behind."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from aftercare.ledger.services import backlog

from .doors import page, public


@public()
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@public()
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ready": True})


@page("read_ledger")
def metrics(request: HttpRequest) -> HttpResponse:
    """Give Prometheus metrics: facts that wait, by consumer."""
    lines = ["# TYPE aftercare_facts_waiting gauge"]
    lines += [f'aftercare_facts_waiting{{consumer="{name}"}} {count}' for name, count in backlog().items()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")
