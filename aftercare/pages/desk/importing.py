"""Import files of requests: which column feeds which field, a trial, wrong rows mended in place."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.intake.rules import DATED, FIELDS, DateReading, parse_mapping, read_dates
from aftercare.intake.selectors import import_jobs_for, job_counts, raw_input_for, refused_inputs, sample_rows
from aftercare.intake.services import (
    correct_raw_input,
    discard_raw_input,
    guess_mapping,
    process_rows,
    remap_import,
    start_import,
)
from aftercare.people.selectors import unit_for, units_for
from aftercare.policies.selectors import policy_for
from aftercare.privacy.rules import masked_address, masked_name, masked_phone
from aftercare.refusals import Invalid, NotFound

from ..doors import actor, now, number_in, page
from ..templatetags.show import field_title

MAX_UPLOAD = 30 * 2**20
MASKS = {
    "name": masked_name,
    "phone": masked_phone,
    "email": lambda text: text[:1] + "***",
    "address": masked_address,
}


@dataclass(frozen=True)
class Column:
    """One column of the file: what it holds, which field it feeds, and how its dates read."""

    name: str
    samples: str
    field: str
    dates: DateReading | None = None
    format: str = ""


@page("import_requests", "GET", "HEAD", "POST")
def import_page(request: HttpRequest) -> HttpResponse:
    """Keep a file's rows; then map its columns, try, mend, take in."""
    who, at = actor(request), now()
    problems: list[Any] = []
    if request.method == "POST":
        try:
            job = _upload(request, who, at)
            return redirect(f"/import?job={job.pk}")
        except Invalid as refusal:
            problems = refusal.problems
    return _shown(request, who, problems)


@page("import_requests", "POST")
def import_map(request: HttpRequest, job_id: int) -> HttpResponse:
    """Say which column feeds which field, then try every row."""
    who, at = actor(request), now()
    job = _job(who, job_id)
    columns: dict[str, str | list[str]] = {}
    formats = {}
    for column in sample_rows(job)[0]:
        field = request.POST.get(f"to:{column}", "")
        if field in FIELDS:
            before = columns.get(field)
            columns[field] = (
                column if before is None else [*([before] if isinstance(before, str) else before), column]
            )
            if field in DATED and request.POST.get(f"format:{column}"):
                formats[field] = request.POST[f"format:{column}"][:40]
    try:
        remap_import(
            job, columns=columns, formats=formats, kind=request.POST.get("kind", "repair"), by=who, at=at
        )
    except Invalid as refusal:
        return _shown(request, who, refusal.problems, job_id)
    tried = sum(process_rows(job, by=who, at=at, dry_run=True))
    messages.info(request, _("%(n)d rows tried; nothing is taken in yet") % {"n": tried})
    return redirect(f"/import?job={job_id}")


@page("import_requests", "POST")
def import_run(request: HttpRequest, job_id: int) -> HttpResponse:
    """Take the rows in, or only try them (dry run)."""
    who, at = actor(request), now()
    done = sum(process_rows(_job(who, job_id), by=who, at=at, dry_run=request.POST.get("act") == "dry"))
    messages.info(request, _("%(n)d rows done") % {"n": done})
    return redirect(f"/import?job={job_id}")


@page("receive_request", "POST")
def raw_correct(request: HttpRequest, raw_id: int) -> HttpResponse:
    """Mend one refused row and take it in, or set it aside."""
    who, at = actor(request), now()
    raw = raw_input_for(who, raw_id)
    if request.POST.get("act") == "discard":
        discard_raw_input(raw, by=who, at=at, because=request.POST.get("because", ""))
    else:
        changes = {
            name.removeprefix("col:"): str(value)
            for name, value in request.POST.items()
            if name.startswith("col:")
        }
        try:
            row = correct_raw_input(raw, changes, by=who, at=at)
            messages.info(request, _("Taken in: %(number)s") % {"number": row.number})
        except Invalid as refusal:
            messages.info(request, "; ".join(f"{p.where}: {p.what}" for p in refusal.problems))
    return redirect(f"/import?job={raw.job_id}" if raw.job_id else "/import")


