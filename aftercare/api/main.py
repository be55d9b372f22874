"""All operations of the API; each calls one service or selector."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from aftercare.analytics.selectors import month_of, monthly_report
from aftercare.followup.selectors import survey_for
from aftercare.followup.services import answer_survey
from aftercare.intake.rules import RequestForm
from aftercare.intake.selectors import request_for, requests_for
from aftercare.intake.services import edit_request, keep_refused_input, note_request, receive_request
from aftercare.people.selectors import units_for
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import item_of, warranty_of
from aftercare.refusals import Conflict, Invalid, NotFound, Refusal
from aftercare.sla.selectors import clocks_of_case
from aftercare.visits.selectors import open_appointment
from aftercare.visits.services import book_visit, offer_other_times
from aftercare.workorders.selectors import work_order_for, work_orders_for
from aftercare.workorders.services import cancel_work_order, pause_work_order, resume_work_order

from .calls import router as calls
from .framing import (
    PROBLEMS,
    AftercareAPI,
    KeyAuth,
    actor,
    after_cursor,
    check_tag,
    crossing,
    cursor_of,
    http_error,
    invalid,
    now,
    once,
    problem,
    refused,
)
from .knowing import router as knowing
from .matters import router as matters
from .money import router as money
from .orders import router as orders
from .plans import router as plans
from .readings import router as readings
from .rows import order_out, request_out
from .shapes import (
    AppointmentOut,
    ClockOut,
    NoteIn,
    PauseIn,
    PolicyOut,
    ProblemOut,
    ReasonIn,
    ReportOut,
    RequestEdit,
    RequestIn,
    RequestOut,
    RequestPage,
    SurveyIn,
    SurveyOut,
    WarrantyOut,
    WindowIn,
    WorkOrderOut,
    WorkOrderPage,
)
from .teams import router as teams

api = AftercareAPI(title="Aftercare", version="1", auth=KeyAuth(), docs_url=None, urls_namespace="api-1")
api.add_exception_handler(Refusal, refused)
api.add_exception_handler(DatabaseError, crossing)
api.add_exception_handler(ValidationError, invalid)
api.add_exception_handler(HttpError, http_error)
api.add_exception_handler(
    AuthenticationError,
    lambda request, error: problem(401, "the key is missing or not valid", "unauthorized"),
)

refusals = frozenset(PROBLEMS)
Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, Field(max_length=60)]
Number = Annotated[str, Field(max_length=24)]


@api.post("/requests", response={201: RequestOut, refusals: ProblemOut})
def create_request(request: HttpRequest, body: RequestIn) -> Any:
    """Receive a request. What is refused is kept, with the reason, for the desk to correct."""
    who, at = actor(request), now()
    require(who, "receive_request")
    form = RequestForm(**body.model_dump(), channels=("api",))

    def act() -> dict[str, Any]:
        return request_out(receive_request(form, by=who, at=at))

    try:
        return once(request, 201, act)
    except Invalid as refusal:
        unit_id = form.unit_id if form.unit_id and who.reaches(form.unit_id) else who.unit_id
        if unit_id:
            keep_refused_input("api", body.model_dump(mode="json"), refusal, unit_id=unit_id)
        raise


@api.get("/requests", response={200: RequestPage, refusals: ProblemOut})
def list_requests(
    request: HttpRequest,
    state: Annotated[str, Field(max_length=12)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Any:
    """List requests, newest first."""
    rows = requests_for(actor(request), state=state).select_related("owner")
    before = after_cursor(cursor)
    found = list((rows.filter(id__lt=before) if before is not None else rows)[: limit + 1])
    return {
        "items": [request_out(row) for row in found[:limit]],
        "next": cursor_of(found[limit - 1].pk) if len(found) > limit else None,
    }


@api.get("/requests/{number}", response={200: RequestOut, 304: None, refusals: ProblemOut})
def get_request(request: HttpRequest, number: Number, response: HttpResponse) -> Any:
    """Give one request; its ETag is its revision."""
    row = request_for(actor(request), number)
    response.headers["ETag"] = f'"{row.revision}"'
    if request.headers.get("If-None-Match", "").strip('"') == str(row.revision):
        return 304, None
    return request_out(row)


@api.patch("/requests/{number}", response={200: RequestOut, refusals: ProblemOut})
def patch_request(request: HttpRequest, number: Number, body: RequestEdit) -> Any:
    """Correct a request; If-Match guards against overwriting somebody else's change."""
    who = actor(request)
    row = request_for(who, number)
    check_tag(request, row.revision)
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    if changes:
        edit_request(row, changes, by=who, at=now(), revision=row.revision)
    return request_out(request_for(who, number))


