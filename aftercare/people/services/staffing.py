"""Units and staff, what they may do, and where they are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.privacy.rules import masked_name, masked_phone
from aftercare.refusals import Conflict, Invalid, Problem

from ..models import Certificate, Shift, Staff, Unit
from ..rules import Actor
from ..selectors import forget_units, hours_of_unit
from ..states import Role, UnitKind
from .access import require

NUMBER = re.compile(r"[A-Z]{2}\d{7,10}")
PHONE = re.compile(r"\+?[\d -]{5,20}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
OPENING = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-4]):[0-5]\d)")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def pinyin_key(text: str) -> str:
    """Give the key by which Chinese names sort as readers expect; the database's own order is by code point."""
    from pypinyin import Style, lazy_pinyin  # whose dictionaries take a quarter of a second to read

    return " ".join(lazy_pinyin(text, style=Style.TONE3)).lower()[:200]


def add_unit(
    *, kind: str, name: str, parent: Unit | None, by: Actor, at: datetime, zone: str = "Asia/Shanghai",
    lat: float | None = None, lon: float | None = None, phone: str = "",
) -> Unit:  # fmt: skip
    """Add a unit below `parent` (None: the headquarters, of which there is one)."""
    require(by, "edit_people")
    if kind not in UnitKind.values:
        raise Invalid(_("unknown kind of unit"), where="kind", expected=", ".join(UnitKind.values))
    check_unit(name=name, lat=lat, lon=lon, zone=zone)
    with transaction.atomic():
        unit = Unit.objects.create(
            kind=kind, name=name.strip(), name_key=pinyin_key(name), parent=parent, path="", zone=zone,
            lat=lat, lon=lon, phone=phone,
        )  # fmt: skip
        unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
        unit.save(update_fields=["path"])
        record("unit.added", unit, by=by, at=at, values={"kind": kind, "name": unit.name})
    forget_units()
    return unit


def check_unit(*, name: str, lat: float | None, lon: float | None, zone: str) -> None:
    """Refuse a unit without a name, half a place or one outside the world, and an unknown time zone; all at once."""
    problems = []
    if not 1 <= len(name.strip()) <= 80:
        problems.append(Problem("name", _("the unit has no name"), _("1 to 80 characters")))
    if (lat is None) != (lon is None) or not (-90 <= (lat or 0) <= 90 and -180 <= (lon or 0) <= 180):
        problems.append(Problem("lat", _("this is no place"), "30.2907, 120.1603"))
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        problems.append(Problem("zone", _("unknown time zone"), "Asia/Shanghai"))
    if problems:
        raise Invalid(_("the unit can't be kept like this"), problems)


def add_staff(
    *, number: str, name: str, unit: Unit, roles: list[str], by: Actor, at: datetime, password: str = "",
    phone: str = "", skills: list[str] | None = None, home: tuple[float, float] | None = None,
    hashed_password: str = "", email: str = "",
) -> Staff:  # fmt: skip
    """Add a member of staff. Refuses unknown roles, numbers not like `GY2024001`, weak passwords and doubles."""
    require(by, "edit_people")
    problems = []
    if not NUMBER.fullmatch(number):
        problems.append(Problem("number", _("this is not a staff number"), "GY2024001"))
    if not name.strip():
        problems.append(Problem("name", _("the name is missing")))
    unknown = [role for role in roles if role not in Role.values]
    if unknown or not roles:
        problems.append(Problem("roles", _("unknown role"), ", ".join(Role.values)))
    if Staff.objects.filter(number=number).exists():
        problems.append(Problem("number", _("this number is taken")))
    if password:
        problems += _password_problems(password)
    if problems:
        raise Invalid(_("the member of staff can't be added"), problems)
    staff = Staff(
        number=number, full_name=name.strip(), name_masked=masked_name(name), name_key=pinyin_key(name[:1])[:40],
        phone=phone, phone_masked=masked_phone(phone) if phone else "", email=email.strip(), unit=unit, roles=list(roles),
        skills=skills or [], home_lat=home[0] if home else None, home_lon=home[1] if home else None,
    )  # fmt: skip
    if password:
        staff.set_password(password)
    elif hashed_password:
        staff.password = hashed_password
    else:
        staff.set_unusable_password()
    with transaction.atomic():
        staff.save()
        record("staff.added", staff, by=by, at=at, values={"roles": list(roles), "number": number})
    return staff


def set_password(staff: Staff, password: str, *, by: Actor, at: datetime) -> None:
    """Set a new password and end every session of this person."""
    require(by, "edit_people")
    problems = _password_problems(password)
    if problems:
        raise Invalid(_("the password is too weak"), problems)
    staff.set_password(password)
    staff.session_epoch += 1
    staff.save(update_fields=["password", "session_epoch"])
    record("staff.password_set", staff, by=by, at=at)


def sign_out_everywhere(staff_id: int, *, by: Actor, at: datetime) -> None:
    """End every session of this person, on every computer."""
    Staff.objects.filter(pk=staff_id).update(session_epoch=F("session_epoch") + 1)
    staff = Staff.objects.get(pk=staff_id)
    record("staff.signed_out_everywhere", staff, by=by, at=at)


