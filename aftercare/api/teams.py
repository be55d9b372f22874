"""Operations of emergency teams (M47)."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from aftercare.intake.selectors import request_for
from aftercare.people.services import require
from aftercare.supervision.selectors import steps_of_team, team_for
from aftercare.supervision.services import form_team, record_step, stand_down

from .framing import PROBLEMS, actor, now, once
from .shapes import ProblemOut, StepIn, TeamIn, TeamOut, TeamReportIn

router = Router()
refusals = frozenset(PROBLEMS)
Number = Annotated[str, Field(max_length=24)]


def _team(number: str, team: Any) -> dict[str, Any]:
    return {
        "request": number, "team": team.code, "state": team.state, "formed_at": team.formed_at, "members": len(team.members),
        "due": [step.code for step in steps_of_team(team) if step.state == "due"],
    }  # fmt: skip


@router.get("/requests/{number}/team", response={200: TeamOut, refusals: ProblemOut})
def get_team(request: HttpRequest, number: Number) -> Any:
    """Give the emergency team of a request."""
    row = request_for(actor(request), number)
    return _team(number, team_for(actor(request), row.pk))


@router.post("/requests/{number}/team", response={201: TeamOut, refusals: ProblemOut})
def form(request: HttpRequest, number: Number, body: TeamIn) -> Any:
    """Form an emergency team of the pack, for a reason; its members are told at once."""
    who, at = actor(request), now()
    require(who, "form_team")
    row = request_for(who, number)
    return once(
        request, 201, lambda: _team(number, form_team(row, body.team, by=who, at=at, because=body.because))
    )


@router.post("/requests/{number}/team/steps", response={200: TeamOut, refusals: ProblemOut})
def step(request: HttpRequest, number: Number, body: StepIn) -> Any:
    """Record the result of a step."""
    who, at = actor(request), now()
    require(who, "work_team")
    team = team_for(who, request_for(who, number).pk)

    def act() -> dict[str, Any]:
        record_step(team, body.step, result=body.result, by=who, at=at)
        return _team(number, team)

    return once(request, 200, act)


@router.post("/requests/{number}/team/report", response={200: TeamOut, refusals: ProblemOut})
def report(request: HttpRequest, number: Number, body: TeamReportIn) -> Any:
    """Report to the executives and let the team go; refused while a step is due."""
    who, at = actor(request), now()
    require(who, "stand_down_team")
    team = team_for(who, request_for(who, number).pk)

    def act() -> dict[str, Any]:
        stand_down(team, report=body.report, by=who, at=at)
        return _team(number, team_for(who, team.case_id))

    return once(request, 200, act)
