"""The desk's first page: what to do next, and by when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.customers.selectors import customers_by_name, customers_by_phone
from aftercare.dispatch.selectors import dispatch_queue, open_offers
from aftercare.followup.selectors import recoveries_for, surveys_for
from aftercare.intake.selectors import as_listed, refused_inputs, requests_for, requests_with_words
from aftercare.parts.selectors import transfers_for
from aftercare.payments.selectors import payments_for
from aftercare.people.rules import Actor
from aftercare.privacy.rules import normal_phone
from aftercare.sla.selectors import cases_with_due_clocks, clocks_waiting_for, due_counts, running_clocks
from aftercare.workorders.selectors import work_orders_for
from aftercare.workspace.selectors import views_for

from ..doors import actor, now, page
from .commands import commands_for

SHOWN = 60


@dataclass(frozen=True)
class Task:
    """One line of the work list: the request, and the clock that orders it."""

    request: Any
    clock: Any


PANE = (  # what the reading pane shows of a request beside what its line does
    "kind", "emotion", "serial", "purchased_on", "address_masked", "remark", "urgency_reason", "customer__phone_masked",
)  # fmt: skip
QUEUES = ("mine", "over", "soon", "all")


@page("read_request")
def home(request: HttpRequest) -> HttpResponse:
    who = actor(request)
    if who.own_only:
        return redirect("field_today")
    at = now()
    queue, tasks = _begin_with(who, request.GET.get("queue", ""), at)
    chosen = next(
        (t for t in tasks if t.request.number == request.GET.get("at")), tasks[0] if tasks else None
    )
    over, soon = due_counts(who, now=at, soon=at + timedelta(minutes=30))
    return render(request, "desk/home.html", {
        "place": "home", "queue": queue, "groups": _groups(tasks, at), "count": len(tasks), "chosen": chosen,
        "views": views_for(who, "requests")[:8] if who.can("arrange_workspace") else [],
        "over": over, "soon": soon, "queues": _queues(who), "at": at, "title": _titles()[queue],
    })  # fmt: skip


@page("read_policy")
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in its states, for whoever builds pages: what the browser tests photograph."""
    return render(request, "desk/gallery.html", {"place": "policy"})


@page("read_request")
def home_count(request: HttpRequest) -> JsonResponse:
    """Say how many steps wait, so that the page can tell what is new without moving its rows."""
    return JsonResponse({"count": len(_tasks(actor(request), "mine", now()))})


@page("read_request", "GET", "HEAD", "POST")
def search(request: HttpRequest) -> HttpResponse:
    """Find by number, phone (whole or last four digits), serial, name, or words; an exact number opens at once.

    What is looked for is posted, so that no address or log holds a phone number or a name.
    """
    text = request.POST.get("q", "").strip()[:60]
    who, is_palette = actor(request), request.headers.get("X-Requested-With") == "fetch"
    found = find(who, text, limit=8 if is_palette else 50)
    shown = {"found": found, "text": text, "dialled": sum(char.isdigit() for char in text) > 3}
    if is_palette:
        return render(request, "desk/palette_results.html", {**shown, "commands": commands_for(who, text)})
    if found["exact"]:
        kind, number = found["exact"]
        return redirect("request_page" if kind == "request" else "work_order_page", number)
    return render(request, "desk/search.html", {**shown, "place": "home"})


def find(who: Actor, text: str, *, limit: int) -> dict[str, Any]:
    """Look everywhere this reader may look."""
    nothing: dict[str, Any] = {"exact": None, "customers": [], "requests": [], "orders": []}
    if len(text) < 2:
        return nothing
    upper = text.upper()
    requests = list(requests_for(who).filter(number=upper)[:1])
    orders = list(work_orders_for(who).filter(number=upper)[:1])
    if requests:
        return {**nothing, "exact": ("request", upper), "requests": requests}
    if orders:
        return {**nothing, "exact": ("work_order", upper), "orders": orders}
    digits = normal_phone(text)
    customers = (
        []
        if who.own_only
        else customers_by_phone(who, text)
        if len(digits) >= 4 and digits == text.replace(" ", "").replace("-", "")
        else []
    )
    if not customers and not digits and not who.own_only:
        customers = customers_by_name(who, text)
    rows = list(requests_for(who).filter(serial=text)[:limit]) if len(text) >= 6 else []
    if customers:
        rows += list(requests_for(who).filter(customer__in=customers)[:limit])
    if len(rows) < limit and not text.isdecimal():  # what is all digits is a phone or a serial
        known = {row.pk for row in rows}
        rows += [row for row in requests_with_words(who, text, limit=limit) if row.pk not in known]
    return {**nothing, "customers": customers[:5], "requests": rows[:limit]}


