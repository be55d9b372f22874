"""Import files of requests: rows are kept first, then taken in one by one; a crash loses and doubles nothing."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.models import Unit
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid, Problem, Refusal

from ..models import ImportJob, RawInput
from ..rules import (
    DATED,
    Mapping,
    dated_columns,
    guess_columns,
    looks_exchanged,
    map_row,
    misread,
    read_dates,
)
from .receiving import receive_request

BATCH = 100
SAMPLE = 500
MAX_UNPACKED = 400 * 2**20


class WrongEncoding(Invalid):
    """The file's bytes are not text of the encoding that was named."""


def load_rows(path: Path, mapping: Mapping) -> Iterator[dict[str, str]]:
    """Read a CSV (also gzipped) or XLSX file row by row, as text by column name."""
    if path.suffix == ".xlsx":
        yield from _xlsx_rows(path)
        return
    opened = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115
    with opened as raw, io.TextIOWrapper(raw, encoding=mapping.encoding, newline="") as text:
        try:
            reader = csv.DictReader(_bounded(text))
            if not reader.fieldnames:
                raise Invalid(
                    _("the file has no header row"),
                    where=path.name,
                    expected=_("column names in the first row"),
                )
            for row in reader:
                yield {str(k): v if isinstance(v, str) else "" for k, v in row.items() if k is not None}
        except UnicodeDecodeError as error:
            raise WrongEncoding(
                _("the file is not written in %(encoding)s") % {"encoding": mapping.encoding},
                where=path.name, expected="encoding = \"gb18030\"",
            ) from error  # fmt: skip


def start_import(
    path: Path, mapping: Mapping, *, unit: Unit, by: Actor, at: datetime
) -> tuple[ImportJob, bool]:
    """Keep every row of a file, or find the job that already does; give the job and whether it is resumed."""
    require(by, "import_requests", unit_id=unit.pk, reach=True)
    digest = hashlib.sha256(path.read_bytes() + mapping.model_dump_json().encode()).hexdigest()
    job = ImportJob.objects.filter(digest=digest).first()
    if job and job.state != "loading":
        return job, True
    _refuse_misread_dates(load_rows(path, mapping), mapping)
    rows: Iterable[dict[str, str]] = load_rows(path, mapping)
    if mapping.latest:
        rows = _latest_of_each(rows, mapping)
    with transaction.atomic():
        if job:
            job.delete()
        job = ImportJob.objects.create(
            name=path.name[:160], digest=digest, mapping=mapping.model_dump(), unit=unit, started_at=at,
            started_by=by.name,
        )  # fmt: skip
        total = 0
        numbered = enumerate(rows, start=2)
        while chunk := list(itertools.islice(numbered, 1000)):
            RawInput.objects.bulk_create(
                [
                    RawInput(
                        job=job,
                        line=line,
                        channel="import",
                        unit=unit,
                        body=json.dumps(row, ensure_ascii=False),
                    )
                    for line, row in chunk
                ]
            )
            total += len(chunk)
        job.total, job.state = total, "running"
        job.save(update_fields=["total", "state"])
        record("import.started", job, by=by, at=at, values={"rows": total})
    return job, False


def guess_mapping(path: Path) -> Mapping:
    """Guess encoding, columns and dates of a file from its header and first rows; the page lets people correct it."""
    encoding = "utf-8-sig"
    try:
        rows = list(itertools.islice(load_rows(path, Mapping(columns={}, encoding=encoding)), SAMPLE))
    except WrongEncoding:
        encoding = "gb18030"
        rows = list(itertools.islice(load_rows(path, Mapping(columns={}, encoding=encoding)), SAMPLE))
    if not rows:
        raise Invalid(_("the file has no rows"), where=path.name, expected=_("a header and at least one row"))
    columns = {field: column for column, field in guess_columns(rows[0]).items()}
    formats: dict[str, str] = {}
    for field in DATED:
        if field in columns:
            reading = read_dates(row[columns[field]] for row in rows)
            formats |= {field: reading.formats[0]} if reading.is_certain else {}
    return Mapping.model_validate(
        {"columns": columns, "formats": formats, "encoding": encoding, "needs_contact": "name" in columns,
         "fixed": {} if "kind" in columns else {"kind": "repair"}}
    )  # fmt: skip


