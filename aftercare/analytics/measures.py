"""Every measure of SA-DA-006, defined once: which rows, which numerator, which denominator, which unit (M126)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, Model, Q, QuerySet, Sum, When
from django.utils.translation import gettext_lazy as _

from aftercare.compiled import Limit, compiled
from aftercare.followup.models import Recovery, Survey
from aftercare.intake.models import Request
from aftercare.policies.selectors import policy_for
from aftercare.sla.models import Clock
from aftercare.visits.models import Appointment
from aftercare.workorders.models import WorkOrder


@dataclass(frozen=True)
class Period:
    """A span of time and, optionally, the units and the category it is narrowed to."""

    start: datetime
    end: datetime
    units: frozenset[int] | None = None
    category: str = ""

    @property
    def last(self) -> datetime:
        """The last instant that counts: the end itself does not."""
        return self.end - timedelta(microseconds=1)


@dataclass(frozen=True)
class Value:
    """A measured value with the sum and the count it is made of; None when there is nothing to measure."""

    value: float | None
    total: float
    count: int


@dataclass(frozen=True)
class Rows:
    """The rows that a measure counts: those of a table whose instant `at` lies in a period, as far as `only` fits."""

    table: type[Model]
    at: str
    only: Q
    category: str = "category"

    def of(self, period: Period) -> QuerySet[Any]:
        return self.whole(period).filter(self.only)

    def whole(self, period: Period) -> QuerySet[Any]:
        """Give all rows of a period, also those that do not count."""
        rows = self.table._default_manager.filter(self.within(period))
        if period.units is not None:
            rows = rows.filter(unit_id__in=period.units)
        if period.category:
            rows = rows.filter(**{self.category: period.category})
        return rows

    def within(self, period: Period) -> Q:
        return Q((f"{self.at}__gte", period.start), (f"{self.at}__lt", period.end))


@dataclass(frozen=True)
class Making:
    """How rows make a value: what the database sums and counts of those that count, and how it makes their sum and count."""

    aggregates: Callable[[Q], dict[str, Any]]
    finish: Callable[[dict[str, Any]], tuple[float, int]]


@dataclass(frozen=True)
class Measure:
    """One measure: its rows in a period, and how they make a value."""

    code: str
    section: str
    title: Any
    unit: Any
    digits: int
    higher_is_better: bool | None
    rows: Rows
    makes: Making
    definition: Any


def rounded(value: float, digits: int) -> float:
    """Round halves away from zero, as pages and people do; 91.25 is 91.3."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def read_measures(*periods: Period) -> list[dict[str, Value]]:
    """Read every measure of periods that narrow to the same units and category: what counts by one instant in one query."""
    start, end = min(one.start for one in periods), max(one.end for one in periods)
    instants = [instant for one in periods for instant in (one.start, one.end)]
    values: list[dict[str, Value]] = [{} for _one in periods]
    for measures, totals in _counted_alike():
        found = totals(periods[0].units, periods[0].category, start, end, *instants)
        by_period = {row["period"]: row for row in found}
        for n, mine in enumerate(values):
            for measure in measures:
                mine[measure.code] = _value(measure, by_period.get(n))
    return values


@cache
def _counted_alike() -> list[tuple[list[Measure], Callable[..., list[dict[str, Any]]]]]:
    """Give the measures that count by the same instant of the same table, each with the query of their totals."""
    alike: dict[tuple[type[Model], str], list[Measure]] = {}
    for measure in MEASURES:
        alike.setdefault((measure.rows.table, measure.rows.at), []).append(measure)
    return [(measures, _totals(measures)) for measures in alike.values()]


def _totals(measures: list[Measure]) -> Callable[..., list[dict[str, Any]]]:
    @compiled
    def totals(
        units: frozenset[int] | None, category: str, start: datetime, end: datetime, *instants: datetime
    ) -> QuerySet[Any, Any]:
        rows = measures[0].rows
        spans = zip(instants[::2], instants[1::2], strict=True)
        which = Case(*(When(rows.within(Period(*span)), then=n) for n, span in enumerate(spans)))
        wanted = {
            f"{m.code}__{name}": what
            for m in measures
            for name, what in m.makes.aggregates(m.rows.only).items()
        }
        whole = rows.whole(Period(start, end, units, category)).order_by()
        totals: QuerySet[Any, Any] = whole.values(period=which).annotate(**wanted)
        return totals

    return totals


def _value(measure: Measure, found: dict[str, Any] | None) -> Value:
    if found is None:
        return Value(None, 0.0, 0)
    names = measure.makes.aggregates(measure.rows.only)
    total, count = measure.makes.finish({name: found[f"{measure.code}__{name}"] for name in names})
    return Value(total / count if count else None, total, count)


_ANSWERED_REQUESTS = Rows(Request, "received_at", Q(planned_at__isnull=False))
_ARRIVED_ORDERS = Rows(WorkOrder, "opened_at", Q(arrived_at__isnull=False))
_OPENED_ORDERS = Rows(WorkOrder, "opened_at", ~Q(state="cancelled"))
_COMPLETED_ORDERS = Rows(WorkOrder, "completed_at", Q())
_ANSWERED_SURVEYS = Rows(Survey, "answered_at", Q(state="answered"), category="order__category")
_OPENED_SURVEYS = Rows(Survey, "opened_at", Q(), category="order__category")
_KEPT_APPOINTMENTS = Rows(Appointment, "starts_at", Q(state="kept"), category="order__category")
_RECOVERIES = Rows(Recovery, "opened_at", Q(), category="order__category")