def _shown(request: HttpRequest, who: Any, problems: list[Any], job_id: int = 0) -> HttpResponse:
    jobs = import_jobs_for(who)
    wanted = str(job_id or request.GET.get("job", ""))
    chosen = next((job for job in jobs if str(job.pk) == wanted), jobs[0] if jobs else None)
    counts = job_counts(chosen) if chosen else {}
    waiting = (
        list(chosen.rows.filter(state="waiting").exclude(problems=[]).order_by("id")[:50]) if chosen else []
    )
    refused = list(refused_inputs(who, job_id=chosen.pk if chosen and wanted else None)[:50])
    return render(request, "desk/import.html", {
        "place": "import", "jobs": [(job, job_counts(job)) for job in jobs[:20]], "chosen": chosen, "counts": counts,
        "problems": problems, "units": list(units_for(who)), "rows": [(raw, _cells(raw)) for raw in (refused or waiting)],
        "refused": bool(refused), "columns": _columns(chosen) if chosen else [], "fields": [(f, field_title(f)) for f in FIELDS],
        "may_map": bool(chosen and not counts["accepted"]), "fixed": chosen.mapping["fixed"] if chosen else {},
        "kinds": policy_for(chosen.unit_id if chosen else who.unit_id).pack.forms.kinds,
    }, status=422 if problems else 200)  # fmt: skip


def _job(who: Any, job_id: int) -> Any:
    job = next((job for job in import_jobs_for(who) if job.pk == job_id), None)
    if job is None:
        raise NotFound()
    return job


def _columns(job: Any) -> list[Column]:
    header, rows = sample_rows(job)
    feeds = {}
    for field, source in job.mapping["columns"].items():
        for column in [source] if isinstance(source, str) else source:
            feeds[column] = field
    found = []
    for name in header:
        field = feeds.get(name, "")
        values = [row[name] for row in rows if row.get(name)]
        mask = MASKS.get(field, str)
        samples = "、".join(dict.fromkeys(mask(value.strip())[:24] for value in values[:12]))[:80]
        dates = read_dates(values) if field in DATED and values else None
        found.append(Column(name, samples, field, dates, job.mapping.get("formats", {}).get(field, "")))
    return found


def _upload(request: HttpRequest, who: Any, at: Any) -> Any:
    file = request.FILES.get("file")
    if file is None or not file.size:
        raise Invalid(_("no file was chosen"), where="file", expected="CSV, CSV.GZ, XLSX")
    if file.size > MAX_UPLOAD:
        raise Invalid(
            _("the file is too large"),
            where="file",
            expected=_("at most %(mb)d MB") % {"mb": MAX_UPLOAD // 2**20},
        )
    unit = unit_for(who, number_in(request.POST["unit"], 0)) if request.POST.get("unit") else None
    if unit is None:
        raise Invalid(_("no unit was chosen"), where="unit")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(file.name or "import.csv").name
        path.write_bytes(file.read())
        text = request.POST.get("mapping", "").strip()
        mapping = parse_mapping(text, where="mapping") if text else guess_mapping(path)
        job, _resumed = start_import(path, mapping, unit=unit, by=who, at=at)
    return job


def _cells(raw: Any) -> list[tuple[str, str]]:
    body = json.loads(raw.body)
    named = {p["where"] for p in raw.problems}
    columns = raw.job.mapping["columns"] if raw.job else {}
    wrong: set[str] = set()
    for name in named:
        source = columns.get(name, name)
        wrong |= {source} if isinstance(source, str) else set(source)
    return [(str(key), str(value)) for key, value in body.items() if key in wrong] or [
        (str(k), str(v)) for k, v in list(body.items())[:4]
    ]
