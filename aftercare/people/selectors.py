"""Reads about people; the first argument says who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from aftercare.briefly import briefly
from aftercare.compiled import Limit, compiled
from aftercare.refusals import NotFound

from .models import ApiClient, Certificate, Leave, ProviderTerms, Shift, Staff, Unit
from .rules import EVERYWHERE, FIELD, MATRIX, Actor


def actor_for(staff: Staff) -> Actor:
    """Make the actor of a signed-in member of staff: what they reach follows from role and unit."""
    roles = frozenset(staff.roles)
    units = None if roles & EVERYWHERE else _reach_of(staff.unit_id, regional="regional" in roles)
    own_only = bool(roles) and roles <= FIELD
    return Actor("staff", staff.pk, staff.name_masked, roles, units, own_only, staff.unit_id)


class KnownUnit(NamedTuple):
    """A unit as it is chosen from a list, and where it stands in the tree."""

    pk: int
    name: str
    kind: str
    path: str
    parent_id: int | None
    has_place: bool


class _Tree:
    """All units, in the order of the tree."""

    def __init__(self, units: Iterable[KnownUnit]) -> None:
        self.units = {unit.pk: unit for unit in units}
        self._below: dict[str, frozenset[int]] = {}

    def below(self, path: str) -> frozenset[int]:
        """Give the unit of a path and all below it."""
        if path not in self._below:
            found = (unit.pk for unit in self.units.values() if unit.path.startswith(path))
            self._below[path] = frozenset(found)
        return self._below[path]


@briefly
def _tree(_key: str) -> _Tree:
    has_place = Q(lat__isnull=False, lon__isnull=False)
    rows = Unit.objects.order_by("path").annotate(has_place=ExpressionWrapper(has_place, BooleanField()))
    return _Tree(
        KnownUnit(*row) for row in rows.values_list("id", "name", "kind", "path", "parent_id", "has_place")
    )


def _known_unit(unit_id: int) -> KnownUnit | None:
    """Give a unit, also one that was added elsewhere a moment ago."""
    found = _tree("").units.get(unit_id)
    if found is None and unit_id and Unit.objects.filter(pk=unit_id).exists():
        forget_units()
        found = _tree("").units.get(unit_id)
    return found


def _reach_of(unit_id: int, *, regional: bool) -> frozenset[int] | None:
    """Give the units that somebody of a unit reaches (None: all); of a department those of what it belongs to, unless they are `regional`."""
    unit = _known_unit(unit_id)
    assert unit is not None
    if unit.kind == "headquarters":
        return None
    parent = (
        _known_unit(unit.parent_id) if unit.parent_id and unit.kind == "department" and not regional else None
    )
    return _tree("").below((parent or unit).path)


def forget_units() -> None:
    """Have this process look anew at the units and who reaches them, once one was added or changed."""
    _tree.forget()


def actor_for_client(client: ApiClient) -> Actor:
    """Make the actor of an API client: it reaches its unit and all below."""
    units = None if client.unit.kind == "headquarters" else units_below(client.unit)
    return Actor(
        "client", client.pk, client.name, units=units, unit_id=client.unit_id, verbs=frozenset(client.verbs)
    )


def units_below(unit: Unit) -> frozenset[int]:
    """Give a unit and all below it."""
    known = _known_unit(unit.pk)
    return _tree("").below(known.path) if known else frozenset()


def units_for(actor: Actor) -> QuerySet[Unit]:
    """Give the units within the actor's reach, sorted as people expect (by pinyin)."""
    units = Unit.objects.select_related("parent").order_by("path")
    return units if actor.units is None else units.filter(id__in=actor.units)


def named_units(actor: Actor, *, kinds: Collection[str] = (), but: Collection[str] = ()) -> list[KnownUnit]:
    """Give the units within reach to choose from, of some kinds or all `but` some, in the order of the tree."""
    return [
        unit
        for unit in _tree("").units.values()
        if actor.reaches(unit.pk) and (not kinds or unit.kind in kinds) and unit.kind not in but
    ]


