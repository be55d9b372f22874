"""Verdicts on recorded histories: our clocks against an independent computation with pandas (skipped without the data).

Two public event logs are written into the ledger as the facts they are: received, put on hold, taken up again, ended.
What the stored clocks and the replay say of each case is compared with working time summed minute by minute.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from aftercare.ledger.models import Fact
from aftercare.ledger.services import record_rows
from aftercare.people.rules import MACHINE
from aftercare.policies.selectors import policy_for, tried_pack
from aftercare.sla.models import Clock
from aftercare.sla.services import follow_facts, replay, sweep_clocks

HOURS = {"normal": 72, "urgent": 24, "critical": 4}
OFFICE = """
[[calendars.calendars]]
code = "office9to6"
title = { zh = "工作日", en = "Working days" }
[calendars.calendars.weekly]
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-12:00", "13:00-18:00"]
fri = ["09:00-12:00", "13:00-18:00"]
sat = []
sun = []
[[clocks.clocks]]
code = "closure"
calendar = "office9to6"
by_urgency = { normal = "%dh", urgent = "12h", critical = "4h" }
"""


def incidents(folder) -> pd.DataFrame:
    """Give one row an incident: when it was opened and ended, how urgent, and the stretches it waited for the user."""
    log = pd.read_csv(next((folder / "log_servicenow_incident").glob("*.csv.gz")))
    log["at"] = pd.to_datetime(log["sys_updated_at"], format="%d-%m-%Y %H:%M", utc=True)
    log["opened"] = pd.to_datetime(log["opened_at"], format="%d-%m-%Y %H:%M", utc=True)
    rows = []
    for number, (_key, events) in enumerate(log.groupby("number", sort=True), 1):
        events = events.sort_values("at", kind="stable")
        opened, holds, since, ended = events["opened"].iloc[0], [], None, None
        for event in events.itertuples():
            if event.at < opened:
                continue
            if event.incident_state in ("Resolved", "Closed"):
                ended = event.at
                break
            waits = event.incident_state.startswith("Awaiting")
            if waits and since is None:
                since = event.at
            elif not waits and since is not None:
                holds.append((since, event.at))
                since = None
        if since is not None:
            holds.append((since, ended))
        if ended is not None:
            urgency = {"1": "critical", "2": "urgent"}.get(str(events["priority"].iloc[0])[0], "normal")
            rows.append((number, opened, ended, urgency, holds))
    return pd.DataFrame(rows, columns=["case", "opened", "ended", "urgency", "holds"])


def helpdesk(folder) -> pd.DataFrame:
    log = pd.read_csv(folder / "log_helpdesk_it" / "helpdesk.csv.gz")
    log["at"] = pd.to_datetime(log["timestamp"], utc=True)
    rows = log.groupby("case_id")["at"].agg(["min", "max"]).reset_index()
    rows = rows[rows["max"] > rows["min"]]
    return pd.DataFrame({
        "case": rows["case_id"] + 1, "opened": rows["min"], "ended": rows["max"], "urgency": "normal", "holds": [[] for _ in range(len(rows))],
    })  # fmt: skip


def write(cases: pd.DataFrame, unit_id: int) -> None:
    rows = []
    for case in cases.itertuples():
        happened = [("request.received", case.opened)]
        for start, end in case.holds:
            happened.append(("work_order.paused", start))
            if end is not None and end < case.ended:
                happened.append(("work_order.resumed", end))
        happened.append(("request.closed", case.ended))
        rows += [
            {"name": name, "subject_kind": "request", "subject_id": case.case, "case_id": case.case, "order_id": None, "unit_id": unit_id,
             "policy_id": None, "at": at.to_pydatetime(), "values": {"kind": "repair", "urgency": case.urgency, "service_type": "visit", "category": ""}}
            for name, at in happened
        ]  # fmt: skip
    record_rows(rows, by=MACHINE)


def missed(cases: pd.DataFrame, hours: dict[str, int], *, table: pd.DataFrame | None) -> set[int]:
    """Give the cases that were still unfinished after the instant at which their promised time was used up."""
    found = set()
    for case in cases.itertuples():
        stretches, start = [], case.opened
        for hold_start, hold_end in case.holds:
            stretches.append((start, hold_start))
            start = hold_end if hold_end is not None else case.ended
        left = hours[case.urgency] * 60.0
        for a, b in [*stretches, (start, case.ended)]:
            if b <= a:
                continue
            if _used_up(a, left, table) < b:
                found.add(case.case)
                break
            left -= (b - a).total_seconds() / 60 if table is None else _before(table, b) - _before(table, a)
    return found


def _used_up(a: pd.Timestamp, left: float, table: pd.DataFrame | None) -> pd.Timestamp:
    """Give the first instant by which `left` minutes have passed since a: by the clock, or of open time."""
    if table is None:
        return a + pd.Timedelta(minutes=left)
    goal = _before(table, a) + left
    n = int(table["sum"].searchsorted(goal, side="left"))
    if n == len(table):
        return pd.Timestamp.max.tz_localize("UTC")
    if table["sum"].iat[n] == goal:
        return max(table.index[n], a)
    return table.index[n - 1] + pd.Timedelta(minutes=goal - table["sum"].iat[n - 1])


def _before(table: pd.DataFrame, at: pd.Timestamp) -> float:
    """Give the open minutes before an instant: whole minutes from the index, the last by its share."""
    minute = at.floor("min")
    return table["sum"].at[minute] + table["open"].at[minute] * (at - minute).total_seconds() / 60


def minutes(cases: pd.DataFrame) -> pd.DataFrame:
    """Give every minute of the log: whether it is open (Mon–Fri 9–12 and 13–18 in Shanghai), and how many were before it."""
    span = pd.date_range(
        cases["opened"].min().floor("min"),
        cases["ended"].max().ceil("min") + pd.Timedelta(minutes=1),
        freq="min",
        tz="UTC",
    )
    local = span.tz_convert("Asia/Shanghai")
    is_open = (
        (local.dayofweek < 5)
        & (((local.hour >= 9) & (local.hour < 12)) | ((local.hour >= 13) & (local.hour < 18)))
    ).astype(int)
    table = pd.DataFrame({"open": is_open}, index=span)
    table["sum"] = table["open"].cumsum() - table["open"]
    return table


def stored(at: datetime) -> set[int]:
    """Follow all facts as the worker does, sweep, and give the cases whose closure clock was missed."""
    facts = list(Fact.objects.filter(subject_kind="request").order_by("id"))
    for n in range(0, len(facts), 500):
        follow_facts(facts[n : n + 500], at=at)
    while sweep_clocks(at=at):
        pass
    return set(Clock.objects.filter(code="closure", state="missed").values_list("case_id", flat=True))


@pytest.mark.parametrize(("log", "least", "hours"), [(incidents, 500, 24), (helpdesk, 3000, 240)])
def test_verdicts_equal_an_independent_computation(cast, real_data, tmp_path, log, least, hours):
    cases = log(real_data)
    assert len(cases) > least
    write(cases, cast.store.pk)
    at = cases["ended"].max().to_pydatetime() + timedelta(days=30)
    plain = missed(cases, HOURS, table=None)
    assert stored(at) == plain

    other = tmp_path / "office.toml"
    other.write_text(OFFICE % hours)
    policy = policy_for(cast.store.pk)
    packs = [policy.pack, tried_pack(str(other), policy)]
    period = {"start": datetime(2000, 1, 1, tzinfo=UTC), "end": datetime(2030, 1, 1, tzinfo=UTC)}
    here, office = replay(packs, **period, by=MACHINE, at=at)
    working = missed(cases, {"normal": hours, "urgent": 12, "critical": 4}, table=minutes(cases))
    assert (here["closure"].missed, here["closure"].met) == (len(plain), len(cases) - len(plain))
    assert (office["closure"].missed, office["closure"].met) == (len(working), len(cases) - len(working))
    assert 0 < len(working) < len(cases), "the log holds kept and broken promises"
