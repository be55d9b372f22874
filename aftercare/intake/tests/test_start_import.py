"""Files are imported once, resumed anywhere, and wrong rows wait with their reason."""

from __future__ import annotations

import gzip

import openpyxl
import pytest

from aftercare.intake.models import ImportJob, RawInput, Request
from aftercare.intake.rules import parse_mapping
from aftercare.intake.selectors import job_counts, refused_inputs
from aftercare.intake.services import correct_raw_input, discard_raw_input, process_rows, start_import
from aftercare.people.rules import MACHINE
from aftercare.refusals import Invalid
from tests.cast import MORNING

MAPPING = parse_mapping(
    '[columns]\nname = "姓名"\nphone = "电话"\ndescription = "问题"\nexternal_ref = "单号"\n[fixed]\nkind = "repair"\n',
    where="m",
)
HEAD = "单号,姓名,电话,问题\n"
GOOD = "".join(f"A{n},王小禾,138123456{n:02d},冰箱不停机，侧面很烫，第 {n} 台\n" for n in range(30))
BAD = "B1,张伟,12,冰箱不停机，侧面很烫\nB2,,13812345678,冰箱不停机，侧面很烫\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "需求.csv"
    path.write_text(HEAD + GOOD + BAD, encoding="utf-8-sig")
    return path


def test_rows_go_in_and_wrong_ones_wait(cast, file):
    job, resumed = start_import(file, MAPPING, unit=cast.store, by=MACHINE, at=MORNING)
    assert (resumed, job.total) == (False, 32)
    assert sum(process_rows(job, by=MACHINE, at=MORNING)) == 32
    assert job_counts(job) == {"waiting": 0, "accepted": 30, "refused": 2, "discarded": 0}
    reasons = [raw.problems[0]["where"] for raw in RawInput.objects.filter(state="refused").order_by("line")]
    assert reasons == ["phone", "name"]


def test_a_dry_run_writes_no_request(cast, file):
    job, _resumed = start_import(file, MAPPING, unit=cast.store, by=MACHINE, at=MORNING)
    list(process_rows(job, by=MACHINE, at=MORNING, dry_run=True))
    assert not Request.objects.exists()
    assert RawInput.objects.exclude(problems=[]).count() == 2
    list(process_rows(job, by=MACHINE, at=MORNING))
    assert Request.objects.count() == 30


def test_a_crash_half_way_loses_and_doubles_nothing(cast, file):
    job, _resumed = start_import(file, MAPPING, unit=cast.store, by=MACHINE, at=MORNING)
    going = process_rows(job, by=MACHINE, at=MORNING, batch=7)
    next(going)
    next(going)
    going.close()  # the process is gone
    again, resumed = start_import(file, MAPPING, unit=cast.store, by=MACHINE, at=MORNING)
    assert resumed
    assert again.pk == job.pk
    list(process_rows(again, by=MACHINE, at=MORNING))
    assert Request.objects.count() == 30
    assert ImportJob.objects.get().state == "done"


def test_a_refused_row_is_corrected_in_place(cast, file):
    job, _resumed = start_import(file, MAPPING, unit=cast.store, by=MACHINE, at=MORNING)
    list(process_rows(job, by=MACHINE, at=MORNING))
    li = cast.actor("li")
    phone, name = list(refused_inputs(li, job_id=job.pk))
    with pytest.raises(Invalid):
        correct_raw_input(phone, {"电话": "13"}, by=li, at=MORNING)
    assert (
        correct_raw_input(phone, {"电话": "13911112222"}, by=li, at=MORNING).customer.phone == "13911112222"
    )
    discard_raw_input(name, by=li, at=MORNING, because="没有姓名，无法联系")
    assert job_counts(job)["discarded"] == 1


def test_xlsx_and_gzip_are_read(cast, tmp_path):
    book = openpyxl.Workbook()
    for row in [["单号", "姓名", "电话", "问题"], ["X1", "李一", 13812340000, "洗衣机漏水，地上一摊"]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "b.csv.gz").write_bytes(
        gzip.compress((HEAD + "Y1,李二,13812340001,洗衣机漏水，地上一摊\n").encode())
    )
    for name in ("a.xlsx", "b.csv.gz"):
        job, _resumed = start_import(tmp_path / name, MAPPING, unit=cast.store, by=MACHINE, at=MORNING)
        list(process_rows(job, by=MACHINE, at=MORNING))
    assert Request.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b""), ("a.csv", "姓名\n王".encode("gb18030")), ("a.xlsx", b"PK\x03\x04nonsense")],
)
def test_a_file_that_cannot_be_read_is_refused(cast, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid):
        start_import(tmp_path / name, MAPPING, unit=cast.store, by=MACHINE, at=MORNING)
    assert not ImportJob.objects.exists()
