"""The policy of the company or of one unit, changed on pages: a draft in tables and TOML, what it would change, and going back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.intake.selectors import requests_by_id
from aftercare.people.selectors import unit_for, units_for
from aftercare.policies.rules import (
    clock_rows,
    differences,
    drafted,
    ladder_rows,
    number_rows,
    parse_pack,
    text_rows,
)
from aftercare.policies.selectors import draft_for, units_following, version_numbered, version_over
from aftercare.policies.services import activate_draft, discard_draft, edit_draft, follow_again, roll_back
from aftercare.refusals import Invalid, NotFound, Stale
from aftercare.sla.services import preview_policy

from ..doors import actor, now, number_in, page

LISTED = 80


@page("activate_policy", "GET", "HEAD", "POST")
def policy_draft(request: HttpRequest) -> HttpResponse:
    """Show the draft of the company's policy (`?unit=`: of a unit's) with what it changes; save it, put it in force, or throw it away."""
    who, at, posted, unit = actor(request), now(), request.POST, chosen_unit(request)
    if request.method != "POST":
        return _shown(request)
    try:
        match posted.get("act", "save"):
            case "discard":
                discard_draft(_draft(who, unit), by=who)
                messages.info(request, _("Draft thrown away; the policy in force has not changed"))
                return redirect("policy_page")
            case "activate":
                version = activate_draft(
                    _draft(who, unit), by=who, at=at, because=posted.get("because", ""), revision=number_in(posted.get("revision", "")) or 0
                )  # fmt: skip
                messages.info(
                    request,
                    _("v%(n)d is in force; open clocks follow within seconds") % {"n": version.number},
                )
                return redirect("policy_page")
            case "follow" if unit:
                follow_again(unit, by=who, at=at, because=posted.get("because", ""))
                messages.info(request, _("%(unit)s follows what counts above it again") % {"unit": unit.name})
                return redirect("policy_page")
        edit_draft(
            posted.dict(),
            posted.get("toml", ""),
            by=who,
            at=at,
            revision=number_in(posted.get("revision", "")) or 0,
            unit=unit,
        )
    except (Invalid, Stale) as refusal:
        return _shown(request, refusal)
    return redirect(request.get_full_path())


@page("activate_policy", "POST")
def policy_back(request: HttpRequest, version_number: int) -> HttpResponse:
    """Put an earlier version in force again."""
    who = actor(request)
    made = roll_back(
        version_numbered(who, version_number), by=who, at=now(), because=request.POST.get("because", "")
    )
    messages.info(request, _("v%(n)d is in force; open clocks follow within seconds") % {"n": made.number})
    return redirect("policy_page")


def _shown(request: HttpRequest, refusal: Invalid | Stale | None = None) -> HttpResponse:
    who, at, posted, unit = actor(request), now(), request.POST, chosen_unit(request)
    draft, base = draft_for(who, unit), version_over(unit)
    toml = posted.get("toml", draft.toml if draft else "")
    content = drafted(base.content, draft.changes, draft.toml) if draft else base.content
    values: dict[str, Any] = {
        "place": "policy", "base": base, "draft": draft, "toml": toml, "refusal": refusal, "typed": posted.dict() if refusal else {},
        "clocks": clock_rows(content), "ladder": ladder_rows(content), "sections": number_rows(content), "texts": text_rows(content), "was": _values(base.content),
        "because": posted.get("because", ""), "stale": draft is not None and draft.base_id != base.pk, "crossed": isinstance(refusal, Stale),
        "unit": unit, "units": units_for(who).exclude(parent=None), "own": unit is not None and base.unit_id == unit.pk,
    }  # fmt: skip
    if draft and not isinstance(refusal, Invalid):
        effects = preview_policy(
            parse_pack(content, where=base.pack), by=who, at=at, units=units_following(unit)
        )
        requests = {row.pk: row for row in requests_by_id({clock.case_id for clock, _due in effects.rows})}
        values |= {
            "effects": effects, "changes": list(differences(base.content, content))[:LISTED],
            "moved": [(clock, due, requests.get(clock.case_id)) for clock, due in effects.rows],
        }  # fmt: skip
    return render(request, "desk/policy_draft.html", values, status=refusal.status if refusal else 200)


def _values(content: dict[str, Any]) -> dict[str, str]:
    """Give what stands in force at each path that has a cell."""
    rows = [*clock_rows(content), *ladder_rows(content), *text_rows(content)]
    cells = [cell for row in rows for cell in row.cells] + [
        c for _name, cells in number_rows(content) for c in cells
    ]
    return {cell.path: cell.value for cell in cells}


def chosen_unit(request: HttpRequest) -> Any:
    """Give the unit whose policy is meant (`?unit=`), None for the company."""
    wanted = request.GET.get("unit", "")
    return unit_for(actor(request), number_in(wanted) or 0) if wanted else None


def _draft(who: Any, unit: Any) -> Any:
    draft = draft_for(who, unit)
    if draft is None:
        raise NotFound()
    return draft
