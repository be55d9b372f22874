"""Knowledge at the desk: finding, reading, writing, publishing, importing, and what nobody could answer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as n_

from aftercare.drafting.services import drafting_allowed
from aftercare.files.services import file_content, store_file
from aftercare.intake.selectors import request_for
from aftercare.knowledge.rules import FIELDS, entries_of, forbidden_of, steps_of
from aftercare.knowledge.selectors import (
    answers_for,
    article_for,
    articles_for,
    counts_for,
    coverage_for,
    often_helped,
    question_for,
    questions_for,
    seeker_of,
)
from aftercare.knowledge.services import (
    Labels,
    ask_question,
    dismiss_question,
    import_articles,
    settle_question,
)
from aftercare.knowledge.states import ArticleKind, Audience
from aftercare.people.rules import Actor
from aftercare.policies.selectors import policy_for
from aftercare.quality.selectors import known_defects
from aftercare.refusals import Invalid, NotFound
from aftercare.visits.repairs import repairs_like

from ..doors import actor, now, page
from .defects import symptom_titles

SHOWN = 60
LEAST = 0.15  # of a long description that an article must say to be shown beside it
TABS = {
    "find": n_("Find"),
    "all": n_("All"),
    "drafts": n_("Drafts"),
    "due": n_("Review due"),
    "questions": n_("Unanswered"),
}
FIELD_NAMES = {
    "situation": n_("Situation"), "standard": n_("Standard that applies"), "compensation": n_("Compensation"),
    "liability": n_("Who answers for it"), "forbidden": n_("Never say → say instead"), "link": n_("Link to the video"),
    "steps": n_("Steps"),
}  # fmt: skip


@page("read_knowledge")
def knowledge_page(request: HttpRequest) -> HttpResponse:
    """Find answers, and see what waits: drafts, articles to look at again, questions without an answer."""
    return render(request, "desk/knowledge.html", frame(request))


@page("read_knowledge", "POST")
def knowledge_find(request: HttpRequest) -> HttpResponse:
    """Find while somebody types."""
    who, words = actor(request), request.POST.get("q", "")[:400]
    found = answers_for(seeker_of(who), words, kinds=request.POST.getlist("kind"), limit=12)
    return render(request, "desk/know_found.html", {"found": found, "words": words})


@page("read_knowledge", "POST")
def knowledge_ask(request: HttpRequest) -> HttpResponse:
    """Keep a question that nothing answers."""
    who = actor(request)
    row = ask_question(request.POST.get("q", ""), door="desk", unit_id=who.unit_id or 0, by=who, at=now())
    messages.info(request, _("Kept; whoever knows the answer writes it") if row else _("Nothing was written"))
    return redirect("knowledge_page")


@page("write_knowledge", "POST")
def question_act(request: HttpRequest, question_id: int) -> HttpResponse:
    """Say which article answers a question, or set it aside."""
    who, at = actor(request), now()
    row = question_for(who, question_id)
    if request.POST.get("article"):
        settle_question(row, article_for(who, request.POST["article"].strip().upper()), by=who, at=at)
        messages.info(request, _("Answered; its words lead to the article"))
    else:
        dismiss_question(row, by=who, at=at, because=request.POST.get("because", ""))
        messages.info(request, _("Set aside"))
    return redirect("/knowledge?tab=questions")


@page("write_knowledge", "GET", "HEAD", "POST")
def knowledge_import(request: HttpRequest) -> HttpResponse:
    """Take in a file of questions and answers; what is refused is named, the rest is kept."""
    who, at = actor(request), now()
    problems: list[Any] = []
    outcome = None
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if not isinstance(file, UploadedFile):
                raise Invalid(_("no file was chosen"), where="file", expected=".md, .docx, .csv")
            entries = entries_of(file.name or "", file.read())
            outcome = import_articles(
                entries, by=who, at=at, labels=labels_of(request), publish=request.POST.get("publish") == "1"
            )
        except Invalid as refusal:
            problems = refusal.problems
    return render(request, "desk/know_import.html", frame(request) | {
        "problems": problems, "outcome": outcome, "audiences": Audience.choices,
        "categories": policy_for(who.unit_id).pack.forms.category_titles,
    }, status=422 if problems else 200)  # fmt: skip


@page("read_request")
def request_help(request: HttpRequest, number: str) -> HttpResponse:
    """Show what may answer a request, and what helped on pieces like it."""
    who = actor(request)
    row = request_for(who, number)
    return render(
        request,
        "desk/request_help.html",
        {"row": row, "drafts": drafting_allowed(row.unit_id), **help_for(who, row)},
    )


def help_for(who: Actor, row: Any) -> dict[str, Any]:
    """Gather what helps with a request: answers and guides for its words and model, and earlier repairs of pieces like it."""
    seeker = seeker_of(who)
    answers = answers_for(seeker, row.description, category=row.category, model=row.product_model, limit=5)
    defects = known_defects(row)
    titles = symptom_titles(defect.symptom for defect in defects)
    return {
        "answers": [(answer, shown_version(answer.row, answer.text)) for answer in answers if answer.covers >= LEAST],
        "repairs": repairs_like(row) if row.kind == "repair" else None,
        "defects": [(defect, titles[defect.symptom]) for defect in defects],
    }  # fmt: skip


def shown_version(row: Any, text: Any) -> dict[str, Any]:
    """Give an article as it is shown: its text, its fields by name, its steps, and the phrases it forbids."""
    fields = text.fields
    return {
        "row": row, "text": text, "steps": steps_of(fields["steps"]) if fields.get("steps") else [],
        "forbidden": forbidden_of(fields.get("forbidden", "")), "link": fields.get("link", ""),
        "parts": [(str(FIELD_NAMES[name]), fields[name]) for name in FIELDS[row.kind] if name not in ("steps", "forbidden", "link") and fields.get(name)],
        "plain": re.sub(r"[*_`#>]+", "", text.body).strip(),
    }  # fmt: skip


def video_of(row: Any) -> HttpResponse:
    if row.file is None:
        raise NotFound()
    response = HttpResponse(file_content(row.file), content_type=row.file.kind)
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give what the left column of every page of knowledge shows."""
    who, at = actor(request), now()
    tab = request.GET.get("tab", "find")
    tab = tab if tab in TABS else "find"
    kind = request.GET.get("list", "")
    rows: list[Any] = []
    if tab == "all":
        rows = list(articles_for(who, kind=kind)[:SHOWN])
    elif tab == "drafts":
        rows = list(articles_for(who, waiting=True)[:SHOWN])
    elif tab == "due":
        rows = list(articles_for(who, due_on=at.date())[:SHOWN])
    counts = counts_for(who, on=at.date())
    return {
        "place": "knowledge", "tab": tab, "counts": counts, "rows": rows, "kinds": ArticleKind.choices, "kind": kind, "at": at,
        "tabs": [(code, str(title), counts.get(code, 0)) for code, title in TABS.items() if who.can("write_knowledge") or code in ("find", "all")],
        "questions": list(questions_for(who)[:SHOWN]) if tab == "questions" else [],
        "often": often_helped(seeker_of(who), language=get_language() or "zh") if tab == "find" else [],
        "coverage": coverage_for(who, since=at - timedelta(days=30)),
    }  # fmt: skip


def labels_of(request: HttpRequest) -> Labels:
    data = request.POST
    return Labels(
        data.get("audience", "desk"), tuple(data.getlist("categories")),
        tuple(filter(None, re.split(r"[\s,，、;；]+", data.get("models", "")))), None, film_of(request),
    )  # fmt: skip


def film_of(request: HttpRequest) -> int | None:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not (file.content_type or "").startswith("video/"):
        return None
    return int(store_file(file.read(), name=file.name or "", where="file").pk)
