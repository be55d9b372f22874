"""Write the form as CSV and XLSX; cells that a spreadsheet would run as formulas are neutralised (A16)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from .measures import rounded
from .selectors import Report

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> Any:
    """Give a value that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def report_table(report: Report) -> list[list[Any]]:
    """Give the form as rows: a heading, then measure, value, unit, target, last month, change, sum, count."""
    rows: list[list[Any]] = [
        [
            _("Measure"),
            _("This month"),
            _("Unit"),
            _("Target"),
            _("Last month"),
            _("Change"),
            _("Sum"),
            _("Count"),
        ]
    ]
    for title, lines in report.sections():
        rows.append([title])
        rows += [
            [str(line.measure.title), _rounded(line.value.value, line.measure.digits), str(line.measure.unit), line.target,
             _rounded(line.before.value, line.measure.digits), line.change, round(line.value.total, 2), line.value.count]
            for line in lines
        ]  # fmt: skip
    rows.append([_("Problems that delayed most")])
    rows += [
        [problem["title_zh"], problem["cases"], "", "", "", f"{problem['share']} %"]
        for problem in report.problems
    ]
    rows.append([_("Suggestions")])
    rows += [[text] for text in report.advice]
    return rows


def as_csv(rows: Iterable[list[Any]]) -> bytes:
    """Write rows as CSV that spreadsheets open as UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[safe_cell(cell) for cell in row] for row in rows])
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(rows: Iterable[list[Any]], title: str) -> bytes:
    """Write rows as an XLSX workbook with one sheet."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in rows:
        sheet.append([safe_cell(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rounded(value: float | None, digits: int) -> float | str:
    return "" if value is None else rounded(value, digits)
