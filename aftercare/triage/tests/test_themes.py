"""What customers write about in their own words."""

from __future__ import annotations

from datetime import date

import pytest

from aftercare.policies.rules import load_pack
from aftercare.triage.rules import Reader, theme_title, themes_of

PACK = load_pack("retail")[1]
READER = Reader(PACK)


@pytest.mark.parametrize(
    ("opinion", "themes"),
    [
        ("师傅很准时，讲得清楚，还把地擦干净了", {"praise:on_time", "praise:clear", "praise:tidy"}),
        ("师傅态度差，等了三天没人接电话", {"complaint:rude", "complaint:slow_response"}),
        ("收费合理，一次修好", {"praise:fair", "praise:skilled"}),
        ("不准时", set()),
        ("还行吧", set()),
        ("", set()),
    ],
)
def test_themes_of_an_opinion(opinion, themes):
    found = {
        theme
        for theme in themes_of(READER.read(opinion, today=date(2026, 7, 1)))
        if not theme.startswith("symptom:")
    }
    assert themes <= found
    assert not (opinion == "不准时" and "praise:on_time" in found)
    if not themes:
        assert not {theme for theme in found if theme.startswith("praise:")}


def test_every_theme_has_a_title_in_both_languages():
    for theme in ("praise:on_time", "complaint:rude", "symptom:no_cooling"):
        title = theme_title(PACK, theme)
        assert title is not None and title.zh and title.en
    assert theme_title(PACK, "praise:nothing") is None