def _mean_seconds(start: str, end: str, per: int) -> Making:
    span = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    return Making(
        lambda only: {"total": Sum(span, filter=only), "n": Count("id", filter=only)},
        lambda found: (found["total"].total_seconds() / per if found["total"] else 0.0, found["n"]),
    )


def _share(good: Q) -> Making:
    return Making(
        lambda only: {"good": Count("id", filter=only & good), "n": Count("id", filter=only)},
        lambda found: (100.0 * found["good"], found["n"]),
    )


def _mean(expression: str, divide_by: int = 1) -> Making:
    return Making(
        lambda only: {"total": Sum(expression, filter=only), "n": Count("id", filter=only)},
        lambda found: (float(Decimal(found["total"] or 0) / divide_by), found["n"]),
    )


def _on_time() -> Making:
    good = Q(visit__arrived_at__lte=F("ends_at"))
    return Making(
        lambda only: {
            "good": Count("id", filter=only & good, distinct=True),
            "n": Count("id", filter=only, distinct=True),
        },
        lambda found: (100.0 * found["good"], found["n"]),
    )


def _costing(times: str, rate: str) -> Making:
    """Multiply the rows (or their column `times`) by the pack's rate in fen."""
    return Making(
        lambda only: {
            "times": Sum(times, filter=only) if times else Count("id", filter=only),
            "n": Count("id", filter=only),
        },
        lambda found: (getattr(policy_for().pack.report, rate) * (found["times"] or 0) / 100, found["n"]),
    )


MEASURES: tuple[Measure, ...] = (
    Measure("response_minutes", "efficiency", _("Mean response time"), _("min"), 1, False, _ANSWERED_REQUESTS,
            _mean_seconds("received_at", "planned_at", 60),
            _("from receipt to the plan told to the customer; requests received in the period")),
    Measure("arrival_hours", "efficiency", _("Mean time to arrival"), _("h"), 1, False, _ARRIVED_ORDERS,
            _mean_seconds("opened_at", "arrived_at", 3600),
            _("from the work order to the engineer's arrival; orders opened in the period")),
    Measure("completion_rate", "efficiency", _("Completion rate"), "%", 1, True, _OPENED_ORDERS,
            _share(Q(state="completed")), _("completed orders among those opened in the period and not cancelled")),
    Measure("on_time_rate", "efficiency", _("On-time arrival"), "%", 1, True, _KEPT_APPOINTMENTS, _on_time(),
            _("arrivals before the end of the promised window among kept appointments")),
    Measure("first_time_fix_rate", "quality", _("First-time fix rate"), "%", 1, True, _COMPLETED_ORDERS,
            _share(Q(visits=1)), _("orders completed with one visit among those completed in the period")),
    Measure("repeat_rate", "quality", _("Repeat repair rate"), "%", 1, False, _COMPLETED_ORDERS, _share(Q(is_repeat=True)),
            _("completed orders whose product was repaired within the 30 days before")),
    Measure("satisfaction", "quality", _("Mean satisfaction"), _("of 5"), 2, True, _ANSWERED_SURVEYS,
            _mean("overall"), _("mean of the overall score of surveys answered in the period")),
    Measure("followup_coverage", "quality", _("Follow-up coverage"), "%", 1, True, _OPENED_SURVEYS,
            _share(Q(state="answered")), _("answered surveys among those opened in the period")),
    Measure("parts_cost", "cost", _("Mean cost of parts"), _("yuan an order"), 1, False, _COMPLETED_ORDERS,
            _mean("parts_cost_fen", 100), _("cost of the parts used, over orders completed in the period")),
    Measure("visit_cost", "cost", _("Mean cost of visits"), _("yuan an order"), 1, False, _COMPLETED_ORDERS,
            _costing("visits", "visit_cost_fen"), _("visits × the pack's cost of a visit, over orders completed in the period")),
    Measure("complaint_cost", "cost", _("Mean cost of complaints"), _("yuan a case"), 1, False, _RECOVERIES,
            _costing("", "complaint_cost_fen"), _("the pack's cost of handling a complaint, over recoveries opened in the period")),
)  # fmt: skip

SECTIONS = {"efficiency": _("Service efficiency"), "quality": _("Service quality"), "cost": _("Cost")}


def late_problems(period: Period, *, top: int = 3) -> tuple[list[dict[str, Any]], int]:
    """Give the kinds of problem that delayed most orders: category and missed clock, with their share (问题 Top3)."""
    narrowed = period.start, period.end, period.units, period.category
    delayed = _delayed.count(*narrowed)
    rows = _problems(Limit(top), *narrowed)
    return [{**row, "share": round(100 * row["cases"] / delayed) if delayed else 0} for row in rows], delayed


@compiled
def _delayed(*narrowed: Any) -> QuerySet[Clock, Any]:
    return _breached(*narrowed).values("case_id").distinct()


@compiled
def _problems(top: Limit, *narrowed: Any) -> QuerySet[Clock, Any]:
    rows = _breached(*narrowed).values("code", "title_zh", "title_en")
    return rows.annotate(cases=Count("case_id", distinct=True)).order_by("-cases", "code")[:top]


def _breached(start: datetime, end: datetime, units: frozenset[int] | None, category: str) -> QuerySet[Clock]:
    clocks = Clock.objects.filter(started_at__gte=start, started_at__lt=end, breached_at__isnull=False)
    if units is not None:
        clocks = clocks.filter(unit_id__in=units)
    if category:
        clocks = clocks.filter(case_id__in=Request.objects.filter(category=category).values("id"))
    return clocks
