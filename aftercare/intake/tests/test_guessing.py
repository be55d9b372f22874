"""Columns and dates of a foreign file: guessed where they can be, asked where not, refused where they would lie."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from aftercare.intake.rules import guess_columns, looks_exchanged, misread, read_dates
from aftercare.intake.selectors import job_counts, sample_rows
from aftercare.intake.services import guess_mapping, process_rows, remap_import, start_import
from aftercare.people.rules import MACHINE
from aftercare.refusals import Conflict, Invalid
from tests.cast import MORNING


def test_usual_names_are_known_once():
    assert guess_columns(["客户名称", "Phone_Number", "手机", "操作员", "问题描述"]) == {
        "客户名称": "name", "Phone_Number": "phone", "问题描述": "description",
    }  # fmt: skip


def test_a_part_over_twelve_proves_which_is_the_day():
    reading = read_dates(["03/04/2023", "15/08/2023", ""])
    assert (reading.formats, reading.proof) == (("%d/%m/%Y",), 1)
    assert read_dates(["08/15/2023"]).formats == ("%m/%d/%Y",)
    assert read_dates(["2023年8月5日"]).is_certain


def test_dates_that_fit_both_ways_are_asked_and_mixed_ones_fit_none():
    assert read_dates(["03/04/2023", "05/06/2023"]).formats == ("%d/%m/%Y", "%m/%d/%Y")
    assert read_dates(["15/08/2023", "08/15/2023"]).formats == ()
    assert read_dates([]).formats == ()


def test_a_format_that_swallows_days_as_months_is_found():
    assert misread({"c": ["03/04/2023", "15/08/2023"]}, {"c": ["%m/%d/%Y"]}) == {"c": "%d/%m/%Y"}
    assert misread({"c": ["03/04/2023", "15/08/2023"]}, {"c": ["%d/%m/%Y"]}) == {}


def log(exchange: bool) -> list[str]:
    written = []
    for n in range(300):
        at = datetime(2024, 1, 3, 9) + timedelta(hours=19 * n)
        written.append(at.replace(month=at.day, day=at.month) if exchange and at.day <= 12 else at)
    return [at.strftime("%Y-%m-%d %H:%M") for at in written]


@pytest.mark.parametrize("exchange", [False, True])
def test_a_log_whose_days_and_months_were_exchanged_is_noticed(exchange):
    assert looks_exchanged(log(exchange), "%Y-%m-%d %H:%M") is exchange
    assert not looks_exchanged(log(exchange)[:20], "%Y-%m-%d %H:%M"), "too few to say"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "旧系统.csv"
    rows = "".join(
        f"王小禾,138123456{n:02d},冰箱不停机侧面很烫第{n}台,0{1 + n % 9}/05/2023,店员\n" for n in range(9)
    )
    path.write_bytes(("客户,手机,故障描述,购机日期,操作员\n" + rows).encode("gb18030"))
    return path


def test_a_file_is_guessed_asked_about_and_taken_in(cast, file):
    guessed = guess_mapping(file)
    assert guessed.encoding == "gb18030"
    assert guessed.columns == {
        "name": "客户",
        "phone": "手机",
        "description": "故障描述",
        "purchased_on": "购机日期",
    }
    assert guessed.formats == {}, "day and month can't be told apart"
    job, _resumed = start_import(file, guessed, unit=cast.store, by=MACHINE, at=MORNING)
    list(process_rows(job, by=MACHINE, at=MORNING, dry_run=True))
    assert job.rows.exclude(problems=[]).count() == 9, "a date that is not understood is not swallowed"
    choice = {"columns": guessed.columns, "kind": "repair", "by": MACHINE, "at": MORNING}
    remap_import(job, formats={"purchased_on": "%d/%m/%Y"}, **choice)
    list(process_rows(job, by=MACHINE, at=MORNING))
    assert job_counts(job)["accepted"] == 9
    assert job.rows.latest("id").request.purchased_on.month == 5
    assert sample_rows(job)[0][:2] == ["客户", "手机"]
    with pytest.raises(Conflict) as refusal:
        remap_import(job, formats={}, **choice)
    assert refusal.value.code == "taken_in"


def test_a_mapping_without_a_description_is_refused(cast, file):
    job, _resumed = start_import(file, guess_mapping(file), unit=cast.store, by=MACHINE, at=MORNING)
    with pytest.raises(Invalid):
        remap_import(job, columns={"name": "客户"}, formats={}, kind="repair", by=MACHINE, at=MORNING)


def test_an_exchanged_log_is_refused_before_any_row_is_kept(cast, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("title,opened\n" + "".join(f"a case that was handled,{at}\n" for at in log(True)))
    mapping = guess_mapping(path)
    assert mapping.columns == {"description": "title", "received_at": "opened"}
    with pytest.raises(Invalid) as refusal:
        start_import(path, mapping, unit=cast.store, by=MACHINE, at=MORNING)
    assert refusal.value.problems[0].where == "opened"
    start_import(
        path, mapping.model_copy(update={"dates_checked": True}), unit=cast.store, by=MACHINE, at=MORNING
    )
