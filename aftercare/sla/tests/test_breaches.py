"""What went overdue, counted by category, time of day and person, and the clocks behind each number (M105)."""

from __future__ import annotations

from datetime import timedelta

from aftercare.ledger.services import deliver_until_idle
from aftercare.sla.selectors import breach_counts, breaches, edge_of, paused_count
from aftercare.sla.services import sweep_clocks
from tests.cast import MORNING

ZONE = "Asia/Shanghai"


def sweep(at) -> None:
    while sweep_clocks(at=at):
        pass
    deliver_until_idle(at=at)


def test_breaches_are_counted_by_the_local_hour_and_open_their_clocks(cast):
    cast.request(kind="inquiry", urgency="urgent")  # its plan is due at 09:44 in Shanghai
    cast.request(
        kind="inquiry",
        urgency="urgent",
        category="washer",
        phone="13800000008",
        name="赵一",
        at=MORNING + timedelta(hours=3),
    )
    deliver_until_idle(at=MORNING + timedelta(hours=3))
    sweep(MORNING + timedelta(hours=4))
    zheng = cast.actor("zheng")
    found = breaches(zheng, since=MORNING, zone=ZONE)
    by_hour, _by_person = breach_counts(found)
    assert {("aircon", 9, 1), ("washer", 12, 1)} <= set(by_hour)
    assert [c.category for c in breaches(zheng, since=MORNING, zone=ZONE, hours=(12, 14))] == ["washer"]
    assert {c.category for c in breaches(zheng, since=MORNING, zone=ZONE, category="aircon")} == {"aircon"}
    assert not breaches(cast.actor("tang"), since=MORNING, zone=ZONE).exists()
    assert not breaches(zheng, since=MORNING + timedelta(hours=4), zone=ZONE).exists()


def test_the_edge_holds_what_is_overdue_and_what_is_about_to_be(cast):
    cast.request(kind="inquiry", urgency="urgent")
    deliver_until_idle(at=MORNING)
    zheng = cast.actor("zheng")
    assert not edge_of(zheng, soon=MORNING + timedelta(minutes=29))
    assert {edge.code for edge in edge_of(zheng, soon=MORNING + timedelta(minutes=31))} == {"plan"}
    assert not edge_of(cast.actor("tang"), soon=MORNING + timedelta(days=9))
    assert paused_count(zheng) == 0
