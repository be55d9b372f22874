"""People who join, change their work or leave, and units that change."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.refusals import Conflict, Forbidden, Invalid

from ..models import Staff, Unit
from ..rules import Actor
from ..selectors import forget_units
from ..states import Role
from .access import require
from .staffing import add_staff, check_unit, pinyin_key, set_password

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else when read out


def join_staff(
    *, number: str, name: str, unit: Unit, roles: list[str], phone: str, email: str, by: Actor, at: datetime
) -> tuple[Staff, str]:  # fmt: skip
    """Add somebody with a first password, which is given once and read out to them.

    Refuses what `add_staff` refuses, and an administrator made by anybody but an administrator.
    """
    _refuse_more_than_own(roles, by)
    password = new_password()
    staff = add_staff(
        number=number.strip().upper(), name=name, unit=unit, roles=roles, phone=phone.strip(), email=email, password=password, by=by, at=at,
    )  # fmt: skip
    return staff, password


def give_password(staff: Staff, *, by: Actor, at: datetime) -> str:
    """Give somebody a new password, which ends their sessions; it is shown once."""
    _refuse_more_than_own(staff.roles, by)
    password = new_password()
    set_password(staff, password, by=by, at=at)
    return password


def change_work(staff: Staff, *, unit: Unit, roles: list[str], by: Actor, at: datetime) -> None:
    """Move somebody to a unit and give them these roles. Their rights follow at once.

    Refuses unknown roles, none at all, and to take the last administrator's role away.
    """
    require(by, "edit_people")
    unknown = [role for role in roles if role not in Role.values]
    if unknown or not roles:
        raise Invalid(_("unknown role"), where="roles", expected=", ".join(Role.values))
    _refuse_more_than_own({*roles, *staff.roles}, by)
    with transaction.atomic():
        now = Staff.objects.select_for_update().get(pk=staff.pk)
        if "administrator" in now.roles and "administrator" not in roles:
            _refuse_last_administrator(now)
        before = {"roles": now.roles, "unit": now.unit_id}
        if (sorted(now.roles), now.unit_id) == (sorted(roles), unit.pk):
            return
        now.roles, now.unit = [role for role in Role.values if role in roles], unit
        now.save(update_fields=["roles", "unit"])
        record("staff.changed", now, by=by, at=at, values={"before": before, "roles": now.roles, "unit": unit.pk})  # fmt: skip


def leave_staff(staff: Staff, *, by: Actor, at: datetime, because: str) -> None:
    """Let somebody leave: they can't sign in any more and nothing is given to them; what they did stays with their name.

    Refuses without a reason, oneself, and the last administrator. Callers see to it that their work is in other hands.
    """
    require(by, "edit_people")
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    if staff.pk == by.id:
        raise Conflict(_("nobody lets themselves go"), where="staff", code="oneself")
    _refuse_more_than_own(staff.roles, by)
    with transaction.atomic():
        now = Staff.objects.select_for_update().get(pk=staff.pk)
        if not now.is_active:
            raise Conflict(_("they have left already"), where="staff", code="left")
        if "administrator" in now.roles:
            _refuse_last_administrator(now)
        now.is_active, now.session_epoch = False, now.session_epoch + 1
        now.save(update_fields=["is_active", "session_epoch"])
        record("staff.left", now, by=by, at=at, because=because.strip()[:200])


def return_staff(staff: Staff, *, by: Actor, at: datetime) -> None:
    """Take somebody back who had left, with the roles they had."""
    require(by, "edit_people")
    _refuse_more_than_own(staff.roles, by)
    with transaction.atomic():
        if not Staff.objects.filter(pk=staff.pk, is_active=False).update(is_active=True):
            raise Conflict(_("they are here"), where="staff", code="here")
        record("staff.returned", staff, by=by, at=at)


def change_unit(
    unit: Unit, *, name: str, phone: str, lat: float | None, lon: float | None, by: Actor, at: datetime
) -> None:  # fmt: skip
    """Change what a unit is called, how it is reached and where it is; its kind, place in the tree and time zone stay."""
    require(by, "edit_people")
    check_unit(name=name, lat=lat, lon=lon, zone=unit.zone)
    with transaction.atomic():
        before = unit.name
        unit.name, unit.name_key, unit.phone = name.strip(), pinyin_key(name), phone.strip()[:32]
        unit.lat, unit.lon = lat, lon
        unit.save(update_fields=["name", "name_key", "phone", "lat", "lon"])
        record("unit.changed", unit, by=by, at=at, values={"before": before, "name": unit.name})
    forget_units()


def new_password() -> str:
    """Make a password that can be read out: three groups of five."""
    return "-".join("".join(secrets.choice(ALPHABET) for _n in range(5)) for _group in range(3))


def _refuse_more_than_own(roles: list[str] | set[str], by: Actor) -> None:
    """Only an administrator makes, changes or lets go of one: nobody gives themselves what they were not given."""
    if "administrator" in roles and by.kind != "machine" and "administrator" not in by.roles:
        raise Forbidden(_("only an administrator can do this to an administrator"))


def _refuse_last_administrator(staff: Staff) -> None:
    others = Staff.objects.filter(is_active=True, roles__contains=["administrator"]).exclude(pk=staff.pk)
    if not others.exists():
        raise Conflict(_("they are the last administrator"), where="roles", code="last_administrator")
