"""Map the columns of a foreign file to SA-CR-001, as a mapping file says."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError

from aftercare.refusals import Invalid, Problem

from .form import RequestForm

FIELDS = (
    "name", "phone", "email", "address", "lat", "lon", "product_model", "serial", "purchased_on", "category", "kind",
    "description", "urgency", "emotion", "remark", "external_ref", "received_at", "responded_at", "closed_at",
)  # fmt: skip
_TIMES = ("received_at", "responded_at", "closed_at")


class Mapping(BaseModel):
    """A mapping file: which column feeds which field, fixed values, and how dates and choices are written."""

    model_config = ConfigDict(extra="forbid")
    columns: dict[str, str | list[str]]
    fixed: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    date_formats: list[str] = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d",
        "%Y/%m/%d",
    ]
    formats: dict[str, str] = {}
    zone: str = "Asia/Shanghai"
    encoding: str = "utf-8-sig"
    history: bool = False
    needs_contact: bool = True
    strict_writing: bool = False
    skip_repeats: bool = False
    dates_checked: bool = False
    latest: list[str] = []
    empty: list[str] = []


def parse_mapping(text: str, *, where: str) -> Mapping:
    """Read a mapping file (TOML). Refuses unknown keys and fields that SA-CR-001 does not have."""
    try:
        mapping = Mapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{where}: {error}", where=where, expected="TOML") from error
    except ValidationError as error:
        problems = [Problem(f"{where}: {'.'.join(map(str, e['loc']))}", e["msg"]) for e in error.errors()]
        raise Invalid(_("the mapping can't be used"), problems) from error
    named = (*mapping.columns, *mapping.fixed, *mapping.values, *mapping.formats)
    unknown = [name for name in named if name not in FIELDS]
    if unknown:
        raise Invalid(
            _("unknown field: %(names)s") % {"names": ", ".join(unknown)},
            where=where,
            expected=", ".join(FIELDS),
        )
    return mapping


def dated_columns(mapping: Mapping) -> dict[str, list[str]]:
    """Give the columns that hold dates, with the formats they are read by."""
    found = {}
    for name in (*_TIMES, "purchased_on"):
        source = mapping.columns.get(name)
        if isinstance(source, str):
            found[source] = [mapping.formats[name]] if name in mapping.formats else mapping.date_formats
    return found


def map_row(row: dict[str, str], mapping: Mapping) -> tuple[RequestForm | None, list[Problem]]:
    """Make a form of one row; the problems say which column holds what, and what was expected."""
    got: dict[str, Any] = dict(mapping.fixed)
    problems: list[Problem] = []
    for name, source in mapping.columns.items():
        columns = [source] if isinstance(source, str) else source
        missing = [c for c in columns if c not in row]
        if missing:
            problems.append(Problem(name, _("no column %(name)s") % {"name": missing[0]}, ", ".join(row)))
            continue
        raw = " ".join(
            row[c].strip() for c in columns if row[c] and row[c].strip() not in ("", *mapping.empty)
        )
        if name in mapping.values:
            table = mapping.values[name]
            if raw not in table and "*" not in table:
                problems.append(Problem(name, f"“{raw}”", ", ".join(table)))
                continue
            raw = table.get(raw, table.get("*", ""))
        if raw or name not in got:
            got[name] = raw
    for name in ("lat", "lon"):
        got[name] = _number(name, got.get(name), problems)
    for name in _TIMES:
        got[name] = _instant(name, got.get(name), mapping, problems)
    bought = _instant("purchased_on", got.get("purchased_on"), mapping, problems)
    got["purchased_on"] = bought.date() if bought else None
    history = {name: got.pop(name) for name in _TIMES if got.get(name)}
    got = {k: v for k, v in got.items() if k not in _TIMES}
    problems += _order_problems(history)
    if problems:
        return None, problems
    if not mapping.history:
        history = {}
    form = RequestForm(
        **{"kind": "inquiry", "description": "", **got}, channels=("import",), history=history,
        strict_writing=mapping.strict_writing, needs_contact=mapping.needs_contact,
    )  # fmt: skip
    return form, []


def _order_problems(history: dict[str, datetime]) -> list[Problem]:
    opened = history.get("received_at")
    return [
        Problem(name, _("%(at)s is before the request came in") % {"at": at}, f"≥ {opened}")
        for name, at in history.items()
        if opened and at < opened
    ]


def _number(name: str, raw: Any, problems: list[Problem]) -> float | None:
    if raw in (None, ""):
        return None
    try:
        return float(raw)
    except ValueError:
        problems.append(Problem(name, f"“{raw}”", _("a number")))
        return None


def _instant(name: str, raw: Any, mapping: Mapping, problems: list[Problem]) -> datetime | None:
    if not raw or isinstance(raw, date):
        return None
    written_in = [mapping.formats[name]] if name in mapping.formats else mapping.date_formats
    for written in written_in:
        try:
            found = datetime.strptime(raw, written)  # noqa: DTZ007 - the zone is set below
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(mapping.zone))
    problems.append(Problem(name, f"“{raw}”", _("a date such as %(form)s") % {"form": written_in[0]}))
    return None
