"""The web application, for `aftercare up` and any other WSGI server.

A stream of events holds the server's thread for as long as a page is open, so there are many of those threads. Requests
are worked by a few threads of our own, so that many open pages mean neither many requests at once nor many connections
to the database.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.wsgi import get_wsgi_application

from .garbage import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftercare.config.settings")
AT_ONCE = int(os.environ.get("AFTERCARE_REQUESTS_AT_ONCE", "4"))

_django = get_wsgi_application()
SETTLED_AFTER = 100  # answers
_answered = itertools.count(1)
_workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="request")


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a request in one of the few threads; a stream of events is read on in the server's own."""
    return _workers.submit(_answer, environ, start_response).result()


def _answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    response = _django(environ, start_response)
    if environ["PATH_INFO"] == "/live" and getattr(response, "streaming", False):
        return response
    try:
        return [b"".join(response)]
    finally:
        if hasattr(response, "close"):
            response.close()
        if next(_answered) == SETTLED_AFTER:
            settle()
