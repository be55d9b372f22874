"""Requests: the list, the case, and what an agent does with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.customers.services import note_preference
from aftercare.dispatch.selectors import last_matching, offers_of
from aftercare.files.services import file_content
from aftercare.followup.selectors import recovery_of, survey_of
from aftercare.intake.selectors import (
    checks_of,
    earlier_faults,
    files_of,
    kin_of,
    request_for,
    request_of_order,
)
from aftercare.intake.services import (
    answer_request,
    cancel_request,
    change_urgency,
    do_acts,
    edit_request,
    hand_out_link,
    note_request,
    plan_request,
    raise_urgency,
    reopen_request,
)
from aftercare.ledger.selectors import fact_of_case, facts_of_case
from aftercare.ledger.services import correct_fact
from aftercare.notices.services import note_news_seen
from aftercare.people.selectors import named_units, units_with_a_place, zone_of
from aftercare.people.services import require, reveal
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import warranty_of
from aftercare.refusals import Invalid, NotFound
from aftercare.sla.selectors import clocks_of_case
from aftercare.sla.services import explain_clocks
from aftercare.supervision.selectors import papers_of, standing_of
from aftercare.supervision.services import team_rule
from aftercare.visits.learned import arrives_about
from aftercare.visits.selectors import open_appointment, visits_of
from aftercare.workorders.selectors import orders_of_request, work_order_for
from aftercare.workorders.services import open_work_order
from aftercare.workspace.selectors import texts_for

from ..doors import actor, now, number_in, page
from ..portal.stages import purpose_now
from .listing import by_deadline, groups_of, look_of, newest_first
from .reading import course_of, pieces_of, shown_reading
from .road import road_of
from .teams import shown_steps
from .timeline import SENTENCES, story_of
from .workspace import column_titles


@page("read_request")
def request_list(request: HttpRequest) -> HttpResponse:
    """List requests through a view: newest first, or what is due first."""
    who, at = actor(request), now()
    look = look_of(request, who, "requests", state="open")
    state, after = look["state"] or "open", request.GET.get("after", "")
    ordered = look["sort"] == "due" or look["due"] in ("over", "soon")
    if ordered:
        shown, after = by_deadline(who, "requests", look.filters, after=after, at=at)
    else:
        shown, after = newest_first(who, "requests", look.filters, after=after)
    pack = policy_for().pack
    return render(request, "desk/requests.html", {
        "place": "requests", "groups": groups_of(shown, at) if ordered else [("", "", shown)], "after": after, "look": look,
        "state": state, "shown": len(shown), "columns": column_titles("requests"), "urgencies": pack.forms.urgencies,
        "units": named_units(who, kinds=("store",)), "kinds": pack.forms.kinds,
        "texts": texts_for(who)[:60] if who.can("answer_request") and who.can("arrange_workspace") else [],
        "categories": sorted(pack.warranty.categories), "channels": {c.code: c.title for c in pack.forms.channels},
    })  # fmt: skip


@page("read_request")
def request_page(request: HttpRequest, number: str) -> HttpResponse:
    if "news" in request.GET:
        note_news_seen(by=actor(request), at=now(), request_id=request_for(actor(request), number).pk)
    return render(request, "desk/request.html", case_values(request, number))


def case_values(request: HttpRequest, number: str, order_number: str = "") -> dict[str, Any]:
    """Gather everything the case page shows: of a request, or of the request of a work order."""
    who, at = actor(request), now()
    row = request_of_order(who, order_number) if order_number else request_for(who, number)
    orders = orders_of_request(row.pk)
    for known in orders:
        known.request = row
    order = next((o for o in orders if o.number == order_number), orders[-1] if orders else None)
    visits = visits_of(order.pk) if order else []
    survey = survey_of(order.pk, known=order) if order else None
    clocks = clocks_of_case(row.pk)
    appointment = open_appointment(order.pk, known=order) if order else None
    policy = policy_for(row.unit_id)
    matching = last_matching(order.pk) if order else None
    candidates = matching.candidates if matching else []
    kin, facts = kin_of(row), facts_of_case(row.pk)
    papers, (grade, authority, team) = papers_of(row.pk), standing_of(row.pk)
    return {
        "place": "requests", "row": row, "orders": orders, "order": order, "visits": visits, "survey": survey,
        "recovery": recovery_of(order.pk) if order and survey and survey.state == "answered" else None, "appointment": appointment, "policy": policy,
        "missed": order is not None and order.is_missed(at),
        "arrives": arrives_about(visits[-1], order, at=at) if order and visits else None,
        "offers": offers_of(order.pk) if order else [], "matching": matching,
        "possible": [c for c in candidates if not c["against"]][:5],
        "excluded": [c for c in candidates if c["against"]][:6],
        "open_clocks": [c for c in clocks if c.state in ("running", "paused")],
        "derivations": explain_clocks(
            [c for c in clocks if c.is_open], get_language() or "zh", words=lambda name: _(SENTENCES.get(name, name)),
            known=facts,
        ),
        "past_clocks": [c for c in clocks if c.state not in ("running", "paused")],
        "road": road_of(row, order, appointment, visits[-1] if visits else None, survey, clocks, at),
        "warranty": warranty_of(policy.pack, category=row.category, purchased_on=row.purchased_on, on=at.date()),
        "faults": earlier_faults(row, customer_id=row.customer_id, serial=row.serial),
        "files": files_of(row.pk), "merged": kin.merged, "children": kin.children, "duplicates": kin.duplicates, "grade": grade,
        "authority": authority, "team": team, "team_rule": team_rule(team) if team else None,
        "steps": shown_steps(team, clocks),
        "papers": [(paper, paper_title(policy, paper.code)) for paper in papers],
        "askable": [rule for rule in policy.pack.papers.papers if rule.by_hand and rule.code not in {p.code for p in papers if p.state in ("due", "filed")}],
        "story": story_of(row.pk, facts=facts, also=kin.merged, show=request.GET.get("show", "")), "show": request.GET.get("show", ""),
        "read": shown_reading(policy.pack, row.reading, checks=checks_of(row.pk)), "pieces": pieces_of(row.description, row.reading, row.urgency_reason),
        "pack": policy.pack, "comfort": policy.pack.forms.comfort[get_language() or "zh"], "course": course_of(policy.pack, row.reading, facts),
        "calming": [step[get_language() or "zh"] for step in policy.pack.triage.calming] if row.emotion == "angry" else [], "revealed": None,
        "urgencies": policy.pack.forms.urgencies, "places": units_with_a_place(who) if who.can("dispatch_work_order") else [],
    }  # fmt: skip


def paper_title(policy: Any, code: str) -> Any:
    """Give the title of a kind of paper, its code where the pack no longer knows it."""
    return next((rule.title for rule in policy.pack.papers.papers if rule.code == code), code)


@page("answer_request", "POST")
def request_say(request: HttpRequest, number: str) -> HttpResponse:
    """Write to the story: an internal note, something told to the customer, the plan, or the answer.

    What is refused is shown on the case's own page, and nothing typed is lost.
    """
    try:
        _say(request, request_for(actor(request), number))
    except Invalid as refusal:
        said = {
            "text": request.POST.get("text", ""),
            "as": request.POST.get("as", ""),
            "problems": refusal.problems,
        }
        return render(
            request, "desk/request.html", {**case_values(request, number), "said": said}, status=422
        )
    return redirect("request_page", number)


@transaction.atomic
def _say(request: HttpRequest, row: Any) -> None:
    """Say it, and do what the macro it came from does besides: both or nothing."""
    who, at, text = actor(request), now(), request.POST.get("text", "")
    do_acts(
        row,
        request.POST.getlist("acts"),
        title=request.POST.get("macro", "")[:60] or _("macro"),
        by=who,
        at=at,
    )
    match request.POST.get("as", ""):
        case "plan":
            plan_request(row, by=who, at=at, plan=text)
        case "answer":
            answer_request(row, by=who, at=at, answer=text)
        case "out":
            note_request(row, by=who, at=at, text=text, kind="out")
        case "in":
            note_request(row, by=who, at=at, text=text, kind="in")
        case _:
            note_request(row, by=who, at=at, text=text)


@page("edit_request", "POST")
def request_urgency(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    row = request_for(who, number)
    change = raise_urgency if request.POST.get("since") == "now" else change_urgency
    change(row, request.POST.get("urgency", ""), by=who, at=now(), because=request.POST.get("because", ""))
    messages.info(request, _("Urgency changed; the clocks follow"))
    return redirect("request_page", number)


@page("correct_fact", "POST")
def request_correct(request: HttpRequest, number: str) -> HttpResponse:
    """Correct the time of something recorded; the fact stays as it was, what is derived from it follows."""
    who, posted = actor(request), request.POST
    row = request_for(who, number)
    chosen = posted.get("fact", "")
    fact = fact_of_case(row.pk, number_in(chosen, 0)) if chosen else None
    if fact is None:
        raise Invalid(_("choose what is corrected"), where="fact", expected=_("an entry of this story"))
    try:
        happened = datetime.fromisoformat(posted.get("happened_at", "")).replace(
            tzinfo=ZoneInfo(zone_of(row.unit_id))
        )
    except ValueError:
        raise Invalid(_("this is not a time"), where="happened_at", expected="2026-11-22T08:00") from None
    correct_fact(fact, happened_at=happened, by=who, at=now(), because=posted.get("because", ""))
    messages.info(request, _("Corrected; the clocks follow"))
    return redirect("request_page", number)


@page("edit_request", "POST")
def request_edit(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    row = request_for(who, number)
    changes = {
        name: request.POST[name] for name in ("product_model", "serial", "remark") if name in request.POST
    }
    seen = request.POST.get("revision", "")
    edit_request(row, changes, by=who, at=now(), revision=number_in(seen, 0))
    return redirect("request_page", number)


@page("cancel_work_order", "POST")
def request_cancel(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    cancel_request(request_for(who, number), by=who, at=now(), because=request.POST.get("because", ""))
    messages.info(request, _("Request cancelled"))
    return redirect("request_page", number)


@page("edit_request", "POST")
def request_reopen(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    row = request_for(who, number)
    require(who, "edit_request", unit_id=row.unit_id, reach=True)
    reopen_request(row, by=who, at=now(), because=request.POST.get("because", ""))
    return redirect("request_page", number)


@page("open_work_order", "POST")
def request_open_order(request: HttpRequest, number: str) -> HttpResponse:
    who, parent = actor(request), request.POST.get("parent", "")
    order = open_work_order(
        request_for(who, number), service_type=request.POST.get("service_type", ""), by=who, at=now(),
        parent=work_order_for(who, parent) if parent else None,
    )  # fmt: skip
    return redirect("work_order_page", order.number)


@page("reveal_contact", "POST")
def request_reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show contact data in clear, for a reason, once; nothing of it is kept in the page's address."""
    who, at = actor(request), now()
    row = request_for(who, number)
    if row.customer is None:
        raise NotFound()
    because = request.POST.get("because", "")
    shown = reveal(who, row.customer, ["full_name", "phone"], at=at, because=because)
    values = case_values(request, number)
    values["revealed"] = {**shown, "address": row.address}
    return render(request, "desk/request.html", values)


