"""The shapes of the API: everything personal is masked."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field, model_validator

Short = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(max_length=32)]


class ProblemItem(Schema):
    where: str
    what: str
    expected: str = ""


class ProblemOut(Schema):
    """RFC 9457 problem details, with what, where and what was expected."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    problems: list[ProblemItem] = []


class Sent(Schema):
    """What a client sends: unknown fields and the character U+0000, which no database text can hold, are refused."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, data: Any) -> Any:
        sent = getattr(data, "_obj", data)
        if "\\u0000" in json.dumps(sent, default=str):
            raise ValueError("a text holds the character U+0000")
        return data


class RequestIn(Sent):
    """SA-CR-001 as a client sends it."""

    kind: Code
    description: Annotated[str, Field(min_length=1, max_length=4000)]
    name: Annotated[str, Field(max_length=40)] = ""
    phone: Annotated[str, Field(max_length=32)] = ""
    email: Short = ""
    address: Short = ""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    product_model: Annotated[str, Field(max_length=60)] = ""
    serial: Annotated[str, Field(max_length=40)] = ""
    purchased_on: date | None = None
    category: Code = ""
    urgency: Code = ""
    emotion: Code = ""
    remark: Annotated[str, Field(max_length=1000)] = ""
    unit_id: Annotated[int, Field(ge=1, le=2**62)] | None = None
    customer_id: Annotated[int, Field(ge=1, le=2**62)] | None = None
    item_id: Annotated[int, Field(ge=1, le=2**62)] | None = None
    external_ref: Annotated[str, Field(max_length=80)] = ""


class RequestEdit(Sent):
    product_model: Annotated[str, Field(max_length=60)] | None = None
    serial: Annotated[str, Field(max_length=40)] | None = None
    remark: Annotated[str, Field(max_length=1000)] | None = None


class RequestOut(Schema):
    number: str
    state: str
    kind: str
    urgency: str
    emotion: str
    received_at: datetime
    channels: list[str]
    customer: str | None
    phone: str | None
    address: str
    product_model: str
    serial: str
    category: str
    purchased_on: date | None
    description: str
    unit_id: int
    owner: str | None
    revision: int
    why: dict[str, Any]


class RequestPage(Schema):
    items: list[RequestOut]
    next: str | None


class NoteIn(Sent):
    text: Annotated[str, Field(min_length=2, max_length=4000)]
    kind: Literal["internal", "out", "in"] = "internal"


class WorkOrderOut(Schema):
    number: str
    request: str
    state: str
    service_type: str
    category: str
    urgency: str
    engineer: str | None
    window_starts_at: datetime | None
    window_ends_at: datetime | None
    late_minutes: int | None
    late_told_at: datetime | None
    opened_at: datetime
    completed_at: datetime | None
    parts_fen: int
    fee_fen: int
    unit_id: int
    people: int
    pickup_unit_id: int | None
    revision: int


class WorkOrderPage(Schema):
    items: list[WorkOrderOut]
    next: str | None


class PauseIn(Sent):
    reason: Code


class ReasonIn(Sent):
    because: Annotated[str, Field(min_length=2, max_length=400)]


class WindowIn(Sent):
    starts_at: datetime
    ends_at: datetime


class AppointmentOut(Schema):
    number: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None


class ClockOut(Schema):
    code: str
    state: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    rule: str


class SurveyIn(Sent):
    scores: dict[Code, Annotated[int, Field(ge=1, le=5)]]
    opinion: Annotated[str, Field(max_length=2000)] = ""
    channel: Literal["phone", "sms", "app"] = "app"
    complaint: Code = ""


class SurveyOut(Schema):
    number: str
    state: str
    overall: int | None
    recovery: bool


class MeasureOut(Schema):
    code: str
    value: float | None
    total: float
    count: int
    target: str
    verdict: str


class ReportOut(Schema):
    month: str
    due_on: date
    measures: list[MeasureOut]
    delayed: int


class WarrantyOut(Schema):
    model: str
    category: str
    in_warranty: bool
    until: date | None
    day: int


class PolicyOut(Schema):
    pack: str
    number: int
    kinds: list[str]
    urgencies: list[str]
    units: list[int]


class MergeIn(ReasonIn):
    into: Annotated[str, Field(min_length=3, max_length=24)]


class ApartIn(Sent):
    other: Annotated[str, Field(min_length=3, max_length=24)]


class HandOverIn(Sent):
    to: Annotated[str, Field(min_length=3, max_length=16)]
    because: Annotated[str, Field(max_length=200)] = ""


class MergedOut(Schema):
    number: str
    state: str
    merged_into: str | None


class MatterIn(Sent):
    kind: Code
    description: Annotated[str, Field(min_length=1, max_length=4000)]
    category: Code = ""


class SplitIn(Sent):
    matters: Annotated[list[MatterIn], Field(min_length=1, max_length=6)]


class SplitOut(Schema):
    number: str
    children: list[str]


class LevelIn(ReasonIn):
    level: Literal["region", "headquarters", "back"]


class GradeIn(ReasonIn):
    grade: Literal["ordinary", "urgent", "crisis"]


class AskIn(ReasonIn):
    paper: Code


class PaperIn(Sent):
    entries: dict[Code, Annotated[str, Field(max_length=4000)]]


class PaperOut(Schema):
    number: str
    paper: str
    request: str
    state: str
    asked_at: datetime
    filed_at: datetime | None
    cause: str
    done_by: date | None
    rounds: int
    unit_id: int


class PaperPage(Schema):
    items: list[PaperOut]
    next: str | None


class CallIn(Sent):
    """What happened to a call or chat; `ref` is the telephone system's own name for it, `staff` who answered."""

    ref: Annotated[str, Field(min_length=1, max_length=80)]
    line: Literal["phone", "online"] = "phone"
    event: Literal["ringing", "answered", "missed"]
    at: AwareDatetime
    caller: Annotated[str, Field(max_length=32)] = ""
    staff: Annotated[str, Field(max_length=24)] = ""
    unit_id: Annotated[int, Field(ge=1, le=2**62)] | None = None


