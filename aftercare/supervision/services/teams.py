"""Emergency teams (M47, M81): formed by the type of the problem, every step with its result, reported to the executives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.ledger.services import move, record, record_many
from aftercare.people.duty import on_duty
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.services import require
from aftercare.policies.rules import EmergencyTeam, holds
from aftercare.policies.selectors import policy_for, policy_version
from aftercare.refusals import Conflict, Invalid

from ..models import Team, TeamStep

LONGEST = 2000


def form_teams(requests: Iterable[Request], *, at: datetime) -> None:
    """Form the team that the pack names for each of these requests, where it names one and none is at work."""
    for request in requests:
        rules = policy_for(request.unit_id).pack.governance.emergency_teams
        case = {"kind": request.kind, "urgency": request.urgency, "category": request.category}
        rule = next((rule for rule in rules if rule.when and holds(rule.when, case)), None)
        if rule is not None and not Team.objects.filter(request=request).exists():
            _form(request, rule, by=MACHINE, at=at, because="")


def form_team(request: Request, code: str, *, by: Actor, at: datetime, because: str) -> Team:
    """Form a team by hand, for a reason; refused where the case has or had one."""
    require(by, "form_team", unit_id=request.unit_id, reach=True)
    rules = {
        rule.code: rule
        for rule in policy_for(request.unit_id).pack.governance.emergency_teams
        if rule.by_hand
    }
    if code not in rules:
        raise Invalid(_("no such team"), where="team", expected=", ".join(sorted(rules)))
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    if request.state != "open":
        raise Conflict(_("the request is no longer open"), where="state", expected="open")
    return _form(request, rules[code], by=by, at=at, because=because.strip()[:200])


def record_step(team: Team, code: str, *, result: str, by: Actor, at: datetime) -> TeamStep:
    """Record the result of a step that is due; without a code, of something else that was done."""
    require(by, "work_team", unit_id=team.unit_id, reach=True)
    text = _text(result, "result", _("what was done and what came of it, 4 characters"))
    done: dict[str, Any] = {
        "result": text,
        "done_by_id": by.id if by.kind == "staff" else None,
        "done_at": at,
    }
    with transaction.atomic():
        team = _at_work(team)
        if not code:
            step = TeamStep(team=team, code="", state="done", state_since=at, **done)
            step.save(force_insert=True)
            record("team_step.noted", step, by=by, at=at)
            return step
        step = _due(team, code)
        move(step, "done", by=by, at=at, **done)
    return step


def drop_step(team: Team, code: str, *, by: Actor, at: datetime, because: str) -> None:
    """Say that a step is not needed, for a reason."""
    require(by, "stand_down_team", unit_id=team.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    with transaction.atomic():
        move(_due(_at_work(team), code), "dropped", by=by, at=at, because=because.strip()[:200])


def stand_down(team: Team, *, report: str, by: Actor, at: datetime) -> None:
    """Report to the executives what happened and what came of it, and let the team go; refused while a step is due."""
    require(by, "stand_down_team", unit_id=team.unit_id, reach=True)
    text = _text(
        report, "report", _("what happened, what was done, what came of it, 20 characters"), least=20
    )
    with transaction.atomic():
        team = _at_work(team)
        left = list(team.steps.filter(state="due").values_list("code", flat=True))
        if left:
            raise Conflict(
                _("these steps are still due"), where="steps", expected=", ".join(left), code="steps_due"
            )
        executives = [person.pk for person in on_duty(["executive", "manager"], team.unit_id, at=at)]
        move(
            team, "stood_down", by=by, at=at, report=text, reported_by_id=by.id if by.kind == "staff" else None,
            values={"members": executives},
        )  # fmt: skip


def team_rule(team: Team) -> EmergencyTeam | None:
    """Give the rule of a team as the policy says it under which it was formed."""
    rules = policy_version(team.policy_id).pack.governance.emergency_teams
    return next((rule for rule in rules if rule.code == team.code), None)


def _form(request: Request, rule: EmergencyTeam, *, by: Actor, at: datetime, because: str) -> Team:
    lead = next(iter(on_duty([rule.lead], request.unit_id, at=at)), None)
    called = {lead.pk: (lead, rule.lead)} if lead else {}
    for role in rule.roles:
        for person in on_duty([role], request.unit_id, at=at):
            if role in person.roles:  # nobody stands in for a department that the company does not have
                called.setdefault(person.pk, (person, role))
    with transaction.atomic():
        members = [
            {"staff": pk, "name": person.name_masked, "role": role} for pk, (person, role) in called.items()
        ]
        team, made = Team.objects.get_or_create(
            request=request,
            defaults={
                "unit_id": request.unit_id, "code": rule.code, "state_since": at, "lead": lead, "formed_at": at,
                "members": members, "policy_id": policy_for(request.unit_id).id,
            },
        )  # fmt: skip
        if not made:
            raise Conflict(_("this case has a team already"), where="team", code="team_exists")
        team.request = request
        record("team.formed", team, by=by, at=at, because=because, values={"members": list(called)})
        steps = TeamStep.objects.bulk_create(
            [TeamStep(team=team, code=step.code, state_since=at) for step in rule.steps]
        )
        record_many("team_step.due", [(step, {}, at) for step in steps], by=MACHINE)
    return team


def _at_work(team: Team) -> Team:
    """Give the team, locked: two who act at once come one after the other."""
    now = Team.objects.select_for_update(of=("self",)).select_related("request").get(pk=team.pk)
    if now.state != "formed":
        raise Conflict(_("the team has stood down"), where="state", expected="formed")
    return now


def _due(team: Team, code: str) -> TeamStep:
    step = team.steps.filter(code=code, state="due").first()
    if step is None:
        due = team.steps.filter(state="due").values_list("code", flat=True)
        raise Conflict(_("this step is not due"), where="step", expected=", ".join(due) or _("none"))
    step.team = team
    return step


def _text(text: str, where: str, expected: str, *, least: int = 4) -> str:
    if not least <= len(text.strip()) <= LONGEST:
        raise Invalid(_("this is too short or too long"), where=where, expected=expected)
    return text.strip()
