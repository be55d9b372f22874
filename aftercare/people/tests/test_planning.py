"""Leave with deputies, contacts, and a unit's own hours that open clocks follow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.duty import on_duty
from aftercare.people.models import Leave
from aftercare.people.services import add_leave, change_contact, end_leave, set_unit_hours
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound
from aftercare.sla.models import Clock
from aftercare.sla.services import replan_clocks
from tests.cast import MORNING

DAY = timedelta(days=1)


def test_a_deputy_stands_in_until_somebody_is_back(cast):
    zheng, boss = cast.staff["zheng"], cast.actor("boss")
    leave = add_leave(
        zheng, starts_at=MORNING, ends_at=MORNING + DAY, by=boss, at=MORNING, deputy=cast.staff["pan"]
    )
    assert on_duty(["supervisor"], cast.store.pk, at=MORNING) == [cast.staff["pan"]]
    end_leave(leave, by=boss, at=MORNING + timedelta(hours=1))
    assert on_duty(["supervisor"], cast.store.pk, at=MORNING + timedelta(hours=1)) == [zheng]
    with pytest.raises(Conflict):
        end_leave(Leave.objects.select_related("staff").get(), by=boss, at=MORNING + 2 * DAY)
    assert Fact.objects.filter(name="staff.back").count() == 1


def test_a_leave_that_does_not_begin_is_forgotten_and_wrong_ones_are_refused(cast):
    boss, li = cast.actor("boss"), cast.staff["li"]
    leave = add_leave(li, starts_at=MORNING + DAY, ends_at=MORNING + 2 * DAY, by=boss, at=MORNING)
    end_leave(leave, by=boss, at=MORNING)
    assert not Leave.objects.exists()
    with pytest.raises(Invalid):
        add_leave(li, starts_at=MORNING, ends_at=MORNING, by=boss, at=MORNING)
    with pytest.raises(Invalid):
        add_leave(li, starts_at=MORNING, ends_at=MORNING + 400 * DAY, by=boss, at=MORNING)
    with pytest.raises(Invalid):
        add_leave(li, starts_at=MORNING, ends_at=MORNING + DAY, by=boss, at=MORNING, deputy=li)
    add_leave(cast.staff["tang"], starts_at=MORNING, ends_at=MORNING + DAY, by=boss, at=MORNING)
    with pytest.raises(Conflict):
        add_leave(
            li, starts_at=MORNING, ends_at=MORNING + DAY, by=boss, at=MORNING, deputy=cast.staff["tang"]
        )
    with pytest.raises(Forbidden):
        add_leave(li, starts_at=MORNING, ends_at=MORNING + DAY, by=cast.actor("zhou"), at=MORNING)
    with pytest.raises(NotFound):
        add_leave(
            cast.staff["huang"], starts_at=MORNING, ends_at=MORNING + DAY, by=cast.actor("dian"), at=MORNING
        )


def test_a_contact_is_changed_without_standing_in_the_ledger(cast):
    change_contact(
        cast.staff["li"], phone="13900008888", email="li@example.com", by=cast.actor("boss"), at=MORNING
    )
    fact = Fact.objects.get(name="staff.contact_changed")
    assert "8888" not in str(fact.values)
    cast.staff["li"].refresh_from_db()
    assert (cast.staff["li"].email, cast.staff["li"].phone_masked) == ("li@example.com", "139****8888")
    with pytest.raises(Invalid) as refusal:
        change_contact(cast.staff["li"], phone="call me", email="li", by=cast.actor("boss"), at=MORNING)
    assert {p.where for p in refusal.value.problems} == {"phone", "email"}


def test_open_clocks_follow_the_hours_of_their_unit(cast):
    request = cast.request(urgency="normal")
    deliver_until_idle(at=MORNING)
    before = Clock.objects.get(case_id=request.pk, code="plan").due_at
    hours = {day: ["09:00-10:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    set_unit_hours(cast.store, hours, by=cast.actor("boss"), at=MORNING)
    later = MORNING + timedelta(seconds=5)
    deliver_until_idle(at=MORNING)
    assert replan_clocks(at=MORNING) == 0, "not before every process has forgotten the old hours"
    while replan_clocks(at=later):
        pass
    after = Clock.objects.get(case_id=request.pk, code="plan").due_at
    assert after > before
    assert after - MORNING > DAY, "an hour a day: 46 minutes on Monday, the rest on Tuesday and Wednesday"


@pytest.mark.parametrize(
    ("hours", "where"),
    [
        ({"mon": ["9-10"]}, "mon"), ({"moon": ["09:00-10:00"]}, "moon"), ({"mon": ["09:00-12:00", "11:00-13:00"]}, "mon"),
        ({"mon": []}, "hours"), ({"mon": ["09:00-09:00"]}, "mon"),
    ],
)  # fmt: skip
def test_hours_that_can_not_be_are_refused(cast, hours, where):
    with pytest.raises(Invalid) as refusal:
        set_unit_hours(cast.store, hours, by=cast.actor("boss"), at=MORNING)
    assert where in {p.where for p in refusal.value.problems}
    cast.store.refresh_from_db()
    assert cast.store.hours is None
