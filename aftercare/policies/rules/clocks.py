"""The shape of clocks.toml and calendars.toml: which clocks run, how long, and in which hours."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from .parts import Condition, Named, Part, Seconds, Text, Urgency

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OPENING = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def opening_span(written: str) -> tuple[int, int]:
    """Read `08:00-20:00` as minutes after midnight; what ends at or before its start ends on the next day."""
    found = _OPENING.fullmatch(written.strip())
    if not found:
        raise ValueError("expected hours such as 08:00-20:00 or 22:00-06:00")
    opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if opens >= 1440 or closes > 1440:
        raise ValueError("expected hours between 00:00 and 24:00")
    return opens, closes if closes > opens else closes + 1440


def _checked(written: object) -> object:
    if isinstance(written, str):
        opening_span(written)
    return written


Opening = Annotated[str, BeforeValidator(_checked)]


class Clock(Named):
    """One clock: which facts start, stop, pause and cancel it, and how long it may run (M36)."""

    per: Literal["request", "work_order", "subject"]
    starts: list[str] = Field(min_length=1)
    stops: list[str] = Field(min_length=1)
    cancels: list[str] = []
    pauses: list[str] = []
    resumes: list[str] = []
    when: Condition = ""
    runs_for: Seconds | None = Field(default=None, alias="for")
    by_urgency: dict[Urgency, Seconds] = {}
    by_kind: dict[str, Seconds] = {}
    by_category: dict[str, Seconds] = {}
    restarts: list[str] = []
    calendar: str = "always"
    calendar_by_urgency: dict[Urgency, str] = {}
    ladder: bool = False
    warn_at: list[Annotated[int, Field(ge=1, le=99)]] = []
    role: str = ""
    next_step: Text

    @model_validator(mode="after")
    def _has_target(self) -> Clock:
        if self.runs_for is None and set(self.by_urgency) != {"normal", "urgent", "critical"}:
            raise ValueError("expected `for`, or by_urgency with normal, urgent and critical")
        return self

    def calendar_for(self, urgency: str) -> str:
        """Name the calendar in whose hours this clock runs for such an urgency."""
        return self.calendar_by_urgency.get(urgency, self.calendar)  # type: ignore[call-overload, no-any-return]

    def target(self, *, urgency: str, kind: str, category: str) -> tuple[int, str]:
        """Give the seconds this clock may run for such a case, and the key of the pack that says so."""
        if category in self.by_category:
            return self.by_category[category], f"by_category.{category}"
        if kind in self.by_kind:
            return self.by_kind[kind], f"by_kind.{kind}"
        if urgency in self.by_urgency:
            return self.by_urgency[urgency], f"by_urgency.{urgency}"  # type: ignore[index]
        return self.runs_for or self.by_urgency["normal"], "for"


class Hours(Named):
    """A calendar: hours of each weekday (`08:00-20:00`, several a day, `22:00-06:00` over midnight).

    `holidays` are the hours of statutory holidays, `makeup` of weekend days worked in exchange; left out, the weekday
    decides. `days` are the hours of single dates. With `unit_hours` a unit's own hours go before `weekly`.
    """

    weekly: dict[Weekday, list[Opening]]
    holidays: list[Opening] | None = None
    makeup: list[Opening] | None = None
    days: dict[date, list[Opening]] = {}
    unit_hours: bool = False

    def spans(self, openings: list[str]) -> tuple[tuple[int, int], ...]:
        """Give openings as minutes after midnight; what ends at or before its start ends on the next day."""
        return tuple(sorted(opening_span(opening) for opening in openings))


class Calendars(Part):
    """calendars.toml: working time (M36), and holidays of years that the library does not know yet."""

    calendars: list[Hours] = []
    off: list[date] = []
    worked: list[date] = []


class PauseReason(Named):
    """Why a work order's clocks may stand still, and for how long at most."""

    at_most: Seconds


class Clocks(Part):
    clocks: list[Clock]
    pause_reasons: list[PauseReason]
