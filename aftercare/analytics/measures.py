"""Every measure of SA-DA-006, defined once: which rows, which numerator, which denominator, which unit (M126)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

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
class Making:
    """How rows make a value: what the database sums and counts, and how these make the sum and the count it is made of."""

    aggregates: dict[str, Any]
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
    rows: Callable[[Period], QuerySet[Any]]
    makes: Making
    definition: Any


def read_measures(period: Period) -> dict[str, Value]:
    """Read every measure of a period: those that count the same rows in one query."""
    by_rows: dict[Callable[[Period], QuerySet[Any]], list[Measure]] = {}
    for measure in MEASURES:
        by_rows.setdefault(measure.rows, []).append(measure)
    values = {}
    for rows_of, measures in by_rows.items():
        wanted = {f"{m.code}__{name}": what for m in measures for name, what in m.makes.aggregates.items()}
        found = rows_of(period).order_by().aggregate(**wanted)
        for measure in measures:
            mine = {name: found[f"{measure.code}__{name}"] for name in measure.makes.aggregates}
            total, count = measure.makes.finish(mine)
            values[measure.code] = Value(total / count if count else None, total, count)
    return values


def _narrow(
    rows: QuerySet[Any], period: Period, *, unit: str = "unit_id", category: str = "category"
) -> QuerySet[Any]:
    if period.units is not None:
        rows = rows.filter(**{f"{unit}__in": period.units})
    if period.category:
        rows = rows.filter(**{category: period.category})
    return rows


def _answered_requests(period: Period) -> QuerySet[Any]:
    rows = Request.objects.filter(
        received_at__gte=period.start, received_at__lt=period.end, planned_at__isnull=False
    )
    return _narrow(rows, period)


def _arrived_orders(period: Period) -> QuerySet[Any]:
    rows = WorkOrder.objects.filter(
        opened_at__gte=period.start, opened_at__lt=period.end, arrived_at__isnull=False
    )
    return _narrow(rows, period)


def _opened_orders(period: Period) -> QuerySet[Any]:
    rows = WorkOrder.objects.filter(opened_at__gte=period.start, opened_at__lt=period.end).exclude(
        state="cancelled"
    )
    return _narrow(rows, period)


def _completed_orders(period: Period) -> QuerySet[Any]:
    return _narrow(
        WorkOrder.objects.filter(completed_at__gte=period.start, completed_at__lt=period.end), period
    )


def _answered_surveys(period: Period) -> QuerySet[Any]:
    rows = Survey.objects.filter(answered_at__gte=period.start, answered_at__lt=period.end, state="answered")
    return _narrow(rows, period, category="order__category")


def _opened_surveys(period: Period) -> QuerySet[Any]:
    rows = Survey.objects.filter(opened_at__gte=period.start, opened_at__lt=period.end)
    return _narrow(rows, period, category="order__category")


def _kept_appointments(period: Period) -> QuerySet[Any]:
    rows = Appointment.objects.filter(state="kept", starts_at__gte=period.start, starts_at__lt=period.end)
    return _narrow(rows, period, category="order__category")


def _recoveries(period: Period) -> QuerySet[Any]:
    rows = Recovery.objects.filter(opened_at__gte=period.start, opened_at__lt=period.end)
    return _narrow(rows, period, category="order__category")


def _mean_seconds(start: str, end: str, per: int) -> Making:
    span = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    return Making(
        {"total": Sum(span), "n": Count("id")},
        lambda found: (found["total"].total_seconds() / per if found["total"] else 0.0, found["n"]),
    )


def _share(good: Q) -> Making:
    return Making(
        {"good": Count("id", filter=good), "n": Count("id")},
        lambda found: (100.0 * found["good"], found["n"]),
    )


def _mean(expression: str, divide_by: int = 1) -> Making:
    return Making(
        {"total": Sum(expression), "n": Count("id")},
        lambda found: (float(Decimal(found["total"] or 0) / divide_by), found["n"]),
    )


def _on_time() -> Making:
    good = Q(visit__arrived_at__lte=F("ends_at"))
    return Making(
        {"good": Count("id", filter=good, distinct=True), "n": Count("id", distinct=True)},
        lambda found: (100.0 * found["good"], found["n"]),
    )


def _costing(times: str, rate: str) -> Making:
    """Multiply the rows (or their column `times`) by the pack's rate in fen."""
    return Making(
        {"times": Sum(times) if times else Count("id"), "n": Count("id")},
        lambda found: (getattr(policy_for().pack.report, rate) * (found["times"] or 0) / 100, found["n"]),
    )


