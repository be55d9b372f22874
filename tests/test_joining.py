"""People who join, change their work and leave; units that are added and changed: on pages, with what is refused."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from aftercare.ledger.models import Fact
from aftercare.people.models import Staff, Unit
from aftercare.people.services import change_work, leave_staff
from aftercare.refusals import Conflict, Forbidden


@pytest.fixture
def boss(cast_now):
    staff = cast_now.staff["boss"]
    staff.roles = ["administrator"]
    staff.save()
    return cast_now.actor("boss")


def form(cast, **changes):
    return {
        "number": "kf2026001",
        "name": "林晚",
        "unit": cast.store.pk,
        "roles": ["agent"],
        "phone": "13700000000",
    } | changes


def of(cast, name: str) -> Client:
    """Give a browser of their own in which somebody is signed in."""
    client = Client()
    client.force_login(cast.staff[name])
    return client


def test_somebody_joins_signs_in_with_what_was_shown_and_leaves(cast_now, boss, signed_in):
    client = signed_in("boss")
    shown = client.post("/people/new", form(cast_now)).content.decode()
    password = re.search(r'class="pass">([^<]+)<', shown)[1]
    theirs = Client()
    assert theirs.post("/accounts/login/", {"login": "KF2026001", "password": password}).status_code == 302
    assert theirs.get("/requests").status_code == 200
    person = "/people/KF2026001"
    assert client.post(person, {"act": "leaves_us", "because": ""}).status_code == 422
    assert client.post(person, {"act": "leaves_us", "because": "合同到期"}).status_code == 302
    assert theirs.get("/requests").status_code == 302, "signed out at once"
    again = Client()
    again.post("/accounts/login/", {"login": "KF2026001", "password": password})
    assert again.get("/requests").status_code == 302, "and never in again"
    assert "KF2026001" not in client.get("/people").content.decode()
    assert "KF2026001" in client.get("/people", {"role": "left"}).content.decode()
    assert client.post(person, {"act": "returns"}).status_code == 302
    assert "KF2026001" in client.get("/people").content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "林晚"}, "GY2024001"),
        ({"number": "KF2024001"}, "已"),
        ({"name": " "}, "姓名"),
        ({"roles": []}, "agent"),
        ({"roles": ["king"]}, "agent"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(cast_now, boss, signed_in, changes, said):
    answer = signed_in("boss").post("/people/new", form(cast_now, **changes))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "13700000000" in answer.content.decode()


def test_a_new_password_ends_the_sessions(cast_now, boss, signed_in):
    theirs = of(cast_now, "li")
    assert theirs.get("/requests").status_code == 200
    assert 'class="pass"' in signed_in("boss").post("/people/KF2024001", {"act": "password"}).content.decode()
    assert theirs.get("/requests").status_code == 302


def test_rights_follow_the_role_at_once(cast_now, boss, signed_in):
    theirs = of(cast_now, "li")
    assert theirs.get("/report").status_code == 404
    answer = signed_in("boss").post(
        "/people/KF2024001",
        {"act": "work", "unit": cast_now.other_store.pk, "roles": ["supervisor", "agent"]},
    )
    assert answer.status_code == 302
    assert theirs.get("/report").status_code == 200
    staff = Staff.objects.get(number="KF2024001")
    assert (staff.unit, staff.roles) == (cast_now.other_store, ["agent", "supervisor"])
    assert Fact.objects.get(name="staff.changed").values["before"]["roles"] == ["agent"]


def test_whoever_has_work_can_not_leave(cast_now, boss, signed_in):
    request = cast_now.request()
    request.owner = cast_now.staff["li"]
    request.save()
    answer = signed_in("boss").post("/people/KF2024001", {"act": "leaves_us", "because": "离职"})
    assert answer.status_code == 409
    assert "需求 1 件" in answer.content.decode()


def test_nobody_gives_themselves_more_and_the_last_administrator_stays(cast_now, boss):
    manager = cast_now.staff["shen"]
    manager.roles = ["manager"]
    manager.save()
    by, li, admin = cast_now.actor("shen"), cast_now.staff["li"], cast_now.staff["boss"]
    with pytest.raises(Forbidden):
        change_work(li, unit=li.unit, roles=["administrator"], by=by, at=cast_now.at)
    with pytest.raises(Forbidden):
        leave_staff(admin, by=by, at=cast_now.at, because="不需要了")
    with pytest.raises(Conflict):
        change_work(admin, unit=admin.unit, roles=["agent"], by=boss, at=cast_now.at)
    with pytest.raises(Conflict):
        leave_staff(admin, by=boss, at=cast_now.at, because="我走了")
    change_work(li, unit=li.unit, roles=["administrator", "agent"], by=boss, at=cast_now.at)
    change_work(admin, unit=admin.unit, roles=["agent"], by=boss, at=cast_now.at)


def test_a_unit_is_added_and_changed(cast_now, boss, signed_in):
    client = signed_in("boss")
    data = {
        "kind": "store",
        "name": "东屿店",
        "parent": cast_now.store.parent_id,
        "place": "30.31，120.2",
        "phone": "0571-1",
    }
    assert client.post("/units", data).status_code == 302
    unit = Unit.objects.get(name="东屿店")
    assert (unit.path.startswith(cast_now.store.parent.path), unit.lat, unit.lon) == (True, 30.31, 120.2)
    answer = client.post("/units", {"unit_id": unit.pk, "name": "东屿旗舰店", "place": ""})
    assert answer.status_code == 302
    unit.refresh_from_db()
    assert (unit.name, unit.lat, unit.kind) == ("东屿旗舰店", None, "store")
    for wrong in ({"name": " "}, {"place": "杭州"}, {"place": "99, 300"}, {"kind": "planet"}):
        answer = client.post("/units", {**data, **wrong})
        assert answer.status_code == 422, wrong
        assert "0571-1" in answer.content.decode()
    assert client.post("/units", {**data, "parent": 999}).status_code == 404
    assert signed_in("li").post("/units", data).status_code == 404
