"""What this person was warned of, and their answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.intake.selectors import descriptions_of
from aftercare.notices.selectors import alert_for, alerts_for, news_for
from aftercare.notices.services import acknowledge, acknowledge_all, note_news_seen
from aftercare.refusals import Invalid

from ..doors import actor, now, number_in, page
from .timeline import SENTENCES

LISTED = 100


@page("read_alerts")
def alerts_page(request: HttpRequest) -> HttpResponse:
    """List the warnings that reached this person: those not acknowledged, then the last ones that are."""
    return _shown(request)


@page("read_alerts", "POST")
def alert_act(request: HttpRequest, alert_id: int) -> HttpResponse:
    who, at = actor(request), now()
    try:
        acknowledge(alert_for(who, alert_id), by=who, at=at, explanation=request.POST.get("explanation", ""))
    except Invalid as refusal:
        return _shown(request, refusal, alert_id)
    messages.info(request, _("Acknowledged"))
    return redirect("alerts_page")


@page("read_alerts", "POST")
def alerts_seen(request: HttpRequest) -> HttpResponse:
    """Acknowledge everything on the page that wants no explanation."""
    oldest, newest = (number_in(request.POST.get(name, "")) or 0 for name in ("oldest", "newest"))
    count = acknowledge_all(oldest, newest, by=actor(request), at=now())
    messages.info(request, _("%(n)d acknowledged") % {"n": count})
    return redirect("alerts_page")


@page("read_alerts", "POST")
def news_seen(request: HttpRequest) -> HttpResponse:
    note_news_seen(by=actor(request), at=now())
    return redirect("alerts_page")


def _shown(request: HttpRequest, refusal: Invalid | None = None, alert_id: int = 0) -> HttpResponse:
    rows, news = alerts_for(actor(request)), list(news_for(actor(request))[:60])
    due = list(rows.filter(acknowledged_at=None)[: LISTED + 1])
    due, more = due[:LISTED], len(due) > LISTED
    done = list(rows.filter(acknowledged_at__isnull=False)[:30])
    return render(request, "desk/alerts.html", {
        "place": "alerts", "news": [(one, _(SENTENCES.get(one.fact_name, one.fact_name))) for one in news],
        "unseen": sum(one.seen_at is None for one in news), "due": due, "more": more, "done": done,
        "about": descriptions_of(alert.case_id for alert in (*due, *done)), "plain": sum(not alert.must_explain for alert in due), "refusal": refusal, "at_fault": alert_id,
        "typed": request.POST.get("explanation", ""),
    }, status=422 if refusal else 200)  # fmt: skip