MEASURES: tuple[Measure, ...] = (
    Measure("response_minutes", "efficiency", _("Mean response time"), _("min"), 1, False, _answered_requests,
            _mean_seconds("received_at", "planned_at", 60),
            _("from receipt to the plan told to the customer; requests received in the period")),
    Measure("arrival_hours", "efficiency", _("Mean time to arrival"), _("h"), 1, False, _arrived_orders,
            _mean_seconds("opened_at", "arrived_at", 3600),
            _("from the work order to the engineer's arrival; orders opened in the period")),
    Measure("completion_rate", "efficiency", _("Completion rate"), "%", 1, True, _opened_orders,
            _share(Q(state="completed")), _("completed orders among those opened in the period and not cancelled")),
    Measure("on_time_rate", "efficiency", _("On-time arrival"), "%", 1, True, _kept_appointments, _on_time(),
            _("arrivals before the end of the promised window among kept appointments")),
    Measure("first_time_fix_rate", "quality", _("First-time fix rate"), "%", 1, True, _completed_orders,
            _share(Q(visits=1)), _("orders completed with one visit among those completed in the period")),
    Measure("repeat_rate", "quality", _("Repeat repair rate"), "%", 1, False, _completed_orders, _share(Q(is_repeat=True)),
            _("completed orders whose product was repaired within the 30 days before")),
    Measure("satisfaction", "quality", _("Mean satisfaction"), _("of 5"), 2, True, _answered_surveys,
            _mean("overall"), _("mean of the overall score of surveys answered in the period")),
    Measure("followup_coverage", "quality", _("Follow-up coverage"), "%", 1, True, _opened_surveys,
            _share(Q(state="answered")), _("answered surveys among those opened in the period")),
    Measure("parts_cost", "cost", _("Mean cost of parts"), _("yuan an order"), 1, False, _completed_orders,
            _mean("parts_cost_fen", 100), _("cost of the parts used, over orders completed in the period")),
    Measure("visit_cost", "cost", _("Mean cost of visits"), _("yuan an order"), 1, False, _completed_orders,
            _costing("visits", "visit_cost_fen"), _("visits × the pack's cost of a visit, over orders completed in the period")),
    Measure("complaint_cost", "cost", _("Mean cost of complaints"), _("yuan a case"), 1, False, _recoveries,
            _costing("", "complaint_cost_fen"), _("the pack's cost of handling a complaint, over recoveries opened in the period")),
)  # fmt: skip

SECTIONS = {"efficiency": _("Service efficiency"), "quality": _("Service quality"), "cost": _("Cost")}


def late_problems(period: Period, *, top: int = 3) -> tuple[list[dict[str, Any]], int]:
    """Give the kinds of problem that delayed most orders: category and missed clock, with their share (问题 Top3)."""
    clocks = Clock.objects.filter(
        started_at__gte=period.start, started_at__lt=period.end, breached_at__isnull=False
    )
    if period.units is not None:
        clocks = clocks.filter(unit_id__in=period.units)
    if period.category:
        clocks = clocks.filter(case_id__in=Request.objects.filter(category=period.category).values("id"))
    delayed = clocks.values("case_id").distinct().count()
    rows = (
        clocks.values("code", "title_zh", "title_en")
        .annotate(cases=Count("case_id", distinct=True))
        .order_by("-cases", "code")[:top]
    )
    return [{**row, "share": round(100 * row["cases"] / delayed) if delayed else 0} for row in rows], delayed
