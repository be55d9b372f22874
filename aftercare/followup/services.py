"""Ask, record, and recover."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.knowledge.rules import without_people
from aftercare.ledger.services import move, next_number, record
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Invalid, Problem
from aftercare.triage.rules import themes_of
from aftercare.triage.selectors import reader_for
from aftercare.workorders.models import WorkOrder

from .models import Recovery, Survey
from .rules import low_scores, needs_recovery


def open_survey(order: WorkOrder, *, by: Actor, at: datetime) -> Survey:
    """Open the survey of a completed order; it is due as the pack says."""
    known = Survey.objects.filter(order=order).first()
    if known:
        return known
    policy = policy_for(order.unit_id)
    with transaction.atomic():
        survey = Survey(
            order=order, unit_id=order.unit_id, state="due", state_since=at, opened_at=at, policy_id=policy.id,
            due_at=at + timedelta(seconds=policy.pack.survey.due_within),
        )  # fmt: skip
        prefixed = policy.pack.pack.number_with_prefix
        survey.number = next_number("CS", at=at, zone=zone_of(order.unit_id), with_prefix=prefixed)
        survey.save(force_insert=True)
        record("survey.opened", survey, by=by, at=at, values={"due_at": survey.due_at.isoformat()})
    return survey


def answer_survey(
    survey: Survey, scores: Mapping[str, int], *, opinion: str, channel: str, by: Actor, at: datetime,
    complaint: str = "", follow_up: str = "",
) -> Recovery | None:  # fmt: skip
    """Record the answers, verbatim; a low score or negative words open a recovery, which is given back.

    Refuses scores outside 1…5, unknown questions, a missing overall score, and a low score without its class when
    an agent asks (the customer's own link needs none).
    """
    if by.kind == "staff":
        require(by, "answer_survey", unit_id=survey.unit_id, reach=True)
    rules = policy_for(survey.unit_id).pack.survey
    problems = _problems(scores, rules_codes=[q.code for q in rules.questions])
    classes = [c.code for c in rules.complaints]
    low = low_scores(scores, rules)
    if complaint and complaint not in classes:
        problems.append(Problem("complaint", _("unknown class of complaint"), ", ".join(classes)))
    if low and not complaint and by.kind == "staff":
        problems.append(Problem("complaint", _("a low score needs its class"), ", ".join(classes)))
    if channel not in ("phone", "sms", "app"):
        problems.append(Problem("channel", _("unknown channel"), "phone, sms, app"))
    if len(opinion) > 2000:
        problems.append(Problem("opinion", _("the opinion is too long"), _("at most 2,000 characters")))
    if problems:
        raise Invalid(_("the survey can't be recorded"), problems)
    with transaction.atomic():
        move(
            survey, "answered", by=by, at=at, answered_at=at, channel=channel, scores=dict(scores),
            overall=scores["overall"], opinion=opinion.strip(), complaint=complaint, follow_up=follow_up.strip()[:200],
            asked_by_id=by.id if by.kind == "staff" else None, themes=_themes(survey, opinion, at=at),
            values={"scores": dict(scores), "overall": scores["overall"], "channel": channel},
        )  # fmt: skip
        reasons = needs_recovery(scores, opinion, rules)
        return _open_recovery(survey, reasons, at=at) if reasons else None


def _themes(survey: Survey, opinion: str, *, at: datetime) -> list[str]:
    """Read what the customer's own words speak of; the words themselves are kept as they are."""
    if not opinion.strip():
        return []
    return themes_of(reader_for(policy_for(survey.unit_id)).read(opinion, today=at.date()))[:12]


def mark_unreachable(survey: Survey, *, by: Actor, at: datetime) -> None:
    """Note that the customer could not be reached."""
    require(by, "answer_survey", unit_id=survey.unit_id, reach=True)
    move(survey, "unreachable", by=by, at=at)


def take_recovery(recovery: Recovery, *, by: Actor, at: datetime) -> None:
    """Take a recovery over, as the supervisor in charge."""
    require(by, "handle_recovery", unit_id=recovery.unit_id, reach=True)
    move(recovery, "taken", by=by, at=at, taken_at=at, owner_id=by.id)


def answer_recovery(recovery: Recovery, *, solution: str, remedy: str, by: Actor, at: datetime) -> None:
    """Apologise to the customer and give a solution."""
    require(by, "handle_recovery", unit_id=recovery.unit_id, reach=True)
    if len(solution.strip()) < 4:
        raise Invalid(_("the solution is missing"), where="solution", expected=_("what was said and offered"))
    with transaction.atomic():
        move(
            recovery,
            "answered",
            by=by,
            at=at,
            answered_at=at,
            solution=solution.strip(),
            remedy=remedy.strip()[:80],
        )
        Survey.objects.filter(pk=recovery.survey_id).update(follow_up=solution.strip()[:200])


def close_recovery(recovery: Recovery, *, by: Actor, at: datetime) -> None:
    """Close a recovery once the customer agrees."""
    require(by, "handle_recovery", unit_id=recovery.unit_id, reach=True)
    move(recovery, "closed", by=by, at=at)


def _open_recovery(survey: Survey, reasons: list[str], *, at: datetime) -> Recovery:
    recovery = Recovery.objects.create(
        survey=survey, order_id=survey.order_id, unit_id=survey.unit_id, state="open", state_since=at, opened_at=at,
        reasons=reasons,
    )  # fmt: skip
    record("recovery.opened", recovery, by=MACHINE, at=at)
    return recovery


def _problems(scores: Mapping[str, int], *, rules_codes: list[str]) -> list[Problem]:
    problems = [
        Problem(f"scores.{code}", _("unknown question"), ", ".join(rules_codes))
        for code in scores
        if code not in rules_codes
    ]
    problems += [
        Problem(f"scores.{code}", _("this is not a score"), "1…5")
        for code, score in scores.items()
        if not isinstance(score, int) or not 1 <= score <= 5
    ]
    if "overall" not in scores:
        problems.append(Problem("scores.overall", _("the overall score is missing"), "1…5"))
    return problems


def forget_opinions(customer_id: int) -> None:
    """Clean what a customer who is forgotten wrote in surveys of numbers, addresses and names; scores and themes stay."""
    surveys = list(Survey.objects.filter(order__request__customer_id=customer_id).exclude(opinion=""))
    for survey in surveys:
        survey.opinion = without_people(survey.opinion)
    Survey.objects.bulk_update(surveys, ["opinion"])
