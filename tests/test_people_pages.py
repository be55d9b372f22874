"""The pages on which leaders say who works when, on what terms, and what a visit needs; refusals keep what was typed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from aftercare.dispatch.models import Offer, QueueEntry
from aftercare.pages.desk.rota import week_line
from aftercare.parts.models import VanStock
from aftercare.people.models import Certificate, ProviderTerms, Shift
from aftercare.people.rules import MACHINE
from aftercare.people.services import add_certificate, add_leave, add_shift, add_staff, add_unit
from aftercare.workorders.models import WorkOrder


@pytest.fixture
def person(signed_in):
    """Give a function that posts to Zhou's page as the supervisor."""
    client = signed_in("zheng")
    return lambda **values: client.post("/people/GY2024001", values)


def shifts(cast, **changes):
    first = cast.at.date() + timedelta(days=30)
    return {
        "act": "shifts", "first": first.isoformat(), "last": (first + timedelta(days=6)).isoformat(), "weekday": ["0", "1", "2"],
        "begins": "08:30", "ends": "18:00", "rest": "own", "rest_from": "11:30", "rest_until": "13:00", "rest_minutes": "40", **changes,
    }  # fmt: skip


def test_shifts_are_planned_shown_and_removed(cast_now, person, client):
    assert person(**shifts(cast_now)).status_code == 302
    planned = Shift.objects.filter(staff=cast_now.staff["zhou"], rest_minutes=40)
    assert planned.count() == 3
    assert "40" in client.get("/people/GY2024001").content.decode()
    assert person(act="unshift", shift=str(planned.first().pk)).status_code == 302
    assert planned.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"last": "soon"},
        {"begins": "8 o'clock"},
        {"weekday": []},
        {"rest_minutes": "-5"},
        {"ends": "09:15"},
        {"rest_from": "06:00"},
    ],
)
def test_what_is_no_shift_comes_back_as_it_was_typed(cast_now, person, changes):
    before = Shift.objects.count()
    answer = person(**shifts(cast_now, begins=changes.pop("begins", "09:15"), **changes))
    assert answer.status_code == 422
    assert "rest_minutes" in answer.content.decode() and Shift.objects.count() == before


def test_categories_and_certificates(cast_now, person, signed_in):
    assert person(act="skills", category=["fridge", "nonsense"]).status_code == 302
    cast_now.staff["zhou"].refresh_from_db()
    assert cast_now.staff["zhou"].skills == ["fridge"]
    given = {"act": "certificate", "code": "gas", "valid_on": "2026-01-01", "expires_on": "2029-01-01"}
    assert person(**given).status_code == 404, "managers record certificates"
    client = signed_in("boss")
    for wrong in ({"code": "magic"}, {"expires_on": "never"}, {"expires_on": "2020-01-01"}):
        assert client.post("/people/GY2024001", {**given, **wrong}).status_code == 422
    assert client.post("/people/GY2024001", given).status_code == 302
    assert Certificate.objects.filter(staff=cast_now.staff["zhou"], code="gas").count() == 1


def test_terms_of_a_provider(cast_now, signed_in):
    provider = add_unit(kind="provider", name="顺合", parent=cast_now.root, by=MACHINE, at=cast_now.at)
    client = signed_in("boss")
    given = {"area": [str(cast_now.store.pk)], "price": "80.5", "quota": "4"}
    assert client.post(f"/units/{provider.pk}/terms", {**given, "quota": "many"}).status_code == 422
    assert client.post(f"/units/{provider.pk}/terms", given).status_code == 302
    assert (ProviderTerms.objects.get().visit_fen, ProviderTerms.objects.get().daily_quota) == (8050, 4)
    page = client.get(f"/people?unit={provider.pk}").content.decode()
    assert 'value="80.50"' in page and f'value="{cast_now.store.pk}" checked' in page
    client.post(f"/units/{provider.pk}/terms", {"act": "end"})
    assert not ProviderTerms.objects.exists()


def test_people_and_parts_of_an_order(cast_now, signed_in):
    order, client = cast_now.order(), signed_in("pan")
    address = f"/work-orders/{order.number}/equip"
    assert client.post(address, {"people": "2", "pickup": str(cast_now.other_store.pk)}).status_code == 302
    order = WorkOrder.objects.get(pk=order.pk)
    assert (order.people, order.pickup_unit) == (2, cast_now.other_store)
    assert client.post(address, {"people": "3", "pickup": ""}).status_code == 422
    assert client.post(address, {"people": "1", "pickup": str(cast_now.root.pk)}).status_code == 404
    assert client.post(address, {"people": "1", "pickup": ""}).status_code == 302
    order.refresh_from_db()
    assert (order.people, order.pickup_unit) == (1, None)


