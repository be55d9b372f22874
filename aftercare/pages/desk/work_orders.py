"""Work orders: the list by deadline, the page, and what dispatchers and agents do with one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import get_current_timezone, is_naive
from django.utils.translation import gettext as _

from aftercare.analytics.exporting import as_csv
from aftercare.dispatch.services import assign_by_hand, dispatch_order, take_back_order
from aftercare.people.selectors import named_units, staff_numbered, units_with_a_place
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Invalid, NotFound
from aftercare.visits.selectors import open_appointment, slots_for, visit_for
from aftercare.visits.services import (
    adopt_work,
    book_visit,
    cancel_appointment,
    offer_other_times,
    propose_slots,
    reschedule_visit,
    settle_work,
)
from aftercare.workorders.selectors import state_counts, work_order_for, work_orders_for
from aftercare.workorders.services import (
    cancel_work_order,
    convert_to_visit,
    equip_work_order,
    pause_work_order,
    resume_work_order,
)
from aftercare.workorders.states import WorkOrderState

from ..doors import actor, now, number_in, page
from .listing import by_deadline, groups_of, look_of, newest_first
from .requests import case_values, file_answer
from .workspace import column_titles


@page("read_work_order")
def work_order_list(request: HttpRequest) -> HttpResponse:
    """List work orders: the unfinished by what is due first, the others newest first; paged by key."""
    who, at = actor(request), now()
    look = look_of(request, who, "orders", state="unfinished")
    state, after = look["state"] or "unfinished", request.GET.get("after", "")
    ordered = state in ("unfinished", "pending", "booked", "in_service")
    if ordered:
        shown, after = by_deadline(who, "orders", look.filters, after=after, at=at)
    else:
        shown, after = newest_first(who, "orders", look.filters, after=after)
    pack = policy_for().pack
    return render(request, "desk/work_orders.html", {
        "place": "orders", "groups": groups_of(shown, at) if ordered else [("", "", shown)], "after": after,
        "look": look, "state": state, "counts": state_counts(who), "columns": column_titles("orders"),
        "states": [(s.value, s.label) for s in WorkOrderState], "units": named_units(who, kinds=("store",)),
        "categories": sorted(pack.warranty.categories), "urgencies": pack.forms.urgencies, "shown": len(shown),
        "reasons": pack.clocks.pause_reasons if ordered else [], "many": ordered and (who.can("dispatch_work_order") or who.can("pause_work_order")),
    })  # fmt: skip


@page("read_report")
def work_order_export(request: HttpRequest) -> HttpResponse:
    """Export the list as CSV: masked, formulas neutralised."""
    rows = work_orders_for(actor(request), state=request.GET.get("state", "unfinished"))[:5000]
    table: list[list[Any]] = [
        [
            _("Number"),
            _("Request"),
            _("State"),
            _("Customer"),
            _("Product"),
            _("Store"),
            _("Engineer"),
            _("Description"),
        ]
    ]
    for row in rows:
        customer = row.request.customer
        table.append([
            row.number, row.request.number, row.get_state_display(), customer.name_masked if customer else "",
            row.request.product_model, row.unit.name, row.assignee.number if row.assignee else "", row.request.description,
        ])  # fmt: skip
    answer = HttpResponse(as_csv(table), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="work-orders.csv"'
    return answer


@page("read_work_order")
def work_order_page(request: HttpRequest, number: str) -> HttpResponse:
    values = case_values(request, "", number)
    values |= {
        "place": "orders",
        "reasons": values["pack"].clocks.pause_reasons,
    }
    return render(request, "desk/request.html", values)


@page("book_visit")
def work_order_slots(request: HttpRequest, number: str) -> HttpResponse:
    """Show the windows the engineer can keep, looked up once the page stands: they ask for four days and the engine."""
    order = work_order_for(actor(request), number)
    return render(request, "desk/slots.html", {"order": order, "slots": _slots(order)})


@page("dispatch_work_order", "POST")
def work_order_assign(request: HttpRequest, number: str) -> HttpResponse:
    who, at = actor(request), now()
    order = work_order_for(who, number)
    staff, number = request.POST.get("staff", ""), request.POST.get("number", "").strip().upper()
    if number:
        staff = str(_person(number).pk)
    because = request.POST.get("because", "")
    if not staff:
        if dispatch_order(order, by=who, at=at) is None:
            messages.info(request, _("Nobody can take it; it waits in the queue"))
    elif (staff_id := number_in(staff)) is not None:
        assign_by_hand(order, staff_id, by=who, at=at, because=because)
        messages.info(request, _("Offered"))
    return redirect(_back(request, number))


@page("dispatch_work_order", "POST")
def work_order_take_back(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    take_back_order(
        work_order_for(who, number), by=who, at=now(), because=request.POST.get("because", "") or "—"
    )
    return redirect(_back(request, number))


@page("dispatch_work_order", "POST")
def work_order_work(request: HttpRequest, number: str) -> HttpResponse:
    """Decide about work done without a network on an order that had gone meanwhile: give it back, or keep it as a note."""
    who, because = actor(request), request.POST.get("because", "")
    order = work_order_for(who, number)
    if request.POST.get("act") == "adopt":
        adopt_work(order, by=who, at=now(), because=because)
        messages.info(request, _("The order is back with who began it, and what was done is recorded"))
    else:
        settle_work(order, by=who, at=now(), because=because)
        messages.info(request, _("Kept as a note"))
    return redirect(_back(request, number))


@page("dispatch_work_order", "POST")
def work_order_equip(request: HttpRequest, number: str) -> HttpResponse:
    """Say how many must be there, and where parts are fetched on the way."""
    who, posted = actor(request), request.POST
    people, pickup = posted.get("people", ""), posted.get("pickup", "")
    known = {str(pk): pk for pk, _name in units_with_a_place(who)}
    if pickup and pickup not in known:
        raise NotFound()
    equip_work_order(
        work_order_for(who, number), people=int(people) if people in ("1", "2") else 0, pickup_unit_id=known.get(pickup),
        by=who, at=now(),
    )  # fmt: skip
    messages.info(request, _("Recorded"))
    return redirect(_back(request, number))


@page("pause_work_order", "POST")
def work_order_pause(request: HttpRequest, number: str) -> HttpResponse:
    who, order = actor(request), work_order_for(actor(request), number)
    if order.waiting_for:
        resume_work_order(order, by=who, at=now())
    else:
        pause_work_order(order, request.POST.get("reason", ""), by=who, at=now())
    return redirect(_back(request, number))


@page("cancel_work_order", "POST")
def work_order_cancel(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    cancel_work_order(work_order_for(who, number), by=who, at=now(), because=request.POST.get("because", ""))
    return redirect(_back(request, number))


@page("convert_to_visit", "POST")
def work_order_convert(request: HttpRequest, number: str) -> HttpResponse:
    who = actor(request)
    convert_to_visit(
        work_order_for(who, number), by=who, at=now(), because=request.POST.get("because", "") or "—"
    )
    return redirect(_back(request, number))


@page("book_visit", "POST")
def work_order_book(request: HttpRequest, number: str) -> HttpResponse:
    """Offer slots, book one as agreed on the phone, move it, or take it back."""
    who, at = actor(request), now()
    order = work_order_for(who, number)
    appointment = open_appointment(order.pk)
    act = request.POST.get("act", "book")
    if act == "propose":
        propose_slots(order, by=who, at=at)
    elif act == "ask" and appointment:
        offer_other_times(appointment, by=who, at=at, because=request.POST.get("because", ""))
        messages.info(request, _("The customer is asked for another time"))
    elif act == "cancel" and appointment:
        cancel_appointment(appointment, by=who, at=at, because=request.POST.get("because", "") or "—")
    else:
        starts, ends = _window(request)
        if appointment and appointment.state == "booked":
            reschedule_visit(
                appointment,
                starts_at=starts,
                ends_at=ends,
                by=who,
                at=at,
                because=request.POST.get("because", ""),
            )
        else:
            book_visit(order, starts_at=starts, ends_at=ends, by=who, at=at)
    return redirect(_back(request, number))


@page("read_visit")
def visit_file(request: HttpRequest, number: str, file_id: int) -> HttpResponse:
    """Serve a photo or signature of a visit."""
    from aftercare.refusals import NotFound

    visit = visit_for(actor(request), number)
    files = [s.file for s in visit.signatures.all()] + [p.file for p in visit.photos.all()]
    found = next((file for file in files if file.pk == file_id), None)
    if found is None:
        raise NotFound()
    return file_answer(found)


def _person(number: str) -> Any:
    """Find the person of a number that was typed."""
    person = staff_numbered(number)
    if person is None:
        raise Invalid(_("nobody has this number"), where="number", expected="GY2024001")
    return person


def _slots(order: Any) -> list[tuple[datetime, datetime]]:
    return (
        slots_for(order, order.assignee_id, at=now())
        if order.assignee_id and order.state in ("pending", "booked")
        else []
    )


def _window(request: HttpRequest) -> tuple[datetime, datetime]:
    text = request.POST.get("window", "")
    start, _sep, end = text.partition("/")
    try:
        starts, ends = parse_datetime(start), parse_datetime(end)
    except ValueError:  # written as an instant, but of no calendar
        starts = ends = None
    if starts is None or ends is None:
        raise Invalid(_("no time was chosen"), where="window", expected="2024-05-20T14:00/2024-05-20T16:00")
    zone = get_current_timezone()
    return (starts.replace(tzinfo=zone) if is_naive(starts) else starts), (
        ends.replace(tzinfo=zone) if is_naive(ends) else ends
    )


def _back(request: HttpRequest, number: str) -> str:
    return "/dispatch" if request.POST.get("back") == "dispatch" else f"/work-orders/{number}"
