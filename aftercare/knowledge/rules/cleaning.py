"""Take out of a text who it is about, before it is kept for all to read (M93, M97)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from aftercare.triage.rules import folded, values_in

GONE = "[…]"
PRIVATE = frozenset({"phone", "place", "order", "serial", "request"})
NAMED = (
    re.compile(
        r"(?:我叫|我是|我姓|姓名[:：是]?|名字[:：是]?|联系人[:：是]?)\s*([\u4e00-\u9fff]{1,3}?)(?=[，,。；;！!、\s]|$|家|的|女士|先生)"
    ),
    re.compile(r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff]{1,3})(?=先生|女士|小姐|太太|师傅|阿姨|大爷|大妈)"),
    re.compile(r"\b(?:I am|I'm|my name is|Mr\.?|Mrs\.?|Ms\.?)\s+([A-Z][a-z]+(?:\s[A-Z][a-z]+)?)"),
)
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
DIGITS = re.compile(r"(?<![\w-])\d[\d\- ]{6,}\d(?!\w)")
NO_NAMES = frozenset({"你们", "我们", "他们", "这个", "那个", "维修", "安装", "工程", "上门", "老", "小"})


def without_people(text: str, *, names: Iterable[str] = ()) -> str:
    """Give a text without telephone numbers, mail and street addresses, numbers of orders and pieces, and names.

    `names` are those known to belong to the case. What a pattern can't know stays: somebody reads a draft before it is published.
    """
    cuts = [
        (one.start, one.end) for one in values_in(folded(text), today=date(2000, 1, 1)) if one.kind in PRIVATE
    ]
    cuts += [match.span() for pattern in (MAIL, DIGITS) for match in pattern.finditer(text)]
    cuts += [
        match.span(1)
        for pattern in NAMED
        for match in pattern.finditer(text)
        if match.group(1) not in NO_NAMES
    ]
    for name in names:
        if len(name.strip()) > 1:
            cuts += [match.span() for match in re.finditer(re.escape(name.strip()), text)]
    left, at = [], 0
    for start, end in sorted(cuts):
        if end <= at:
            continue
        left += [text[at : max(at, start)], "" if start < at else GONE]
        at = end
    return "".join([*left, text[at:]])
