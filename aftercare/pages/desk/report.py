"""SA-DA-006: the month on screen, on paper, as a file; and the rows behind every number."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from aftercare.analytics.exporting import as_csv, as_xlsx, report_table
from aftercare.analytics.selectors import Report, month_of, monthly_report, rows_behind
from aftercare.people.rules import Actor
from aftercare.people.selectors import root_unit, units_for
from aftercare.policies.selectors import policy_for
from aftercare.products.rules import months_later

from ..documents import can_make_pdf, pdf_of
from ..doors import actor, now, number_in, page
from ..templatetags.show import _local
from .forms import qr, qr_data

SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@page("read_report")
def report_page(request: HttpRequest) -> HttpResponse:
    """SA-DA-006 of any month, unit and category, on screen; also as CSV and XLSX."""
    who = actor(request)
    month, unit, category, report = _asked(request, who)
    form = request.GET.get("as", "")
    if form in ("csv", "xlsx"):
        table = report_table(report)
        body = as_csv(table) if form == "csv" else as_xlsx(table, f"SA-DA-006 {month:%Y-%m}")
        answer = HttpResponse(body, content_type="text/csv; charset=utf-8" if form == "csv" else SHEETS)
        answer.headers["Content-Disposition"] = f'attachment; filename="SA-DA-006-{month:%Y-%m}.{form}"'
        return answer
    units = list(units_for(who))
    return render(request, "desk/report.html", {
        "place": "report", "report": report, "month": f"{month:%Y-%m}", "before": f"{months_later(month, -1):%Y-%m}",
        "after": f"{months_later(month, 1):%Y-%m}", "unit": unit, "category": category, "company": _company(units),
        "units": [unit for unit in units if unit.kind in ("region", "store")], "at": now(),
        "categories": sorted(policy_for().pack.warranty.categories),
    })  # fmt: skip


@page("read_report")
def print_report(request: HttpRequest) -> HttpResponse:
    """SA-DA-006 as the form prints, always in Chinese; with `?as=pdf` as a file. The hash is that of its figures."""
    who = actor(request)
    with translation.override("zh-hans"):
        month, unit, category, report = _asked(request, who)
        back = f"month={month:%Y-%m}&unit={unit}&category={category}"
        address = request.build_absolute_uri(f"{reverse('report_page')}?{back}")
        values = {
            "report": report, "month": f"{month:%Y-%m}", "category": category, "company": _company(list(units_for(who))), "at": now(),
            "who": who.name, "pdf": can_make_pdf(), "back": back, "qr": qr_data(address),
            "digest": hashlib.sha256(as_csv(report_table(report))).hexdigest(),
        }  # fmt: skip
        if request.GET.get("as") != "pdf":
            return render(request, "print_da.html", values)
        picture = "/report/qr.png"
        return pdf_of(
            "print_da.html", {**values, "qr": picture}, name=f"SA-DA-006-{month:%Y-%m}", pictures={picture: qr(address)},
            request=request,
        )  # fmt: skip


@page("read_report")
def report_rows(request: HttpRequest, code: str) -> HttpResponse:
    """Show the rows that one number of the form counts."""
    month, unit = _month(request), _unit(request)
    measure, rows = rows_behind(
        actor(request), code, month, unit_id=int(unit) if unit else None, category=request.GET.get("category", ""),
    )  # fmt: skip
    after = number_in(request.GET.get("after", ""))
    if after is not None:
        rows = rows.filter(id__gt=after)
    shown = list(rows[:101])
    return render(request, "desk/report_rows.html", {
        "place": "report", "measure": measure, "rows": shown[:100], "month": f"{month:%Y-%m}",
        "next": shown[99].pk if len(shown) > 100 else None,
    })  # fmt: skip


def _asked(request: HttpRequest, who: Actor) -> tuple[date, str, str, Report]:
    month, unit, category = _month(request), _unit(request), request.GET.get("category", "")
    return (
        month,
        unit,
        category,
        monthly_report(who, month, unit_id=int(unit) if unit else None, category=category),
    )


def _month(request: HttpRequest) -> date:
    return month_of(request.GET.get("month") or f"{_local(now()):%Y-%m}")


def _unit(request: HttpRequest) -> str:
    text = request.GET.get("unit", "")
    return text if text.isdecimal() and len(text) < 18 else ""


def _company(units: list[Any]) -> Any:
    above = {u.pk: u for unit in units for u in (unit, unit.parent) if u is not None and u.parent_id is None}
    return next(iter(above.values()), None) or root_unit()
