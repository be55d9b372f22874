"""The frame of every page: who asks, whether the role has the verb, and the instant at which it happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aftercare.people.rules import Actor
from aftercare.people.selectors import actor_for
from aftercare.refusals import NUL, Invalid, NotFound

from .errors import not_found

Other = TypeVar("Other", int, None)
View = Callable[..., HttpResponseBase]


def page(verb: str, *methods: str) -> Callable[[View], View]:
    """Make a page for those who have `verb`: strangers sign in first, other roles see "not found"."""

    def frame(view: View) -> View:
        @wraps(view)
        @never_cache
        @require_http_methods(methods or ("GET", "HEAD"))
        def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not actor(request).can(verb):
                return not_found(request)
            check_text(request, kwargs)
            return view(request, *args, **kwargs)

        framed.verb = verb  # type: ignore[attr-defined]
        framed.methods = methods or ("GET", "HEAD")  # type: ignore[attr-defined]
        return framed

    return frame


def public(*methods: str) -> Callable[[View], View]:
    """Make a page that needs no sign-in; what it shows is guarded by a link or is meant for everybody."""

    def frame(view: View) -> View:
        @wraps(view)
        @never_cache
        @require_http_methods(methods or ("GET", "HEAD"))
        def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check_text(request, kwargs)
            return view(request, *args, **kwargs)

        framed.verb = ""  # type: ignore[attr-defined]
        framed.methods = methods or ("GET", "HEAD")  # type: ignore[attr-defined]
        return framed

    return frame


def check_text(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Refuse the character U+0000 in what was sent: no database text can hold it."""
    if any(isinstance(value, str) and NUL in value for value in kwargs.values()):
        raise NotFound()
    for name, values in (*request.GET.lists(), *request.POST.lists()):
        if any(isinstance(value, str) and NUL in value for value in values):
            raise Invalid(
                _("a text holds a character that can't be stored"),
                where=name,
                expected=_("text without U+0000"),
            )


def actor(request: HttpRequest) -> Actor:
    """Give the actor of a signed-in request, computed once."""
    known: Actor | None = getattr(request, "_actor", None)
    if known is None:
        known = actor_for(request.user)  # type: ignore[arg-type]
        request._actor = known  # type: ignore[attr-defined]
    return known


def number_in(text: str, otherwise: Other = None) -> int | Other:  # type: ignore[assignment]
    """Read a number that came from outside; `otherwise` where it is none, or none the database could hold."""
    return int(text) if text.isdecimal() and len(text) < 19 else otherwise


def now() -> datetime:
    """Read the clock: doors read it once and pass it down."""
    return datetime.now(UTC)


def sender(request: HttpRequest) -> str:
    """Give the address a request came from, behind the trusted proxies."""
    from django.conf import settings

    forwarded = [
        part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
    ]
    count: int = settings.TRUSTED_PROXIES
    if count and len(forwarded) >= count:
        return forwarded[-count]
    return str(request.META.get("REMOTE_ADDR", ""))
