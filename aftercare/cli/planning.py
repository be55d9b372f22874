"""`aftercare plan`: the plans of the days, and one made again from what was stored with it."""

from __future__ import annotations

import argparse

from .starting import installation, say

WHY = {
    "": "the same plan",
    "inputs": "not made again: the inputs are no longer those it was made from",
    "engine": "another plan: another edition of the search made it",
    "routes": "another plan, though edition, seed and inputs are the same: please report this",
}


def plan(options: argparse.Namespace) -> int:
    """List the latest plans, or make one again; exits with 1 where it does not come out the same."""
    with installation():
        from aftercare.dispatch.selectors import plan_for, plans_for
        from aftercare.dispatch.services import replay_plan
        from aftercare.people.rules import MACHINE

        if options.what == "list":
            for row in plans_for(MACHINE)[:20]:
                say(
                    f"{row.pk:>6}  {row.day}  {row.state:<9}  {row.unit.name}  {len(row.moves)} moves  {row.because}"
                )
            return 0
        replay = replay_plan(plan_for(MACHINE, options.number))
        for who, jobs in sorted(replay.routes.items(), key=lambda row: int(row[0])):
            say(f"{who:>6}: {' '.join(str(job) for job in jobs)}")
        say(WHY[replay.because])
    return 1 if replay.because else 0