def test_the_van_is_loaded_and_unloaded_on_the_phone(cast_now, signed_in):
    client = signed_in("zhou")
    assert client.post("/today/van", {"act": "load", "part": "cap35", "quantity": "2"}).status_code == 302
    assert VanStock.objects.get().quantity == 2
    for wrong, status in (
        ({"quantity": "9"}, 409),
        ({"quantity": "x"}, 422),
        ({"act": "eat"}, 422),
        ({"part": "?"}, 404),
    ):
        assert (
            client.post(
                "/today/van", {"act": "unload", "part": "cap35", "quantity": "1", **wrong}
            ).status_code
            == status
        )
    assert client.post("/today/van", {"act": "unload", "part": "cap35", "quantity": "2"}).status_code == 302
    assert VanStock.objects.get().quantity == 0


def test_the_board_shows_own_staff_or_providers(cast_now, signed_in):
    provider = add_unit(
        kind="provider",
        name="顺合",
        parent=cast_now.store.parent,
        by=MACHINE,
        at=cast_now.at,
        lat=30.26,
        lon=120.14,
    )
    staff = add_staff(
        number="WB2024001", name="欧阳外", unit=provider, roles=["provider"], by=MACHINE, at=cast_now.at
    )
    hours = {"starts_at": cast_now.at - timedelta(hours=1), "ends_at": cast_now.at + timedelta(hours=1)}
    add_shift(staff, **hours, by=MACHINE)
    client = signed_in("pan")
    rows = {
        whose: client.get(f"/dispatch/day?whose={whose}").content.decode().count('class="rw"')
        for whose in ("", "own", "provider")
    }
    assert rows == {"": 4, "own": 3, "provider": 1}


def test_the_board_puts_first_what_nobody_can_do_or_several_did_not_take(cast_now, signed_in):
    refused, nobody, fine = (cast_now.order(phone=f"1390000001{n}", at=cast_now.at) for n in range(3))
    for order, states in ((refused, ("refused", "expired")), (nobody, ()), (fine, ("refused", "withdrawn"))):
        Offer.objects.filter(order=order).delete()
        for n, state in enumerate(states):
            Offer.objects.create(
                order=order, staff=cast_now.staff[("zhou", "chen")[n]], unit=cast_now.store, state=state,
                state_since=cast_now.at, offered_at=cast_now.at, expires_at=cast_now.at,
            )  # fmt: skip
    QueueEntry.objects.create(order=nobody, unit=cast_now.store, since=cast_now.at, state_since=cast_now.at)
    page = signed_in("pan").get("/dispatch/day").content.decode()
    exceptions, waiting = page.split('<div class="list-h">待派')
    assert f'data-order="{refused.number}"' in exceptions and "2 人没接" in exceptions
    assert f'data-order="{nobody.number}"' in exceptions and "没人能去" in exceptions
    assert f'data-order="{fine.number}"' in waiting and f'data-order="{fine.number}"' not in exceptions


def test_a_week_shows_shifts_leaves_and_certificates_that_lapse(cast_now, signed_in):
    zhou, at = cast_now.staff["zhou"], cast_now.at
    for name in ("zhou", "chen"):
        add_certificate(
            cast_now.staff[name], code="gas", valid_on=at.date() - timedelta(days=9), expires_on=at.date() + timedelta(days=9),
            by=MACHINE, at=at,
        )  # fmt: skip
    add_leave(
        zhou, starts_at=at, ends_at=at + timedelta(days=1), reason="年假", deputy=None, by=MACHINE, at=at
    )
    client = signed_in("zheng")
    shown = client.get("/people/week").content.decode()
    assert "年假" in shown
    assert zhou.number in shown
    assert "已过期" in shown or "lapsed" in shown, "Huang's certificate"
    assert client.get("/people/week?week=2020-13-45&unit=x").status_code == 200
    empty = client.get(f"/people/week?week=2020-01-06&unit={cast_now.store.pk}").content.decode()
    assert "2020-01-06" in empty


def test_a_leave_takes_its_hours_from_the_week():
    day = date(2026, 11, 23)
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    shifts = [(noon - timedelta(hours=4), noon + timedelta(hours=8)), (noon + timedelta(days=1), noon + timedelta(days=1, hours=8))]  # fmt: skip
    whole_day = SimpleNamespace(starts_at=noon + timedelta(hours=10), ends_at=noon + timedelta(days=2))
    two_hours = SimpleNamespace(starts_at=noon - timedelta(hours=2), ends_at=noon)
    within = SimpleNamespace(starts_at=noon - timedelta(hours=1), ends_at=noon - timedelta(minutes=30))
    leaves = [two_hours, within, whole_day]  # the second lies in the first
    line = week_line(None, [day, day + timedelta(days=1)], shifts, leaves, ZoneInfo("Etc/UTC"))
    assert line.worked == [10.0, 0.0]
    assert line.hours == 10.0
