"""The ladder (M40): who is told at which level, one message a person and minute, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from aftercare.intake.selectors import request_by_id, requests_by_id
from aftercare.ledger.models import Fact
from aftercare.ledger.services import record, record_many
from aftercare.people.duty import HEADS, on_duty, present_or_deputy
from aftercare.people.models import Staff
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import zone_of
from aftercare.people.services import require
from aftercare.policies.rules import duration_text
from aftercare.policies.selectors import policy_for, policy_version
from aftercare.refusals import Conflict, Invalid
from aftercare.sla.models import Clock

from ..channels import CHANNELS, NotAccepted
from ..models import Alert, Attempt, StaffMessage

ONE_A = timedelta(minutes=1)
LISTED = 8


def raise_alerts(facts: Iterable[Fact]) -> list[Alert]:
    """Make an alert for everybody whom a level of the ladder concerns; a clock that ended meanwhile tells nobody."""
    listed = list(facts)
    clocks = {clock.pk: clock for clock in Clock.objects.filter(pk__in=[fact.subject_id for fact in listed])}
    numbers = {r.pk: r.number for r in requests_by_id({clock.case_id for clock in clocks.values()})}
    found: dict[tuple[Any, ...], list[Staff]] = {}  # whoever answers for a unit answers for all of its clocks
    alerts = []
    for fact in listed:
        clock = clocks.get(fact.subject_id)
        if clock is None or not clock.is_open or clock.breached_at is None:
            continue
        policy = policy_version(clock.policy_id)
        after = fact.values["overdue_for"]
        level = next((row for row in policy.pack.governance.overdue_warnings if row.after == after), None)
        if level is None:
            continue
        people = (
            level.tells,
            clock.role,
            clock.unit_id,
            clock.case_id if level.tells == "handler" else 0,
            fact.at,
        )
        if people not in found:
            found[people] = people_told(level.tells, clock, at=fact.at)
        alerts += [
            Alert(
                staff=person, clock_id=clock.pk, case_id=clock.case_id, unit_id=clock.unit_id,
                number=numbers.get(clock.case_id, ""),
                title_zh=clock.title_zh, title_en=clock.title_en, level=level.code, overdue_for=after, urgency=clock.urgency,
                must_explain=level.explain, made_at=fact.at, fact_id=fact.pk,
            )
            for person in found[people]
        ]  # fmt: skip
    made = Alert.objects.bulk_create(alerts)
    told = [
        (alert, {"staff": alert.staff_id, "level": alert.level, "number": alert.number}, alert.made_at)
        for alert in made
    ]
    record_many("alert.raised", told, by=MACHINE)
    return made


def people_told(tells: str, clock: Clock, *, at: datetime) -> list[Staff]:
    """Give whom a level reaches: the handler themselves (or who stands in), or the heads on duty for the unit."""
    if tells == "handler":
        owner = clock.holder_id or (None if clock.role else request_by_id(clock.case_id).owner_id)
        holder = Staff.objects.filter(pk=owner or 0, is_active=True)
        present = present_or_deputy(list(holder), at=at)
        return present or on_duty([clock.role] if clock.role else HEADS["handler"], clock.unit_id, at=at)
    return on_duty(HEADS[tells], clock.unit_id, at=at)


def make_messages(*, at: datetime, limit: int = 500) -> list[StaffMessage]:
    """Put what waits into one message a person, at most one a minute; give the messages, to be sent.

    In the quiet hours of the unit only the urgencies that can't wait go out; the rest is told when they end.
    """
    with transaction.atomic():
        untold = Alert.objects.filter(message=None, made_at__lte=at)
        lately = StaffMessage.objects.filter(made_at__gt=at - ONE_A).values("staff_id")
        due = untold.exclude(staff_id__in=lately).exclude(_can_wait(untold, at))
        waiting: dict[int, list[Alert]] = {}
        rows = due.select_for_update(skip_locked=True, of=("self",)).select_related("staff")
        for alert in rows.order_by("made_at", "id")[:limit]:
            waiting.setdefault(alert.staff_id, []).append(alert)
        return [_make_message(alerts, at) for alerts in waiting.values()]


def tell_team(fact: Fact, *, at: datetime) -> list[StaffMessage]:
    """Write to everybody whom an emergency team calls, or who hears its report (M47, M82); no quiet hours hold this up."""
    rules = policy_for(fact.unit_id).pack.governance.emergency_teams
    title = next((rule.title for rule in rules if rule.code == fact.values["team"]), None)
    english, chinese = (title.en, title.zh) if title else (fact.values["team"], fact.values["team"])
    formed = fact.name == "team.formed"
    number, address = fact.values["number"], f"{settings.PUBLIC_URL}/requests/{fact.values['number']}"
    texts = {
        "en": f"Aftercare: {english}, {number}: "
        + ("you are called, at once" if formed else "report of the team"),
        "zh": f"售后应急：{chinese} {number} " + ("请立即到位处理" if formed else "应急组处置报告"),
    }
    people = Staff.objects.filter(pk__in=fact.values["members"], is_active=True).order_by("pk")
    return StaffMessage.objects.bulk_create(
        [
            StaffMessage(
                staff=person,
                body=f"{texts['en' if person.language.startswith('en') else 'zh']}\n{address}",
                made_at=at,
            )
            for person in people
        ]
    )


TELLS = {"tell_supervisor": "supervisor", "tell_duty_manager": "duty_manager"}


def tell_of_readings(facts: Iterable[Fact], *, at: datetime) -> list[StaffMessage]:
    """Write to supervisors or duty managers what was read in a request (M27, M29, M31): danger, food, anger, threats.

    One message a person for all of these facts, with the reasons; no quiet hours hold it up. The words themselves stay in the request.
    """
    told: dict[int, tuple[Staff, dict[str, list[Any]]]] = {}
    found: dict[tuple[str, int], list[Staff]] = {}
    for fact in facts:
        for rule in policy_for(fact.unit_id).pack.triage.consequences:
            if rule.does not in TELLS or rule.code not in fact.values.get("follows", ()):
                continue
            people = (rule.does, fact.unit_id or 0)
            if people not in found:
                found[people] = on_duty(HEADS[TELLS[rule.does]], people[1], at=at)
            for person in found[people]:
                reasons = told.setdefault(person.pk, (person, {}))[1]
                reasons.setdefault(fact.values["number"], []).append(rule.reason)
    return StaffMessage.objects.bulk_create(
        [
            StaffMessage(staff=person, body=_read_text(cases, person.language), made_at=at)
            for person, cases in told.values()
        ]
    )


def deliver_staff_message(message_id: int, *, at: datetime) -> None:
    """Try the channels in the order of the settings until one takes the message; every try is logged.

    Raises `NotAccepted` when none did, so that it is tried again.
    """
    message = StaffMessage.objects.select_related("staff").get(pk=message_id)
    if message.state != "queued":
        return
    errors = []
    for channel in settings.ALERT_CHANNELS:
        arguments = _address(channel, message.staff)
        if arguments is None:
            continue
        try:
            CHANNELS[channel](*arguments, message.body)
        except NotAccepted as refusal:
            errors.append(str(refusal))
            Attempt.objects.create(
                message=message, channel=channel, at=at, accepted=False, error=str(refusal)[:200]
            )
            continue
        Attempt.objects.create(message=message, channel=channel, at=at, accepted=True)
        StaffMessage.objects.filter(pk=message.pk).update(state="sent", sent_at=at)
        return
    if errors:
        raise NotAccepted("; ".join(errors))
    StaffMessage.objects.filter(pk=message.pk).update(state="kept", sent_at=at)


def acknowledge(alert: Alert, *, by: Actor, at: datetime, explanation: str = "") -> None:
    """Note that somebody has seen an alert; the level of the general manager's office wants it explained in writing."""
    require(by, "read_alerts")
    text = explanation.strip()
    if alert.must_explain and len(text) < 10:
        raise Invalid(
            _("a written explanation is due"),
            where="explanation",
            expected=_("what happened and what is done, 10 characters"),
        )
    with transaction.atomic():
        mine = Alert.objects.filter(pk=alert.pk, acknowledged_at=None)
        if not mine.update(acknowledged_at=at, explanation=text[:2000]):
            raise Conflict(_("this is acknowledged already"), where="alert", code="acknowledged")
        record("alert.acknowledged", alert, by=by, at=at, because=text[:2000], values={"level": alert.level})


