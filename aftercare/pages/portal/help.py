"""Answers for customers: while they write their report, and on a page of their own (M14)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.intake.selectors import report_point
from aftercare.knowledge.selectors import (
    answers_for,
    customer_seeker,
    often_helped,
    published_for,
    version_of,
)
from aftercare.knowledge.services import note_help
from aftercare.people.rules import Actor
from aftercare.people.selectors import root_unit
from aftercare.people.services import count_against_limit
from aftercare.policies.selectors import policy_for
from aftercare.triage.selectors import reader_for

from ..desk.knowledge import shown_version, video_of
from ..doors import now, public, sender

FEWEST = 4  # characters before anything is offered
LEAST, OFFERED = 0.25, 3  # share of the words an answer must say to be offered, and how many are


@public()
def help_page(request: HttpRequest, code: str) -> HttpResponse:
    """Search the answers; before anything is typed, what helped most."""
    point = report_point(code)
    seeker = customer_seeker(point.unit_id)
    often = [
        (row, shown_version(row, version_of(row)))
        for row in often_helped(seeker, category=category_of(point), language=get_language() or "zh")
    ]
    return render(
        request, "portal/help.html", {"point": point, "company": root_unit(), "often": often, "code": code}
    )


@public("POST")
def help_answers(request: HttpRequest, code: str) -> HttpResponse:
    """Find while a customer types; what they type stays out of addresses and logs."""
    point, at = report_point(code), now()
    count_against_limit(
        f"answers:{sender(request)}",
        limit=policy_for(point.unit_id).pack.knowledge.searches_per_hour,
        per=3600,
        at=at,
    )
    said = (request.POST.get("q") or request.POST.get("description", ""))[:400]
    found: list[Any] = []
    if len(said.strip()) >= FEWEST or request.POST.get("q"):
        seeker, model = customer_seeker(point.unit_id), point.item.product.model if point.item else ""
        category = category_of(point) or reader_for(policy_for(point.unit_id)).read(
            said, today=at.date()
        ).value("category")
        found = answers_for(seeker, said, category=category, model=model)
        if not request.POST.get("q"):
            found = [one for one in found if one.covers >= LEAST]
    return render(request, "portal/answers.html", {
        "answers": [(one, shown_version(one.row, one.text)) for one in found[: 6 if request.POST.get("q") else OFFERED]],
        "code": code, "asked": said, "searching": bool(request.POST.get("q")),
    })  # fmt: skip


@public("POST")
def help_solved(request: HttpRequest, code: str, article: str) -> HttpResponse:
    """Count an answer that was enough; its asker's words lead to it from now on."""
    point, at = report_point(code), now()
    count_against_limit(
        f"solved:{sender(request)}",
        limit=policy_for(point.unit_id).pack.links.reports_per_hour,
        per=3600,
        at=at,
    )
    seeker = customer_seeker(point.unit_id)
    row = published_for(seeker, article)
    said = request.POST.get("asked") or request.POST.get("description", "")
    note_help(row, said[:400], door="portal", seeker=seeker, by=Actor("customer", None, _("customer")), at=at)
    messages.success(request, _("Glad that helped. Nothing was reported; come back any time."))
    return redirect("help_page", code)


@public()
def help_video(request: HttpRequest, code: str, article: str) -> HttpResponse:
    return video_of(published_for(customer_seeker(report_point(code).unit_id), article))


def category_of(point: Any) -> str:
    product = point.item.product if point.item else point.product
    return product.category if product else ""
