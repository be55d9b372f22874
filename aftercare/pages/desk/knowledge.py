"""Knowledge at the desk: finding, reading, writing, publishing, importing, and what nobody could answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as n_

from aftercare.files.services import file_content, store_file
from aftercare.intake.selectors import request_for
from aftercare.knowledge.rules import FIELDS, Content, entries_of, forbidden_of, steps_of, without_people
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
    version_of,
)
from aftercare.knowledge.services import (
    Labels,
    add_wording,
    ask_question,
    dismiss_question,
    drop_wording,
    import_articles,
    note_help,
    publish_article,
    relabel_article,
    retire_article,
    review_article,
    revise_article,
    settle_question,
    write_article,
)
from aftercare.knowledge.states import ArticleKind, Audience
from aftercare.people.rules import Actor
from aftercare.people.selectors import staff_for
from aftercare.policies.selectors import policy_for
from aftercare.quality.selectors import known_defects
from aftercare.refusals import Conflict, Invalid, NotFound
from aftercare.visits.repairs import repairs_like

from ..doors import actor, now, page
from .defects import symptom_title

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
    return render(request, "desk/knowledge.html", _frame(request))


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


@page("write_knowledge", "GET", "HEAD", "POST")
def article_new(request: HttpRequest) -> HttpResponse:
    """Write a draft: from nothing, from a question, or from a case, without whom it was about."""
    who, at = actor(request), now()
    values: Mapping[str, Any] = request.POST or _started(request)
    problems: list[Any] = []
    if request.method == "POST":
        try:
            row = write_article(
                request.POST.get("kind", ""), _content(request), by=who, at=at, labels=_labels(request),
                wordings=request.POST.get("wordings", "").splitlines(), drafted_from=_case_of(request),
            )  # fmt: skip
            if request.POST.get("question", "").isdigit():
                settle_question(question_for(who, int(request.POST["question"])), row, by=who, at=at)
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
                row, _content(request, row.kind), based_on=int(based_on) if based_on.isdigit() else 0, by=who, at=at,
                because=request.POST.get("because", ""), file_id=_file(request),
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
            relabel_article(
                row, _labels(request), owner_id=int(owner) if owner.isdigit() else None, by=who, at=at
            )
            messages.info(request, _("Saved"))
        case "word":
            add_wording(row, data.get("wording", ""), by=who, at=at)
        case "unword":
            drop_wording(row, int(data["wording"]) if data.get("wording", "").isdigit() else 0, by=who, at=at)
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
                entries, by=who, at=at, labels=_labels(request), publish=request.POST.get("publish") == "1"
            )
        except Invalid as refusal:
            problems = refusal.problems
    return render(request, "desk/know_import.html", _frame(request) | {
        "problems": problems, "outcome": outcome, "audiences": Audience.choices,
        "categories": policy_for(who.unit_id).pack.forms.category_titles,
    }, status=422 if problems else 200)  # fmt: skip


@page("read_request")
def request_help(request: HttpRequest, number: str) -> HttpResponse:
    """Show what may answer a request, and what helped on pieces like it."""
    who = actor(request)
    row = request_for(who, number)
    return render(request, "desk/request_help.html", {"row": row, **help_for(who, row)})


def help_for(who: Actor, row: Any) -> dict[str, Any]:
    """Gather what helps with a request: answers and guides for its words and model, and earlier repairs of pieces like it."""
    seeker = seeker_of(who)
    answers = answers_for(seeker, row.description, category=row.category, model=row.product_model, limit=5)
    return {
        "answers": [(answer, shown_version(answer.row, answer.text)) for answer in answers if answer.covers >= LEAST],
        "repairs": repairs_like(row) if row.kind == "repair" else None,
        "defects": [(defect, symptom_title(defect.symptom)) for defect in known_defects(row)],
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


def _frame(request: HttpRequest) -> dict[str, Any]:
    """Give what the left column of every page of knowledge shows."""
    who, at = actor(request), now()
    tab = request.GET.get("tab", "find")
    tab = tab if tab in TABS else "find"
    kind = request.GET.get("list", "")
    rows: list[Any] = []
    if tab == "all":
        rows = list(articles_for(who, kind=kind)[:SHOWN])
    elif tab == "drafts":
        rows = [
            row
            for row in articles_for(who)[:400]
            if row.state == "draft" or (row.state == "published" and row.latest > row.shown)
        ][:SHOWN]
    elif tab == "due":
        rows = list(articles_for(who, due_on=at.date())[:SHOWN])
    counts = counts_for(who, on=at.date())
    return {
        "place": "knowledge", "tab": tab, "counts": counts, "rows": rows, "kinds": ArticleKind.choices, "kind": kind, "at": at,
        "tabs": [(code, str(title), counts.get(code, 0)) for code, title in TABS.items() if who.can("write_knowledge") or code in ("find", "all")],
        "questions": list(questions_for(who)[:SHOWN]) if tab == "questions" else [],
        "often": often_helped(seeker_of(who)) if tab == "find" else [],
        "coverage": coverage_for(who, since=at - timedelta(days=30)),
    }  # fmt: skip


def _article(request: HttpRequest, number: str) -> dict[str, Any]:
    who = actor(request)
    row = article_for(who, number)
    version = request.GET.get("version", "")
    shown = shown_version(row, version_of(row, int(version) if version.isdigit() else None))
    return _frame(request) | {
        "article": shown, "row": row, "versions": list(row.versions.order_by("-number")[:12]),
        "wordings": list(row.wordings.order_by("-times", "id")[:40]), "audiences": Audience.choices,
        "categories": policy_for(row.unit_id).pack.forms.category_titles,
        "owners": list(staff_for(who)[:200]) if who.can("publish_knowledge") else [],
        "mine": who.can("publish_knowledge") or (who.kind == "staff" and row.owner_id == who.id and who.can("write_knowledge")),
    }  # fmt: skip


def _form(request: HttpRequest, values: Mapping[str, Any], problems: list[Any]) -> dict[str, Any]:
    who = actor(request)
    kind = values.get("kind") or "faq"
    return _frame(request) | {
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
    if request.GET.get("question", "").isdigit():
        asked = question_for(who, int(request.GET["question"]))
        started |= {"title": asked.text[:160], "question": asked.pk}
    if request.GET.get("case"):
        row = request_for(who, request.GET["case"])
        started |= drafted(row) | {"case": row.number, "kind": request.GET.get("kind", "case")}
    return started


def drafted(row: Any) -> dict[str, Any]:
    """Draft a typical case from a request and its repairs, without whom it was about."""
    names = [row.customer.full_name] if row.customer else []
    found = repairs_like(row) if row.kind == "repair" else None
    visits = [
        visit for order in row.workorder_set.all() for visit in order.visit_records.all() if visit.cause
    ]
    said = without_people(row.description, names=names)
    body = "\n\n".join(
        without_people(f"**{_('Cause')}** {v.cause}\n\n**{_('What was done')}** {v.solution}", names=names)
        for v in visits
    )
    return {
        "title": said[:60], "situation": said, "body": body, "categories": [row.category] if row.category else [],
        "models": row.product_model, "compensation": "", "standard": "", "repairs": found,
    }  # fmt: skip


def _content(request: HttpRequest, kind: str = "") -> Content:
    data = request.POST
    names = FIELDS.get(kind or data.get("kind", ""), ())
    return Content(data.get("title", ""), data.get("body", ""), {name: data.get(name, "") for name in names})


def _labels(request: HttpRequest) -> Labels:
    data = request.POST
    return Labels(
        data.get("audience", "desk"), tuple(data.getlist("categories")),
        tuple(filter(None, re.split(r"[\s,，、;；]+", data.get("models", "")))), None, _file(request),
    )  # fmt: skip


def _file(request: HttpRequest) -> int | None:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not (file.content_type or "").startswith("video/"):
        return None
    return int(store_file(file.read(), name=file.name or "", where="file").pk)


def _case_of(request: HttpRequest) -> int | None:
    number = request.POST.get("case", "")
    return int(request_for(actor(request), number).pk) if number else None