def unit_for(actor: Actor, unit_id: int) -> Unit:
    unit = units_for(actor).filter(id=unit_id).first()
    if unit is None:
        raise NotFound()
    return unit


def unit_named(name: str) -> Unit | None:
    return Unit.objects.filter(name=name).first()


def root_id() -> int | None:
    """Give the id of the company, which all other units are below."""
    return min((unit.pk for unit in _tree("").units.values() if unit.parent_id is None), default=None)


def root_unit() -> Unit | None:
    return Unit.objects.filter(parent=None).order_by("id").first()


def staff_for(
    actor: Actor, *, role: str = "", unit_id: int | None = None, left: bool = False
) -> QuerySet[Staff]:
    """Give the active staff within reach, or those who have `left`, with certificates; masked names only."""
    staff = Staff.objects.filter(is_active=not left).select_related("unit").prefetch_related("certificates")
    staff = staff.defer(
        "password", "full_name", "phone", "email"
    )  # nothing is decrypted that nobody asked for
    if actor.units is not None:
        staff = staff.filter(unit_id__in=actor.units)
    if role:
        staff = staff.filter(roles__contains=[role])
    if unit_id:
        staff = staff.filter(unit_id=unit_id)
    return staff.order_by("name_key", "number")


class Colleague(NamedTuple):
    """Somebody at work: as much as a list of people needs."""

    pk: int
    number: str
    name_masked: str
    unit_name: str
    roles: list[str]


def field_staff(actor: Actor) -> list[Colleague]:
    """Give the engineers and providers' technicians within reach."""
    return [Colleague(*row) for row in _colleagues(actor.units, field_only=True)]


def colleagues_listed(
    actor: Actor, *, unit_id: int | None = None, role: str = "", left: bool = False
) -> list[Colleague]:
    """Give the first two hundred people within reach, or of those who have `left`: of a unit, with a role."""
    rows = _colleagues(actor.units, unit_id=unit_id, role=role, left=left, most=Limit(200))
    return [Colleague(*row) for row in rows]


@compiled
def _colleagues(
    units: frozenset[int] | None, *, field_only: bool = False, unit_id: int | None = None, role: str = "", left: bool = False,
    most: Limit | None = None,
) -> QuerySet[Staff, tuple[int, str, str, str, list[str]]]:  # fmt: skip
    staff = Staff.objects.filter(is_active=not left).order_by("name_key", "number")
    staff = staff if units is None else staff.filter(unit_id__in=units)
    staff = staff.filter(roles__overlap=["engineer", "provider"]) if field_only else staff
    staff = staff.filter(unit_id=unit_id) if unit_id else staff
    staff = staff.filter(roles__contains=[role]) if role else staff
    return staff.values_list("pk", "number", "name_masked", "unit__name", "roles")[:most]


def certificates_of(staff_ids: Collection[int]) -> dict[int, list[tuple[str, date]]]:
    """Give the certificates of each of these people: the kind, and the last day it is in force."""
    found: dict[int, list[tuple[str, date]]] = {}
    for staff_id, code, last in _certificates(staff_ids):
        found.setdefault(staff_id, []).append((code, last))
    return found


@compiled
def _certificates(staff_ids: Collection[int]) -> QuerySet[Certificate, tuple[int, str, date]]:
    rows = Certificate.objects.filter(staff_id__in=staff_ids).order_by("id")
    return rows.values_list("staff_id", "code", "expires_on")


def holds_certificate(staff_id: int, code: str, *, on: date) -> bool:
    """Say whether somebody has a certificate of that kind in force on that day."""
    rows = Certificate.objects.filter(staff_id=staff_id, code=code, valid_on__lte=on, expires_on__gte=on)
    return rows.exists()


