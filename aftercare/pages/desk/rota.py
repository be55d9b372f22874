"""Who works when: shifts and leaves of a week on a calendar, and certificates that are about to lapse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aftercare.people.selectors import certificates_until, colleagues_listed, named_units, week_of, zone_of

from ..doors import actor, now, number_in, page
from ..templatetags.show import certificate_titles
from .listing import day_in

LAPSES = timedelta(days=30)


@dataclass(frozen=True)
class Line:
    """One person of the week: for each day the shifts as text, one a line, and a leave; the hours of each day without leaves."""

    person: Any
    days: list[tuple[str, Any]]
    worked: list[float]

    @property
    def hours(self) -> float:
        return sum(self.worked)


@page("read_people")
def rota_page(request: HttpRequest) -> HttpResponse:
    """Show the shifts and leaves of a week for a unit, day by day; people without any stand last."""
    who, at = actor(request), now()
    zone = ZoneInfo(zone_of(who.unit_id) if who.unit_id else "Asia/Shanghai")
    today = at.astimezone(zone).date()
    monday = _monday(request.GET.get("week", ""), today)
    unit_id = number_in(request.GET.get("unit", ""))
    staff = {person.pk: person for person in colleagues_listed(who, unit_id=unit_id)}
    days = [monday + timedelta(days=n) for n in range(7)]
    begins = datetime.combine(monday, time(), zone)
    shifts, leaves = week_of(staff, begins, begins + timedelta(days=7))
    lines = [
        week_line(person, days, shifts.get(person.pk, []), leaves.get(person.pk, []), zone)
        for person in staff.values()
    ]
    titles = certificate_titles()
    lapsing = [
        (until, staff[staff_id], titles.get(code, code))
        for staff_id, code, until in certificates_until(list(staff), today + LAPSES)
    ]
    return render(request, "desk/rota.html", {
        "place": "people", "today": today, "lines": sorted(lines, key=lambda line: line.hours == 0),
        "units": named_units(who), "unit": unit_id, "before": monday - timedelta(days=7), "after": monday + timedelta(days=7),
        "lapsing": lapsing, "days": [(day, sum(line.worked[n] > 0 for line in lines)) for n, day in enumerate(days)],
    })  # fmt: skip


def _monday(text: str, today: date) -> date:
    chosen = day_in(text) or today
    return chosen - timedelta(days=chosen.weekday())


def week_line(
    person: Any, days: list[date], shifts: list[tuple[datetime, datetime]], leaves: list[Any], zone: ZoneInfo
) -> Line:
    of_day: dict[date, list[str]] = {}
    worked = dict.fromkeys(days, 0.0)
    for begins, ends in shifts:
        starts = begins.astimezone(zone)
        of_day.setdefault(starts.date(), []).append(f"{starts:%H:%M}–{ends.astimezone(zone):%H:%M}")
        at_work, since = timedelta(0), begins
        for leave in leaves:  # by their begin; two may overlap
            at_work += max(min(leave.starts_at, ends) - since, timedelta(0))
            since = max(since, min(leave.ends_at, ends))
        worked[starts.date()] += (at_work + ends - since).total_seconds() / 3600
    cells = []
    for day in days:
        leave_of_day = None
        if leaves:
            starts = datetime.combine(day, time(), zone)
            ends = starts + timedelta(days=1)
            leave_of_day = next(
                (leave for leave in leaves if leave.starts_at < ends and leave.ends_at > starts), None
            )
        cells.append(("\n".join(of_day.get(day, ())), leave_of_day))
    return Line(person, cells, list(worked.values()))
