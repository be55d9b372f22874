"""Papers that cases owe: the list with its counts, and one paper with what is written, signed and checked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.intake.selectors import request_for
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid
from aftercare.sla.selectors import next_clocks_of
from aftercare.supervision.selectors import (
    cause_counts,
    checks_failed,
    checks_of,
    paper_counts,
    paper_for,
    papers_for,
    similar_cases,
)
from aftercare.supervision.services import (
    ask_paper,
    check_paper,
    file_paper,
    paper_rule,
    sign_paper,
    withdraw_paper,
)
from aftercare.supervision.states import PaperState

from ..doors import actor, now, number_in, page
from .timeline import SENTENCES

PAGE = 50
MONTH = timedelta(days=30)


@page("read_paper")
def papers_page(request: HttpRequest) -> HttpResponse:
    """List papers by kind and state, the newest first, with how many there are of each and their causes."""
    who, at = actor(request), now()
    rules = {rule.code: rule for rule in policy_for(who.unit_id).pack.papers.papers}
    code, state = request.GET.get("paper", ""), request.GET.get("state", "due")
    code = code if code in rules else ""
    state = state if state in PaperState.values else ""
    rows = papers_for(who, code=code, state=state)
    before = number_in(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(id__lt=before)
    shown = list(rows[: PAGE + 1])
    clocks = next_clocks_of(_key(row) for row in shown)
    counts = paper_counts(who, since=at - MONTH)
    causes = cause_counts(who, "delay_report", since=at - MONTH)
    titles = _cause_titles(rules.get("delay_report"))
    most = max((n for _cause, n in causes), default=1)
    return render(request, "desk/papers.html", {
        "place": "board", "rows": [(row, rules.get(row.code), clocks.get(_key(row))) for row in shown[:PAGE]], "code": code, "state": state,
        "next": shown[PAGE - 1].pk if len(shown) > PAGE else None,
        "kinds": [(rule, sum(n for (c, s), n in counts.items() if c == rule.code and s in ("due", "filed"))) for rule in rules.values()],
        "states": [(s.value, s.label, sum(n for (c, s2), n in counts.items() if s2 == s.value and code in ("", c))) for s in PaperState],
        "causes": [(titles.get(cause, cause), n, round(100 * n / most)) for cause, n in causes],
        "failed": checks_failed(who, since=at - MONTH),
    })  # fmt: skip


@page("read_paper", "GET", "HEAD", "POST")
def paper_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one paper; posted to, it is handed in, signed, checked or taken back, and what is refused is shown in place."""
    paper = paper_for(actor(request), number)
    if request.method != "POST":
        return _shown(request, paper)
    try:
        said = _act(request, paper)
    except (Invalid, Conflict) as refusal:
        paper.refresh_from_db()
        return _shown(request, paper, refusal)
    messages.info(request, said)
    return redirect("paper_page", number)


@page("ask_paper", "POST")
def paper_ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask by hand for a paper about a request."""
    who = actor(request)
    row = request_for(who, number)
    paper = ask_paper(
        row, request.POST.get("paper", ""), by=who, at=now(), because=request.POST.get("because", "")
    )
    return redirect("paper_page", paper.number)


def _act(request: HttpRequest, paper: Any) -> str:
    who, at, posted = actor(request), now(), request.POST
    match posted.get("act", ""):
        case "file":
            file_paper(
                paper,
                {entry.code: posted.get(entry.code, "") for entry in paper_rule(paper).entries},
                by=who,
                at=at,
            )
            return _("Handed in")
        case "sign":
            sign_paper(paper, posted.get("role", ""), by=who, at=at)
            return _("Signed")
        case "check":
            said = {"yes": True, "no": False}
            answers = {
                q.code: said[posted[q.code]] for q in paper_rule(paper).check if posted.get(q.code) in said
            }
            passed = check_paper(paper, answers, seen=posted.get("seen", ""), by=who, at=at)
            return _("Passed: the warning is closed") if passed else _("Not passed: the report is due again")
        case "withdraw":
            withdraw_paper(paper, by=who, at=at, because=posted.get("because", ""))
            return _("Taken back")
        case _:
            raise Invalid(_("unknown step"), where="act", expected="file, sign, check, withdraw")


def _shown(request: HttpRequest, paper: Any, refusal: Invalid | Conflict | None = None) -> HttpResponse:
    who, rule = actor(request), paper_rule(paper)
    typed = request.POST if refusal else paper.content
    wrong = {problem.where: problem for problem in refusal.problems} if isinstance(refusal, Invalid) else {}
    signed = {row["role"]: row for row in paper.signatures}
    checks = checks_of(paper)
    return render(request, "desk/paper.html", {
        "place": "board", "paper": paper, "rule": rule, "clock": next_clocks_of([_key(paper)]).get(_key(paper)), "refusal": refusal,
        "entries": [(entry, typed.get(entry.code, ""), wrong.get(entry.code)) for entry in rule.entries], "wrong": wrong,
        "signers": [(role, signed.get(role), role in who.roles and role not in signed) for role in rule.signers],
        "overdue": [row for row in paper.about if "case" not in row], "cases": [row for row in paper.about if "case" in row],
        "checks": checks, "similar": paper.similar or (similar_cases(paper) if rule.similar and paper.state == "due" else []),
        "may_check": who.can("check_paper") and who.id not in {paper.filed_by_id, paper.owner_id, paper.holder_id},
        "may_write": who.can("write_paper") and (not rule.writers or bool(who.roles & {"manager", "headquarters", "administrator", *rule.writers})),
        "because": _(SENTENCES.get(paper.asked_because, paper.asked_because)), "causes": _cause_titles(rule), "seen": request.POST.get("seen", ""), "answers": request.POST if refusal else {},
    }, status=refusal.status if refusal else 200)  # fmt: skip


def _key(paper: Any) -> str:
    return f"paper:{paper.pk}"


def _cause_titles(rule: Any) -> dict[str, Any]:
    entries = rule.entries if rule else []
    return {choice.code: choice.title for entry in entries for choice in entry.choices}