def acknowledge_all(oldest: int, newest: int, *, by: Actor, at: datetime) -> int:
    """Note that somebody has seen all their alerts between two ids but those that want a written explanation; give how many.

    The ids are those of the page they saw: what came since is not seen yet.
    """
    require(by, "read_alerts")
    with transaction.atomic():
        rows = Alert.objects.select_for_update().filter(
            staff_id=by.id or 0, acknowledged_at=None, must_explain=False, pk__range=(oldest, newest)
        )
        seen = list(rows.order_by("pk"))
        Alert.objects.filter(pk__in=[alert.pk for alert in seen]).update(acknowledged_at=at)
        record_many("alert.acknowledged", [(alert, {"level": alert.level}, at) for alert in seen], by=by)
    return len(seen)


def _make_message(alerts: list[Alert], at: datetime) -> StaffMessage:
    staff = alerts[0].staff
    message = StaffMessage.objects.create(staff=staff, body=_text(alerts, staff.language), made_at=at)
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(message=message)
    return message


def _text(alerts: list[Alert], language: str) -> str:
    english = language.startswith("en")
    head = f"Aftercare: {len(alerts)} overdue" if english else f"售后提醒：{len(alerts)} 项逾期"
    lines = [
        f"{alert.number} {alert.title(language)} "
        + (
            f"overdue {duration_text(alert.overdue_for)}"
            if english
            else f"逾期 {duration_text(alert.overdue_for)}"
        )
        + ((" – explain in writing" if english else "，请书面说明") if alert.must_explain else "")
        for alert in alerts[:LISTED]
    ]
    more = len(alerts) - LISTED
    lines += [(f"and {more} more" if english else f"另有 {more} 项")] if more > 0 else []
    return "\n".join([head, *lines, f"{settings.PUBLIC_URL}/alerts"])


