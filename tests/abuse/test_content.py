"""How systems of this kind were broken by what was put into them (ABUSE A9, A10, A14, A16): text, files, parameters."""

from __future__ import annotations

import ast
import io
import re
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from aftercare.files.services import store_file
from aftercare.intake.services import add_report_point
from aftercare.people.rules import MACHINE
from aftercare.refusals import Invalid
from tests.cast import MORNING

ROOT = Path(__file__).parents[2] / "aftercare"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
VERBS = ["receive_request", "read_request", "read_work_order", "edit_request", "note_request", "read_policy"]


def test_a9_markup_is_shown_as_text_and_pages_hold_no_inline_script(cast_now, signed_in):
    request = cast_now.request(description=f"外机嗡嗡响不出冷风 {MARKUP}", remark=MARKUP, name="<b>王")
    for address in (f"/requests/{request.number}", "/requests", "/?queue=all"):
        answer = signed_in("li").get(address)
        text = answer.content.decode()
        assert "<script>alert" not in text
        assert "onerror=alert(1)>" not in text.replace("&quot;", '"')
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy


def test_a9_no_template_holds_inline_script_or_style():
    for path in ROOT.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style", text), path
        assert "|safe" not in text, path


def test_a10_nothing_is_unpickled_or_evaluated():
    banned = {"pickle", "marshal", "shelve", "dill", "joblib"}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert not banned & {name.name for name in node.names}, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "__import__"), path


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"PK\x03\x04" + b"0" * 100,
        b"\xff\xd8\xff" + b"0" * 50,
        b"<svg onload=alert(1)>",
        b"MZ\x90",
        b"\x89PNG\r\n\x1a\n" + b"0" * 40,
    ],
    ids=["empty", "text", "zip", "broken jpeg", "svg", "program", "broken png"],
)
@pytest.mark.django_db
def test_a10_files_that_are_not_what_they_say_are_refused(content):
    with pytest.raises(Invalid):
        store_file(content, name="photo.jpg")


@pytest.mark.django_db
def test_a10_a_picture_that_unpacks_to_a_bomb_is_refused():
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000))
        + chunk(b"IEND", b"")
    )
    assert len(bomb) < 20_000
    with pytest.raises(Invalid):
        store_file(bomb)


@pytest.mark.django_db
def test_a10_a_file_over_its_limit_is_refused():
    with pytest.raises(Invalid):
        store_file(b"\xff\xd8\xff" + b"0" * (13 * 2**20))


def test_a10_a_zip_bomb_in_a_workbook_is_refused(cast, tmp_path):
    from aftercare.intake.rules import parse_mapping
    from aftercare.intake.services import start_import

    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as entry,
    ):
        for _mb in range(401):
            entry.write(b"0" * 2**20)
    assert path.stat().st_size < 2**20
    with pytest.raises(Invalid):
        start_import(
            path, parse_mapping('[columns]\nname = "a"\n', where="m"), unit=cast.store, by=MACHINE, at=MORNING
        )


@pytest.mark.parametrize(
    "probe",
    [
        "' OR 1=1 --",
        "1; DROP TABLE intake_request",
        "%27%22",
        "\\x00",
        "{{7*7}}",
        "../../etc/passwd",
        "a\x00b",
    ],
)
def test_a14_probes_in_every_parameter_find_nothing(cast_now, signed_in, probe):
    cast_now.request()
    client = signed_in("li")
    for address in (
        "/search",
        "/requests",
        "/work-orders",
        "/report",
        "/people",
        "/policy",
        "/follow-up",
    ):
        names = (
            "q",
            "state",
            "kind",
            "unit",
            "before",
            "after",
            "category",
            "month",
            "role",
            "version",
            "phone",
            "at",
        )
        answer = client.get(address, dict.fromkeys(names, probe))
        assert answer.status_code in (200, 404, 422), address
    for address in ("/search", "/intake/caller", "/intake/judgement"):
        sent = dict.fromkeys(("q", "phone", "description", "kind"), probe)
        assert client.post(address, sent).status_code in (200, 422)
    assert client.get("/requests?state=all").status_code == 200


def test_a14_no_sql_is_built_from_what_comes_from_outside():
    """Every SQL text built with an f-string is named here; their parts are table and column names of ours."""
    known = {
        "ledger/services/facts.py",
        "privacy/services.py",
        "demo/bulk.py",
        "config/worker.py",
        "config/embedded.py",
        "compiled.py",
    }
    for path in ROOT.rglob("*.py"):
        if "migrations" in path.parts or "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", "") == "execute"
                and node.args
                and isinstance(node.args[0], ast.JoinedStr)
            ):
                assert str(path.relative_to(ROOT)) in known, path


def test_a16_formulas_in_an_export_are_text(cast_now, signed_in):
    cast_now.order(at=cast_now.at, description="=HYPERLINK(1)外机嗡嗡响不出冷风")
    text = signed_in("zheng").get("/work-orders/export").content.decode()
    assert "'=HYPERLINK" in text


def test_uploads_of_the_public_form_keep_nobodys_place(cast_now):
    from PIL import Image

    from aftercare.files.models import StoredFile
    from aftercare.files.services import file_content

    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (30.0, 14.0, 24.0)}
    picture = io.BytesIO()
    Image.new("RGB", (30, 20), "blue").save(picture, "JPEG", exif=exif)
    picture.seek(0)
    picture.name = "外机.jpg"
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    data = {
        "kind": "repair",
        "description": "不出冷风，外机嗡嗡响",
        "name": "王",
        "phone": "13812345678",
        "files": picture,
    }
    assert Client().post(f"/r/{point.code}", data).status_code == 302
    assert b"Exif" not in file_content(StoredFile.objects.get())
