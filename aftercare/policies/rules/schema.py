"""The shape of a policy pack: one model a file; unknown keys are refused, so that a typing error can't hide."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from aftercare.refusals import Invalid, Problem

from .clocks import Calendars, Clocks
from .knowing import Complaints, Drafting, Knowing, Quality
from .messages import Messages
from .papers import Governance, Papers
from .parts import Condition, Named, Part, Seconds, Text, Urgency
from .terms import Terms, Triage


class About(Part):
    """pack.toml: what the pack is."""

    name: str
    title: Text
    extends: str = ""
    overlay: bool = False
    number_with_prefix: bool = True
    terms_of: list[str] = []


class Kind(Named):
    """A kind of request, and the service a work order of it begins with (none: answered at the desk)."""

    service_type: Literal["visit", "remote", "install", "return_exchange", ""] = ""


class Forms(Part):
    """forms.toml: the choices of SA-CR-001 and its writing rules (M11, M121)."""

    kinds: list[Kind]
    channels: list[Named]
    urgencies: list[Named]
    emotions: list[Named]
    groups: list[Named]
    group_of_category: dict[str, str]
    category_titles: dict[str, Text] = {}
    phone_pattern: str
    serial_pattern: str
    description_min: int = Field(ge=1, le=200)
    vague_words: list[str]
    guess_words: list[str]
    read_back: Text
    comfort: Text
    self_help: dict[str, Text]


class UrgencyRule(Part):
    """One rule of urgency.toml (M23): met by its words, outside phrases of `unless`, or by a term, or any of a group, of terms.toml."""

    code: str
    urgency: Urgency
    words: list[str] = []
    groups: list[str] = []
    terms: list[str] = []
    unless: list[str] = []
    when: Condition = ""
    reason: Text


class UrgencyRules(Part):
    default: Urgency
    default_reason: Text
    rules: list[UrgencyRule]


class Weights(Part):
    """What one candidate's points are made of; they add up to 100."""

    distance: int
    load: int
    travel: int
    familiar: int

    @model_validator(mode="after")
    def _whole(self) -> Weights:
        if self.distance + self.load + self.travel + self.familiar != 100:
            raise ValueError("expected weights that add up to 100")
        return self


class Break(Part):
    """A break in a shift that is at work all the time in which it may begin; local times."""

    begins_from: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    begins_until: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    lasts: Seconds


class Dispatch(Part):
    """dispatch.toml: hard rules and points of instant dispatch (M34, M49–M53), and what bounds a planned day."""

    within: Seconds
    accept_within: Seconds
    max_unfinished: int = Field(ge=1, le=50)
    backlog_over: int = Field(default=3, ge=1, le=50)
    idle_up_to: int = Field(default=1, ge=0, le=50)
    near_km: float = Field(gt=0)
    far_km: float = Field(gt=0)
    speed_kmh: float = Field(gt=0)
    detour: float = Field(default=1.35, ge=1, le=3)
    settle: Seconds = 180
    urgent_load_factor: float = Field(ge=0, le=1)
    senior_for: list[Urgency] = []
    most_a_day: int = Field(default=99, ge=1, le=99)
    rest: Break | None = None
    fair_beyond: Seconds = 3600
    spare: Seconds = 3600
    two_people: list[str] = []
    weights: Weights
    certificates: dict[str, str]
    certificate_titles: dict[str, Text]
    refusal_reasons: list[Named]


class Appointments(Part):
    """appointment.toml: slots and slips (M55, M123)."""

    slots: int = Field(ge=2, le=3)
    slot_for: Seconds
    hold_for: Seconds = 600
    minutes: int = Field(default=60, ge=5, le=600)
    minutes_by_category: dict[str, Annotated[int, Field(ge=5, le=600)]] = {}
    first_after: Seconds
    look_ahead: Seconds
    call_within: Seconds
    done_within: Seconds
    remind_before: Seconds
    arrive_early: Seconds
    late_notice: Seconds
    link_for: Seconds
    day_starts: str = Field(pattern=r"^\d\d:\d\d$")
    day_ends: str = Field(pattern=r"^\d\d:\d\d$")
    preparation: dict[str, list[Text]]
    fee_notice: Text


class TestItem(Part):
    """One reading of the function test: a number with a unit, and its limits (M64)."""

    code: str
    title: Text
    unit: str
    at_least: float | None = None
    at_most: float | None = None


class Check(Named):
    """One line of the list an engineer ticks, and the step at which it is ticked (M54, M56–M58)."""

    step: Literal["depart", "arrive", "test"] = "test"


class Visits(Part):
    """visit.toml: how a visit goes (M56–M64); `scripts` by step and `guides` by category are read, not ticked."""

    job_for: Seconds
    job_for_category: dict[str, Seconds] = {}
    sign_within: Seconds
    visit_fee_fen: int = Field(ge=0)
    remote_fee_fen: int = Field(ge=0)
    keep_slip_months: int
    consent_within: Seconds
    checklist: list[Check]
    scripts: dict[Literal["depart", "arrive", "quote", "sign"], Text] = {}
    guides: dict[str, list[Text]] = {}
    remote_steps: list[Text] = []
    care: Text
    tests: dict[str, list[TestItem]]


