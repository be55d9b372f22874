"""Two texts of one matter: learned from pairs, symmetric, explained, kept as data, and left out where it is damaged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aftercare.briefly import forget_all
from aftercare.people.rules import MACHINE
from aftercare.triage.models import ReadingModel
from aftercare.triage.rules import (
    Pair,
    TooFewPairs,
    UnreadableModel,
    dump_pairs,
    load_pairs,
    train_pairs,
)
from aftercare.triage.selectors import pairs_in_use
from aftercare.triage.services import train_model, use_model

from .test_train_model import EXAMPLES, nothing

AT = datetime(2026, 7, 15, 3, tzinfo=UTC)
FAULTS = (
    "空调不制冷外机嗡嗡响",
    "冰箱结霜压缩机不停",
    "洗衣机脱水时跳",
    "电视黑屏没有图像",
    "油烟机吸不住烟",
    "热水器打不着火",
)
SAME = [Pair(f"{f}，第{n}回说", f"还是那件事：{f}，催一下{n}", True) for n in range(8) for f in FAULTS]
DIFFERENT = [
    Pair(f"{f}，第{n}回说", f"还是那件事：{FAULTS[(i + 1 + n % 4) % 6]}，催一下{n}", False)
    for n in range(8)
    for i, f in enumerate(FAULTS)
]
PAIRS = [pair for both in zip(SAME, DIFFERENT, strict=True) for pair in both]


@pytest.fixture(scope="module")
def trained():
    return train_pairs(PAIRS)


def test_it_tells_the_same_matter_from_another(trained):
    model = trained.model
    same = model.chance("电视黑屏没有图像，昨天起", "催一下：电视还是黑屏没有图像")
    other = model.chance("电视黑屏没有图像，昨天起", "催一下：洗衣机脱水时跳")
    assert same > 0.7 > 0.3 > other
    assert trained.held_out["accuracy"] > 0.9
    assert "黑屏" in "".join(model.shared("电视黑屏没有图像", "电视还是黑屏")), "the words that decided"


def test_the_order_of_the_two_does_not_count(trained):
    for pair in PAIRS[:6]:
        assert trained.model.chance(pair.one, pair.other) == pytest.approx(
            trained.model.chance(pair.other, pair.one), abs=1e-6
        )


@pytest.mark.parametrize(
    ("one", "other"), [("", ""), ("", "空调"), ("😀", "😀"), ("a\x00b", "\n\t"), ("长" * 9000, "长" * 9000)]
)
def test_any_text_has_a_chance(trained, one, other):
    assert 0 <= trained.model.chance(one, other) <= 1
    assert isinstance(trained.model.shared(one, other), list)


def test_a_file_gives_the_same_model(trained):
    body = dump_pairs(trained.model)
    again = load_pairs(body)
    for pair in PAIRS[:6]:
        assert again.chance(pair.one, pair.other) == pytest.approx(
            trained.model.chance(pair.one, pair.other), abs=0.01
        )
    for damaged in (b"", body[:50], body[:-9], b"x" * 90):
        with pytest.raises(UnreadableModel):
            load_pairs(damaged)
    with pytest.raises(UnreadableModel, match="checksum"):
        load_pairs(body, digest="0" * 64)


@pytest.mark.parametrize("pairs", [[], SAME, [*SAME, *DIFFERENT[:9]]])
def test_too_few_of_a_kind_are_refused(pairs):
    with pytest.raises(TooFewPairs):
        train_pairs(pairs)


def test_it_is_trained_compared_and_used_with_the_model(cast):
    row = train_model(
        EXAMPLES, before=nothing, sure=0.6, by=MACHINE, at=AT, pairs=PAIRS, pairs_before=lambda _a, _b: 0.4
    )
    both = row.fields["same"]
    assert both["new"]["n"] == both["before"]["n"] == len(PAIRS) // 5
    assert both["new"]["accuracy"] > both["before"]["accuracy"]
    assert pairs_in_use() is None, "a candidate compares nothing"
    use_model(row, by=MACHINE, at=AT)
    model = pairs_in_use()
    assert model is not None and model.chance(FAULTS[0], FAULTS[0]) > model.chance(FAULTS[0], FAULTS[2])


def test_without_pairs_a_model_is_trained_all_the_same(cast):
    row = train_model(EXAMPLES, before=nothing, sure=0.6, by=MACHINE, at=AT, pairs=SAME)
    assert "same" not in row.fields and row.pairs_digest == ""
    use_model(row, by=MACHINE, at=AT)
    assert pairs_in_use() is None


def test_one_that_got_damaged_is_left_out(cast):
    row = train_model(EXAMPLES, before=nothing, sure=0.6, by=MACHINE, at=AT, pairs=PAIRS)
    use_model(row, by=MACHINE, at=AT)
    ReadingModel.objects.update(pairs=b"torn")
    forget_all()
    assert pairs_in_use() is None
