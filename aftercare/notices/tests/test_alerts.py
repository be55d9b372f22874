"""The ladder reaches the right person once, by a real mail server and a real gateway that fails first."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from aftercare.intake.services import plan_request
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices import channels
from aftercare.notices.channels import NotAccepted, aliyun_signature, tencent_signature
from aftercare.notices.models import Alert, Attempt, StaffMessage
from aftercare.notices.selectors import alerts_for
from aftercare.notices.services import acknowledge, acknowledge_all, deliver_staff_message, make_messages
from aftercare.people.duty import HEADS, on_duty
from aftercare.people.models import Staff
from aftercare.people.rules import MACHINE
from aftercare.people.services import add_leave, add_shift, add_staff
from aftercare.refusals import Conflict, Invalid
from aftercare.sla.services import sweep_clocks
from tests.cast import MORNING


def minutes(n):
    return MORNING + timedelta(minutes=n)


def overdue(cast, until):
    request = cast.order().request
    while sweep_clocks(at=minutes(until)):
        pass
    deliver_until_idle(at=minutes(until))
    return request


def told(level):
    return sorted(
        Alert.objects.filter(level=level, title_zh="反馈处理方案").values_list("staff__number", flat=True)
    )


def test_each_level_reaches_who_answers_for_it(cast):
    add_staff(number="ZB2024009", name="总经办", unit=cast.root, roles=["executive"], by=MACHINE, at=MORNING)
    overdue(cast, 151)
    assert told("l1") == ["KF2024001"], "the agents of the region"
    assert told("l2") == ["DZ2024001"], "the head of the store itself"
    assert told("l3") == ["ZB2024009"]


def test_one_message_a_person_and_minute_however_much_is_overdue(cast):
    for n in range(12):
        cast.request(description=f"外机嗡嗡响，不出冷风，第 {n} 台", phone=f"138000000{n:02d}")
    deliver_until_idle(at=MORNING)
    while sweep_clocks(at=minutes(36)):
        pass
    deliver_until_idle(at=minutes(36))
    made = make_messages(at=minutes(36))
    agent = next(m for m in made if m.staff.number == "KF2024001")
    assert len({m.staff_id for m in made}) == len(made)
    assert agent.body.count("\n") == 10, "eight lines, how many more, and where to look"
    assert "另有" in agent.body
    assert make_messages(at=minutes(36)) == []


def test_a_plan_told_meanwhile_warns_nobody(cast):
    request = cast.order().request
    while sweep_clocks(at=minutes(36)):
        pass
    plan_request(request, by=cast.actor("li"), at=minutes(36), plan="抱歉久等，今天下午上门")
    deliver_until_idle(at=minutes(37))
    assert told("l1") == []


def test_who_is_away_is_stood_in_for(cast):
    deputy = cast.staff["tang"]
    add_leave(
        cast.staff["li"], starts_at=MORNING, ends_at=minutes(600), by=MACHINE, at=MORNING, deputy=deputy
    )
    assert [s.number for s in on_duty(["agent"], cast.store.pk, at=minutes(5))] == ["KF2024002"]
    assert [s.number for s in on_duty(["agent"], cast.store.pk, at=minutes(700))] == ["KF2024001"]


def test_at_night_the_night_team_answers(cast):
    night = add_staff(
        number="YB2024001", name="夜班组", unit=cast.root, roles=["night"], by=MACHINE, at=MORNING
    )
    for name in ("dian", "zheng"):
        add_shift(cast.staff[name], starts_at=MORNING, ends_at=minutes(600), by=MACHINE)
    assert [s.number for s in on_duty(HEADS["supervisor"], cast.store.pk, at=minutes(5))] == ["DZ2024001"]
    assert on_duty(HEADS["supervisor"], cast.store.pk, at=minutes(900)) == [night]
    Staff.objects.filter(pk=night.pk).update(is_active=False)
    assert [s.number for s in on_duty(HEADS["supervisor"], cast.store.pk, at=minutes(900))] == ["DZ2024001"]


def test_in_quiet_hours_only_what_cant_wait_goes_out(cast):
    request = overdue(cast, 36)
    evening = MORNING.replace(hour=15)  # 23:00 in Shanghai
    Alert.objects.filter(case_id=request.pk).update(urgency="normal")
    assert make_messages(at=evening) == []
    assert len(make_messages(at=evening + timedelta(hours=8, minutes=1))) == 1
    Alert.objects.update(message=None, urgency="critical")
    StaffMessage.objects.all().delete()
    assert len(make_messages(at=evening)) == 1


def test_what_waits_for_the_morning_holds_nothing_urgent_up(cast):
    request = overdue(cast, 36)
    urgent = Alert.objects.get(case_id=request.pk, level="l1", title_zh="反馈处理方案")
    for n in range(5):
        Alert.objects.create(
            staff=urgent.staff, clock_id=1, case_id=request.pk, unit=urgent.unit, number="CR", title_zh="方案", title_en="Plan",
            level="l1", overdue_for=300, urgency="normal", made_at=MORNING, fact_id=-n,
        )  # fmt: skip
    evening = MORNING.replace(hour=15)
    assert [m.staff_id for m in make_messages(at=evening, limit=3)] == [urgent.staff_id]
    assert Alert.objects.filter(message=None).count() == 5


def test_the_third_level_wants_a_written_explanation(cast):
    overdue(cast, 151)
    alert = Alert.objects.filter(level="l3").first()
    boss = cast.actor("boss")
    with pytest.raises(Invalid):
        acknowledge(alert, by=boss, at=minutes(160), explanation="忙")
    acknowledge(alert, by=boss, at=minutes(160), explanation="配件缺货，已从北屿店调拨，今晚上门")
    assert Fact.objects.get(name="alert.acknowledged").because.startswith("配件缺货")
    with pytest.raises(Conflict):
        acknowledge(alert, by=boss, at=minutes(161), explanation="配件缺货，已从北屿店调拨，今晚上门")
    assert not alerts_for(cast.actor("tang")).exists()


def test_all_are_acknowledged_at_once_but_those_to_explain_and_other_peoples(cast):
    request = overdue(cast, 151)
    boss, told = cast.actor("boss"), Alert.objects.filter(level="l3").first()
    others = Alert.objects.exclude(staff=told.staff).filter(acknowledged_at=None).count()
    for n in range(3):
        Alert.objects.create(
            staff=told.staff, clock_id=1, case_id=request.pk, unit=told.unit, number="CR", title_zh="方案", title_en="Plan",
            level="l1", overdue_for=300, urgency="normal", made_at=MORNING, fact_id=-n,
        )  # fmt: skip
    shown = alerts_for(boss).filter(acknowledged_at=None)
    oldest, newest = shown.last().pk, shown.first().pk
    later = Alert.objects.create(
        staff=told.staff, clock_id=1, case_id=request.pk, unit=told.unit, number="CR", title_zh="方案", title_en="Plan",
        level="l1", overdue_for=300, urgency="normal", made_at=MORNING, fact_id=-9,
    )  # fmt: skip
    assert acknowledge_all(oldest, newest, by=boss, at=minutes(160)) == 3
    assert acknowledge_all(oldest, newest, by=boss, at=minutes(161)) == 0
    assert alerts_for(boss).get(acknowledged_at=None, must_explain=False) == later, "it came after the page"
    assert acknowledge_all(0, 0, by=boss, at=minutes(162)) == 0
    later.delete()
    assert Fact.objects.filter(name="alert.acknowledged", actor_id=boss.id).count() == 3
    assert all(alert.must_explain for alert in alerts_for(boss).filter(acknowledged_at=None))
    assert Alert.objects.exclude(staff=told.staff).filter(acknowledged_at=None).count() == others


def message_to(cast, name, **changes):
    staff = Staff.objects.get(pk=cast.staff[name].pk)
    for field, value in changes.items():
        setattr(staff, field, value)
    staff.save()
    return StaffMessage.objects.create(
        staff=staff, body="售后提醒：1 项逾期\nCR20240520-001", made_at=MORNING
    )


def test_a_mail_server_receives_the_ladder(cast, smtp):
    message = message_to(cast, "li", email="li@example.com", phone="")
    deliver_staff_message(message.pk, at=MORNING)
    message.refresh_from_db()
    assert message.state == "sent"
    (to, content) = smtp.got[0]
    assert to == ["li@example.com"]
    assert "base64" in content or "CR20240520-001" in content


def test_a_gateway_that_fails_twice_is_tried_again_and_every_try_is_logged(cast, gateway):
    seen, answers = gateway
    answers += [(503, ""), (503, "")]
    message = message_to(cast, "li")
    for _try in range(2):
        with pytest.raises(NotAccepted):
            deliver_staff_message(message.pk, at=MORNING)
    deliver_staff_message(message.pk, at=MORNING)
    deliver_staff_message(message.pk, at=MORNING)
    assert list(Attempt.objects.order_by("id").values_list("channel", "accepted")) == [
        ("sms", False), ("sms", False), ("sms", True),
    ]  # fmt: skip
    assert len(seen) == 3, "what was taken is not sent again"
    assert json.loads(seen[-1][2]) == {"phone": "19900001234", "text": message.body}
    assert seen[-1][1]["authorization"] == "Bearer key"


def test_when_one_channel_fails_the_next_takes_it(cast, gateway, smtp):
    gateway[1].append((500, ""))
    message = message_to(cast, "li", email="li@example.com")
    deliver_staff_message(message.pk, at=MORNING)
    assert list(Attempt.objects.order_by("id").values_list("channel", "accepted")) == [
        ("sms", False),
        ("mail", True),
    ]
    assert len(smtp.got) == 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("aliyun", {"Code": "OK"}, {"Code": "isv.BUSINESS_LIMIT_CONTROL"}),
        ("tencent", {"Response": {"SendStatusSet": [{"Code": "Ok"}]}},
         {"Response": {"SendStatusSet": [{"Code": "LimitExceeded"}]}}),
    ],
)  # fmt: skip
def test_what_a_provider_refuses_with_200_is_not_taken_for_sent(cast, gateway, settings, kind, good, bad):
    settings.SMS_GATEWAY = kind
    seen, answers = gateway
    answers += [(200, json.dumps(bad)), (200, json.dumps(good))]
    with pytest.raises(NotAccepted):
        channels.send_sms("13812345678", "提醒")
    channels.send_sms("13812345678", "提醒")
    path, headers, body = seen[-1]
    if kind == "aliyun":
        values = dict(parse_qsl(urlsplit(path).query))
        signature = values.pop("Signature")
        assert signature == aliyun_signature(values, "secret")
        assert values["PhoneNumbers"] == "13812345678"
    else:
        assert json.loads(body)["PhoneNumberSet"] == ["+8613812345678"]
        from datetime import UTC, datetime

        at = datetime.fromtimestamp(int(headers["x-tc-timestamp"]), UTC)
        assert headers["authorization"] == tencent_signature(body, headers["host"], "key", "secret", at)


def test_apprise_reaches_a_real_endpoint(gateway, settings):
    seen, answers = gateway
    port = urlsplit(settings.SMS_URL).port
    settings.APPRISE_URLS = [f"json://127.0.0.1:{port}/hook"]
    channels.send_apprise("售后提醒：1 项逾期\nCR20240520-001")
    assert "CR20240520-001" in json.loads(seen[-1][2])["message"]
    answers.append((500, ""))
    with pytest.raises(NotAccepted):
        channels.send_apprise("售后提醒")


def test_without_any_channel_the_message_is_kept_in_the_product(cast):
    message = message_to(cast, "li")
    deliver_staff_message(message.pk, at=MORNING)
    message.refresh_from_db()
    assert message.state == "kept"
