"""The shape of papers.toml and governance.toml: what must be written, checked and signed, and who may decide (M35–M44, M79)."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from .parts import Condition, Named, Part, Seconds, Text, Urgency

Asking = Literal["clock.escalated", "request.closed", "request.answered", "visit.finished", "recovery.opened"]
ASKING: tuple[str, ...] = get_args(Asking)


class Entry(Named):
    """One thing a paper asks for: a text, a choice of a list, a member of staff (by number), or a day."""

    kind: Literal["text", "choice", "staff", "date"] = "text"
    at_least: int = Field(default=0, ge=0, le=500)
    choices: list[Named] = []

    @model_validator(mode="after")
    def _has_choices(self) -> Entry:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError("expected choices for the kind choice, and for no other")
        return self


class Paper(Named):
    """A paper that a case may owe.

    It is asked for when one of the facts `asked_on` comes and `when` holds of its values, or by hand. Once filed it
    is closed when everybody of `signers` (roles) has signed and the `check` (questions answered with yes by somebody
    who neither wrote it nor answers for it) has passed. `writers`: the roles that write it, besides managers.
    `repeats`: the next one is due once it is closed, while the case is open.
    """

    asked_on: list[Asking] = []
    when: Condition = ""
    by_hand: bool = True
    entries: list[Entry] = Field(min_length=1)
    writers: list[str] = []
    signers: list[str] = []
    check: list[Named] = []
    similar: bool = False
    repeats: bool = False


class Weight(Named):
    """What makes a case worth learning from: `when` over what is known of it, and how many points it then counts."""

    when: Condition
    points: int = Field(ge=1, le=100)


class Monthly(Part):
    """Which ended cases of a month everybody learns from (M94): the paper asked for each, how many, and what counts for them."""

    paper: str
    at_least: int = Field(default=3, ge=1, le=50)
    at_most: int = Field(default=5, ge=1, le=50)
    weights: list[Weight] = Field(min_length=1)


class Quarterly(Part):
    """The workshop on the matter that the ended cases of a quarter weigh most in, by the weights of `monthly` (M94).

    Its paper is asked for in the hours of the calendar `begins`, so that its clock does not start on a holiday; it
    names at most so many cases of the matter.
    """

    paper: str
    begins: str = "always"
    at_most: int = Field(default=12, ge=1, le=50)


class Papers(Part):
    """papers.toml."""

    similar_within: Seconds = 90 * 86400
    papers: list[Paper] = []
    monthly: Monthly | None = None
    quarterly: Quarterly | None = None

    @model_validator(mode="after")
    def _has_the_papers_of_spans(self) -> Papers:
        known = {paper.code for paper in self.papers}
        for name, rule in (("monthly", self.monthly), ("quarterly", self.quarterly)):
            if rule and rule.paper not in known:
                raise ValueError(f"papers.toml: {name}.paper: expected one of the papers, not {rule.paper!r}")
        if self.quarterly and not self.monthly:
            raise ValueError("papers.toml: quarterly: expected [monthly] too, whose weights count for it")
        if self.monthly and self.monthly.at_least > self.monthly.at_most:
            raise ValueError("papers.toml: monthly: expected at_least of at most at_most")
        return self


class Grade(Named):
    within: Seconds
    plan: Text


class ComplaintGrade(Grade):
    """One grade of a complaint (M35): within which time, with which means; `when` says which complaints are of it."""

    code: Literal["ordinary", "urgent", "crisis"]
    when: Condition = ""


class ComplaintClass(Named):
    """One class of a complaint by its subject (M38: A is food safety); with `rectify` the ERP is told to order it."""

    when: Condition
    rectify: bool = False


class Level(Named):
    """One level of authority (M42): an amount above which it decides, a condition for it, and one that only suggests it."""

    code: Literal["store", "region", "headquarters"]
    above_fen: int | None = None
    when: Condition = ""
    suggest_when: Condition = ""


class OverdueWarning(Named):
    """One level of the ladder (M40): how long after the due instant who is told, and whether they must explain."""

    after: Seconds
    tells: Literal["handler", "supervisor", "executive"]
    explain: bool = False


class Quiet(Part):
    """Hours in which people are not told of what can wait; `except_for` names the urgencies that can't."""

    begins: str = Field(default="22:00", pattern=r"^\d\d:\d\d$")
    ends: str = Field(default="07:00", pattern=r"^\d\d:\d\d$")
    except_for: list[Urgency] = ["urgent", "critical"]


class EmergencyTeam(Named):
    """A team for one type of emergency (M47): which requests it is formed for by itself, who is called, and what it must do.

    `roles`: of each of them whoever is on duty is called; the first of `lead` leads. How long a step may take is said by
    the clock `emergency_step` of clocks.toml, by the code of the step.
    """

    when: Condition = ""
    by_hand: bool = True
    lead: str
    roles: list[str] = []
    steps: list[Named] = Field(min_length=1)


class Governance(Part):
    """governance.toml: the four meanings of 三级, kept in four separate tables (checklist 13)."""

    complaint_grades: list[ComplaintGrade]
    complaint_classes: list[ComplaintClass] = []
    authority_levels: list[Level]
    group_within: Seconds = 72 * 3600
    group_alike: int = Field(default=35, ge=1, le=100)
    overdue_warnings: list[OverdueWarning]
    quiet: Quiet = Quiet()
    emergency_levels: list[Grade]
    emergency_teams: list[EmergencyTeam] = []
