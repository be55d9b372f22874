"""Finding answers, guides in steps, files, and texts without people."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.knowledge.rules import (
    Content,
    Entry,
    GuideError,
    Index,
    entries_of,
    excerpt_of,
    forbidden_of,
    pieces_of,
    problems_of,
    steps_of,
    without_people,
)
from aftercare.refusals import Invalid

SAME = {"怎么办": "怎么", "如何": "怎么", "啥": "什么"}
ENTRIES = [
    Entry(1, ("冰箱不制冷怎么办", "冰箱咋不凉了"), "先看插头和温控档位，再听压缩机是否运转。"),
    Entry(2, ("洗衣机脱水时晃动厉害",), "检查四个地脚是否着地，衣物是否偏在一边。"),
    Entry(3, ("怎样申请退货", "东西不想要了能退吗"), "七天内凭小票到门店办理。"),
    Entry(4, ("空调显示 E1 是什么意思",), "室内温度传感器故障。"),
    Entry(5, ("燃气热水器 JSQ30-12E 打不着火",), "检查电池和进水压力。"),
    Entry(6, ("How do I pair the thermostat with my phone?",), "Hold the button for five seconds until the light blinks."),
    Entry(7, ("保修期多久", "BCD-535W KFR-35GW"), "整机一年，压缩机三年。"),
]  # fmt: skip


@pytest.fixture(scope="module")
def index():
    return Index(ENTRIES, SAME)


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("冰箱不制冷", 1),
        ("冰箱不凉", 1),
        ("電冰箱不製冷", 1),
        ("冰箱不治冷", 1),  # mistyped in pinyin
        ("bingxiang", 1),
        ("xyj", 2),  # first letters
        ("如何退货", 3),
        ("E1", 4),
        ("e1 是啥", 4),
        ("jsq30-12e", 5),
        ("JSQ3012E", 5),
        ("JSQ30", 5),  # the beginning of a code, while it is typed
        ("thermostta", 6),
        ("thermo", 6),
        ("BCD-535W", 7),
    ],
)
def test_the_answer_is_found_however_it_is_typed(index, asked, key):
    assert index.find(asked)[0].key == key


@pytest.mark.parametrize("nothing", ["", "   ", "？！…", "😀😀", "\x00", "zzzzqqqq"])
def test_a_question_that_says_nothing_finds_nothing(index, nothing):
    assert index.find(nothing) == []


def test_an_exact_code_beats_similar_words(index):
    first, *_others = index.find("热水器 E1")
    assert first.key in (4, 5)
    assert {m.key for m in index.find("热水器 E1")[:2]} == {4, 5}


def test_other_words_of_the_trade_lead_to_it(index):
    assert not index.find("甩干")
    assert index.find("甩干", also=["脱水"])[0].key == 2


def test_what_may_not_be_found_is_not(index):
    import numpy as np

    among = np.ones(len(index))
    among[index.place[1]] = 0
    assert all(match.key != 1 for match in index.find("冰箱不制冷", among=among, limit=7))


def test_the_share_of_the_question_that_is_said(index):
    assert index.find("冰箱不制冷怎么办")[0].covers == pytest.approx(1.0)
    assert index.find("冰箱里面有一只猫在睡觉")[0].covers < 0.5


def test_an_empty_index_finds_nothing():
    assert Index([]).find("冰箱") == []
    assert Index([Entry(1, ())]).find("冰箱") == []


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_may_be_asked(text):
    for match in Index(ENTRIES, SAME).find(text):
        assert 0 <= match.covers <= 1.0001


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_any_text_may_be_indexed(texts):
    index = Index([Entry(number, (text,), text) for number, text in enumerate(texts)], SAME)
    for text in texts:
        index.find(text)


def test_words_that_match_are_marked():
    assert pieces_of("冰箱不制冷怎么办", "我家冰箱今天不制冷") == [("冰箱不制冷", True), ("怎么办", False)]
    assert ("E1", True) in pieces_of("显示 E1 代码", "e1")
    shown = excerpt_of(
        "# 一\n" + "无关的话。" * 40 + "**压缩机**不启动时测电容。" + "无关的话。" * 40, "压缩机不启动"
    )
    assert "压缩机不启动" in "".join(text for text, _hit in shown)


GUIDE = """1. 通电后压缩机启动吗？
 - 启动 → 3
 - 不启动 → 2
