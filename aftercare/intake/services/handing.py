"""Who answers for a request, who follows it, and whom a note calls."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.models import Staff
from aftercare.people.rules import Actor
from aftercare.people.selectors import actor_for, colleagues_for
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid, NotFound, Problem

from ..models import Follower, Request

MENTION = re.compile(r"(?<![\w@])@([A-Za-z]{1,4}\d{4,12})")


@dataclass(frozen=True)
class HandOver:
    """One request of a hand-over: who answers for it now, and why it can't change hands (empty: it can)."""

    request: Request
    against: str


def preview_hand_over(requests: Iterable[Request], to: Staff, *, by: Actor) -> list[HandOver]:
    """Say for each request whether it can change hands; nothing is written."""
    taker = actor_for(to)
    return [HandOver(request, _against(request, taker, by)) for request in requests]


def hand_over_requests(
    requests: Iterable[Request], to: Staff, *, by: Actor, at: datetime, because: str = ""
) -> list[tuple[Request, int | None]]:
    """Make somebody answer for these requests: their clocks follow, each hand-over is a fact.

    Gives what changed, each with who answered before, so that it can be undone. Those that can't change hands are left.
    """
    require(by, "hand_over_request")
    changed, taker = [], actor_for(to)
    with transaction.atomic():
        ids = sorted(request.pk for request in requests)
        for request in Request.objects.select_for_update().filter(pk__in=ids).order_by("pk"):
            if _against(request, taker, by):
                continue
            before, request.owner_id = request.owner_id, to.pk
            request.save(update_fields=["owner"])
            record(
                "request.handed_over",
                request,
                by=by,
                at=at,
                because=because.strip()[:200],
                values={"before": before, "staff": to.pk},
            )
            changed.append((request, before))
    return changed


def follow_request(request: Request, *, by: Actor, at: datetime) -> None:
    """Let this person hear what happens to a request: said, answered, overdue, ended."""
    require(by, "read_request", unit_id=request.unit_id, reach=not by.own_only)
    if by.kind != "staff" or by.id is None:
        raise Conflict(_("only people follow"), where="staff", code="not_a_person")
    Follower.objects.get_or_create(request=request, staff_id=by.id, defaults={"since": at})


def unfollow_request(request: Request, *, by: Actor) -> None:
    Follower.objects.filter(request=request, staff_id=by.id or 0).delete()


def mentioned_in(text: str, request: Request) -> list[int]:
    """Give the ids of the colleagues a note calls by number (`@KF2024002`). Refuses numbers of nobody who may read the request."""
    numbers = {number.upper() for number in MENTION.findall(text)}
    if not numbers:
        return []
    found = {
        c.number.upper(): c.pk for c in colleagues_for(request.unit_id, verb="read_request", numbers=numbers)
    }
    missing = sorted(numbers - found.keys())
    if missing:
        raise Invalid(
            _("nobody who may read this has that number"),
            [
                Problem("text", f"@{number}", _("the number of a colleague, as the list after @ gives it"))
                for number in missing
            ],
        )
    return sorted(found.values())


def colleague(unit_ids: Iterable[int], number: str) -> Staff:
    """Give the person of this number who can answer for requests of one of these units; what they can't take is said for each request."""
    units = set(unit_ids)
    if not units:
        raise Invalid(_("no request was chosen"), where="number", expected=_("at least one"))
    for unit_id in units:
        for person in colleagues_for(unit_id, verb="answer_request", numbers={number}):
            return person
    raise NotFound(_("nobody with this number can answer for these requests"))


def _against(request: Request, to: Actor, by: Actor) -> str:
    if not by.reaches(request.unit_id):
        return _("out of your reach")
    if request.state != "open":
        return _("no longer open")
    if request.owner_id == to.id:
        return _("answers for it already")
    if not (to.can("answer_request") and to.reaches(request.unit_id)):
        return _("can't answer for this store")
    return ""
