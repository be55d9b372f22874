"""The emergency team of a case: form it, record its steps, report and stand down."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from aftercare.intake.selectors import request_for
from aftercare.people.services import require
from aftercare.refusals import Invalid
from aftercare.supervision.selectors import steps_of_team, team_for
from aftercare.supervision.services import drop_step, form_team, record_step, stand_down, team_rule

from ..doors import actor, now, page


@page("work_team", "POST")
def request_team(request: HttpRequest, number: str) -> HttpResponse:
    """Form the team (`form`), record a step (`step`), drop one (`drop`), or stand down with a report (`down`)."""
    who, at, posted = actor(request), now(), request.POST
    row, because = request_for(who, number), posted.get("because", "")
    act = posted.get("act", "")
    if act == "form":
        require(who, "form_team")
        form_team(row, posted.get("team", ""), by=who, at=at, because=because)
        messages.info(request, _("The team is formed and told"))
        return redirect("request_page", number)
    if act not in ("step", "drop", "down"):
        raise Invalid(_("unknown step"), where="act", expected="form, step, drop, down")
    team = team_for(who, row.pk)
    match act:
        case "step":
            record_step(team, posted.get("step", ""), result=posted.get("result", ""), by=who, at=at)
            messages.info(request, _("Recorded"))
        case "drop":
            drop_step(team, posted.get("step", ""), by=who, at=at, because=because)
            messages.info(request, _("Recorded"))
        case "down":
            stand_down(team, report=posted.get("report", ""), by=who, at=at)
            messages.info(request, _("Reported; the team has stood down"))
    return redirect("request_page", number)


def shown_steps(team: Any, clocks: list[Any]) -> list[tuple[Any, Any, Any]]:
    """Give the steps of a team, each with its title and its running clock."""
    if team is None:
        return []
    rule = team_rule(team)
    titles = {step.code: step.title for step in rule.steps} if rule else {}
    running = {clock.key: clock for clock in clocks if clock.is_open}
    return [
        (step, titles.get(step.code, step.code), running.get(f"{step.KIND}:{step.pk}"))
        for step in steps_of_team(team)
    ]
