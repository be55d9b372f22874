"""Articles at the desk: read, written, published, and counted when they helped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.intake.selectors import request_for
from aftercare.knowledge.rules import FIELDS, Content, without_people
from aftercare.knowledge.selectors import (
    article_for,
    question_for,
    seeker_of,
    version_of,
)
from aftercare.knowledge.services import (
    add_wording,
    drop_wording,
    note_help,
    publish_article,
    relabel_article,
    retire_article,
    review_article,
    revise_article,
    settle_question,
    write_article,
)
from aftercare.knowledge.states import Audience
from aftercare.people.selectors import staff_for
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid
from aftercare.visits.selectors import visits_of
from aftercare.workorders.selectors import orders_of_request

from ..doors import actor, now, number_in, page
from .knowledge import FIELD_NAMES, film_of, frame, labels_of, shown_version, video_of


@page("write_knowledge", "GET", "HEAD", "POST")
def article_new(request: HttpRequest) -> HttpResponse:
    """Write a draft: from nothing, from a question, or from a case, without whom it was about."""
    who, at = actor(request), now()
    values: Mapping[str, Any] = request.POST or _started(request)
    problems: list[Any] = []
    if request.method == "POST":
        try:
            with transaction.atomic():
                row = write_article(
                    request.POST.get("kind", ""), _content(request), by=who, at=at, labels=labels_of(request),
                    wordings=request.POST.get("wordings", "").splitlines(), drafted_from=_case_of(request),
                )  # fmt: skip
                if (asked := number_in(request.POST.get("question", ""))) is not None:
                    settle_question(question_for(who, asked), row, by=who, at=at)
        except Invalid as refusal:
            problems = refusal.problems
        else:
            messages.info(request, _("Draft %(number)s is kept") % {"number": row.number})
            return redirect("article_page", row.number)
    return render(
        request, "desk/article_edit.html", _form(request, values, problems), status=422 if problems else 200
    )


@page("read_knowledge")
def article_page(request: HttpRequest, article: str) -> HttpResponse:
    return render(request, "desk/article.html", _article(request, article))


@page("write_knowledge", "GET", "HEAD", "POST")
def article_edit(request: HttpRequest, article: str) -> HttpResponse:
    """Write the next version; what somebody else wrote meanwhile is shown beside, and nothing typed is lost."""
    who, at = actor(request), now()
    row = article_for(who, article)
    newest = version_of(row, row.latest)
    values: Mapping[str, Any] = {
        "kind": row.kind, "title": newest.title, "body": newest.body, "version": row.latest, **newest.fields,
    }  # fmt: skip
    problems: list[Any] = []
    if request.method == "POST":
        based_on = request.POST.get("version", "")
        try:
            revise_article(
                row, _content(request, row.kind), based_on=number_in(based_on, 0), by=who, at=at,
                because=request.POST.get("because", ""), file_id=film_of(request),
            )  # fmt: skip
        except (Invalid, Conflict) as refusal:
            problems, values = refusal.problems, request.POST
        else:
            messages.info(
                request, _("Version %(n)s is kept; publish it when it is right") % {"n": row.latest}
            )
            return redirect("article_page", article)
    shown = _form(request, values, problems) | {"row": row, "newest": shown_version(row, newest)}
    return render(request, "desk/article_edit.html", shown, status=422 if problems else 200)


@page("write_knowledge", "POST")
def article_act(request: HttpRequest, article: str) -> HttpResponse:
    """Publish, withdraw, confirm, relabel, or change the words it is found by."""
    who, at, data = actor(request), now(), request.POST
    row = article_for(who, article)
    match data.get("act", ""):
        case "publish":
            publish_article(row, by=who, at=at)
            messages.info(request, _("Published"))
        case "retire":
            retire_article(row, by=who, at=at, because=data.get("because", ""))
            messages.info(request, _("Withdrawn; nobody finds it any more"))
        case "review":
            review_article(row, by=who, at=at)
            messages.info(request, _("Confirmed"))
        case "label":
            owner = data.get("owner", "")
            relabel_article(row, labels_of(request), owner_id=number_in(owner), by=who, at=at)
            messages.info(request, _("Saved"))
        case "word":
            add_wording(row, data.get("wording", ""), by=who, at=at)
        case "unword":
            drop_wording(row, number_in(data.get("wording", ""), 0), by=who, at=at)
        case _:
            raise Invalid(
                _("nothing was chosen"), where="act", expected="publish, retire, review, label, word, unword"
            )
    return redirect("article_page", article)


@page("read_knowledge", "POST")
def article_helped(request: HttpRequest, article: str) -> HttpResponse:
    """Note that an article solved it: for the words that were looked for, or for a request's own."""
    who, at, data = actor(request), now(), request.POST
    row = article_for(who, article)
    case = request_for(who, data["request"]) if data.get("request") else None
    words = case.description if case else data.get("words") or data.get("description", "")
    note_help(row, words, door="desk", seeker=seeker_of(who), by=who, at=at)
    messages.info(request, _("Counted; these words lead here from now on"))
    if case:
        return redirect("request_page", case.number)
    return redirect(
        "new_request" if data.get("description") else "article_page",
        *([] if data.get("description") else [article]),
    )


