"""Working time: tables checked by hand, laws, and an independent slow count of minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.policies.rules import load_pack
from aftercare.sla.rules import Calendar, NeverOpen, add_time, is_open, time_between

SHANGHAI = "Asia/Shanghai"
DAY = ((540, 720), (810, 1080))  # 09:00–12:00, 13:30–18:00
OFFICE = Calendar(
    "office", SHANGHAI, weekly=(DAY,) * 5 + ((),) * 2, holidays=(), makeup=DAY,
    off=frozenset({date(2026, 10, n) for n in range(1, 8)}), worked=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
)  # fmt: skip
NIGHT = Calendar("night", SHANGHAI, weekly=(((1320, 1800),),) * 7)  # 22:00–06:00
BERLIN = Calendar("berlin", "Europe/Berlin", weekly=(((0, 1440),),) * 7)
ALWAYS = Calendar("always")


def at(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "due"),
    [
        (OFFICE, "2026-05-20 09:30", 1, "2026-05-20 10:30"),
        (OFFICE, "2026-05-20 11:30", 1, "2026-05-20 14:00"),  # over the midday break
        (OFFICE, "2026-05-20 11:00", 1, "2026-05-20 12:00"),  # to the very end of a stretch
        (OFFICE, "2026-05-20 17:00", 2, "2026-05-21 10:00"),  # over the night
        (OFFICE, "2026-05-22 17:00", 2, "2026-05-25 10:00"),  # over the weekend
        (OFFICE, "2026-05-23 11:00", 1, "2026-05-25 10:00"),  # begun on a day off
        (OFFICE, "2026-09-30 17:30", 1, "2026-10-08 09:30"),  # over the holiday week
        (OFFICE, "2026-10-09 17:00", 2, "2026-10-10 10:00"),  # a Saturday worked in exchange
        (OFFICE, "2026-09-20 09:00", 1, "2026-09-20 10:00"),  # a Sunday worked in exchange
        (NIGHT, "2026-05-20 23:00", 8, "2026-05-21 23:00"),  # a stretch over midnight, then the next night
        (NIGHT, "2026-05-20 12:00", 1, "2026-05-20 23:00"),
        (ALWAYS, "2026-05-20 23:00", 2, "2026-05-21 01:00"),
    ],
)
def test_due_instants_worked_out_by_hand(calendar, start, hours, due):
    assert add_time(calendar, at(start), timedelta(hours=hours)) == at(due)
    assert time_between(calendar, at(start), at(due)) == timedelta(hours=hours)


def test_summer_time_skips_an_hour_and_winter_time_repeats_one():
    before = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight of the short day in Berlin
    assert time_between(BERLIN, before, datetime(2026, 3, 29, 22, tzinfo=UTC)) == timedelta(hours=23)
    before = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert time_between(BERLIN, before, datetime(2026, 10, 25, 23, tzinfo=UTC)) == timedelta(hours=25)
    shop = Calendar("shop", "Europe/Berlin", weekly=(((60, 240),),) * 7)  # 01:00–04:00
    opens = datetime(2026, 3, 29, 0, tzinfo=UTC)
    assert time_between(shop, opens, opens + timedelta(hours=6)) == timedelta(hours=2), (
        "one hour does not exist"
    )
    opens = datetime(2026, 10, 24, 23, tzinfo=UTC)
    assert time_between(shop, opens, opens + timedelta(hours=6)) == timedelta(hours=4), (
        "one hour is there twice"
    )


def test_a_single_date_goes_before_everything():
    party = Calendar("office", SHANGHAI, weekly=OFFICE.weekly, days={date(2026, 5, 20): ((540, 600),)})
    assert add_time(party, at("2026-05-20 09:30"), timedelta(hours=1)) == at("2026-05-21 09:30")
    assert not is_open(party, at("2026-05-20 10:00"))
    assert is_open(OFFICE, at("2026-05-20 10:00"))


def test_a_calendar_that_never_opens_says_so():
    with pytest.raises(NeverOpen):
        add_time(Calendar("shut", weekly=((),) * 7), at("2026-05-20 09:00"), timedelta(minutes=1))


def test_the_law_moves_days_in_the_packs_of_the_product(db):
    from aftercare.people.rules import MACHINE
    from aftercare.people.services import add_unit
    from aftercare.policies.services import activate_pack
    from aftercare.sla.services.calendars import calendar_of

    root = add_unit(kind="headquarters", name="澄和", parent=None, by=MACHINE, at=at("2026-05-20 09:00"))
    version = activate_pack("appliance", by=MACHINE, at=at("2026-05-20 09:00"))
    office = calendar_of(version.pk, "office", root.pk)
    assert add_time(office, at("2026-09-30 17:30"), timedelta(hours=1)) == at("2026-10-08 09:30")
    service = calendar_of(version.pk, "service", root.pk)
    assert is_open(service, at("2026-10-01 10:00")), "service goes on in the holiday week"
    assert {row.code for row in load_pack("appliance")[1].calendars.calendars} == {"service", "office"}


def minutes_open(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Count open minutes one by one, by looking at the wall clock of each: slow, and by another way."""
    zone, count, now = ZoneInfo(calendar.zone), 0, start.astimezone(UTC)
    while now < end:
        local = now.astimezone(zone)
        today = local.hour * 60 + local.minute
        hours = calendar.hours_of(local.date())
        last = calendar.hours_of(local.date() - timedelta(days=1))
        count += any(a <= today < b for a, b in hours) or any(a <= today + 1440 < b for a, b in last)
        now += timedelta(minutes=1)
    return count


openings = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 700)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=3,
)
days = st.integers(0, 720).map(lambda n: date(2025, 1, 1) + timedelta(days=n))
calendars = st.builds(
    lambda zone, weekly, holidays, off, worked, makeup: Calendar(
        "c", zone, tuple(map(tuple, weekly)), None if holidays is None else tuple(holidays), tuple(makeup),
        off=frozenset(off), worked=frozenset(worked),
    ),
    st.sampled_from([SHANGHAI, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.lists(openings, min_size=7, max_size=7), st.none() | openings, st.lists(days, max_size=20), st.lists(days, max_size=20),
    openings,
)  # fmt: skip
instants = st.integers(0, 720 * 1440).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n))
spans = st.integers(0, 4000).map(lambda n: timedelta(minutes=n))


def quiet_zone(calendar: Calendar, start: datetime, end: datetime) -> bool:
    zone = ZoneInfo(calendar.zone)
    return start.astimezone(zone).utcoffset() == end.astimezone(zone).utcoffset()


@settings(max_examples=300, deadline=None)
@given(calendars, instants, st.integers(0, 6000))
def test_open_time_equals_a_count_of_minutes(calendar, start, length):
    end = start + timedelta(minutes=length)
    if not quiet_zone(calendar, start - timedelta(days=1), end + timedelta(days=1)):
        return  # wall clocks repeat or skip there; worked out by hand above
    assert time_between(calendar, start, end) == timedelta(minutes=minutes_open(calendar, start, end))


@settings(max_examples=400, deadline=None)
@given(calendars, instants, spans, spans)
def test_adding_two_spans_equals_adding_their_sum_and_never_goes_back(calendar, start, one, other):
    try:
        first = add_time(calendar, start, one)
        second = add_time(calendar, first, other)
        together = add_time(calendar, start, one + other)
    except NeverOpen:
        return
    assert start <= first <= second == together
    assert time_between(calendar, start, second) == one + other
