"""A guide in steps: what to look at or do, and where each answer leads."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.translation import gettext as _

STEP = re.compile(r"^\s*(\d{1,2})\s*[.、．)]\s*(.+?)\s*$")
BRANCH = re.compile(r"^\s*[-*·•]\s*(.+?)\s*(?:→|->|=>)\s*(.+?)\s*$")
MOST = 60


class GuideError(ValueError):
    """A guide that can't be followed; the message says in which line and why."""


class Branch(NamedTuple):
    """An answer, and where it leads: the number of a step, or (`to` 0) the words with which the guide ends."""

    said: str
    to: int
    ends: str


class Step(NamedTuple):
    """One step; without branches it leads to the next."""

    number: int
    text: str
    branches: tuple[Branch, ...]


def steps_of(text: str) -> list[Step]:
    """Read a guide, written as `1. question` with lines `- answer → 3` or `- answer → what to do` below.

    Refuses a guide without steps, a line that is neither, a number given twice, a branch to a step there is none of, and a
    step that nothing leads to.
    """
    steps: list[Step] = []
    for place, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        step, branch = STEP.match(line), BRANCH.match(line)
        if step:
            steps.append(Step(int(step.group(1)), step.group(2), ()))
        elif branch and steps:
            said, to = branch.groups()
            led = Branch(said, int(to), "") if to.isdecimal() and len(to) < 9 else Branch(said, 0, to)
            steps[-1] = steps[-1]._replace(branches=(*steps[-1].branches, led))
        else:
            raise GuideError(
                _("line %(line)s is neither a step nor an answer: %(text)s")
                % {"line": place, "text": line.strip()[:60]}
            )
    _check(steps)
    return steps


def _check(steps: list[Step]) -> None:
    numbers = [step.number for step in steps]
    if not steps or len(steps) > MOST:
        raise GuideError(_("a guide has 1 to 60 steps"))
    for number in numbers:
        if numbers.count(number) > 1:
            raise GuideError(_("step %(number)s is there twice") % {"number": number})
    led = {steps[0].number}
    for step, after in zip(steps, [*numbers[1:], 0], strict=True):
        for branch in step.branches:
            if not branch.ends and branch.to not in numbers:
                raise GuideError(
                    _("step %(number)s leads to step %(to)s, which there is none of")
                    % {"number": step.number, "to": branch.to}
                )
        led |= {branch.to for branch in step.branches} if step.branches else {after}
    lost = [number for number in numbers if number not in led]
    if lost:
        raise GuideError(_("nothing leads to step %(number)s") % {"number": lost[0]})