@page("read_knowledge")
def article_file(request: HttpRequest, article: str) -> HttpResponse:
    """Play the video of an article."""
    return video_of(article_for(actor(request), article))


def _article(request: HttpRequest, number: str) -> dict[str, Any]:
    who = actor(request)
    row = article_for(who, number)
    version = request.GET.get("version", "")
    shown = shown_version(row, version_of(row, number_in(version)))
    return frame(request) | {
        "article": shown, "row": row, "versions": list(row.versions.order_by("-number")[:12]),
        "wordings": list(row.wordings.order_by("-times", "id")[:40]), "audiences": Audience.choices,
        "categories": policy_for(row.unit_id).pack.forms.category_titles,
        "owners": list(staff_for(who)[:200]) if who.can("publish_knowledge") else [],
        "mine": who.can("publish_knowledge") or (who.kind == "staff" and row.owner_id == who.id and who.can("write_knowledge")),
    }  # fmt: skip


def _form(request: HttpRequest, values: Mapping[str, Any], problems: list[Any]) -> dict[str, Any]:
    who = actor(request)
    kind = values.get("kind") or "faq"
    return frame(request) | {
        "values": values, "kind_now": kind, "problems": {p.where: p for p in problems}, "listed": problems, "row": None,
        "fields": [(name, str(FIELD_NAMES[name]), values.get(name, ""), kinds_with(name)) for name in FIELD_NAMES],
        "audiences": Audience.choices, "categories": policy_for(who.unit_id).pack.forms.category_titles,
        "chosen": set(request.POST.getlist("categories")) if request.method == "POST" else set(values.get("categories", ())),
    }  # fmt: skip


def kinds_with(name: str) -> str:
    """Name the kinds of article that hold a field, for the page to show it with them."""
    return " ".join(kind for kind, names in FIELDS.items() if name in names)


def _started(request: HttpRequest) -> dict[str, Any]:
    """Begin a draft from what the address names: a kind, a question without an answer, or a case."""
    who = actor(request)
    started: dict[str, Any] = {"kind": request.GET.get("kind", "faq"), "audience": "desk"}
    if (wanted := number_in(request.GET.get("question", ""))) is not None:
        asked = question_for(who, wanted)
        started |= {"title": asked.text[:160], "question": asked.pk}
    if request.GET.get("case"):
        row = request_for(who, request.GET["case"])
        started |= drafted(row) | {"case": row.number, "kind": request.GET.get("kind", "case")}
    return started


def drafted(row: Any) -> dict[str, Any]:
    """Draft a typical case from a request and its repairs, without whom it was about."""
    names = [row.customer.full_name] if row.customer else []
    visits = [visit for order in orders_of_request(row.pk) for visit in visits_of(order.pk) if visit.cause]
    said = without_people(row.description, names=names)
    body = "\n\n".join(
        without_people(f"**{_('Cause')}** {v.cause}\n\n**{_('What was done')}** {v.solution}", names=names)
        for v in visits
    )
    return {
        "title": said[:60], "situation": said, "body": body, "categories": [row.category] if row.category else [],
        "models": row.product_model,
    }  # fmt: skip


def _content(request: HttpRequest, kind: str = "") -> Content:
    data = request.POST
    names = FIELDS.get(kind or data.get("kind", ""), ())
    return Content(data.get("title", ""), data.get("body", ""), {name: data.get(name, "") for name in names})


def _case_of(request: HttpRequest) -> int | None:
    number = request.POST.get("case", "")
    return int(request_for(actor(request), number).pk) if number else None
