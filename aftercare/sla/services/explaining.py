"""Write the derivation of a clock line by line, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aftercare.ledger.models import Fact
from aftercare.people.selectors import zone_of
from aftercare.policies.rules import duration_text
from aftercare.policies.selectors import policy_version

from ..models import Clock
from ..rules import Reading
from .deriving import reading_of

WORDS = {
    "zh": {
        "start": "开始", "stop": "停止", "pause": "暂停", "resume": "继续", "cancel": "作废", "change": "改判紧急程度", "hand": "换人负责", "news": "情况变化，紧急程度上调",
        "used": "计入 {used}，还剩 {left}", "due": "到期", "was_due": "应在此前完成", "paused_due": "暂停中；此刻继续则到期",
        "runs": "时限 {span}，按{calendar}计，{policy}", "always": "自然时间", "since": "，自 {at} 情况变化起算", "breached": "逾期，{late}记录", "at_once": "当即",
        "late_by": "迟 {span} ", "withdrawn": "撤销逾期：原定到期 {due} 不再成立", "met": "按时", "missed": "晚了 {span}",
        "cancelled": "作废", "warned": "预警 {percent} %", "escalated": "升级：逾期 {span}", "void": "事实更正后不成立",
    },
    "en": {
        "start": "starts", "stop": "stops", "pause": "pauses", "resume": "goes on", "cancel": "is void",
        "change": "urgency judged anew", "hand": "changed hands", "news": "news: more urgent from now on", "used": "uses {used}, {left} left", "due": "due", "was_due": "was due",
        "paused_due": "paused; going on now it is due", "runs": "may run {span} in {calendar}, {policy}",
        "always": "natural time", "since": ", counted from the news at {at}", "breached": "overdue, noticed {late}", "at_once": "at once", "late_by": "{span} late",
        "withdrawn": "breach withdrawn: due at {due} no longer holds", "met": "in time", "missed": "{span} late",
        "cancelled": "void", "warned": "pre-warning {percent} %", "escalated": "escalated: overdue for {span}",
        "void": "void after a correction",
    },
}  # fmt: skip


def explain_clocks(
    clocks: Iterable[Clock],
    language: str,
    *,
    words: Callable[[str], str] = str,
    known: Iterable[Fact] | None = None,
) -> dict[int, list[str]]:
    """Give the derivation of each clock, by its id; `known` are the facts of their case, where they were read already."""
    listed = list(clocks)
    facts: dict[int, list[Fact]] = {}
    if known is None:
        known = Fact.objects.filter(subject_kind="clock", subject_id__in=[clock.pk for clock in listed])
    for fact in sorted((fact for fact in known if fact.subject_kind == "clock"), key=lambda fact: fact.pk):
        facts.setdefault(fact.subject_id, []).append(fact)
    return {clock.pk: _lines(clock, facts.get(clock.pk, []), language, words) for clock in listed}


def explain_clock(clock: Clock, language: str, *, words: Callable[[str], str] = str) -> list[str]:
    """Give the lines: what the pack promises, what happened, what each stretch used, when it is due, what was noticed.

    Times are of the unit's zone. `words` puts the name of a fact into words.
    """
    return explain_clocks([clock], language, words=words)[clock.pk]


def _lines(clock: Clock, about: list[Fact], language: str, words: Callable[[str], str]) -> list[str]:
    say = WORDS["en" if language.startswith("en") else "zh"]
    zone = ZoneInfo(zone_of(clock.unit_id))
    reading, target, path = reading_of(clock)
    policy = policy_version(clock.policy_id)
    hours = next((row for row in policy.pack.calendars.calendars if row.code == clock.calendar), None)
    calendar = hours.title[language] if hours else say["always"]
    lines = [
        f"{path} · " + say["runs"].format(span=_span(target.span), calendar=calendar, policy=policy.title)
    ]
    if target.since:
        lines[0] += say["since"].format(at=_at(target.since, zone))
    timed = [
        (e.at, f"{say[e.what]} ← {say['void'] if e.name == 'void' else words(e.name)}") for e in clock.run
    ]
    left = target.span
    for stretch in reading.stretches:
        left -= stretch.used
        if stretch.end is not None:
            used = say["used"].format(used=_span(stretch.used), left=_span(max(left, timedelta())))
            timed.append(
                (stretch.end, f"　{_at(stretch.start, zone)[6:]} – {_at(stretch.end, zone)[6:]} {used}")
            )
    timed += [(fact.at, _noticed(fact, say, zone)) for fact in about]
    lines += [f"{_at(at, zone)} {text}" for at, text in sorted(timed, key=lambda pair: pair[0])]
    return [*lines, f"= {_at(reading.due_at, zone)} {_verdict(reading, say)}"]


def _noticed(fact: Fact, say: dict[str, str], zone: ZoneInfo) -> str:
    values = fact.values
    if fact.name == "clock.breach_withdrawn":
        return say["withdrawn"].format(due=_at(datetime.fromisoformat(values["due_at"]), zone))
    if fact.name == "clock.breached":
        late = values.get("late_by", 0)
        how = say["late_by"].format(span=_span(timedelta(seconds=late))) if late else say["at_once"]
        return say["breached"].format(late=how)
    if fact.name == "clock.escalated":
        return say["escalated"].format(span=_span(timedelta(seconds=values["overdue_for"])))
    return say["warned"].format(percent=values.get("percent", ""))


def _verdict(reading: Reading, say: dict[str, str]) -> str:
    if reading.state == "met":
        return f"{say['was_due']}；{say['met']}"
    if reading.state == "missed":
        return f"{say['was_due']}；{say['missed'].format(span=_span(reading.late_by))}"
    if reading.state == "cancelled":
        return say["cancelled"]
    return say["paused_due"] if reading.stands_still else say["due"]


def _at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M:%S}"


def _span(span: timedelta) -> str:
    """Write a length exactly: 23h55m, 14m29s, 2d."""
    seconds = int(span.total_seconds())
    whole = duration_text(seconds) if seconds else "0s"
    if whole[-1] in "hd" or (whole[-1] == "m" and seconds < 3600) or seconds < 60:
        return whole
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    return "".join(f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if n)
