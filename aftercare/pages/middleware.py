"""Headers, the reader's language, idle sessions, and refusals shown as pages."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.utils import translation

from aftercare.refusals import NUL, Refusal, crossed

from .errors import problem_answer, refusal_page

log = structlog.get_logger(__name__)
Answer = Callable[[HttpRequest], HttpResponse]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'; worker-src 'self'"
)


def allow_images(response: HttpResponse, origin: str) -> None:
    """Let this page show pictures of another origin too."""
    response.headers["Content-Security-Policy"] = CSP.replace("img-src 'self'", f"img-src 'self' {origin}")


class Compressed(GZipMiddleware):
    """Compress pages and JSON; streams, pictures and files go as they are.

    Lengths are blurred by the library, and tokens in forms are masked anew each time, so that lengths tell nothing (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in ("text/html", "application/json", "text/csv", "text/plain"):
            return response
        return super().process_response(request, response)


class SecurityHeaders:
    """Set a strict content security policy without inline script or style (A9)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=()"
        return response


class ReaderLanguage:
    """Speak the reader's language: what they chose, else what the browser asks for, else Chinese."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get("language", "")
        if chosen not in ("zh-hans", "en"):
            asked = request.headers.get("Accept-Language", "")
            chosen = "en" if asked.lower().startswith("en") else "zh-hans"
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response


def _in_background(request: HttpRequest) -> bool:
    """Say whether an open page asks by itself: nobody need be there, so it keeps no session alive."""
    return request.path == "/live" or "X-Background" in request.headers


class Refusals:
    """Show refusals as pages, and end sessions that were left alone too long (A15).

    A shared desk is left after an hour; an engineer's own phone, which may be in a basement, after a shift.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/") and (
            NUL in request.path or "%00" in request.META.get("QUERY_STRING", "")
        ):
            return problem_answer(422, "a text holds the character U+0000")
        if not request.path.startswith(("/api/", "/static/", "/c/", "/r/")) and request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get("seen_at", now)
            on_the_road = request.session.get("on_the_road")
            if now - seen > (settings.SESSION_COOKIE_AGE if on_the_road else settings.IDLE_MINUTES * 60):
                logout(request)
                return redirect(settings.LOGIN_URL)
            if on_the_road and request.session.get_expire_at_browser_close():
                request.session.set_expiry(settings.SESSION_COOKIE_AGE)
            if "seen_at" not in request.session or (now - seen > 60 and not _in_background(request)):
                request.session["seen_at"] = now
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return refusal_page(request, exception)
        if (refusal := crossed(exception)) is None:
            return None
        log.warning("crossed", path=request.path, error=str(exception).splitlines()[0])
        return refusal_page(request, refusal)
