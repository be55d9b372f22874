"""What if: recorded facts under another policy, nothing written, and equal to what was stored under the same one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.intake.services import plan_request
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.policies.selectors import policy_for, tried_pack
from aftercare.refusals import Invalid
from aftercare.sla.models import Clock
from aftercare.sla.services import replay, sweep_clocks
from aftercare.workorders.services import pause_work_order, resume_work_order
from tests.cast import MORNING


def minutes(n):
    return MORNING + timedelta(minutes=n)


def day(cast):
    """Let five requests be planned at 5, 15, … minutes, one of them paused meanwhile."""
    for n in range(5):
        order = cast.order(description=f"外机嗡嗡响，不出冷风，第 {n} 台", phone=f"138000000{n:02d}")
        if n == 0:
            pause_work_order(order, "parts", by=cast.actor("li"), at=minutes(2))
            resume_work_order(order, by=MACHINE, at=minutes(60))
        plan_request(
            order.request, by=cast.actor("li"), at=minutes(5 + 10 * n), plan="今天下午上门，保内免费"
        )
    deliver_until_idle(at=minutes(70))
    while sweep_clocks(at=minutes(70)):
        pass


def over(pack, at=70):
    return replay([pack], start=MORNING, end=minutes(1), by=MACHINE, at=minutes(at))[0]


def test_the_same_policy_gives_what_is_stored(cast):
    day(cast)
    tallies = over(policy_for().pack)
    for code in ("plan", "order", "dispatch", "closure"):
        stored = list(Clock.objects.filter(code=code).values_list("state", flat=True))
        tally = tallies[code]
        assert (tally.met, tally.missed, tally.open, tally.void) == (
            stored.count("met"), stored.count("missed"), stored.count("running") + stored.count("paused"),
            stored.count("cancelled"),
        ), code  # fmt: skip


def test_a_stricter_policy_misses_more_and_calls_more_and_writes_nothing(cast, tmp_path):
    day(cast)
    facts, clocks = Fact.objects.count(), list(Clock.objects.order_by("id").values())
    policy = policy_for()
    file = tmp_path / "strict.toml"
    file.write_text(
        '[[clocks.clocks]]\ncode = "plan"\nby_urgency = { normal = "10m", urgent = "10m", critical = "10m" }\n'
    )
    before, after = replay(
        [policy.pack, tried_pack(str(file), policy)],
        start=MORNING,
        end=minutes(1),
        by=MACHINE,
        at=minutes(70),
    )
    assert (before["plan"].met, before["plan"].missed) == (3, 2)
    assert (after["plan"].met, after["plan"].missed) == (1, 4)
    assert before["plan"].called["handler"] == 2
    assert after["plan"].called["handler"] == 4
    assert after["plan"].called["supervisor"] == 1, (
        "40 minutes late is past the second level only for the last"
    )
    assert (Fact.objects.count(), list(Clock.objects.order_by("id").values())) == (facts, clocks)


def test_a_pack_by_name_and_a_broken_file(cast, tmp_path):
    day(cast)
    retail = over(tried_pack("retail", policy_for()))
    assert "first_response" in retail
    broken = tmp_path / "x.toml"
    broken.write_text('[[clocks.clocks]]\ncode = "plan"\ncalendar = "moon"\n')
    with pytest.raises(Invalid, match=r"moon|wrong"):
        tried_pack(str(broken), policy_for())