@compiled
def certificates_until(
    staff_ids: Collection[int], last: date
) -> QuerySet[Certificate, tuple[int, str, date]]:
    """Give whose certificates of which kind expire on a day at the latest, the first to expire first."""
    rows = Certificate.objects.filter(staff_id__in=staff_ids, expires_on__lte=last).order_by(
        "expires_on", "staff__number"
    )
    return rows.values_list("staff_id", "code", "expires_on")


def colleagues_for(unit_id: int, *, verb: str, numbers: Iterable[str] | None = None) -> list[Staff]:
    """Give the active people who have a verb and reach a unit, by number; `numbers` narrows to these."""
    able = Q(roles__overlap=sorted(MATRIX[verb]))
    near = Q(unit_id__in=path_of(unit_id)) | Q(roles__overlap=sorted(EVERYWHERE)) | Q(unit__kind="department")
    rows = Staff.objects.filter(able & near, is_active=True).select_related("unit__parent").order_by("number")
    if numbers is not None:
        rows = rows.filter(number__in=[n.upper() for n in numbers])
    return [person for person in rows[:200] if actor_for(person).reaches(unit_id)]


def staff_member(actor: Actor, staff_id: int) -> Staff:
    found = staff_for(actor).filter(id=staff_id).first()
    if found is None:
        raise NotFound()
    return found


def staff_by_id(staff_id: int) -> Staff | None:
    return Staff.objects.select_related("unit").filter(id=staff_id).first()


def staff_numbered(number: str) -> Staff | None:
    return Staff.objects.select_related("unit").filter(number=number).first()


class Seen(NamedTuple):
    """Where somebody at work was last, and how many minutes ago."""

    lat: float
    lon: float
    minutes: int