2. 量起动电容，低于标称八成就换。
3、冷凝器脏吗？
 - 脏 -> 清洗后试机
 - 不脏 -> 查漏，报备件
"""


def test_a_guide_is_read_with_its_branches():
    steps = steps_of(GUIDE)
    assert [step.number for step in steps] == [1, 2, 3]
    assert [(b.said, b.to, b.ends) for b in steps[2].branches] == [
        ("脏", 0, "清洗后试机"),
        ("不脏", 0, "查漏，报备件"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "只是一句话", "- 是 → 2", "1. 看\n1. 再看", "1. 看\n - 是 → 7", "1. 看\n - 是 → 完成\n2. 没人来"],
)
def test_a_guide_that_cannot_be_followed_is_refused(text):
    with pytest.raises(GuideError):
        steps_of(text)


def test_what_a_kind_needs_is_asked_for():
    assert [p.where for p in problems_of(Content("怎么退货"), "faq")] == ["body"]
    assert [p.where for p in problems_of(Content("", "去门店"), "faq")] == ["title"]
    assert [p.where for p in problems_of(Content("差价", fields={"situation": "降价"}), "case")] == [
        "situation"
    ]
    assert [
        p.where for p in problems_of(Content("拆门", fields={"link": "javascript:alert(1)"}), "video")
    ] == ["link"]
    assert [p.where for p in problems_of(Content("拆门"), "video")] == ["link"]
    assert problems_of(Content("拆门"), "video", has_file=True) == []
    assert problems_of(Content("查冷", fields={"steps": GUIDE}), "guide") == []
    assert [p.where for p in problems_of(Content("查冷"), "poem")] == ["kind"]


def test_forbidden_phrases_of_a_script():
    assert forbidden_of("“这不归我管” → “我来联系”\n\n没办法") == [("这不归我管", "我来联系"), ("没办法", "")]


def test_people_are_taken_out():
    text = "我叫王小禾，电话13812345678，住南屿市澄湖区槐荫街18号，邮箱 a.b@c.cn，订单号 JD88812345678，李师傅来过，冰箱不制冷"
    left = without_people(text)
    for private in ("王小禾", "13812345678", "槐荫街", "a.b@c.cn", "JD888", "李"):
        assert private not in left
    assert "冰箱不制冷" in left
    assert without_people("小禾说门坏了", names=["小禾"]) == "[…]说门坏了"
    assert without_people("E1 代码，12 天，三百元") == "E1 代码，12 天，三百元"


def test_markdown_is_read_by_its_headings():
    text = "# 冰箱\n\n## 不制冷怎么办\n看插头。\n\n```\n# 不是标题\n```\n## 门关不上\n换封条。\n## 空的\n"
    found = entries_of("faq.md", text.encode())
    assert [e.title for e in found] == ["不制冷怎么办", "门关不上"]
    assert ["3" in found[0].where, "9" in found[1].where] == [True, True]
    assert "# 不是标题" in found[0].body


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_is_read_by_the_titles_of_its_columns(encoding):
    text = '问题,答案,相似问法,型号\n怎么退货,凭小票,不想要了|能退吗,\n换滤芯,拧开,,"JSQ30；JSQ31"\n,,,\n'
    found = entries_of("问答.csv", text.encode(encoding))
    assert [(e.title, e.wordings, e.models) for e in found] == [
        ("怎么退货", ("不想要了", "能退吗"), ()), ("换滤芯", (), ("JSQ30", "JSQ31"))
    ]  # fmt: skip


def test_a_word_document_is_read():
    from docx import Document

    document = Document()
    document.add_heading("门封条变形", level=2)
    document.add_paragraph("热风吹软后整形。")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [c for row in table.rows for c in row.cells], ["问题", "答案", "怎么退货", "凭小票"], strict=True
    ):
        cell.text = text
    body = io.BytesIO()
    document.save(body)
    assert [(e.title, e.body) for e in entries_of("a.docx", body.getvalue())] == [
        ("门封条变形", "热风吹软后整形。"),
        ("怎么退货", "凭小票"),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""), ("a.exe", b"MZ"), ("a.docx", b"not a zip"), ("a.csv", "甲,乙\n1,2\n".encode()), ("a.md", b"no heading"),
        ("a.csv", b"\x81\xff\x00"), ("a.docx", b"PK\x03\x04broken"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused(name, content):
    with pytest.raises(Invalid):
        entries_of(name, content)