def _begin_with(who: Actor, asked: str, at: datetime) -> tuple[str, list[Task]]:
    """Give the queue that was asked for; else one's own work, and where nothing waits there, what is overdue for whoever answers for it."""
    if asked in QUEUES:
        return asked, _tasks(who, asked, at)
    tasks = _tasks(who, "mine", at)
    if not tasks and who.can("read_board"):
        late = _tasks(who, "over", at)
        return ("over", late) if late else ("mine", [])
    return "mine", tasks


def _tasks(who: Actor, queue: str, at: datetime) -> list[Task]:
    clocks = {
        "mine": lambda: clocks_waiting_for(who)[:200],
        "over": lambda: cases_with_due_clocks(who, before=at)[:200],
        "soon": lambda: cases_with_due_clocks(who, before=at + timedelta(minutes=30)).filter(due_at__gt=at)[
            :200
        ],
        "all": lambda: running_clocks(who).order_by("due_at")[:200],
    }[queue]()
    return tasks_of(who, clocks)


def tasks_of(who: Actor, clocks: Iterable[Any]) -> list[Task]:
    """Join clocks with their requests: one line a request, by the clock that is due first."""
    first: dict[int, Any] = {}
    for clock in clocks:
        first.setdefault(clock.case_id, clock)
    kept = dict(list(first.items())[:SHOWN])
    rows = {row.pk: row for row in as_listed(requests_for(who).filter(id__in=kept), *PANE)}
    return [Task(rows[case], clock) for case, clock in kept.items() if case in rows]


def _groups(tasks: list[Task], at: datetime) -> list[tuple[str, str, list[Task]]]:
    over = [t for t in tasks if t.clock.due_at <= at]
    soon = [t for t in tasks if at < t.clock.due_at <= at + timedelta(minutes=30)]
    rest = [t for t in tasks if t.clock.due_at > at + timedelta(minutes=30)]
    named = ((_("Overdue"), "over", over), (_("Within 30 minutes"), "crit", soon), (_("Later"), "", rest))
    return [(title, sign, rows) for title, sign, rows in named if rows]


def _titles() -> dict[str, str]:
    return {
        "mine": _("My work"),
        "over": _("Overdue"),
        "soon": _("Due in 30 min"),
        "all": _("Everything running"),
    }


def _queues(who: Actor) -> list[tuple[str, str, int]]:
    rows: list[tuple[str, str, int]] = []
    if who.can("read_dispatch"):
        rows.append((_("To dispatch by hand"), "dispatch_page", dispatch_queue(who).count()))
        rows.append((_("Waiting for an engineer"), "dispatch_page", open_offers(who).count()))
    if who.can("arrange_parts"):
        rows.append((_("Part transfers"), "transfers_page", transfers_for(who).count()))
    if who.can("clear_payment") and (doubted := payments_for(who, state="doubted").count()):
        rows.append((_("Payments to look at"), "payments_page", doubted))
    if who.can("read_survey"):
        rows.append((_("To follow up"), "followup_page", surveys_for(who, state="due").count()))
        rows.append(
            (
                _("Recoveries"),
                "followup_page",
                recoveries_for(who).filter(state__in=["open", "taken"]).count(),
            )
        )
    if who.can("receive_request"):
        rows.append((_("Input to correct"), "import_page", refused_inputs(who).count()))
    return rows