def positions_of(staff_ids: Iterable[int], *, at: datetime) -> dict[int, Seen]:
    """Give the last places of those at work that are not too old to be kept (A20)."""
    return {
        pk: Seen(lat, lon, max(0, int((at - seen).total_seconds() // 60)))
        for pk, lat, lon, seen in _positions(list(staff_ids), at, at - settings.POSITIONS_KEPT_FOR)
        if lat is not None and lon is not None and seen is not None
    }


@compiled
def _positions(
    staff_ids: list[int], at: datetime, since: datetime
) -> QuerySet[Staff, tuple[int, float | None, float | None, datetime | None]]:
    at_work = Shift.objects.filter(staff=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at)
    rows = Staff.objects.filter(
        Exists(at_work),
        id__in=staff_ids,
        last_seen_at__gt=since,
        last_lat__isnull=False,
        last_lon__isnull=False,
    )
    return rows.values_list("pk", "last_lat", "last_lon", "last_seen_at")


def staff_by_key(staff_id: int) -> Staff | None:
    """Give somebody, with all that is known of them; None where there is nobody."""
    return next(iter(_by_key(staff_id)), None)


@compiled
def _by_key(staff_id: int) -> QuerySet[Staff]:
    return Staff.objects.filter(pk=staff_id)


def names_of(staff_ids: set[int]) -> dict[int, tuple[str, str]]:
    """Give masked name and number of each."""
    return {row[0]: (row[1], row[2]) for row in _names(list(staff_ids))}


@compiled
def _names(staff_ids: list[int]) -> QuerySet[Staff, tuple[int, str, str]]:
    return Staff.objects.filter(id__in=staff_ids).values_list("id", "name_masked", "number")


def provider_terms(unit_ids: Iterable[int]) -> dict[int, ProviderTerms]:
    """Give what providers have agreed to, by unit; those without terms get orders by hand only."""
    return {row.unit_id: row for row in _terms(list(unit_ids))}


@compiled
def _terms(unit_ids: list[int]) -> QuerySet[ProviderTerms]:
    return ProviderTerms.objects.filter(unit_id__in=unit_ids)


def units_with_a_place(actor: Actor) -> list[tuple[int, str]]:
    """Give the units within reach of which it is known where they are, no providers': id and name."""
    return [
        (unit.pk, unit.name)
        for unit in _tree("").units.values()
        if unit.has_place and unit.kind != "provider" and actor.reaches(unit.pk)
    ]


@briefly
def hours_of_unit(unit_id: int) -> dict[str, list[str]] | None:
    """Give the unit's own opening hours by weekday, or None where the pack's hours hold."""
    return Unit.objects.filter(id=unit_id).values_list("hours", flat=True).first()


def leaves_ahead(staff_id: int, *, at: datetime) -> list[Leave]:
    """Give the leaves of somebody that are not over."""
    return list(
        Leave.objects.filter(staff_id=staff_id, ends_at__gt=at)
        .select_related("deputy", "staff")
        .order_by("starts_at")
    )


def leave_for(actor: Actor, leave_id: int) -> Leave:
    rows = Leave.objects.select_related("staff").filter(id=leave_id)
    found = (rows if actor.units is None else rows.filter(staff__unit_id__in=actor.units)).first()
    if found is None:
        raise NotFound()
    return found


def shifts_of(staff_id: int, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    rows = Shift.objects.filter(staff_id=staff_id, starts_at__lt=end, ends_at__gt=start).order_by("starts_at")
    return list(rows.values_list("starts_at", "ends_at"))


def shifts_ahead(staff_id: int, *, at: datetime) -> list[Shift]:
    """Give the next shifts of somebody, the one they are in first."""
    return list(Shift.objects.filter(staff_id=staff_id, ends_at__gt=at).order_by("starts_at")[:21])


def week_of(
    staff_ids: Iterable[int], start: datetime, end: datetime
) -> tuple[dict[int, list[tuple[datetime, datetime]]], dict[int, list[Leave]]]:
    """Give the shifts that begin and the leaves that touch a stretch of time, by person."""
    ids = list(staff_ids)
    shifts: dict[int, list[tuple[datetime, datetime]]] = {}
    leaves: dict[int, list[Leave]] = {}
    for staff_id, starts, ends in _shifts_begun(ids, start, end):
        shifts.setdefault(staff_id, []).append((starts, ends))
    for leave in _away(ids, start, end):
        leaves.setdefault(leave.staff_id, []).append(leave)
    return shifts, leaves


@compiled
def _shifts_begun(
    staff_ids: list[int], start: datetime, end: datetime
) -> QuerySet[Shift, tuple[int, datetime, datetime]]:
    begun = Shift.objects.filter(staff_id__in=staff_ids, starts_at__gte=start, starts_at__lt=end)
    return begun.order_by("starts_at").values_list("staff_id", "starts_at", "ends_at")


@compiled
def _away(staff_ids: list[int], start: datetime, end: datetime) -> QuerySet[Leave]:
    away = Leave.objects.filter(staff_id__in=staff_ids, starts_at__lt=end, ends_at__gt=start)
    return away.select_related("deputy").order_by("starts_at")


def leaves_of(staff_id: int, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    rows = Leave.objects.filter(staff_id=staff_id, starts_at__lt=end, ends_at__gt=start)
    return list(rows.values_list("starts_at", "ends_at"))


def clients() -> QuerySet[ApiClient]:
    return ApiClient.objects.select_related("unit").order_by("name")


def client_for(actor: Actor, client_id: int) -> ApiClient:
    """Give one client to whoever may see all units it reaches."""
    found = clients().filter(id=client_id).first()
    if found is None or not actor.reaches(found.unit_id):
        raise NotFound()
    return found


def path_of(unit_id: int) -> list[int]:
    """Give the ids from the root down to this unit."""
    unit = _known_unit(unit_id)
    return [int(step) for step in unit.path.strip("/").split("/") if step] if unit else []


@lru_cache(maxsize=4096)
def zone_of(unit_id: int) -> str:
    """Give the unit's IANA time zone; it never changes, so each process asks once."""
    return Unit.objects.filter(id=unit_id).values_list("zone", flat=True).first() or "Asia/Shanghai"
