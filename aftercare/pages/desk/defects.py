"""Defects: what is repaired more often than it should be, from which cases that is seen, and what is decided."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.intake.selectors import requests_for
from aftercare.policies.selectors import policy_for
from aftercare.quality.selectors import defect_for, defects_for, requests_of, visits_of_defect, weeks_of
from aftercare.quality.services import confirm_defect, dismiss_defect, remedy_defect
from aftercare.refusals import Invalid
from aftercare.triage.rules import titles_of
from aftercare.visits.repairs import causes_of, parts_of

from ..doors import actor, now, page

SHOWN = 80


@page("read_defect")
def defects_page(request: HttpRequest) -> HttpResponse:
    """List defects: suspected first, with how many there are, how many were to be expected, and how likely chance is."""
    who = actor(request)
    state = request.GET.get("state", "")
    rows = list(defects_for(who, state=state)[:SHOWN])
    titles = symptom_titles(row.symptom for row in rows)
    order = ("suspected", "confirmed", "remedied", "dismissed")
    rows.sort(key=lambda row: order.index(row.state))
    return render(request, "desk/defects.html", {
        "place": "defects", "rows": [(row, titles[row.symptom]) for row in rows], "state": state,
        "rule": policy_for(who.unit_id).pack.quality,
    })  # fmt: skip


@page("read_defect")
def defect_page(request: HttpRequest, defect: str) -> HttpResponse:
    """Show a defect with the derivation of its figures, its weeks, what was found, and every case."""
    who = actor(request)
    row = defect_for(who, defect)
    visits, weeks = visits_of_defect(row), weeks_of(row)
    most = max((count for _week, count in weeks), default=0)
    used: dict[tuple[str, str], int] = {}
    for parts in parts_of(visits).values():
        for part in set(parts):
            used[part] = used.get(part, 0) + 1
    cases = requests_of(row)
    return render(request, "desk/defect.html", {
        "place": "defects", "row": row, "symptom": symptom_titles([row.symptom])[row.symptom], "causes": causes_of(visits), "visits": len(visits),
        "parts": sorted(((name, count, round(100 * count / len(visits))) for (_c, name), count in used.items()), key=lambda p: -p[1])[:5],
        "weeks": [(week, count, round(100 * count / most) if most else 0) for week, count in weeks], "cases": cases,
        "open": set(requests_for(who).filter(pk__in=[case.pk for case in cases]).values_list("pk", flat=True)) if who.can("read_request") else set(),
    })  # fmt: skip


@page("decide_defect", "POST")
def defect_act(request: HttpRequest, defect: str) -> HttpResponse:
    """Confirm, dismiss, or say how it was remedied."""
    who, at, because = actor(request), now(), request.POST.get("because", "")
    row = defect_for(who, defect)
    verbs: dict[str, Any] = {"confirm": confirm_defect, "dismiss": dismiss_defect, "remedy": remedy_defect}
    verb = verbs.get(request.POST.get("act", ""))
    if verb is None:
        raise Invalid(_("nothing was chosen"), where="act", expected=", ".join(verbs))
    verb(row, by=who, at=at, because=because)
    messages.info(
        request,
        _("Confirmed; a quick repair guide is drafted")
        if row.state == "confirmed" and row.article_id
        else _("Recorded"),
    )
    return redirect("defect_page", defect)


def symptom_titles(codes: Iterable[str]) -> dict[str, str]:
    """Give what symptoms are called in the reader's language; the code of one that the dictionary no longer knows."""
    wanted = set(codes)
    titles = titles_of(policy_for().pack, "symptom") if wanted else {}
    return {code: titles[code][get_language() or "zh"] if code in titles else code for code in wanted}
