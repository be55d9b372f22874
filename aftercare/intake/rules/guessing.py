"""Guess which column of a foreign file feeds which field, and how its dates are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

ALIASES: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "客户", "客户名称", "客户姓名", "联系人", "name", "customer", "customer name", "contact", "caller"),
    "phone": ("电话", "手机", "手机号", "联系电话", "联系方式", "phone", "mobile", "tel", "telephone", "phone number"),
    "email": ("邮箱", "电子邮件", "email", "e-mail", "mail"),
    "address": ("地址", "服务地址", "联系地址", "address", "street"),
    "lat": ("纬度", "lat", "latitude"),
    "lon": ("经度", "lon", "lng", "longitude"),
    "product_model": ("机型", "型号", "产品型号", "model", "product", "product model"),
    "serial": ("序列号", "产品序列号", "sn", "serial", "serial number"),
    "purchased_on": ("购买日期", "购机日期", "日期", "purchase date", "purchased", "bought"),
    "category": ("品类", "产品类别", "category"),
    "kind": ("需求类型", "服务类型", "kind", "request type"),
    "description": ("问题", "问题描述", "描述", "投诉内容", "内容", "故障描述", "description", "details", "title", "subject", "text"),
    "urgency": ("紧急程度", "优先级", "urgency", "priority"),
    "remark": ("备注", "remark", "note", "notes", "comment"),
    "external_ref": ("编号", "单号", "工单号", "订单号", "id", "number", "ticket id", "case id", "caseid"),
    "received_at": ("受理时间", "创建时间", "投诉时间", "时间", "opened", "opened at", "created", "created at", "received at"),
    "responded_at": ("响应时间", "responded", "responded at"),
    "closed_at": ("关闭时间", "完成时间", "办结时间", "closed", "closed at", "resolved at", "completed"),
}  # fmt: skip
DATED = ("purchased_on", "received_at", "responded_at", "closed_at")
FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M",
    "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y",
)  # fmt: skip


ENOUGH = 50  # dates that could be read both ways
SHORTER = 0.6  # a sound log comes out at 3 and more, one with exchanged dates at 0.2 to 0.4


@dataclass(frozen=True)
class DateReading:
    """The formats that read every value of a column; more than one means that day and month can't be told apart."""

    formats: tuple[str, ...]
    proof: int = 0  # how many values only the first format reads

    @property
    def is_certain(self) -> bool:
        return len(self.formats) == 1


def guess_columns(header: Iterable[str]) -> dict[str, str]:
    """Give, for columns whose name is one of the usual ones, the field: each field at most once."""
    found: dict[str, str] = {}
    for column in header:
        plain = re.sub(r"[\s_\-]+", " ", column).strip().lower()
        for field, names in ALIASES.items():
            if plain in names and field not in found.values():
                found[column] = field
                break
    return found


def read_dates(values: Iterable[str]) -> DateReading:
    """Find the formats that read all these values. Of day/month and month/day, one is proven by a part over 12."""
    distinct = {value.strip() for value in values if value and value.strip()}
    fitting = [form for form in FORMATS if distinct and all(_reads(value, form) for value in distinct)]
    if len(fitting) != 1:
        return DateReading(tuple(fitting))
    twin = swapped(fitting[0])
    return DateReading(tuple(fitting), sum(not _reads(value, twin) for value in distinct) if twin else 0)


def swapped(form: str) -> str:
    """Give a format with day and month exchanged; nothing for one that begins with the year."""
    if form.startswith("%Y"):
        return ""
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def misread(values: Mapping[str, list[str]], formats: Mapping[str, list[str]]) -> dict[str, str]:
    """Find the columns whose formats fail on some value while the exchanged one reads them all: the day/month trap."""
    wrong = {}
    for column, seen in values.items():
        distinct = {value.strip() for value in seen if value and value.strip()}
        for form in formats[column]:
            twin = swapped(form)
            if twin and any(not _reads(v, form) for v in distinct) and all(_reads(v, twin) for v in distinct):
                wrong[column] = twin
    return wrong


def looks_exchanged(values: Iterable[str], form: str) -> bool:
    """Say whether day and month were exchanged wherever both could be, as spreadsheets do on their own.

    Rows of a log follow each other in time. When exchanging every date whose day is at most 12 makes the way from row
    to row shorter by far, somebody exchanged them before.
    """
    read = [at for at in (_read(value.strip(), form) for value in values) if at]
    if sum(at.day <= 12 and at.day != at.month for at in read) < ENOUGH:
        return False
    exchanged = [at.replace(month=at.day, day=at.month) if at.day <= 12 else at for at in read]
    return _way(exchanged) < SHORTER * _way(read)


def _way(instants: list[datetime]) -> float:
    return sum(abs((b - a).total_seconds()) for a, b in pairwise(instants))


def _reads(value: str, form: str) -> bool:
    return _read(value, form) is not None


def _read(value: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(value, form)  # noqa: DTZ007 - compared with its like only
    except ValueError:
        return None
