"""Find what a text holds besides words: amounts, measurements, dates, numbers of orders and pieces, models, places."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

DIGITS = {letter: value for value, letters in enumerate(("〇零", "一壹幺", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for letter in letters}  # fmt: skip
POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10000}
HANZI = "[〇零一壹二贰两三叁四肆五伍六陆七柒八捌九玖十拾百佰千仟万]"
NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|{HANZI}+)"
UNITS = {
    "°c": ("℃|°c|摄氏度|度", "temperature"), "Hz": ("hz|赫兹|赫", "frequency"), "V": ("伏特|伏|v", "voltage"), "W": ("千瓦|瓦|kw|w", "power"),
    "MPa": ("mpa|兆帕|公斤压力", "pressure"), "dB": ("分贝|db", "noise"), "L": ("升|l", "volume"), "kg": ("公斤|千克|kg|斤", "weight"),
    "cm": ("厘米|公分|cm", "length"), "mm": ("毫米|mm", "length"), "inch": ("英寸|寸|inch", "length"), "min": ("分钟|分|mins?|minutes?", "duration"),
    "h": ("个小时|小时|个钟头|钟头|hours?", "duration"), "s": ("秒钟|秒", "duration"), "d": ("天|days?", "duration"), "times": ("次|遍|回|times", "frequency"),
}  # fmt: skip
_FORMS = "|".join(sorted((forms for forms, _kind in UNITS.values()), key=len, reverse=True))
RANGE = {"temperature": 200, "frequency": 100000, "voltage": 1000, "noise": 200}
ORDERED = (
    ("phone", re.compile(r"(?<![\d*])(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)")),
    ("phone", re.compile(r"(?<!\d)(0\d{2,3}-\d{7,8})(?!\d)")),
    ("order", re.compile(r"(?:订单号?|单号|order(?: number| no\.?)?)\s*(?:是|为)?[:：#]?\s*([a-z0-9][a-z0-9-]{5,23})")),
    ("serial", re.compile(r"(?:序列号|机身号|机号|机编|s/?n|serial(?: number| no\.?)?)\s*(?:是|为)?[:：#]?\s*([a-z0-9][a-z0-9-]{5,29})")),
    ("request", re.compile(r"(?<![a-z0-9])((?:cr|wo)?\d{8}-\d{3,})(?!\d)")),
    ("order", re.compile(r"(?<![\da-z.])(\d{12,20})(?![\d.])")),
    ("date", re.compile(r"(?<!\d)((?:19|20)\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)")),
    ("date", re.compile(r"(?<!\d)(\d{1,2}月\d{1,2}[日号]?)")),
    ("date", re.compile(r"(大前天|前天|昨天|昨晚|今天|今早|上个?(?:周|星期|礼拜)[一二三四五六日天]|去年|上个?月|yesterday|last (?:week|month|year|night))")),
    ("error_code", re.compile(r"(?:报|显示|跳|故障码|故障代码|代码|code|error)\s*(?:是|为)?[:：]?\s*([a-z]{1,2}-?\d{1,3})(?![a-z0-9])")),
    ("error_code", re.compile(r"(?<![a-z0-9-])([efhpu]\d{1,2})(?![a-z0-9])")),
    ("model", re.compile(r"(?:型号|机型|model)\s*(?:是|为)?[:：]?\s*([a-z0-9][a-z0-9/()-]{2,23})")),
    ("model", re.compile(r"(?<![a-z0-9-])([a-z]{1,5}-?\d{2,5}[a-z0-9/-]{0,12})(?![a-z0-9])")),
    ("place", re.compile(r"([\u4e00-\u9fff]{2,8}?(?:省|市|自治区)?[\u4e00-\u9fff]{1,6}(?:区|县|镇)[\u4e00-\u9fff0-9a-z]{0,12}(?:路|街|道|巷|村|小区|花园|号|栋|楼))")),
    ("place", re.compile(r"((?:[\u4e00-\u9fff]{2,4})(?:路店|街店|广场店|门店|旗舰店))")),
)  # fmt: skip
AMOUNT = re.compile(
    rf"[¥￥]\s*({NUMBER})|({NUMBER})\s*(?:元|块钱|块|圆|rmb|yuan|cny)(?!钟)(?:(\d|{HANZI})(?:毛|角)?(?![\d个]))?"
)
MEASURED = re.compile(rf"(?:零下|-)?({NUMBER})\s*(?:多|来)?\s*({_FORMS})(?![a-z])")
DAY = {"大前天": 3, "前天": 2, "昨天": 1, "昨晚": 1, "今天": 0, "今早": 0, "yesterday": 1, "last night": 1}


class Found(NamedTuple):
    """A value in a text, from `start` up to `end`; `value` is in plain form: 30, 2024-05-20, kf-35gw."""

    kind: str
    value: str
    unit: str
    start: int
    end: int


def values_in(plain: str, *, today: date) -> list[Found]:
    """Give the values of a folded text by their place; what lies within another is left out."""
    found: list[Found] = []
    for kind, pattern in ORDERED:
        for match in pattern.finditer(plain):
            value = _plain(kind, match.group(1), today)
            if value and not _overlaps(found, match.start(1), match.end(1)):
                found.append(Found(kind, value, "", match.start(1), match.end(1)))
    for match in AMOUNT.finditer(plain):
        amount = number_of(match.group(1) or match.group(2))
        if amount is not None and not _overlaps(found, match.start(), match.end()):
            if match.group(3):
                amount += (number_of(match.group(3)) or Decimal(0)) / 10
            found.append(Found("amount", f"{amount:f}", "CNY", match.start(), match.end()))
    for match in MEASURED.finditer(plain):
        unit, kind = next(
            ((u, k) for u, (forms, k) in UNITS.items() if re.fullmatch(forms, match.group(2))), ("", "")
        )
        number = number_of(match.group(1))
        if (
            number is None
            or not unit
            or number > RANGE.get(kind, 10**6)
            or _overlaps(found, match.start(), match.end())
        ):
            continue
        sign = "-" if match.group().startswith(("零下", "-")) else ""
        found.append(Found(kind, f"{sign}{number:f}", unit, match.start(), match.end()))
    return sorted(found, key=lambda one: one.start)


def number_of(text: str) -> Decimal | None:
    """Read a number in digits or Chinese: 1,280.5 or 三百二; None where it is none."""
    plain = text.replace(",", "").strip()
    if plain and plain[0].isdigit():
        try:
            return Decimal(plain)
        except InvalidOperation:
            return None
    if not plain or any(letter not in DIGITS and letter not in POWERS for letter in plain):
        return None
    if all(letter in DIGITS for letter in plain):
        return Decimal("".join(str(DIGITS[letter]) for letter in plain))
    whole, part, last, power = 0, 0, 0, 1
    for letter in plain:
        if letter in DIGITS:
            last = DIGITS[letter]
            continue
        power = POWERS[letter]
        if power == 10000:
            whole, part, last = (whole + part + last) * power, 0, 0
        else:
            part, last = part + (last or 1) * power, 0
    short = last and power > 10 and plain[-2] in POWERS  # 三百二 is 320
    return Decimal(whole + part + (last * power // 10 if short else last))


def _plain(kind: str, text: str, today: date) -> str:
    if kind == "phone":
        return re.sub(r"\D", "", text) if not text.startswith("0") else text
    if kind == "date":
        return _day(text, today)
    if kind == "model":
        return text.upper() if re.search(r"[a-z]", text) and re.search(r"\d", text) else ""
    return text.upper() if kind in ("serial", "order", "error_code", "request") else text


def _day(text: str, today: date) -> str:
    if text in DAY:
        return (today - timedelta(days=DAY[text])).isoformat()
    week = re.fullmatch(r"上个?(?:周|星期|礼拜)([一二三四五六日天])", text)
    if week:
        return (
            today - timedelta(days=today.weekday() + 7 - min("一二三四五六日天".index(week.group(1)), 6))
        ).isoformat()
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    try:
        if len(numbers) == 3:
            return date(*numbers).isoformat()
        if len(numbers) == 2:
            day = date(today.year, *numbers)
            return (day if day <= today else date(today.year - 1, *numbers)).isoformat()
    except ValueError:
        return ""
    return text


def _overlaps(found: list[Found], start: int, end: int) -> bool:
    return any(one.start < end and start < one.end for one in found)
