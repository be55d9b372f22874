"""`aftercare sla`: how a clock came to its due instant, and how all would have come out under another policy."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.refusals import Invalid

from .starting import installation, now, say


def sla(options: argparse.Namespace) -> int:
    """Print how every clock of a request was derived, or how all would have come out under another policy."""
    if options.what == "replay":
        return _replay(options)
    with installation():
        from aftercare.intake.selectors import request_for
        from aftercare.people.rules import MACHINE
        from aftercare.sla.selectors import clocks_of_case
        from aftercare.sla.services import explain_clock

        for clock in clocks_of_case(request_for(MACHINE, options.number).pk):
            say(f"{clock.title('zh')} · {clock.code} · {clock.state}")
            for line in explain_clock(clock, "zh"):
                say(f"    {line}")
    return 0


def _replay(options: argparse.Namespace) -> int:
    with installation():
        from aftercare.people.rules import MACHINE
        from aftercare.policies.selectors import policy_for, tried_pack
        from aftercare.sla.services import replay

        start, end = (_day(day) for day in (options.start, options.end))
        policy = policy_for()
        packs = [policy.pack, tried_pack(options.policy, policy)]
        now_is, would_be = replay(packs, start=start, end=end, by=MACHINE, at=now())
        say(f"{'clock':<22}{policy.title:>26}{options.policy:>26}")
        for code in sorted({*now_is, *would_be}):
            shown = [_verdicts(tallies.get(code)) for tallies in (now_is, would_be)]
            say(f"{code:<22}{shown[0]:>26}{shown[1]:>26}")
        say("met/missed/open, and calls to handler/supervisor/executive; nothing was written")
    return 0


def _verdicts(tally: Any) -> str:
    if tally is None:
        return "-"
    calls = "/".join(str(tally.called[who]) for who in ("handler", "supervisor", "executive"))
    return f"{tally.met}/{tally.missed}/{tally.open}  {calls}"


def _day(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    except ValueError as error:
        raise Invalid("this is not a day", where=written, expected="2026-10-01") from error
