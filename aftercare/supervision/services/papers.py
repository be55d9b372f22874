"""Ask for papers, file them, sign them, check them (M41, M43, M44, M79)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.ledger.selectors import last_fact
from aftercare.ledger.services import move, next_numbers, record, record_many
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import staff_numbered, zone_of
from aftercare.people.services import require
from aftercare.policies.rules import PaperRule
from aftercare.policies.selectors import policy_for, policy_version
from aftercare.refusals import Conflict, Forbidden, Invalid, Problem

from ..models import Check, Paper
from ..rules import paper_problems, signed_by_all
from ..selectors import similar_cases
from ..states import OWED

MERGED = "request.merged"
ALWAYS = frozenset({"manager", "headquarters", "administrator"})


@dataclass(frozen=True)
class Wanted:
    """A paper that a case owes: of which kind, for what, and who handles the case."""

    request: Request
    code: str
    order_id: int | None = None
    holder_id: int | None = None
    about: list[dict[str, Any]] = field(default_factory=list)
    because: str = ""


def ask_paper(request: Request, code: str, *, by: Actor, at: datetime, because: str) -> Paper:
    """Ask by hand for a paper about a request, for a reason; refused where it is owed already."""
    require(by, "ask_paper", unit_id=request.unit_id, reach=True)
    rules = {rule.code: rule for rule in policy_for(request.unit_id).pack.papers.papers if rule.by_hand}
    if code not in rules:
        raise Invalid(_("no such paper"), where="paper", expected=", ".join(sorted(rules)))
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    made = ask_papers(
        [Wanted(request, code, holder_id=request.owner_id, because=because.strip()[:200])], by=by, at=at
    )
    if not made:
        raise Conflict(_("this paper is owed already"), where="paper", code="owed_already")
    return made[0]


def ask_papers(wanted: Iterable[Wanted], *, by: Actor, at: datetime) -> list[Paper]:
    """Ask for papers; where one of the kind is owed by the case already, what it is about is added to it.

    Gives those newly asked for.
    """
    first: dict[tuple[int, str], Wanted] = {}
    for want in wanted:
        known = first.get((want.request.pk, want.code))
        if known is None:
            first[want.request.pk, want.code] = want
        else:
            known.about.extend(row for row in want.about if row not in known.about)
    if not first:
        return []
    with transaction.atomic():
        # requests are locked, so that two who ask at once do not both find nothing
        list(
            Request.objects.select_for_update(of=("self",))
            .filter(pk__in={pk for pk, _code in first})
            .order_by("pk")
        )
        rows = Paper.objects.select_for_update(of=("self",)).filter(
            request_id__in={pk for pk, _code in first}, state__in=OWED
        )
        owed = {(paper.request_id, paper.code): paper for paper in rows}
        fresh = []
        for key, want in first.items():
            paper = owed.get(key)
            if paper is None:
                fresh.append(_draft(want, at))
            elif added := [row for row in want.about if row not in paper.about]:
                paper.about = [*paper.about, *added]
                paper.save(update_fields=["about"])
        _number(fresh, at)
        Paper.objects.bulk_create(fresh)
        record_many("paper.asked", [(paper, {"because": paper.asked_because}, at) for paper in fresh], by=by)
    return fresh


def file_paper(paper: Paper, content: Mapping[str, str], *, by: Actor, at: datetime) -> None:
    """Hand a paper in. Refused with all that is missing; without signers and checks it is closed at once."""
    require(by, "write_paper", unit_id=paper.unit_id, reach=True)
    rule = paper_rule(paper)
    if rule.writers and not by.roles & (ALWAYS | set(rule.writers)) and by.kind != "machine":
        raise Forbidden(_("this paper is written by: %(roles)s") % {"roles": ", ".join(rule.writers)})
    known = {entry.code: content.get(entry.code, "").strip() for entry in rule.entries}
    today = at.astimezone(ZoneInfo(zone_of(paper.unit_id))).date()
    problems = paper_problems(rule, known, today=today)
    named = {
        entry.code: staff_numbered(known[entry.code])
        for entry in rule.entries
        if entry.kind == "staff" and known[entry.code]
    }
    problems += [
        Problem(code, _("nobody has this staff number"), "GY2024001")
        for code, staff in named.items()
        if staff is None
    ]
    if problems:
        raise Invalid(_("the paper can't be handed in yet"), problems)
    day = next((known[entry.code] for entry in rule.entries if entry.kind == "date"), "")
    owner = next(iter(named.values()), None)
    changes: dict[str, Any] = {
        "written": json.dumps(known, ensure_ascii=False), "owner_id": owner.pk if owner else None,
        "cause": next((known[entry.code] for entry in rule.entries if entry.kind == "choice"), ""),
        "done_by": date.fromisoformat(day) if day else None, "filed_at": at, "filed_by_id": by.id if by.kind == "staff" else None,
        "signatures": [], "similar": similar_cases(paper) if rule.similar else [],
    }  # fmt: skip
    with transaction.atomic():
        move(
            paper,
            "filed",
            by=by,
            at=at,
            values={"cause": changes["cause"], "round": paper.rounds + 1},
            **changes,
        )
        if not rule.signers and not rule.check:
            _close(paper, rule, by=by, at=at)


def sign_paper(paper: Paper, role: str, *, by: Actor, at: datetime) -> None:
    """Sign a filed paper for one of the roles that must (M79); with the last signature it is closed."""
    require(by, "write_paper", unit_id=paper.unit_id, reach=True)
    rule = paper_rule(paper)
    if role not in rule.signers or role not in by.roles:
        raise Forbidden(_("you do not sign for this department"))
    with transaction.atomic():
        now = Paper.objects.select_for_update(of=("self",)).select_related("request").get(pk=paper.pk)
        if now.state != "filed":
            raise Conflict(_("only a paper that was handed in is signed"), where="state", expected="filed")
        if any(row["role"] == role for row in now.signatures):
            raise Conflict(_("this department has signed already"), where="role", code="signed_already")
        if any(row["staff"] == by.id for row in now.signatures):
            raise Conflict(_("you have signed for another department"), where="role", code="signed_already")
        now.signatures = [
            *now.signatures,
            {"role": role, "staff": by.id, "name": by.name, "at": at.isoformat()},
        ]
        now.save(update_fields=["signatures"])
        record("paper.signed", now, by=by, at=at, values={"role": role})
        if signed_by_all(rule.signers, now.signatures) and not rule.check:
            _close(now, rule, by=by, at=at)


def check_paper(paper: Paper, answers: Mapping[str, bool], *, seen: str, by: Actor, at: datetime) -> bool:
    """Check a filed paper as a mystery shopper: all questions answered with yes close it, a no sends it back (M41).

    Refused from whoever wrote it, answers for its measure or handled the case. Gives whether it passed.
    """
    require(by, "check_paper", unit_id=paper.unit_id, reach=True)
    rule = paper_rule(paper)
    if paper.state != "filed" or not rule.check:
        raise Conflict(_("there is nothing to check"), where="state", expected="filed")
    if by.id in {paper.filed_by_id, paper.owner_id, paper.holder_id}:
        raise Conflict(
            _("who wrote it, answers for it or handled the case does not check it"),
            where="by",
            code="own_paper",
        )
    missing = [question.code for question in rule.check if not isinstance(answers.get(question.code), bool)]
    problems = [Problem(code, _("this is not answered"), _("yes or no")) for code in missing]
    if len(seen.strip()) < 4:
        problems.append(Problem("seen", _("this is missing"), _("what was tried and seen")))
    if problems:
        raise Invalid(_("the check can't be recorded yet"), problems)
    kept = {question.code: answers[question.code] for question in rule.check}
    passed = all(kept.values())
    with transaction.atomic():
        Check.objects.create(
            paper=paper, at=at, by_id=by.id or 0, answers=kept, seen=seen.strip()[:2000], passed=passed
        )
        if passed:
            _close(paper, rule, by=by, at=at, values={"round": paper.rounds + 1})
        else:
            failed = [code for code, yes in kept.items() if not yes]
            move(
                paper,
                "due",
                by=by,
                at=at,
                fact="paper.returned",
                values={"failed": failed},
                rounds=paper.rounds + 1,
            )
    return passed


def withdraw_paper(paper: Paper, *, by: Actor, at: datetime, because: str) -> None:
    """Take back what was asked, for a reason: the case does not owe it."""
    require(by, "withdraw_paper", unit_id=paper.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    move(paper, "withdrawn", by=by, at=at, because=because.strip()[:200])


def drop_clocks(gone: Mapping[int, set[int]], *, at: datetime) -> None:
    """Take clocks (ids, by request) whose breach was withdrawn out of what papers are about; one about nothing is withdrawn."""
    with transaction.atomic():
        rows = Paper.objects.select_for_update(of=("self",)).filter(request_id__in=list(gone), state__in=OWED)
        for paper in rows.select_related("request"):
            left = [row for row in paper.about if row.get("clock") not in gone[paper.request_id]]
            if len(left) == len(paper.about):
                continue
            if left:
                paper.about = left
                paper.save(update_fields=["about"])
            else:
                move(
                    paper,
                    "withdrawn",
                    by=MACHINE,
                    at=at,
                    because="clock.breach_withdrawn",
                    about=[],
                )


def withdraw_with_merge(request_id: int, *, at: datetime) -> None:
    """Take back what a request owes that was merged into another one."""
    with transaction.atomic():
        rows = Paper.objects.select_for_update(of=("self",)).filter(request_id=request_id, state__in=OWED)
        for paper in rows.select_related("request"):
            move(paper, "withdrawn", by=MACHINE, at=at, because=MERGED)


def ask_again_after_merge(request_id: int, *, at: datetime) -> None:
    """Ask again for what the last merge took back, now that it was undone."""
    merged = last_fact("request", request_id, MERGED)
    wanted = []
    for paper in (
        Paper.objects.filter(request_id=request_id, state="withdrawn")
        .select_related("request")
        .order_by("id")
    ):
        taken_back = last_fact("paper", paper.pk, "paper.withdrawn")
        if merged and taken_back and taken_back.because == MERGED and taken_back.at >= merged.at:
            wanted.append(
                Wanted(
                    paper.request,
                    paper.code,
                    paper.order_id,
                    paper.holder_id,
                    list(paper.about),
                    paper.asked_because,
                )
            )
    ask_papers(wanted, by=MACHINE, at=at)


def paper_rule(paper: Paper) -> PaperRule:
    """Give the rule of a paper as the policy says it under which it was asked for."""
    return next(
        rule for rule in policy_version(paper.policy_id).pack.papers.papers if rule.code == paper.code
    )


def _draft(want: Wanted, at: datetime) -> Paper:
    request = want.request
    return Paper(
        code=want.code, request=request, order_id=want.order_id, unit_id=request.unit_id, state="due", state_since=at,
        about=want.about, asked_at=at, asked_because=want.because, holder_id=want.holder_id, policy_id=policy_for(request.unit_id).id,
    )  # fmt: skip


def _number(papers: list[Paper], at: datetime) -> None:
    runs: dict[tuple[str, bool], list[Paper]] = {}
    for paper in papers:
        prefixed = policy_for(paper.unit_id).pack.pack.number_with_prefix
        runs.setdefault((zone_of(paper.unit_id), prefixed), []).append(paper)
    for (zone, prefixed), run in runs.items():
        numbers = next_numbers("RP", at=at, zone=zone, count=len(run), with_prefix=prefixed)
        for paper, number in zip(run, numbers, strict=True):
            paper.number = number


def _close(
    paper: Paper, rule: PaperRule, *, by: Actor, at: datetime, values: Mapping[str, Any] | None = None
) -> None:
    move(paper, "closed", by=by, at=at, values=values, closed_at=at)
    if rule.repeats and Request.objects.filter(pk=paper.request_id, state="open").exists():
        ask_papers(
            [Wanted(paper.request, paper.code, paper.order_id, paper.holder_id, because=paper.asked_because)],
            by=MACHINE,
            at=at,
        )