def _read_text(cases: dict[str, list[Any]], language: str) -> str:
    english = language.startswith("en")
    lines = [
        f"{number} " + ("; ".join(r.en for r in reasons) if english else "；".join(r.zh for r in reasons))
        for number, reasons in list(cases.items())[:LISTED]
    ]
    if len(cases) > LISTED:
        lines.append(f"and {len(cases) - LISTED} more" if english else f"另有 {len(cases) - LISTED} 项")
    address = (
        f"{settings.PUBLIC_URL}/requests/{next(iter(cases))}"
        if len(cases) == 1
        else f"{settings.PUBLIC_URL}/requests"
    )
    return "\n".join(["Aftercare: see to this now" if english else "售后提醒：请立即关注", *lines, address])


def _address(channel: str, staff: Staff) -> tuple[Any, ...] | None:
    """Give what a channel needs to reach somebody; None where it is not set up or has no address of theirs."""
    if channel == "mail" and settings.EMAIL_HOST and staff.email:
        return (staff.email,)
    if channel == "sms" and settings.SMS_URL and staff.phone:
        return (staff.phone,)
    return () if channel == "apprise" and settings.APPRISE_URLS else None


def _can_wait(untold: QuerySet[Alert], at: datetime) -> Q:
    """Describe what waits for the morning: in units that are quiet now, the urgencies that wake nobody."""
    found = Q(pk=None)
    for unit_id in untold.order_by().values_list("unit_id", flat=True).distinct():
        rules = policy_for(unit_id).pack.governance.quiet
        now = at.astimezone(ZoneInfo(zone_of(unit_id))).time()
        begins, ends = time.fromisoformat(rules.begins), time.fromisoformat(rules.ends)
        if (begins <= now or now < ends) if begins > ends else begins <= now < ends:
            found |= Q(unit_id=unit_id) & ~Q(urgency__in=rules.except_for)
    return found