class WarrantyPart(Part):
    title: Text
    months: int = Field(ge=0, le=240)


class Warranty(Part):
    """How long a category is covered from the day of purchase (M7)."""

    months: int = Field(ge=0, le=240)
    parts: dict[str, WarrantyPart] = {}


class Warranties(Part):
    categories: dict[str, Warranty]
    replaced_part_months: int
    free_repeat_days: int
    titles: dict[str, Text]


class Surveys(Part):
    """survey.toml: SA-CS-005 and what a low score starts (M84–M86)."""

    due_within: Seconds
    link_for: Seconds
    low_score: int = Field(ge=1, le=5)
    hand_over_within: Seconds
    recover_within: Seconds
    coverage_target: int
    questions: list[Named]
    complaints: list[Named]
    negative_words: list[str]
    remedies: list[Text]
    neutral_opening: Text


class Target(Part):
    at_most: float | None = None
    at_least: float | None = None


class Reports(Part):
    """report.toml: targets of SA-DA-006 and its due day (M109, M126)."""

    due_day: int = Field(ge=1, le=28)
    targets: dict[str, Target]
    review_templates_months: int
    benchmark_first_time_fix: tuple[int, int]
    visit_cost_fen: int = Field(ge=0)
    complaint_cost_fen: int = Field(ge=0)


class Links(Part):
    """links.toml: how long customers' links live and how often wrong tries are allowed."""

    live_for: Seconds
    wrong_tries: int = Field(ge=1, le=100)
    reports_per_hour: int = Field(ge=1)
    acknowledgements_per_day: int = Field(ge=1)
    messages_per_day: int = Field(default=20, ge=1)
    reopen_within: Seconds = 15 * 86400


class Retention(Part):
    """retention.toml: after how many months without a case a customer is forgotten by itself; 0: never, only when asked.

    Records of a service and its bill are kept without the person; what the law asks to keep longer sets the least.
    """

    customers_after_months: int = Field(default=0, ge=0, le=600)


class Pack(Part):
    """A whole pack: one attribute a file."""

    pack: About
    forms: Forms
    urgency: UrgencyRules
    clocks: Clocks
    dispatch: Dispatch
    appointment: Appointments
    visit: Visits
    warranty: Warranties
    survey: Surveys
    report: Reports
    governance: Governance
    links: Links
    calendars: Calendars = Calendars()
    papers: Papers = Papers()
    terms: Terms = Terms()
    triage: Triage = Triage()
    knowledge: Knowing = Knowing()
    quality: Quality = Quality()
    complaints: Complaints = Complaints()
    drafting: Drafting = Drafting()
    retention: Retention = Retention()
    messages: Messages = Messages()

    @model_validator(mode="after")
    def _known_calendars(self) -> Pack:
        known = {"always", *(hours.code for hours in self.calendars.calendars)}
        for clock in self.clocks.clocks:
            for name in (clock.calendar, *clock.calendar_by_urgency.values()):
                if name not in known:
                    raise ValueError(
                        f"clocks.toml: {clock.code}: no calendar {name!r}; expected {', '.join(sorted(known))}"
                    )
        workshop = self.papers.quarterly
        if workshop and workshop.begins not in known:
            raise ValueError(
                f"papers.toml: quarterly.begins: no calendar {workshop.begins!r}; expected {', '.join(sorted(known))}"
            )
        return self

    @model_validator(mode="after")
    def _known_groups(self) -> Pack:
        for rule in self.urgency.rules:
            for name in rule.groups:
                if name not in self.terms.groups:
                    raise ValueError(f"urgency.toml: {rule.code}: no group {name!r} in terms.toml")
            for code in rule.terms:
                if not any(code in group.terms for group in self.terms.groups.values()):
                    raise ValueError(f"urgency.toml: {rule.code}: no term {code!r} in terms.toml")
        return self


def parse_pack(content: dict[str, Any], *, where: str) -> Pack:
    """Validate a pack's content; each error names the file, the key and what was expected."""
    try:
        return Pack.model_validate(content)
    except ValidationError as error:
        problems = [_problem(where, content, item) for item in error.errors()]
        raise Invalid(f"{where}: {len(problems)} wrong value(s)", problems) from None


def _problem(where: str, content: dict[str, Any], item: Any) -> Problem:
    if not item["loc"]:  # of the pack as a whole: the message names the file
        return Problem(where, item["msg"].removeprefix("Value error, "))
    section, *path = [str(step) for step in item["loc"]]
    value: Any = content.get(section)
    named = []
    for step in path:
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
            named.append(f"[{value['code']}]" if isinstance(value, dict) and "code" in value else f"[{step}]")
        else:
            value = value.get(step) if isinstance(value, dict) else None
            named.append(f".{step}" if named else step)
    what = "missing" if item["type"] == "missing" else f"is {_short(value)}"
    expected = item["msg"].removeprefix("Value error, ")
    return Problem(f"{where}/{section}.toml: {''.join(named)}", what, expected)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