def remap_import(
    job: ImportJob,
    *,
    columns: dict[str, str | list[str]],
    formats: dict[str, str],
    kind: str,
    by: Actor,
    at: datetime,
) -> None:
    """Say anew which column feeds which field, as long as no row of the file has been taken in."""
    require(by, "import_requests", unit_id=job.unit_id, reach=True)
    if "description" not in columns:
        raise Invalid(
            _("no column feeds the description"), where="description", expected=_("choose a column")
        )
    before = Mapping.model_validate(job.mapping)
    fixed = {name: value for name, value in before.fixed.items() if name not in columns and name != "kind"}
    if "kind" not in columns:
        fixed["kind"] = kind
    mapping = before.model_copy(
        update={"columns": columns, "formats": formats, "fixed": fixed, "needs_contact": "name" in columns}
    )
    kept = RawInput.objects.filter(job=job).order_by("id")
    _refuse_misread_dates((json.loads(raw.body) for raw in kept[:SAMPLE]), mapping)
    with transaction.atomic():
        if RawInput.objects.filter(job=job, state="accepted").exists():
            raise Conflict(_("rows of this file are taken in already"), where="mapping", code="taken_in")
        RawInput.objects.filter(job=job, state="refused").update(state="waiting")
        RawInput.objects.filter(job=job).update(problems=[])
        ImportJob.objects.filter(pk=job.pk).update(mapping=mapping.model_dump(), state="running")
        record("import.mapped", job, by=by, at=at, values={"fields": sorted(columns)})
    job.mapping = mapping.model_dump()


def _refuse_misread_dates(rows: Iterable[dict[str, str]], mapping: Mapping) -> None:
    """Refuse rows whose days would be taken for months: the format fails on some, its twin reads them all."""
    formats = dated_columns(mapping)
    if not formats or mapping.dates_checked:
        return
    values: dict[str, list[str]] = {column: [] for column in formats}
    for row in rows:
        for column, seen in values.items():
            text = row.get(column, "")
            if text not in mapping.empty:
                seen.append(text)
    wrong = misread(values, formats)
    problems = [
        Problem(column, _("not every date reads as %(form)s") % {"form": formats[column][0]}, twin)
        for column, twin in wrong.items()
    ]
    problems += [
        Problem(
            column,
            _("the dates follow each other better with day and month exchanged"),
            _("dates as they were written, or dates_checked = true"),
        )
        for column, seen in values.items()
        if column not in wrong and any(looks_exchanged(seen, form) for form in formats[column])
    ]
    if problems:
        raise Invalid(_("day and month are exchanged"), problems)


def process_rows(
    job: ImportJob, *, by: Actor, at: datetime, dry_run: bool = False, batch: int = BATCH
) -> Iterator[int]:
    """Take in the rows still waiting, a batch a transaction; yields how many rows are done. Resumable anywhere.

    A dry run goes through the same checks and writes nothing but the problems it found.
    """
    require(by, "import_requests", unit_id=job.unit_id, reach=True)
    mapping = Mapping.model_validate(job.mapping)
    last = 0
    while True:
        with transaction.atomic():
            waiting = RawInput.objects.select_for_update().filter(job=job, state="waiting", id__gt=last)
            rows = list(waiting.order_by("id")[:batch])
            for raw in rows:
                _take_row(raw, mapping, by=by, at=at, dry_run=dry_run)
        if not rows:
            break
        last = rows[-1].pk
        yield len(rows)
    if not dry_run:
        ImportJob.objects.filter(pk=job.pk).update(state="done")


def _take_row(raw: RawInput, mapping: Mapping, *, by: Actor, at: datetime, dry_run: bool) -> None:
    form, problems = map_row(json.loads(raw.body), mapping)
    try:
        if form is None:
            raise Invalid(_("the row can't be taken yet"), problems)
        with transaction.atomic():
            raw.request = receive_request(replace(form, unit_id=raw.unit_id), by=by, at=at)
            if dry_run:
                transaction.set_rollback(True)
        if dry_run:
            raw.request = None
        else:
            raw.state = "accepted"
        raw.problems = []
    except Refusal as refusal:
        raw.problems = [asdict(problem) for problem in refusal.problems] or [
            {"where": "", "what": refusal.what}
        ]
        raw.state = "waiting" if dry_run else "refused"
    raw.save(update_fields=["state", "problems", "request"])


def _latest_of_each(rows: Iterable[dict[str, str]], mapping: Mapping) -> Iterable[dict[str, str]]:
    """Keep, of rows that share the columns `latest`, the last one: a log of events becomes one row a case."""
    kept: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        kept[tuple(row.get(column, "") for column in mapping.latest)] = row
    return kept.values()


def _xlsx_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise Invalid(_("the file is too large unpacked"), where=path.name, expected="400 MB")
        import openpyxl  # which takes long to load, and few read such a file

        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise Invalid(_("this is not an XLSX file"), where=path.name, expected="XLSX") from error
    lines = book.worksheets[0].iter_rows(values_only=True)
    header = [str(cell) if cell is not None else "" for cell in next(lines, ())]
    if not any(header):
        raise Invalid(
            _("the file has no header row"), where=path.name, expected=_("column names in the first row")
        )
    for line in lines:
        yield {
            name: "" if cell is None else str(cell) for name, cell in zip(header, line, strict=False) if name
        }


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    size = 0
    for line in lines:
        size += len(line)
        if size > MAX_UNPACKED:
            raise Invalid(_("the file is too large unpacked"), where="file", expected="400 MB")
        yield line
