"""Public data that nobody of this project wrote, through the import (skipped where the folder is absent)."""

from __future__ import annotations

import csv
import gzip
import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from aftercare.analytics.measures import Period, read_measures
from aftercare.intake.models import RawInput, Request
from aftercare.intake.rules import parse_mapping
from aftercare.intake.selectors import job_counts
from aftercare.intake.services import process_rows, start_import
from aftercare.people.rules import MACHINE
from aftercare.refusals import Invalid
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING

MAPS = __import__("pathlib").Path(__file__).parent / "maps"


def mapping(name: str):
    return parse_mapping((MAPS / f"{name}.toml").read_text(), where=name)


def first_rows(source, target, count: int):
    with gzip.open(source, "rt", encoding="utf-8-sig") as raw, target.open("w", encoding="utf-8") as out:
        out.writelines(itertools.islice(raw, count + 1))
    return target


def take(cast, path, name):
    job, _resumed = start_import(path, mapping(name), unit=cast.store, by=MACHINE, at=MORNING)
    list(process_rows(job, by=MACHINE, at=MORNING))
    return job


def test_citizens_complaints(cast, real_data, tmp_path):
    job = take(
        cast,
        first_rows(real_data / "zh_gov_complaint" / "complaint_hot.csv.gz", tmp_path / "a.csv", 400),
        "zh_gov_complaint",
    )
    counts = job_counts(job)
    assert counts["accepted"] > 350
    assert counts["accepted"] + counts["refused"] == job.total
    assert all(raw.problems for raw in RawInput.objects.filter(state="refused"))


def test_marketplace_disputes(cast, real_data, tmp_path):
    source = next((real_data / "zh_jd_dispute").glob("*.csv.gz"))
    job = take(cast, first_rows(source, tmp_path / "a.csv", 300), "zh_jd_dispute")
    assert job_counts(job)["accepted"] > 250


def test_city_requests_with_places_in_the_sea_and_negative_closing_times(cast, real_data, tmp_path):
    path = real_data / "geo_sf311" / "sf311.csv.gz"
    rows = list(csv.DictReader(gzip.open(path, "rt", encoding="utf-8-sig")))  # noqa: SIM115
    wrong = [
        r
        for r in rows
        if float(r["latitude"] or 1) == 0.0 or (r["closed_date"] and r["closed_date"] < r["created_date"])
    ]
    good = [r for r in rows if r not in wrong][:150]
    assert wrong, "the traps are in the data"
    small = tmp_path / "a.csv"
    with small.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(wrong[:150] + good)
    job = take(cast, small, "sf311")
    counts = job_counts(job)
    assert counts["refused"] == len(wrong[:150])
    assert counts["accepted"] == len(good)
    assert not Request.objects.filter(lat=0).exists()


def test_incidents_replayed_as_history_give_the_same_statistics(cast, real_data):
    path = real_data / "log_servicenow_incident" / "incident_event_log.csv.gz"
    rows = list(csv.DictReader(gzip.open(path, "rt", encoding="utf-8-sig")))  # noqa: SIM115
    job = take(cast, path, "servicenow")
    last = {row["number"]: row for row in rows}
    form, zone = "%d-%m-%Y %H:%M", ZoneInfo("UTC")

    def at(text):
        return datetime.strptime(text, form).replace(tzinfo=zone) if text not in ("", "?") else None

    def fits(row):
        opened, times = at(row["opened_at"]), [at(row["resolved_at"]), at(row["closed_at"])]
        return opened and times[1] and all(t is None or t >= opened for t in times)

    wanted = [r for r in last.values() if fits(r)]
    stored = Request.objects.filter(is_history=True, closed_at__isnull=False)
    assert stored.count() == len(wanted) == job_counts(job)["accepted"]
    assert not WorkOrder.objects.exists(), "history opens no work order"
    direct = sum((at(r["closed_at"]) - at(r["opened_at"])).total_seconds() for r in wanted) / len(wanted)
    through = sum((r.closed_at - r.received_at).total_seconds() for r in stored) / stored.count()
    assert through == pytest.approx(direct)
    answered = [r for r in wanted if at(r["resolved_at"])]
    mean = (
        sum((at(r["resolved_at"]) - at(r["opened_at"])).total_seconds() for r in answered)
        / len(answered)
        / 60
    )
    period = Period(datetime(2000, 1, 1, tzinfo=zone), datetime(2030, 1, 1, tzinfo=zone))
    response = read_measures(period)[0]["response_minutes"]
    assert (response.count, response.value) == (len(answered), pytest.approx(mean))


def test_exchanged_days_and_months_of_the_helpdesk_log_are_caught(cast, real_data, tmp_path):
    source = real_data / "log_helpdesk_it" / "helpdesk.csv.gz"
    text = '[columns]\ndescription = "activity"\nreceived_at = "%s"\n[fixed]\nkind = "inquiry"\n'
    raw, mended = (parse_mapping(text % name, where="m") for name in ("timestamp_raw", "timestamp"))
    with pytest.raises(Invalid) as refusal:
        start_import(source, raw, unit=cast.store, by=MACHINE, at=MORNING)
    assert refusal.value.problems[0].where == "timestamp_raw"
    path = first_rows(source, tmp_path / "mended.csv", 2000)
    assert start_import(path, mended, unit=cast.store, by=MACHINE, at=MORNING)[0].total == 2000
