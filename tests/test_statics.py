"""What a browser is sent: static files compressed once and anew when they change, pages compressed, streams and pictures as they are."""

from __future__ import annotations

import gzip
import os

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from aftercare.config.statics import compress_statics
from aftercare.pages.middleware import Compressed


def test_compressed_once_and_anew_when_changed(tmp_path):
    sheet, small, picture = tmp_path / "css" / "a.css", tmp_path / "b.js", tmp_path / "c.png"
    sheet.parent.mkdir()
    sheet.write_text("a { color: red }\n" * 200)
    small.write_text("1")
    picture.write_bytes(b"\x89PNG" * 2000)
    assert compress_statics(tmp_path) == 1
    made = sheet.with_name("a.css.gz")
    assert gzip.decompress(made.read_bytes()).decode() == sheet.read_text()
    assert compress_statics(tmp_path) == 0, "nothing has changed"
    sheet.write_text("a { color: blue }\n" * 200)
    os.utime(sheet, ns=(made.stat().st_mtime_ns + 10**9,) * 2)
    assert compress_statics(tmp_path) == 1
    assert b"blue" in gzip.decompress(made.read_bytes())
    sheet.unlink()
    compress_statics(tmp_path)
    assert not made.exists(), "what it was made from is gone"


def test_where_nothing_can_be_written_nothing_is(tmp_path, monkeypatch):
    (tmp_path / "a.css").write_text("a { color: red }\n" * 200)

    def refuse(_self, _path):
        raise PermissionError

    monkeypatch.setattr("aftercare.config.statics.Compressor.compress", refuse)
    assert compress_statics(tmp_path) == 0


@pytest.mark.parametrize(
    ("answer", "compressed"),
    [
        (HttpResponse("字" * 1000, content_type="text/html; charset=utf-8"), True),
        (HttpResponse("{}" * 1000, content_type="application/json"), True),
        (HttpResponse("short", content_type="text/html"), False),
        (HttpResponse(b"\x89PNG" * 1000, content_type="image/png"), False),
        (HttpResponse(b"%PDF" * 1000, content_type="application/pdf"), False),
        (StreamingHttpResponse(["data: x\n\n"] * 1000, content_type="text/event-stream"), False),
    ],
)
def test_pages_are_compressed_and_nothing_else(rf, answer, compressed):
    found = Compressed(lambda request: answer)(rf.get("/", HTTP_ACCEPT_ENCODING="gzip"))
    assert (found.get("Content-Encoding") == "gzip") is compressed


def test_a_page_arrives_compressed(cast_now, signed_in):
    answer = signed_in("li").get("/requests", HTTP_ACCEPT_ENCODING="gzip")
    assert answer["Content-Encoding"] == "gzip"
    assert "需求" in gzip.decompress(answer.content).decode()