class CallOut(Schema):
    ref: str
    line: str
    state: str
    rang_at: datetime
    answered_at: datetime | None
    caller: str
    unit_id: int


class VoiceIn(Sent):
    """How a passage of a call was spoken: the words or how many syllables they had, and the mean loudness, the same scale all along."""

    ref: Annotated[str, Field(min_length=1, max_length=80)]
    at: AwareDatetime
    seconds: Annotated[float, Field(gt=0, le=600)]
    loudness_db: Annotated[float, Field(ge=-120, le=120)] | None = None
    syllables: Annotated[int, Field(ge=0, le=12000)] | None = None
    text: Annotated[str, Field(max_length=4000)] = ""
    unit_id: Annotated[int, Field(ge=1, le=2**62)] | None = None


class VoiceOut(Schema):
    ref: str
    at: datetime
    emotion: str
    strength: float
    rate: float | None
    faster_pct: int | None
    louder_db: int | None
    follows: list[str]


class TeamIn(ReasonIn):
    team: Code


class StepIn(Sent):
    """A result; without `step` it is something that no step of the pack asks for."""

    step: Code = ""
    result: Annotated[str, Field(min_length=4, max_length=2000)]


class TeamReportIn(Sent):
    report: Annotated[str, Field(min_length=20, max_length=2000)]


class TeamOut(Schema):
    request: str
    team: str
    state: str
    formed_at: datetime
    members: int
    due: list[str]


class PlanIn(Sent):
    """Which unit's day to plan; without `day` today."""

    unit_id: Annotated[int, Field(ge=1, le=2**62)]
    day: date | None = None


class ChosenIn(Sent):
    """The work orders whose moves are carried out; left out: all of the plan."""

    orders: Annotated[list[Annotated[str, Field(max_length=24)]], Field(max_length=1000)] | None = None


class GiveIn(ReasonIn):
    staff: Annotated[str, Field(max_length=24)]


class EquipIn(Sent):
    people: Annotated[int, Field(ge=1, le=2)] = 1
    pickup_unit_id: Annotated[int, Field(ge=1, le=2**62)] | None = None


class MoveOut(Schema):
    order: str
    before: str | None
    after: str
    begins: datetime
    done: bool | None
    why: str


class PlanOut(Schema):
    id: int
    unit_id: int
    day: date
    state: str
    made_at: datetime
    because: str
    before: dict[str, int]
    after: dict[str, int]
    moves: list[MoveOut]


class PlannedOut(Schema):
    plan: PlanOut | None


class TextIn(Sent):
    text: str = Field(max_length=10_000)


class CheckIn(Sent):
    right: dict[str, Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=8)


class ReadFieldOut(Schema):
    value: str
    confidence: float
    sure: bool
    by: str
    top: list[tuple[str, float]]
    spans: list[tuple[int, int]]


class NoteOut(Schema):
    code: str
    how: str
    spans: list[tuple[int, int]]


class ReadingOut(Schema):
    urgency: str
    because: list[str]
    strength: float
    model: int
    fields: dict[str, ReadFieldOut]
    notes: dict[str, list[NoteOut]]
    values: list[dict[str, str | int]]
    follows: list[str]
    checked: dict[str, str]
