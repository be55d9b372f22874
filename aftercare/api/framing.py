"""The frame of every operation: the key, problem details, idempotent writes, cursors and entity tags."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.security import HttpBearer

from aftercare.people.rules import Actor
from aftercare.people.services import client_of_key, count_against_limit, keep_answer, kept_answer
from aftercare.refusals import Conflict, Invalid, Problem, Stale, crossed

log = structlog.get_logger(__name__)
PROBLEMS = (400, 401, 403, 404, 409, 412, 422, 429)


class KeyAuth(HttpBearer):
    """`Authorization: Bearer ac_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        known = client_of_key(token)
        if known is None:
            count_against_limit(f"key:{request.META.get('REMOTE_ADDR', '')}", limit=30, per=60, at=now())
            return None
        request.client, who = known  # type: ignore[attr-defined]
        return who


class AftercareAPI(NinjaAPI):
    """The API, whose document tells problem details for every refusal."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(**kwargs)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400 and "content" in answer:
                        answer["content"] = {
                            "application/problem+json": next(iter(answer["content"].values()))
                        }
        return schema


def now() -> datetime:
    return datetime.now(UTC)


def actor(request: HttpRequest) -> Actor:
    who: Actor = request.auth  # type: ignore[attr-defined]
    return who


def problem(status: int, title: str, code: str, problems: list[Problem] | None = None) -> HttpResponse:
    body = {
        "type": "about:blank", "title": title, "status": status, "code": code,
        "problems": [{"where": p.where, "what": str(p.what), "expected": str(p.expected)} for p in problems or []],
    }  # fmt: skip
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


def refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    answer = problem(refusal.status, str(refusal.what), refusal.code, refusal.problems)
    if wait := getattr(refusal, "wait_for", None):
        answer.headers["Retry-After"] = str(wait)
    return answer


def crossing(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer for what the database refused because somebody else was at it; other errors of the database go on."""
    refusal = crossed(error)
    if refusal is None:
        raise error
    log.warning("crossed", path=request.path, error=str(error).splitlines()[0])
    return refused(request, refusal)


def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    found = [
        Problem(
            ".".join(str(step) for step in item.get("loc", ())),
            str(item.get("msg", "")),
            str(item.get("type", "")),
        )
        for item in error.errors
    ]
    return problem(422, _("the input is not as documented"), "invalid", found)


def http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status_code, str(error), "http")


def once(request: HttpRequest, status: int, act: Callable[[], dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """Do a write; with an Idempotency-Key do it once, and answer a repeat with the first answer."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return status, act()
    if len(key) > 120:
        raise Invalid(
            _("the Idempotency-Key is too long"),
            where="Idempotency-Key",
            expected=_("at most 120 characters"),
        )
    client = request.client  # type: ignore[attr-defined]
    digest = hashlib.sha256(request.method.encode() + request.path.encode() + request.body).hexdigest()  # type: ignore[union-attr]
    kept = kept_answer(client, key, digest)
    if kept:
        return kept.status, dict(kept.body or {})
    try:
        with transaction.atomic():
            body = act()
            keep_answer(client, key, digest, status=status, body=json.loads(json.dumps(body, default=str)))
    except IntegrityError as error:
        kept = kept_answer(client, key, digest)
        if kept is None:
            raise Conflict(_("the same request is being worked on"), code="in_progress") from error
        return kept.status, dict(kept.body or {})
    return status, body


def after_cursor(cursor: str) -> int | None:
    """Read a cursor; refuse one that this API did not give."""
    if not cursor:
        return None
    try:
        value = int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except (ValueError, UnicodeError) as error:
        raise Invalid(
            _("this cursor can't be read"), where="cursor", expected=_("`next` of an earlier answer")
        ) from error
    if not 0 <= value < 2**62:
        raise Invalid(
            _("this cursor can't be read"), where="cursor", expected=_("`next` of an earlier answer")
        )
    return value


def cursor_of(row_id: int) -> str:
    return base64.urlsafe_b64encode(str(row_id).encode()).decode()


def check_tag(request: HttpRequest, revision: int) -> None:
    """Refuse a write whose If-Match names another revision."""
    asked = request.headers.get("If-Match", "").strip().strip('"')
    if asked and asked != "*" and asked != str(revision):
        raise Stale(_("somebody else changed this a moment ago"), [Problem("If-Match", asked, str(revision))])
