"""The cases of last month that everybody learns from: picked by what the pack counts, each with a paper to write (M94)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.people.rules import MACHINE
from aftercare.people.selectors import root_unit, zone_of
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict

from ..models import Paper
from ..rules import telling_cases
from ..selectors import ended_cases
from .papers import Wanted, ask_papers


def pick_cases(*, at: datetime) -> int:
    """Ask for the monthly review of last month's most telling cases, once a month; give how many were picked.

    Which and how many is said by `monthly` of papers.toml of the company's pack; without it, or where nothing ended, none.
    """
    root = root_unit()
    try:
        rule = policy_for(None).pack.papers.monthly
    except Conflict:  # nothing is set up yet
        return 0
    if rule is None or root is None:
        return 0
    until = at.astimezone(ZoneInfo(zone_of(root.pk))).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    since = (until - timedelta(days=1)).replace(day=1)
    if Paper.objects.filter(code=rule.paper, asked_at__gte=until).exists():
        return 0
    chosen = telling_cases(ended_cases(since, until), rule)
    requests = Request.objects.in_bulk([case.request_id for case, _counts in chosen])
    month, language = f"{since:%Y-%m}", get_language() or "zh"
    wanted = []
    for case, counts in chosen:
        reasons = "、".join(weight.title[language] for weight in counts) or _("among the last that ended")
        request = requests[case.request_id]
        wanted.append(
            Wanted(request, rule.paper, holder_id=request.owner_id, because=f"{month} {reasons}"[:200])
        )
    return len(ask_papers(wanted, by=MACHINE, at=at))
