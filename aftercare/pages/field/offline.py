"""What makes the phone's pages work without a network: the worker, the manifest, the outbox and uploads in pieces."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cache, partial
from uuid import UUID

from django.contrib.staticfiles.finders import find
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from aftercare.files.uploading import PIECE, take_piece
from aftercare.people.rules import Actor
from aftercare.refusals import Invalid, NotFound, Problem, Refusal
from aftercare.visits.services import Action, Answer, Told, report_action, report_other

from ..doors import actor, now, page, public
from .today import answer_offer

KEPT = (
    "vendor/tabler.min.css", "css/aftercare.css", "js/aftercare.js", "js/store.js", "js/field.js", "icons.svg", "app/mark.svg",
    "app/icon-192.png",
)  # fmt: skip
AT_ONCE = 100


class ToldAction(BaseModel):
    """One action as the phone writes it down; `at` is what its clock said."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    about: str = Field(max_length=40)
    step: str = Field(max_length=16)
    at: AwareDatetime
    values: dict[str, list[str]] = {}


class Outbox(BaseModel):
    """What a phone sends when there is a network."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(max_length=40)
    now: AwareDatetime
    actions: list[ToldAction] = Field(max_length=AT_ONCE)


@page("perform_visit", "POST")
def field_outbox(request: HttpRequest) -> HttpResponse:
    """Take what was done without a network, action by action; each gets its own answer."""
    who, at = actor(request), now()
    try:
        if request.content_type != "application/json":
            raise Invalid(_("this can't be read"), where="Content-Type", expected="application/json")
        sent = Outbox.model_validate_json(request.body)
        if rb"\u0000" in request.body:
            raise Invalid(
                _("a text holds a character that can't be stored"),
                where="actions",
                expected=_("text without U+0000"),
            )
    except ValidationError as error:
        return _refused(_invalid(error))
    except Invalid as refusal:
        return _refused(refusal)
    answers = [_take(told, sent, who, at) for told in sent.actions]
    return JsonResponse({"now": at.isoformat(), "answers": [_as_json(answer) for answer in answers]})


@page("perform_visit", "PUT")
def field_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Take a piece of a photo; the answer says how much is here, also when the piece came twice or too early."""
    who = actor(request)
    size, starts = request.GET.get("size", ""), request.GET.get("from", "")
    try:
        if not size.isdecimal() or not starts.isdecimal() or len(size) > 9 or len(starts) > 9:
            raise Invalid(_("this is not a number of bytes"), where="size, from", expected="0, 1, 2, …")
        if int(request.headers.get("Content-Length") or 0) > PIECE:
            raise Invalid(
                _("the piece is too large"), where="content", expected=_("at most %(n)d bytes") % {"n": PIECE}
            )
        received = take_piece(
            upload_id, who.id or 0, size=int(size), starts=int(starts), content=request.body, at=now()
        )
    except Refusal as refusal:
        return _refused(refusal)
    return JsonResponse({"received": received})


@public()
def field_worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker; its text changes whenever a file it keeps changes, so that phones take the new ones."""
    kept = json.dumps({"version": _version(), "files": [static(name) for name in KEPT]})
    script = f'importScripts("{static("js/store.js")}?v={_version()}");\nself.kept = {kept};\n{_text("js/worker.js")}'
    answer = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    answer["Service-Worker-Allowed"] = "/today"
    return answer


@public()
def field_manifest(request: HttpRequest) -> HttpResponse:
    """Give what a phone needs to install the pages as an app."""
    icons = [{"src": static(f"app/icon-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png", "purpose": "any maskable"} for side in (192, 512)]  # fmt: skip
    return JsonResponse(
        {
            "id": "/today", "name": "Aftercare", "short_name": "Aftercare", "description": _("Today's jobs, also without a network"),
            "start_url": "/today", "scope": "/today", "display": "standalone", "orientation": "portrait",
            "theme_color": "#ffffff", "background_color": "#ffffff", "lang": request.LANGUAGE_CODE, "icons": icons,
        },
        content_type="application/manifest+json",
    )  # fmt: skip


@public()
def field_offline(request: HttpRequest) -> HttpResponse:
    """Give the page shown without a network for what the phone does not have."""
    return render(request, "field/offline.html")


def _take(told: ToldAction, sent: Outbox, who: Actor, at: datetime) -> Answer:
    action = Action(
        id=told.id, about=told.about, step=told.step, values=told.values, told_at=told.at, device=sent.device,
        device_now=sent.now,
    )  # fmt: skip
    if not told.about.startswith("offer:"):
        return report_action(action, by=who, at=at)
    return report_other(action, partial(_answer_offer, who, told), by=who, at=at)


def _answer_offer(who: Actor, told: ToldAction, at: datetime) -> None:
    number = told.about.removeprefix("offer:")
    if not number.isdecimal() or len(number) > 18 or told.step not in ("accept", "refuse"):
        raise NotFound()
    answer_offer(who, int(number), told.step, Told(told.values), at=at)


def _as_json(answer: Answer) -> dict[str, object]:
    return {
        "id": str(answer.id),
        "outcome": answer.outcome,
        "problems": [problem.__dict__ for problem in answer.problems],
    }


def _invalid(error: ValidationError) -> Invalid:
    problems = [
        Problem(".".join(str(part) for part in found["loc"]), found["msg"])
        for found in error.errors(include_url=False)
    ]
    return Invalid(_("this can't be read"), problems)


def _refused(refusal: Refusal) -> JsonResponse:
    listed = [{"where": p.where, "what": str(p.what), "expected": str(p.expected)} for p in refusal.problems]
    return JsonResponse({"what": str(refusal.what), "problems": listed}, status=refusal.status)


def _text(name: str) -> str:
    path = find(name)
    assert isinstance(path, str), name
    with open(path, encoding="utf-8") as file:
        return file.read()


@cache
def _version() -> str:
    """Give a digest of every file the phone keeps."""
    digest = hashlib.sha256()
    for name in (*KEPT, "js/worker.js"):
        path = find(name)
        assert isinstance(path, str), name
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:12]
