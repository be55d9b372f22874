"""Packs: every number of the checklist that the road uses, and errors that name file, key and what was expected."""

from __future__ import annotations

import shutil

import pytest

from aftercare.policies.rules import PACKS, load_pack, pack_names, parse_pack, seconds_of
from aftercare.refusals import Invalid

MINUTE, HOUR = 60, 3600


def pack_of(name, *overlays):
    return load_pack(name, overlays)[1]


def clock(pack, code):
    return next(c for c in pack.clocks.clocks if c.code == code)


def target(pack, code, urgency="normal", category=""):
    return clock(pack, code).target(urgency=urgency, kind="repair", category=category)[0]


def test_the_packs_are_there():
    assert pack_names() == ["appliance", "emergency", "pet-shop", "retail"]


@pytest.mark.parametrize("name", ["appliance", "retail", "pet-shop"])
@pytest.mark.parametrize("overlays", [(), ("emergency",)])
def test_every_pack_loads_with_and_without_the_overlay(name, overlays):
    assert pack_of(name, *overlays).pack.name == name


@pytest.mark.parametrize(
    ("item", "pack", "code", "urgency", "seconds"),
    [
        ("M6", "appliance", "order", "normal", 10 * MINUTE),
        ("M23", "appliance", "plan", "normal", 2 * HOUR),
        ("M23", "appliance", "plan", "urgent", 30 * MINUTE),
        ("M23", "appliance", "plan", "critical", 10 * MINUTE),
        ("M34", "appliance", "dispatch", "normal", 5 * MINUTE),
        ("M34", "appliance", "accept", "normal", 15 * MINUTE),
        ("M55", "appliance", "appointment", "normal", 30 * MINUTE),
        ("M55", "appliance", "booked", "normal", 24 * HOUR),
        ("M60", "appliance", "sign", "normal", 10 * MINUTE),
        ("M84", "appliance", "followup", "normal", 24 * HOUR),
        ("M84", "retail", "followup", "normal", 48 * HOUR),
        ("M85", "appliance", "hand_over", "normal", 1 * HOUR),
        ("M85", "appliance", "recover", "normal", 24 * HOUR),
        ("M35", "retail", "closure", "normal", 24 * HOUR),
        ("M35", "retail", "closure", "urgent", 4 * HOUR),
        ("M35", "retail", "closure", "critical", 1 * HOUR),
        ("M36", "retail", "first_response", "normal", 30 * MINUTE),
        ("M36", "retail", "first_response", "urgent", 15 * MINUTE),
        ("M36", "retail", "plan", "normal", 4 * HOUR),
        ("M17", "pet-shop", "plan", "normal", 15 * MINUTE),
    ],
)
def test_clock_numbers(item, pack, code, urgency, seconds):
    assert target(pack_of(pack), code, urgency) == seconds


def test_fresh_food_is_closed_in_two_hours():
    assert target(pack_of("retail"), "closure", "normal", "fresh_food") == 2 * HOUR


def test_the_emergency_overlay_adds_its_clocks_for_critical_requests_only():
    pack = pack_of("appliance", "emergency")
    assert target(pack, "emergency_plan") == 2 * HOUR
    assert target(pack, "emergency_feedback") == 24 * HOUR
    assert clock(pack, "emergency_plan").when == "urgency == 'critical'"
    assert "emergency_plan" not in {c.code for c in pack_of("appliance").clocks.clocks}


def test_other_numbers_of_the_road():
    pack = pack_of("appliance")
    assert (pack.dispatch.max_unfinished, pack.dispatch.near_km) == (3, 5.0)
    assert (pack.appointment.slots, pack.appointment.remind_before) == (3, HOUR)
    answer = clock(pack, "answer")
    assert [answer.target(urgency="normal", kind=line, category="")[0] for line in ("phone", "online")] == [
        10,
        30,
    ]
    assert clock(pack_of("retail"), "answer").by_kind["phone"] == 30
    assert target(pack, "answer_email") == 2 * HOUR
    assert pack.visit.visit_fee_fen == 5000
    assert pack.visit.keep_slip_months == 3
    assert (pack.survey.low_score, pack.survey.coverage_target) == (3, 90)
    assert pack.report.due_day == 5
    assert pack.dispatch.certificates["aircon"] == "refrigeration"
    assert all(12 <= rule.months <= 36 for rule in pack.warranty.categories.values())


def test_the_four_meanings_of_three_levels_are_four_tables():
    tables = pack_of("retail").governance
    assert [g.within for g in tables.complaint_grades] == [24 * HOUR, 4 * HOUR, 1 * HOUR]
    assert [w.after for w in tables.overdue_warnings] == [5 * MINUTE, 30 * MINUTE, 2 * HOUR]
    assert tables.authority_levels[1].above_fen == 50_000
    assert tables.emergency_levels[0].within == 30 * MINUTE


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "expected"),
    [
        ("clocks.toml", 'for = "10m"', 'for = "10 minutes"', "clocks[order].for", "duration"),
        ("dispatch.toml", "max_unfinished = 3", 'max_unfinished = "three"', "max_unfinished", "integer"),
        ("dispatch.toml", "distance = 35", "distance = 34", "weights", "add up to 100"),
        (
            "forms.toml",
            "description_min = 8",
            "description_minimum = 8",
            "description_minimum",
            "not permitted",
        ),
        (
            "urgency.toml",
            'default = "normal"',
            'default = "asap"',
            "default",
            "'normal', 'urgent' or 'critical'",
        ),
    ],
)
def test_a_wrong_value_is_named_by_file_key_and_expectation(tmp_path, file, old, new, key, expected):
    shutil.copytree(PACKS, tmp_path / "packs")
    path = tmp_path / "packs" / "foundation" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(Invalid) as refusal:
        load_pack("appliance", folder=tmp_path / "packs")
    problem = next(p for p in refusal.value.problems if key in p.where)
    assert problem.where.startswith(f"appliance/{file}: ")
    assert expected in problem.expected


def test_a_broken_file_and_a_missing_pack_are_named(tmp_path):
    shutil.copytree(PACKS, tmp_path / "packs")
    (tmp_path / "packs" / "retail" / "clocks.toml").write_text("[[clocks]\n")
    with pytest.raises(Invalid, match=r"retail/clocks\.toml"):
        load_pack("retail", folder=tmp_path / "packs")
    with pytest.raises(Invalid, match="no policy pack"):
        load_pack("nobody")
    with pytest.raises(Invalid, match="not an overlay"):
        load_pack("appliance", ["retail"])


@pytest.mark.parametrize(("written", "seconds"), [("30s", 30), ("15m", 900), ("2h", 7200), ("3d", 259200)])
def test_durations(written, seconds):
    assert seconds_of(written) == seconds


@pytest.mark.parametrize("written", ["", "0m", "-5m", "5", "5 min", 5, None, "1.5h"])
def test_bad_durations(written):
    with pytest.raises(ValueError, match="expected a duration"):
        seconds_of(written)


def test_a_paper_that_no_listened_fact_would_ask_for_is_refused():
    content, _pack = load_pack("appliance")
    paper = {**content["papers"]["papers"][0], "asked_on": ["request.sighed"]}
    with pytest.raises(Invalid) as refusal:
        parse_pack({**content, "papers": {"papers": [paper]}}, where="mine")
    assert "asked_on" in refusal.value.problems[0].where
