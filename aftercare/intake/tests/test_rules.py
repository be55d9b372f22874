"""The writing rules of SA-CR-001, judging, and mapping of foreign rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from aftercare.intake.rules import (
    RequestForm,
    form_problems,
    map_row,
    parse_mapping,
    similarity,
)
from aftercare.policies.rules import load_pack
from aftercare.refusals import Invalid
from tests.cast import NOISE

PACK = load_pack("appliance")[1]
RETAIL = load_pack("retail")[1]
FORM = RequestForm(kind="repair", description=NOISE, channels=("phone",))
TODAY = date(2024, 5, 20)


def wrong(**changes):
    return {p.where: p for p in form_problems(replace(FORM, **changes), PACK, today=TODAY)}


def test_a_good_form_has_no_problem():
    assert not wrong()


@pytest.mark.parametrize(
    "text", ["坏了", "空调坏了", "空调坏了。", "冰箱不好用了！", "broken", "我的洗衣机用不了"]
)
def test_broken_alone_is_not_a_description(text):
    assert (
        "是现象" in wrong(description=text)["description"].what
        or "phenomenon" in wrong(description=text)["description"].what
    )


def test_broken_with_a_phenomenon_is():
    assert not wrong(description="空调坏了，室外机一直嗡嗡响，每次开机都这样")


@pytest.mark.parametrize("text", ["空调不制冷，可能是电容的问题", "外机嗡嗡响，应该是压缩机坏掉"])
def test_a_guess_is_not_a_finding(text):
    assert "description" in wrong(description=text)


@pytest.mark.parametrize(
    ("where", "changes"),
    [
        ("kind", {"kind": "wish"}),
        ("channels", {"channels": ("pigeon",)}),
        ("urgency", {"urgency": "asap"}),
        ("emotion", {"emotion": "hungry"}),
        ("description", {"description": "不冷"}),
        ("description", {"description": "长" * 4001}),
        ("serial", {"serial": "X!"}),
        ("purchased_on", {"purchased_on": date(2025, 1, 1)}),
        ("lat, lon", {"lat": 0.0, "lon": 0.0}),
        ("lat, lon", {"lat": 91.0, "lon": 10.0}),
        ("lat, lon", {"lat": 30.0, "lon": None}),
    ],
)
def test_each_wrong_field_is_named_with_what_was_expected(where, changes):
    problem = wrong(**changes)[where]
    assert problem.what
    assert problem.expected


def test_similarity():
    assert similarity(NOISE, NOISE) == 1.0
    assert similarity("空调不制冷外机响", "空调不制冷，外机一直响") > 0.5
    assert similarity("空调不制冷", "想问发票怎么开") < 0.2


MAPPING = parse_mapping(
    '[columns]\ndescription = ["title", "text"]\nlat = "lat"\nlon = "lon"\nreceived_at = "opened"\nclosed_at = "closed"\n'
    '[fixed]\nkind = "complaint"\n[values.urgency]\n"1 - High" = "critical"\n',
    where="m.toml",
)


def test_a_row_is_mapped():
    form, problems = map_row(
        {
            "title": "漏水",
            "text": "一楼",
            "lat": "30.1",
            "lon": "120.2",
            "opened": "2024-05-20 09:14:00",
            "closed": "",
        },
        MAPPING,
    )
    assert not problems
    assert (form.description, form.lat, form.kind) == ("漏水 一楼", 30.1, "complaint")


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"lat": "north"}, "lat"),
        ({"opened": "20th of May"}, "received_at"),
        ({"opened": "2024-05-20 09:14:00", "closed": "2024-05-19 09:14:00"}, "closed_at"),
    ],
)
def test_a_row_that_cannot_be_read_says_where(row, where):
    full = {"title": "漏水漏水漏水", "text": "", "lat": "", "lon": "", "opened": "", "closed": ""} | row
    form, problems = map_row(full, MAPPING)
    assert form is None
    assert problems[0].where == where


@pytest.mark.parametrize("text", ["[columns]\nnonsense = 'x'", "[colums]\nname='x'", "not toml ["])
def test_a_wrong_mapping_is_refused(text):
    with pytest.raises(Invalid):
        parse_mapping(text, where="m.toml")
