"""SA-DA-006 equals an independent computation over the same rows, and exports neutralise formulas."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest

from aftercare.analytics.exporting import as_csv, as_xlsx, report_table, safe_cell
from aftercare.analytics.measures import MEASURES, rounded
from aftercare.analytics.selectors import month_of, monthly_report, rows_behind
from aftercare.config.schedule import run_due
from aftercare.demo.service_day import run_demo
from aftercare.followup.models import Recovery, Survey
from aftercare.intake.models import Request
from aftercare.people.models import Unit
from aftercare.people.rules import MACHINE
from aftercare.refusals import Invalid
from aftercare.visits.models import Appointment, Visit
from aftercare.workorders.models import WorkOrder

END = datetime(2024, 5, 21, 4, 0, tzinfo=UTC)
MAY = date(2024, 5, 1)
SHANGHAI = timedelta(hours=8)


@pytest.fixture
def lived_day(transactional_db):
    last = {}
    return run_demo(
        "appliance",
        at=END,
        requests=40,
        run_schedule=lambda at: run_due(last, at=at),
        progress=lambda *_: None,
    )


def same(value, wanted) -> bool:
    return value is wanted if wanted is None else value == pytest.approx(wanted, rel=1e-9)


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else None


def expected(units=None) -> dict[str, float | None]:
    """Compute every measure again, row by row, in plain Python."""
    start, end = datetime(2024, 5, 1, tzinfo=UTC) - SHANGHAI, datetime(2024, 6, 1, tzinfo=UTC) - SHANGHAI

    def inside(at):
        return at is not None and start <= at < end

    def here(row):
        return units is None or row.unit_id in units

    requests = [r for r in Request.objects.all() if inside(r.received_at) and here(r)]
    orders = [o for o in WorkOrder.objects.select_related("request") if here(o)]
    opened = [o for o in orders if inside(o.opened_at)]
    done = [o for o in orders if inside(o.completed_at)]
    kept = [a for a in Appointment.objects.filter(state="kept") if inside(a.starts_at) and here(a)]
    surveys = [s for s in Survey.objects.all() if here(s)]
    arrivals = {v.appointment_id: v.arrived_at for v in Visit.objects.all()}
    counted = [o for o in opened if o.state != "cancelled"]
    every = [o for o in WorkOrder.objects.select_related("request") if o.state == "completed"]

    def again(order):
        return order.request.product_model and any(
            o.pk != order.pk and o.request.customer_id == order.request.customer_id
            and o.request.product_model == order.request.product_model
            and timedelta(0) < order.completed_at - o.completed_at <= timedelta(days=30) for o in every
        )  # fmt: skip

    asked = [s for s in surveys if inside(s.opened_at)]
    return {
        "response_minutes": mean((r.planned_at - r.received_at).total_seconds() / 60 for r in requests if r.planned_at),
        "arrival_hours": mean((o.arrived_at - o.opened_at).total_seconds() / 3600 for o in opened if o.arrived_at),
        "completion_rate": mean(100.0 * (o.state == "completed") for o in counted),
        "on_time_rate": mean(100.0 * (arrivals[a.pk] <= a.ends_at) for a in kept),
        "first_time_fix_rate": mean(100.0 * (o.visits == 1) for o in done),
        "repeat_rate": mean(100.0 * bool(again(o)) for o in done),
        "satisfaction": mean(s.overall for s in surveys if s.state == "answered" and inside(s.answered_at)),
        "followup_coverage": mean(100.0 * (s.state == "answered") for s in asked),
        "parts_cost": mean(o.parts_cost_fen / 100 for o in done),
        "visit_cost": mean(45.20 * o.visits for o in done),
        "complaint_cost": mean(120.50 for r in Recovery.objects.all() if inside(r.opened_at) and here(r)),
    }  # fmt: skip


def test_every_measure_equals_the_independent_computation(lived_day):
    report = monthly_report(MACHINE, MAY)
    wanted = expected()
    assert {line.measure.code for line in report.lines} == set(wanted)
    for line in report.lines:
        assert same(line.value.value, wanted[line.measure.code]), line.measure.code
    assert report.due_on == date(2024, 6, 5)
    for line in monthly_report(MACHINE, date(2024, 6, 1)).lines:
        assert line.value.value is None
        assert same(line.before.value, wanted[line.measure.code]), "the month before, read in the same query"
    store = Unit.objects.filter(kind="store").first()
    narrowed = expected({store.pk})
    for line in monthly_report(MACHINE, MAY, unit_id=store.pk).lines:
        assert same(line.value.value, narrowed[line.measure.code]), line.measure.code
    for measure in MEASURES:
        _measure, rows = rows_behind(MACHINE, measure.code, MAY)
        assert rows.count() == next(ln.value.count for ln in report.lines if ln.measure.code == measure.code)
    table = report_table(report)
    assert list(csv.reader(io.StringIO(as_csv(table).decode("utf-8-sig"))))[2][0] == str(
        report.lines[0].measure.title
    )
    assert openpyxl.load_workbook(io.BytesIO(as_xlsx(table, "x"))).active.max_row == len(table)


@pytest.mark.django_db
def test_an_empty_month_has_no_values_and_no_error(cast):
    assert all(line.value.value is None for line in monthly_report(MACHINE, date(2001, 1, 1)).lines)


@pytest.mark.parametrize("text", ["", "2024", "2024-13", "May"])
def test_a_wrong_month_is_refused(text):
    with pytest.raises(Invalid):
        month_of(text)


def test_halves_are_rounded_as_the_page_shows_them():
    assert [rounded(value, 1) for value in (91.25, 91.35, 0.05, -0.25, 3.0)] == [91.3, 91.4, 0.1, -0.3, 3.0]
    assert rounded(0.125, 2) == 0.13


@pytest.mark.parametrize("text", ["=1+1", "+86", "-x", "@sum", "\tx", "\rx"])
def test_formulas_are_neutralised(text):
    assert safe_cell(text) == f"'{text}"
    assert safe_cell(-5) == -5
