"""Pages of those who steer: dispatch queue, follow-up, the month's statistics, units and staff, policy, import."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.analytics.measures import MEASURES
from aftercare.dispatch.crew import workloads
from aftercare.dispatch.selectors import dispatch_queue, open_offers
from aftercare.followup.selectors import recoveries_for, recovery_for, survey_for, surveys_for, themes_for
from aftercare.followup.services import (
    answer_recovery,
    answer_survey,
    close_recovery,
    mark_unreachable,
    take_recovery,
)
from aftercare.people.rules import Actor
from aftercare.people.selectors import field_staff
from aftercare.policies.rules import SECTIONS, duration_text
from aftercare.policies.selectors import policy_for, policy_version, policy_versions
from aftercare.refusals import Invalid
from aftercare.triage.rules import theme_title
from aftercare.visits.learned import calibration_for
from aftercare.visits.selectors import held_words, held_work, orders_with_held_work

from ..doors import actor, now, number_in, page
from ..field.words import STEP_TITLES
from ..templatetags.show import certificate_titles, yuan


@page("read_dispatch")
def dispatch_page(request: HttpRequest) -> HttpResponse:
    who = actor(request)
    people = field_staff(who)
    loads = workloads([s.pk for s in people])
    return render(request, "desk/dispatch.html", {
        "place": "dispatch", "held": _held(who), "queue": list(dispatch_queue(who)[:80]), "offers": list(open_offers(who)[:80]),
        "people": sorted(((s, loads.get(s.pk, 0)) for s in people), key=lambda pair: (-pair[1], pair[0].number)),
        "limit": policy_for(who.unit_id).pack.dispatch.max_unfinished,
        "titles": certificate_titles(),
    })  # fmt: skip


def _held(who: Actor) -> list[dict[str, Any]]:
    """Give what engineers did without a network for orders that had gone meanwhile, by order."""
    if not who.can("dispatch_work_order"):
        return []
    orders = []
    for order in orders_with_held_work(who):
        rows = held_work(order.pk)
        said = [(row.happened_at, _(STEP_TITLES.get(row.step, row.step)), held_words(row)) for row in rows]
        orders.append(
            {
                "order": order,
                "engineer": rows[0].staff,
                "said": said,
                "is_free": order.state in ("pending", "booked"),
            }
        )
    return orders


@page("read_survey")
def followup_page(request: HttpRequest) -> HttpResponse:
    who = actor(request)
    due = list(surveys_for(who, state="due")[:80])
    chosen = next((s for s in due if s.number == request.GET.get("at")), due[0] if due else None)
    at, pack = now(), policy_for(who.unit_id).pack
    rules, (wrote, themes) = pack.survey, themes_for(who, at=at)
    return render(request, "desk/followup.html", {
        "wrote": wrote, "themes": [(theme, theme_title(pack, theme.code) or theme.code) for theme in themes[:14]],
        "place": "followup", "due": due, "chosen": chosen, "rules": rules, "at": at,
        "recoveries": list(recoveries_for(who).exclude(state="closed")[:40]),
        "scores": range(1, 6),
    })  # fmt: skip


@page("answer_survey", "POST")
def survey_answer(request: HttpRequest, number: str) -> HttpResponse:
    who, at = actor(request), now()
    survey = survey_for(who, number)
    if request.POST.get("act") == "unreachable":
        mark_unreachable(survey, by=who, at=at)
        return redirect("followup_page")
    codes = [q.code for q in policy_for(survey.unit_id).pack.survey.questions]
    scores = {code: n for code in codes if (n := number_in(request.POST.get(code, ""))) is not None}
    opened = answer_survey(
        survey, scores, opinion=request.POST.get("opinion", ""), channel="phone", by=who, at=at,
        complaint=request.POST.get("complaint", ""), follow_up=request.POST.get("follow_up", ""),
    )  # fmt: skip
    messages.info(
        request, _("Recorded; the supervisor has an hour to take it over") if opened else _("Recorded")
    )
    return redirect("followup_page")


@page("handle_recovery", "POST")
def recovery_act(request: HttpRequest, recovery_id: int) -> HttpResponse:
    who, at = actor(request), now()
    recovery = recovery_for(who, recovery_id)
    match request.POST.get("act"):
        case "take":
            take_recovery(recovery, by=who, at=at)
        case "answer":
            answer_recovery(
                recovery,
                solution=request.POST.get("solution", ""),
                remedy=request.POST.get("remedy", ""),
                by=who,
                at=at,
            )
        case "close":
            close_recovery(recovery, by=who, at=at)
        case _:
            raise Invalid(_("unknown step"), where="act", expected="take, answer, close")
    return redirect("followup_page")


@page("read_policy")
def policy_page(request: HttpRequest) -> HttpResponse:
    """Show the pack in force, with every number, or an earlier version."""
    who = actor(request)
    versions = policy_versions(who)
    wanted = request.GET.get("version", "")
    row = next((v for v in versions if str(v.number) == wanted), None)
    policy = policy_version(row.pk) if row else policy_for(who.unit_id)
    pack, titles = policy.pack, {measure.code: measure.title for measure in MEASURES}
    return render(request, "desk/policy.html", {
        "place": "policy", "shown_active": any(v.active and v.pk == policy.id for v in versions), "policy": policy, "pack": pack, "versions": versions,
        "clocks": [(c, _targets(c)) for c in pack.clocks.clocks], "duration": duration_text,
        "pauses": [(p, duration_text(p.at_most)) for p in pack.clocks.pause_reasons],
        "numbers": [(section, _numbers(pack, section)) for section in SECTIONS],
        "targets": [(titles.get(code, code), target) for code, target in pack.report.targets.items()],
        "warranties": pack.warranty.categories.items(), "governance": _governance(pack),
        "ways": calibration_for(who.unit_id) if who.unit_id else None, "travel": settings.TRAVEL,
    })  # fmt: skip


def _targets(clock: Any) -> list[tuple[str, str]]:
    rows = [(code, duration_text(seconds)) for code, seconds in clock.by_urgency.items()]
    rows += [
        (code, duration_text(seconds)) for code, seconds in {**clock.by_kind, **clock.by_category}.items()
    ]
    return rows or [("", duration_text(clock.runs_for))]


def _numbers(pack: Any, section: str) -> list[tuple[str, str]]:
    """List the plain values of a file of the pack by path: spans as they are written, money in yuan."""
    rows, part = [], getattr(pack, section)
    for name, value in part:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        if name.endswith("_fen") and isinstance(value, int):
            shown = f"¥{yuan(value)}"
        elif part.is_span(name):
            shown = duration_text(int(value))
        else:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
        rows.append((f"{section}.{name}", shown))
    return rows


def _governance(pack: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    language = get_language() or "zh"
    grades = [
        (g.title[language], f"{duration_text(g.within)} · {g.plan[language]}")
        for g in pack.governance.complaint_grades
    ]
    levels = [
        (x.title[language], f"> {x.above_fen / 100:g} 元" if x.above_fen else x.when)
        for x in pack.governance.authority_levels
    ]
    warnings = [(w.title[language], duration_text(w.after)) for w in pack.governance.overdue_warnings]
    emergency = [
        (g.title[language], f"{duration_text(g.within)} · {g.plan[language]}")
        for g in pack.governance.emergency_levels
    ]
    return [
        (_("Complaint grades"), grades), (_("Authority levels"), levels), (_("Overdue warnings"), warnings),
        (_("Emergency levels"), emergency),
    ]  # fmt: skip
