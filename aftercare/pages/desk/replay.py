"""What if: a month's facts under another pack, beside what was in force."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from aftercare.people.selectors import zone_of
from aftercare.policies.rules import pack_names
from aftercare.policies.selectors import policy_for, tried_pack
from aftercare.sla.services import Tally, replay

from ..doors import actor, now, page


@page("read_report")
def replay_page(request: HttpRequest) -> HttpResponse:
    """Show, clock by clock, which promises would have been kept and who would have been called."""
    who, at = actor(request), now()
    policy = policy_for(who.unit_id)
    names = [name for name in pack_names() if name != "emergency"]
    chosen = request.GET.get("pack", "")
    zone = ZoneInfo(zone_of(who.unit_id or 0))
    start, end = _month(request.GET.get("month", ""), at.astimezone(zone))
    rows = []
    if chosen in names:
        other = tried_pack(chosen, policy)
        before, after = replay([policy.pack, other], start=start, end=end, by=who, at=at)
        titles = {c.code: c.title for pack in (other, policy.pack) for c in pack.clocks.clocks}
        language = get_language() or "zh"
        for code in titles:
            pair = before.get(code), after.get(code)
            if any(tally and (tally.decided or tally.open) for tally in pair):
                rows.append((titles[code][language], code, pair[0] or Tally(), pair[1] or Tally()))
    return render(request, "desk/replay.html", {
        "place": "policy", "policy": policy, "packs": names, "chosen": chosen if chosen in names else "", "rows": rows,
        "month": f"{start:%Y-%m}",
    })  # fmt: skip


def _month(written: str, today: datetime) -> tuple[datetime, datetime]:
    """Read `2026-10`; anything else is the month of today."""
    try:
        start = datetime.strptime(written, "%Y-%m").replace(tzinfo=today.tzinfo)
    except ValueError:
        start = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    days = monthrange(start.year, start.month)[1]
    last = start.replace(day=days, hour=23, minute=59, second=59, microsecond=999999)
    return start, last
