"""Warranty from the day of purchase and the category's rule (M7; checklist 13: never typed)."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from aftercare.policies.rules import Text, Warranty


@dataclass(frozen=True)
class Cover:
    """What is covered until when: `part` is empty for the whole product."""

    part: str
    months: int
    until: date
    in_force: bool
    title: Text | None = None


@dataclass(frozen=True)
class WarrantyReading:
    """The reading of a warranty: covers, the day counted from, and why."""

    covers: list[Cover]
    purchased_on: date | None
    day: int
    category: str

    @property
    def is_known(self) -> bool:
        return bool(self.covers)

    @property
    def in_warranty(self) -> bool:
        return any(cover.in_force for cover in self.covers if not cover.part)

    @property
    def until(self) -> date | None:
        return next((cover.until for cover in self.covers if not cover.part), None)

    def covers_part(self, part_kind: str) -> bool:
        """Say whether a part of this kind is free: by its own rule, else by that of the whole product."""
        own = [cover.in_force for cover in self.covers if cover.part and cover.part == part_kind]
        return own[0] if own else self.in_warranty


def months_later(day: date, months: int) -> date:
    """Give the same day some months later; the last of the month where that day does not exist."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def read_warranty(
    rule: Warranty | None, purchased_on: date | None, *, on: date, category: str
) -> WarrantyReading:
    """Compute what is covered on the day `on`; unknown purchase or category gives no cover at all."""
    if rule is None or purchased_on is None or purchased_on > on:
        return WarrantyReading([], purchased_on, 0, category)
    spans = [("", rule.months, None), *((code, part.months, part.title) for code, part in rule.parts.items())]
    covers = []
    for part, months, title in spans:
        until = months_later(purchased_on, months) - timedelta(days=1)
        covers.append(Cover(part, months, until, purchased_on <= on <= until, title))
    return WarrantyReading(covers, purchased_on, (on - purchased_on).days + 1, category)
