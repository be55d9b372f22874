"""Error pages: missing and forbidden are the same page; every other refusal says what, where and what was expected."""

from __future__ import annotations

import secrets

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from aftercare.refusals import Refusal

log = structlog.get_logger(__name__)


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Show a refusal; a role that lacks the verb sees the page of what does not exist."""
    if refusal.status in (403, 404):
        return not_found(request)
    response = render(request, "refused.html", {"refusal": refusal}, status=refusal.status)
    if wait := getattr(refusal, "wait_for", None):
        response.headers["Retry-After"] = str(wait)
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "not_found.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    number = secrets.token_hex(4)
    log.error("page_failed", number=number, path=request.path)
    return render(request, "broken.html", {"number": number}, status=500)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "refused.html", {"refusal": None}, status=400)


def problem_answer(status: int, title: str) -> HttpResponse:
    """Answer with problem details before any operation of the API is reached."""
    body = {"type": "about:blank", "title": title, "status": status, "code": "invalid", "problems": []}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "csrf.html", status=403)
