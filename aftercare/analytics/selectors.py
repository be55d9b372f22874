"""Read the month's statistics (SA-DA-006): any month, unit and category; each number with its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.people.rules import Actor
from aftercare.people.selectors import unit_for, units_below, zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.products.rules import months_later
from aftercare.refusals import Invalid, NotFound

from .measures import MEASURES, SECTIONS, Measure, Period, Value, late_problems, read_measures, rounded


@dataclass(frozen=True)
class Line:
    """One line of the form: the measure, this month, last month, and the verdict against the target."""

    measure: Measure
    value: Value
    before: Value
    target: str
    verdict: str

    @property
    def change(self) -> float | None:
        if self.value.value is None or self.before.value is None:
            return None
        digits = self.measure.digits
        return rounded(rounded(self.value.value, digits) - rounded(self.before.value, digits), digits)


@dataclass(frozen=True)
class Report:
    """SA-DA-006 of one month."""

    month: date
    period: Period
    unit_name: str
    lines: list[Line]
    problems: list[dict[str, Any]]
    delayed: int
    due_on: date
    advice: list[str]

    def sections(self) -> list[tuple[str, list[Line]]]:
        return [
            (str(title), [ln for ln in self.lines if ln.measure.section == code])
            for code, title in SECTIONS.items()
        ]


def month_of(text: str) -> date:
    """Read a month written `2024-05`."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise Invalid(_("this is not a month"), where="month", expected="2024-05") from error


def monthly_report(actor: Actor, month: date, *, unit_id: int | None = None, category: str = "") -> Report:
    """Compute the form for a month within the reader's reach; averages are sums ÷ counts of system records."""
    period, name, zone_unit = _period(actor, month, unit_id, category)
    earlier, _name, _unit = _period(actor, months_later(month, -1), unit_id, category)
    rules = policy_for(zone_unit).pack.report
    lines = []
    now, then = read_measures(period, earlier)
    for measure in MEASURES:
        value, before = now[measure.code], then[measure.code]
        lines.append(Line(measure, value, before, *_judged(measure, value, rules.targets.get(measure.code))))
    problems, delayed = late_problems(period)
    due_on = months_later(month, 1).replace(day=rules.due_day)
    return Report(month, period, name, lines, problems, delayed, due_on, _advice(lines, problems))


def rows_behind(
    actor: Actor, code: str, month: date, *, unit_id: int | None = None, category: str = ""
) -> tuple[Measure, QuerySet[Any]]:
    """Give the rows that one number of the form counts."""
    measure = next((m for m in MEASURES if m.code == code), None)
    if measure is None:
        raise NotFound()
    period, _name, _unit = _period(actor, month, unit_id, category)
    return measure, measure.rows.of(period).order_by("id")


def _period(actor: Actor, month: date, unit_id: int | None, category: str) -> tuple[Period, str, int | None]:
    require(actor, "read_report")
    units, name = actor.units, ""
    if unit_id:
        unit = unit_for(actor, unit_id)
        below = units_below(unit)
        units, name = below if actor.units is None else below & actor.units, unit.name
    zone = ZoneInfo(zone_of(unit_id or actor.unit_id or 0))
    first, last = month.replace(day=1), months_later(month.replace(day=1), 1)
    start = datetime(first.year, first.month, 1, tzinfo=zone)
    return Period(start, datetime(last.year, last.month, 1, tzinfo=zone), units, category), name, unit_id


def _judged(measure: Measure, value: Value, target: Any) -> tuple[str, str]:
    if target is None or (target.at_most is None and target.at_least is None):
        return "", ""
    text = f"≤ {target.at_most:g}" if target.at_most is not None else f"≥ {target.at_least:g}"
    if value.value is None:
        return text, ""
    shown = rounded(value.value, measure.digits)
    good = shown <= target.at_most if target.at_most is not None else shown >= target.at_least
    return text, "ok" if good else "over"


def _advice(lines: list[Line], problems: list[dict[str, Any]]) -> list[str]:
    """Say, concretely, what to look at: the targets missed and the clock that delayed most."""
    advice = [
        _("%(title)s is %(value)s %(unit)s, target %(target)s: look at the rows behind it")
        % {"title": line.measure.title, "value": rounded(line.value.value or 0, line.measure.digits),
           "unit": line.measure.unit, "target": line.target}
        for line in lines
        if line.verdict == "over"
    ]  # fmt: skip
    if problems:
        worst = problems[0]
        advice.append(
            _("%(n)d requests missed “%(clock)s”: plan more people for that step")
            % {
                "n": worst["cases"],
                "clock": worst["title_en" if (get_language() or "").startswith("en") else "title_zh"],
            }
        )
    return advice
