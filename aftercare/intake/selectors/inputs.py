"""Reads of raw input, imports and the addresses customers report at."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Count, QuerySet

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from ..models import (
    ImportJob,
    RawInput,
    ReportPoint,
)


def refused_inputs(actor: Actor, *, job_id: int | None = None) -> QuerySet[RawInput]:
    """Give the inputs that could not be taken, with their reasons."""
    require(actor, "receive_request")
    rows = RawInput.objects.filter(state="refused").select_related("job").order_by("id")
    if job_id:
        rows = rows.filter(job_id=job_id)
    return rows if actor.units is None else rows.filter(unit_id__in=actor.units)


def raw_input_for(actor: Actor, raw_id: int) -> RawInput:
    found = refused_inputs(actor).filter(id=raw_id).first()
    if found is None:
        raise NotFound()
    return found


def import_jobs_for(actor: Actor) -> list[ImportJob]:
    require(actor, "import_requests")
    jobs = ImportJob.objects.order_by("-id")
    return list(jobs if actor.units is None else jobs.filter(unit_id__in=actor.units))


def sample_rows(job: ImportJob, count: int = 200) -> tuple[list[str], list[dict[str, str]]]:
    """Give the columns of a kept file and its first rows."""
    rows = [json.loads(raw.body) for raw in job.rows.order_by("id")[:count]]
    return list(rows[0]) if rows else [], rows


def job_counts(job: ImportJob) -> dict[str, int]:
    counts: dict[str, Any] = dict(job.rows.values_list("state").annotate(n=Count("id")))
    return {state: counts.get(state, 0) for state in ("waiting", "accepted", "refused", "discarded")}


def report_point(code: str) -> ReportPoint:
    """Give the live QR code point of a code; unknown and switched-off look the same."""
    found = (
        ReportPoint.objects.select_related("unit", "product", "item__product")
        .filter(code=code, active=True)
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def report_points() -> list[ReportPoint]:
    return list(ReportPoint.objects.select_related("unit", "product").order_by("id"))
