"""What everybody learns from: the telling cases of last month, and the matter of last quarter that a workshop solves (M94)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.intake.models import Request
from aftercare.people.rules import MACHINE
from aftercare.people.selectors import root_unit, zone_of
from aftercare.policies.rules import Pack, Text, Weight
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict
from aftercare.sla.rules import is_open
from aftercare.sla.services import calendar_of
from aftercare.triage.rules import titles_of

from ..models import Paper
from ..rules import heaviest_matter, telling_cases
from ..selectors import ended_cases
from .papers import Wanted, ask_papers

MATTERS = ("kind", "symptom", "danger", "component", "complaint")  # which a case may be about


def pick_cases(*, at: datetime) -> int:
    """Ask for the monthly reviews of last month's most telling cases and for the workshop of last quarter, each once; give how many.

    Which and how many is said by `monthly` and `quarterly` of papers.toml of the company's pack; without them, or where
    nothing ended, none.
    """
    root = root_unit()
    try:
        policy = policy_for(None)
    except Conflict:  # nothing is set up yet
        return 0
    if root is None:
        return 0
    today = at.astimezone(ZoneInfo(zone_of(root.pk))).replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    wanted = _reviews(policy.pack, month)
    rule = policy.pack.papers.quarterly
    if rule and is_open(calendar_of(policy.id, rule.begins, root.pk), at):
        wanted += _workshop(policy.pack, quarter)
    return len(ask_papers(wanted, by=MACHINE, at=at))


def _reviews(pack: Pack, until: datetime) -> list[Wanted]:
    rule = pack.papers.monthly
    if rule is None or _is_asked(rule.paper, until):
        return []
    since = _months_before(until, 1)
    chosen = telling_cases(ended_cases(since, until), rule)
    requests = Request.objects.in_bulk([case.request_id for case, _counts in chosen])
    language = get_language() or "zh"
    return [
        Wanted(
            request := requests[case.request_id], rule.paper, holder_id=request.owner_id,
            because=f"{since:%Y-%m} {_reasons(counts)[language]}"[:200],
        )
        for case, counts in chosen
    ]  # fmt: skip


def _workshop(pack: Pack, until: datetime) -> list[Wanted]:
    """The workshop hangs on the most telling case of its matter, and names the others."""
    rule, monthly = pack.papers.quarterly, pack.papers.monthly
    if rule is None or monthly is None or _is_asked(rule.paper, until):
        return []
    since = _months_before(until, 3)
    matter = heaviest_matter(ended_cases(since, until), monthly.weights)
    if not matter:
        return []
    requests = Request.objects.in_bulk([case.request_id for case, _counts in matter[: rule.at_most]])
    about = [
        {"case": requests[case.request_id].number, **_reasons(counts).model_dump()}
        for case, counts in matter[: rule.at_most]
    ]
    first = requests[matter[0][0].request_id]
    quarter = f"{since.year} Q{(since.month + 2) // 3}"
    named = " · ".join(_titles(pack, matter[0][0].theme))
    because = _("%(quarter)s: %(matter)s, %(n)d cases") % {
        "quarter": quarter,
        "matter": named,
        "n": len(matter),
    }
    return [Wanted(first, rule.paper, holder_id=first.owner_id, about=about, because=because[:200])]


def _is_asked(code: str, since: datetime) -> bool:
    return Paper.objects.filter(code=code, asked_at__gte=since).exists()


def _months_before(month: datetime, count: int) -> datetime:
    for _n in range(count):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def _reasons(counts: list[Weight]) -> Text:
    if not counts:
        return Text(zh="近期结案", en="among the last that ended")
    return Text(zh="、".join(one.title.zh for one in counts), en=", ".join(one.title.en for one in counts))


def _titles(pack: Pack, theme: tuple[str, str]) -> list[str]:
    category, matter = theme
    language = get_language() or "zh"
    known = {code: title for field in MATTERS for code, title in titles_of(pack, field).items()}
    titles = titles_of(pack, "category").get(category), known.get(matter)
    return [
        str(title[language]) if title else code
        for title, code in zip(titles, theme, strict=True)
        if title or code
    ]