@page("edit_request", "POST")
def request_wishes(request: HttpRequest, number: str) -> HttpResponse:
    """Note how this customer wants to be reached."""
    who = actor(request)
    row = request_for(who, number)
    if row.customer is None:
        raise NotFound()
    note_preference(row.customer, request.POST.get("wishes", ""), by=who, at=now())
    messages.info(request, _("Recorded"))
    return redirect("request_page", number)


@page("edit_request", "POST")
def request_link(request: HttpRequest, number: str) -> HttpResponse:
    """Make a fresh link for the customer, to read out or send by hand."""
    who = actor(request)
    row = request_for(who, number)
    token = hand_out_link(row, purpose_now(row), by=who, at=now())
    values = case_values(request, number)
    values["link"] = request.build_absolute_uri(f"/c/{token}")
    return render(request, "desk/request.html", values)


@page("read_request")
def request_file(request: HttpRequest, number: str, file_id: int) -> HttpResponse:
    """Serve a file of a request: pictures as themselves, everything else as an attachment."""
    row = request_for(actor(request), number)
    kept = row.files.select_related("file").filter(file_id=file_id).first()
    if kept is None:
        raise NotFound()
    return file_answer(kept.file)


def file_answer(file: Any) -> HttpResponse:
    answer = HttpResponse(file_content(file), content_type=file.kind)
    safe = file.kind.startswith("image/")
    answer.headers["Content-Disposition"] = "inline" if safe else f'attachment; filename="{file.sha256[:12]}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