@api.post("/requests/{number}/notes", response={201: RequestOut, refusals: ProblemOut})
def add_note(request: HttpRequest, number: Number, body: NoteIn) -> Any:
    """Write a note to a request."""
    who, at = actor(request), now()
    require(who, "note_request")
    row = request_for(who, number)

    def act() -> dict[str, Any]:
        note_request(row, by=who, at=at, text=body.text, kind=body.kind)
        return request_out(row)

    return once(request, 201, act)


@api.get("/requests/{number}/clocks", response={200: list[ClockOut], refusals: ProblemOut})
def list_clocks(request: HttpRequest, number: Number) -> Any:
    """Give the clocks of a request with their rules."""
    return clocks_of_case(request_for(actor(request), number).pk)


@api.get("/work-orders", response={200: WorkOrderPage, refusals: ProblemOut})
def list_work_orders(
    request: HttpRequest, state: Annotated[str, Field(max_length=12)] = "", unit_id: Annotated[int, Field(ge=1, le=2**62)] | None = None,
    limit: Limit = 50, cursor: Cursor = "",
) -> Any:  # fmt: skip
    """List work orders, newest first."""
    rows = work_orders_for(actor(request), state=state, unit_id=unit_id)
    before = after_cursor(cursor)
    found = list((rows.filter(id__lt=before) if before is not None else rows)[: limit + 1])
    return {
        "items": [order_out(row) for row in found[:limit]],
        "next": cursor_of(found[limit - 1].pk) if len(found) > limit else None,
    }


@api.get("/work-orders/{number}", response={200: WorkOrderOut, refusals: ProblemOut})
def get_work_order(request: HttpRequest, number: Number, response: HttpResponse) -> Any:
    """Give one work order."""
    row = work_order_for(actor(request), number)
    response.headers["ETag"] = f'"{row.revision}"'
    return order_out(row)


@api.post("/work-orders/{number}/pause", response={200: WorkOrderOut, refusals: ProblemOut})
def pause(request: HttpRequest, number: Number, body: PauseIn) -> Any:
    """Let the clocks wait, for a reason of the pack."""
    who, at = actor(request), now()
    row = work_order_for(who, number)
    check_tag(request, row.revision)

    def act() -> dict[str, Any]:
        pause_work_order(row, body.reason, by=who, at=at)
        return order_out(work_order_for(who, number))

    return once(request, 200, act)


@api.post("/work-orders/{number}/resume", response={200: WorkOrderOut, refusals: ProblemOut})
def resume(request: HttpRequest, number: Number) -> Any:
    """Let the clocks run again."""
    who, at = actor(request), now()
    row = work_order_for(who, number)

    def act() -> dict[str, Any]:
        resume_work_order(row, by=who, at=at)
        return order_out(work_order_for(who, number))

    return once(request, 200, act)


@api.post("/work-orders/{number}/cancel", response={200: WorkOrderOut, refusals: ProblemOut})
def cancel(request: HttpRequest, number: Number, body: ReasonIn) -> Any:
    """Cancel a work order, with the reason."""
    who, at = actor(request), now()
    row = work_order_for(who, number)
    check_tag(request, row.revision)

    def act() -> dict[str, Any]:
        cancel_work_order(row, by=who, at=at, because=body.because)
        return order_out(work_order_for(who, number))

    return once(request, 200, act)