def add_certificate(
    staff: Staff, *, code: str, valid_on: date, expires_on: date, by: Actor, at: datetime, number: str = ""
) -> Certificate:
    """Record a certificate; work of its category is given only while it is in force."""
    require(by, "edit_people")
    if expires_on < valid_on:
        raise Invalid(
            _("the certificate ends before it begins"), where="expires_on", expected=f"≥ {valid_on}"
        )
    row = Certificate.objects.create(
        staff=staff, code=code, number=number, valid_on=valid_on, expires_on=expires_on
    )
    record(
        "staff.certified", staff, by=by, at=at, values={"code": code, "expires_on": expires_on.isoformat()}
    )
    return row


def change_contact(staff: Staff, *, phone: str, email: str, by: Actor, at: datetime) -> None:
    """Change where warnings reach somebody; the fact says that it was changed, not to what."""
    require(by, "plan_people", unit_id=staff.unit_id, reach=True)
    problems = []
    if phone.strip() and not PHONE.fullmatch(phone.strip()):
        problems.append(Problem("phone", _("this is not a phone number"), "13812345678"))
    if email.strip() and not EMAIL.fullmatch(email.strip()):
        problems.append(Problem("email", _("this is not an e-mail address"), "name@example.com"))
    if problems:
        raise Invalid(_("the contact can't be changed"), problems)
    staff.phone, staff.email = phone.strip(), email.strip()
    staff.phone_masked = masked_phone(staff.phone) if staff.phone else ""
    with transaction.atomic():
        staff.save(update_fields=["phone", "email", "phone_masked"])
        record("staff.contact_changed", staff, by=by, at=at)


def set_senior(staff: Staff, senior: bool, *, by: Actor, at: datetime) -> None:
    """Say whether somebody is a senior technician, to whom what is dangerous goes first (M26)."""
    require(by, "plan_people", unit_id=staff.unit_id, reach=True)
    if not staff.is_field:
        raise Conflict(_("this person does not visit customers"), where="staff")
    with transaction.atomic():
        if Staff.objects.filter(pk=staff.pk, is_senior=not senior).update(is_senior=senior):
            record("staff.senior" if senior else "staff.not_senior", staff, by=by, at=at)
    staff.is_senior = senior


def set_skills(staff: Staff, categories: Collection[str], *, by: Actor, at: datetime) -> None:
    """Say which categories somebody is authorised for, beside their certificates; none: all."""
    require(by, "plan_people", unit_id=staff.unit_id, reach=True)
    if not staff.is_field:
        raise Conflict(_("this person does not visit customers"), where="staff")
    staff.skills = sorted(set(categories))
    with transaction.atomic():
        staff.save(update_fields=["skills"])
        record("staff.authorised", staff, by=by, at=at, values={"categories": staff.skills})


def set_unit_hours(unit: Unit, hours: dict[str, list[str]] | None, *, by: Actor, at: datetime) -> None:
    """Give a unit opening hours of its own (`{"mon": ["09:00-12:00", "13:00-18:00"], …}`), or None for the pack's.

    Days left out are shut. Open clocks that run in the unit's hours follow.
    """
    require(by, "plan_people", unit_id=unit.pk, reach=True)
    problems = []
    for day, openings in (hours or {}).items():
        if day not in WEEKDAYS:
            problems.append(Problem(day, _("this is not a day of the week"), ", ".join(WEEKDAYS)))
            continue
        spans = []
        for opening in openings:
            found = OPENING.fullmatch(opening)
            if found is None or found[1] == found[2]:
                problems.append(Problem(day, _("these are not hours"), "09:00-12:00, 13:30-18:00"))
                continue
            spans.append((found[1], found[2]))
        if any(one[1] > other[0] for one, other in itertools.pairwise(sorted(spans))):
            problems.append(Problem(day, _("these hours overlap"), "09:00-12:00, 13:30-18:00"))
    if hours is not None and not any(hours.values()):
        problems.append(Problem("hours", _("the unit would never be open"), _("hours on one day at least")))
    if problems:
        raise Invalid(_("the hours can't be set"), problems)
    unit.hours = hours
    with transaction.atomic():
        unit.save(update_fields=["hours"])
        record("unit.hours_set", unit, by=by, at=at, values={"unit": unit.pk, "hours": hours})
    hours_of_unit.forget()


def report_position(staff_id: int, *, lat: float, lon: float, at: datetime) -> None:
    """Keep only the last place of somebody at work: no history, nothing outside their shifts (A20).

    What is told late changes nothing newer, and what is too old by then is not kept at all.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        raise Invalid(_("this is not a place"), where="lat, lon", expected="-90…90, -180…180")
    at_work = Shift.objects.filter(staff=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at)
    older = Q(last_seen_at=None) | Q(last_seen_at__lte=at)
    Staff.objects.filter(older, Exists(at_work), pk=staff_id).update(
        last_lat=lat, last_lon=lon, last_seen_at=at
    )


def forget_positions(*, at: datetime) -> int:
    """Delete the places of those whose shift is over, and those older than the set time; give how many (A20)."""
    at_work = Shift.objects.filter(staff=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at)
    past = Q(last_seen_at__lt=at - settings.POSITIONS_KEPT_FOR) | ~Exists(at_work)
    return Staff.objects.filter(past, last_seen_at__isnull=False).update(
        last_lat=None, last_lon=None, last_seen_at=None
    )


def _password_problems(password: str) -> list[Problem]:
    try:
        validate_password(password)
    except ValidationError as error:
        return [Problem("password", message) for message in error.messages]
    return []
