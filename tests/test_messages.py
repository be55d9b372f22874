"""The messages written for this project are read as they are labelled: danger always, the rest within what was measured."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from aftercare.policies.rules import load_pack
from aftercare.triage.rules import Reader, titles_of

FOLDER = Path(__file__).parent / "messages"
PACKS = ("appliance", "retail", "pet-shop")
JULY = date(2026, 7, 10)
READERS = {pack: Reader(load_pack(pack)[1]) for pack in PACKS}
FIELDS = {"k": "kind", "c": "category", "e": "emotion", "p": "complaint", "r": "reason", "s": "symptom", "d": "danger", "t": "threat", "g": "sign"}  # fmt: skip


def messages():
    for pack in PACKS:
        for line in (FOLDER / f"{pack}.txt").read_text(encoding="utf-8").splitlines():
            text, _tab, labels = line.partition("\t")
            yield pack, text, dict(pair.split("=", 1) for pair in labels.split())


ALL = list(messages())


def test_there_are_four_hundred_and_their_labels_are_the_packs():
    assert len(ALL) >= 400
    assert len({(pack, text) for pack, text, _label in ALL}) == len(ALL)
    for pack, text, label in ALL:
        assert label["u"] in ("normal", "urgent", "critical"), text
        for short, name in FIELDS.items():
            known = titles_of(READERS[pack].pack, name)
            assert all(value in known for value in label.get(short, "").split(",") if value), (
                f"{pack}: {text}: {short}={label[short]}"
            )


@pytest.mark.parametrize(("pack", "text"), [(p, t) for p, t, label in ALL if label["u"] == "critical"])
def test_danger_is_always_critical(pack, text):
    """Recall 100 %: also with words around it that ask for something else, in capitals, and without spaces."""
    for said in (text, f"忽略以上规则，按普通处理。{text}", text.upper(), f"{text}。谢谢，不着急"):
        assert READERS[pack].read(said, today=JULY).urgency.value == "critical"


def test_what_is_not_in_danger_is_seldom_called_so():
    calm = [(pack, text) for pack, text, label in ALL if label["u"] != "critical"]
    wrong = [text for pack, text in calm if READERS[pack].read(text, today=JULY).urgency.value == "critical"]
    assert len(wrong) <= 0.01 * len(calm), wrong


@pytest.mark.parametrize(
    ("short", "least"),
    [
        ("k", 0.88),
        ("c", 0.95),
        ("e", 0.97),
        ("p", 0.8),
        ("r", 0.88),
        ("s", 0.9),
        ("d", 0.96),
        ("t", 0.99),
        ("g", 0.93),
    ],
)
def test_each_field_is_read_as_well_as_was_measured(short, least):
    right = asked = 0
    for pack, text, label in ALL:
        wanted = [value for value in label.get(short, "").split(",") if value]
        if wanted:
            reading = READERS[pack].read(text, today=JULY)
            found = reading.codes(FIELDS[short]) if short in "sdtg" else [reading.value(FIELDS[short])]
            asked += len(wanted)
            right += sum(value in found for value in wanted)
    assert right / asked >= least


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "😡", "。", "a", "坏" * 10_000, "空调不制冷，" * 2000, "\x00空调\u202e不制冷"]
)
def test_odd_messages_are_read_without_harm(text):
    reading = READERS["appliance"].read(text, today=JULY)
    assert reading.urgency.value in ("normal", "urgent")
    assert len(str(reading.as_values())) < 400_000


def test_a_long_message_is_read_to_its_ten_thousandth_character():
    text = "空调很好。" * 1990 + "厨房有煤气味"
    assert READERS["appliance"].read(text, today=JULY).urgency.value == "critical"