@api.post("/work-orders/{number}/appointment", response={201: AppointmentOut, refusals: ProblemOut})
def book(request: HttpRequest, number: Number, body: WindowIn) -> Any:
    """Book a window with the engineer who accepted the order."""
    who, at = actor(request), now()
    require(who, "book_visit")
    row = work_order_for(who, number)
    for name, value in (("starts_at", body.starts_at), ("ends_at", body.ends_at)):
        if value.tzinfo is None or not 2000 <= value.year <= 2200:
            raise Invalid("this instant can't be used", where=name, expected="2024-05-20T14:00:00+08:00")

    def act() -> dict[str, Any]:
        made = book_visit(row, starts_at=body.starts_at, ends_at=body.ends_at, by=who, at=at)
        return {
            "number": made.number,
            "state": made.state,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
        }

    return once(request, 201, act)


@api.post(
    "/work-orders/{number}/appointment/other-times", response={201: AppointmentOut, refusals: ProblemOut}
)
def other_times(request: HttpRequest, number: Number, body: ReasonIn) -> Any:
    """Take back a promised window that can't be kept, and offer the customer others by link."""
    who, at = actor(request), now()
    require(who, "book_visit")
    row = work_order_for(who, number)

    def act() -> dict[str, Any]:
        appointment = open_appointment(row.pk)
        if appointment is None:
            raise Conflict("no visit is booked", where="appointment", expected="booked")
        made = offer_other_times(appointment, by=who, at=at, because=body.because)
        return {"number": made.number, "state": made.state, "starts_at": None, "ends_at": None}

    return once(request, 201, act)


@api.post("/surveys/{number}/answer", response={200: SurveyOut, refusals: ProblemOut})
def rate(request: HttpRequest, number: Number, body: SurveyIn) -> Any:
    """Record a customer's answers, verbatim."""
    who, at = actor(request), now()
    require(who, "answer_survey")
    survey = survey_for(who, number)

    def act() -> dict[str, Any]:
        opened = answer_survey(
            survey,
            body.scores,
            opinion=body.opinion,
            channel=body.channel,
            by=who,
            at=at,
            complaint=body.complaint,
        )
        return {
            "number": survey.number,
            "state": survey.state,
            "overall": survey.overall,
            "recovery": opened is not None,
        }

    return once(request, 200, act)


@api.get("/reports/{month}", response={200: ReportOut, refusals: ProblemOut})
def report(
    request: HttpRequest,
    month: Annotated[str, Field(max_length=7)],
    category: Annotated[str, Field(max_length=32)] = "",
) -> Any:
    """Give SA-DA-006 of a month (`2024-05`): every measure with its sum and count."""
    found = monthly_report(actor(request), month_of(month), category=category)
    return {
        "month": month, "due_on": found.due_on, "delayed": found.delayed,
        "measures": [
            {"code": line.measure.code, "value": line.value.value, "total": line.value.total, "count": line.value.count,
             "target": line.target, "verdict": line.verdict}
            for line in found.lines
        ],
    }  # fmt: skip


@api.get("/warranty", response={200: WarrantyOut, refusals: ProblemOut})
def warranty(request: HttpRequest, code: Annotated[str, Field(min_length=1, max_length=40)]) -> Any:
    """Compute the warranty of a piece by serial, order or voucher number."""
    who = actor(request)
    require(who, "read_request")
    item = item_of(code)
    if item is None or not who.reaches(item.customer.unit_id):
        raise NotFound()
    pack = policy_for(item.customer.unit_id).pack
    found = warranty_of(pack, category=item.product.category, purchased_on=item.purchased_on, on=now().date())
    return {
        "model": item.product.model, "category": item.product.category, "in_warranty": found.in_warranty,
        "until": found.until, "day": found.day,
    }  # fmt: skip


@api.get("/policy", response={200: PolicyOut, refusals: ProblemOut})
def policy(request: HttpRequest) -> Any:
    """Give the pack in force, its choices, and the units within reach."""
    who = actor(request)
    require(who, "read_policy")
    found = policy_for(who.unit_id)
    forms = found.pack.forms
    return {
        "pack": found.name, "number": found.number, "kinds": [k.code for k in forms.kinds],
        "urgencies": [u.code for u in forms.urgencies], "units": sorted(units_for(who).values_list("id", flat=True)),
    }  # fmt: skip


api.add_router("", calls)
api.add_router("", matters)
api.add_router("", money)
api.add_router("", readings)
api.add_router("", knowing)
api.add_router("", orders)
api.add_router("", plans)
api.add_router("", teams)
