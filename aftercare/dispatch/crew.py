"""Those who may be asked to do some orders, as the rules see them at one instant."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, QuerySet, Value

from aftercare.briefly import remembers
from aftercare.compiled import compiled
from aftercare.people.models import Staff
from aftercare.people.selectors import path_of, provider_terms
from aftercare.policies.rules import Dispatch
from aftercare.routing.insertion import Stop, earliest_begin
from aftercare.routing.places import Spot
from aftercare.visits.keeping import place_of, stops_of_day
from aftercare.visits.learned import calibration_for, usual_minutes
from aftercare.visits.selectors import day_of
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.selectors import familiar_staff
from aftercare.workorders.states import UNFINISHED

from .models import Offer, QueueEntry
from .roster import Roster
from .rules import Job, Person, Terms

EVERYBODY = 60  # a company of so many is looked at as a whole
log = structlog.get_logger(__name__)
PEOPLE_FOR = 120.0  # seconds after which the roster is read again,
LOADS_FOR = 10.0  # … and what everybody has in hand
SLICE, PAUSE = 50, 0.05  # people read at a time, and seconds before the next

IS_PROVIDER, PROVIDERS_UNIT = 3, 6
PEOPLE = """
SELECT s.id, s.number, s.name_masked, 'provider' = ANY(s.roles), s.skills, s.is_senior, s.unit_id,
    coalesce(CASE WHEN s.last_seen_at > %(since)s THEN s.last_lat ELSE s.home_lat END, u.lat),
    coalesce(CASE WHEN s.last_seen_at > %(since)s THEN s.last_lon ELSE s.home_lon END, u.lon),
    (SELECT json_object_agg(c.code, c.until)::text FROM (
        SELECT code, max(expires_on) AS until FROM people_certificate WHERE staff_id = s.id AND valid_on <= %(on)s GROUP BY code
    ) AS c),
    EXISTS (SELECT FROM people_shift WHERE staff_id = s.id AND starts_at <= %(at)s AND ends_at > %(at)s),
    (SELECT min(starts_at) FROM people_shift WHERE staff_id = s.id AND starts_at > %(at)s AND ends_at > %(at)s),
    EXISTS (SELECT FROM people_leave WHERE staff_id = s.id AND starts_at <= %(at)s AND ends_at > %(at)s),
    (SELECT count(*) FROM workorders_workorder WHERE assignee_id = s.id AND state IN ('pending', 'booked', 'in_service'))
    + (SELECT count(*) FROM dispatch_offer WHERE staff_id = s.id AND state = 'offered')
FROM people_staff AS s JOIN people_unit AS u ON u.id = s.unit_id
WHERE s.is_active AND s.roles && ARRAY['engineer', 'provider']::varchar[]
"""


def job_of(order: WorkOrder) -> Job:
    """Give what the rules need to know of an order."""
    remote = order.service_type == "remote"
    return Job(order.category, order.urgency, order.lat, order.lon, remote, frozenset(path_of(order.unit_id)))


class Crew:
    """Those who may do a run of orders, read once for all of them.

    Of a large company only those who are worth a closer look are read, `units` or `also` apart. Who takes an order of the
    run is told by `took`, so that the next order sees the load.
    """

    def __init__(
        self, orders: list[WorkOrder], rules: Dispatch | None = None, *, at: datetime, zone: str,
        units: Collection[int] | None = None, also: Collection[int] = (),
    ) -> None:  # fmt: skip
        self.at, self.on, self._zone = at, day_of(at, zone)[0].date(), zone
        self._rules, self._roster = rules, None
        customers = {order.request.customer_id for order in orders if order.request.customer_id}
        self._familiar = familiar_staff(customers)
        self._offers: dict[int, list[tuple[int, str]]] = {}
        for order_id, staff_id, state in _offered_or_waiting([order.pk for order in orders]):
            self._offers.setdefault(order_id, []).append((staff_id, state))
        self._looked_at: dict[int, set[int]] = {}
        self._days: dict[int, tuple[datetime, Spot | None, list[Stop]]] = {}
        wanted: set[int] | None = None
        if units is None and rules is not None:
            roster = roster_of(at, self.on)
            if len(roster.people) > EVERYBODY:
                self._roster = roster
                for order in orders:
                    self._looked_at[order.pk] = {
                        *self._near(order, roster, rules),
                        *self._familiar_with(order),
                        *also,
                    }
                wanted = set().union(*self._looked_at.values())
        self._people: dict[int, Person] = {}
        self._read(wanted, units)

    def people_for(self, order: WorkOrder) -> list[Person]:
        """Give those who are looked at for an order, as this order sees them."""
        familiar = self._familiar_with(order)
        said_no = {
            staff for staff, state in self._offers.get(order.pk, ()) if state in ("refused", "expired")
        }
        ids = self._looked_at.get(order.pk, self._people)
        return [
            replace(person, was_there=person.id in familiar, refused_before=person.id in said_no)
            if person.id in familiar or person.id in said_no
            else person
            for person in (self._people[one] for one in ids if one in self._people)
        ]

    def widen(self, order: WorkOrder) -> bool:
        """Look at everybody within reach for an order; False where that is done already."""
        if self._roster is None or self._rules is None:
            return False
        rules = self._rules
        known = self._looked_at[order.pk]
        reach = set(
            self._roster.within_reach(
                job_of(order), rules.certificates.get(order.category, ""), far_km=rules.far_km
            )
        )
        if reach <= known:
            return False
        self._looked_at[order.pk] = known | reach
        self._read(reach - set(self._people), None)
        return True

    def begins_in(self, order: WorkOrder, people: Iterable[Person]) -> dict[int, int | None]:
        """Give in how many minutes each could begin an order today beside what they promised; None: not today."""
        people = [person for person in people if person.lat is not None and person.lon is not None]
        until = day_of(self.at, self._zone)[1]
        if any(person.unfinished and person.id not in self._days for person in people):  # once for the run
            missing = [one for one, who in self._people.items() if who.unfinished and one not in self._days]
            known = stops_of_day(missing, at=self.at, until=until)
            self._days |= {one: known.get(one, (self.at, None, [])) for one in missing}
        spot, lasts = place_of(order), usual_minutes(order) * 60.0
        way = calibration_for(order.unit_id).provider.seconds_at(
            self.at.astimezone(ZoneInfo(self._zone)).hour
        )
        found: dict[int, int | None] = {}
        for person in people:
            free_at, there, stops = self._days.get(person.id, (self.at, None, []))
            start = there or Spot(person.lat or 0.0, person.lon or 0.0)
            begins = earliest_begin(start, free_at.timestamp(), stops, spot, lasts, until.timestamp(), way)
            found[person.id] = None if begins is None else round((begins - self.at.timestamp()) / 60)
        return found

    def is_offered(self, order: WorkOrder) -> bool:
        return any(state == "offered" for _staff, state in self._offers.get(order.pk, ()))

    def is_waiting(self, order: WorkOrder) -> bool:
        """Say whether an order waits in the dispatcher's queue."""
        return any(state == "waiting" for _nobody, state in self._offers.get(order.pk, ()))

    def took(self, staff_id: int) -> None:
        person = self._people[staff_id]
        self._people[staff_id] = replace(person, unfinished=person.unfinished + 1)
        if self._roster:
            self._roster.took(staff_id)

    def _near(self, order: WorkOrder, roster: Roster, rules: Dispatch) -> list[int]:
        return roster.worth_a_look(
            job_of(order), rules.certificates.get(order.category, ""), limit=rules.max_unfinished, near_km=rules.near_km,
            far_km=rules.far_km, seniors=order.urgency in rules.senior_for,
        )  # fmt: skip

    def _familiar_with(self, order: WorkOrder) -> set[int]:
        return self._familiar.get(order.request.customer_id or 0, set())

    def _read(self, ids: set[int] | None, units: Collection[int] | None) -> None:
        if ids is None or ids:
            people = read_people(at=self.at, on=self.on, ids=ids, units=units)
            self._people |= {person.id: person for person in people}


@compiled
def _offered_or_waiting(order_ids: list[int]) -> QuerySet[Any, tuple[int, int, str]]:
    """Give order, person and state of every offer; and, with nobody (0), of what waits in the dispatcher's queue."""
    offers = Offer.objects.filter(order_id__in=order_ids).values_list("order_id", "staff_id", "state")
    waiting = QueueEntry.objects.filter(order_id__in=order_ids, state="waiting").annotate(nobody=Value(0))
    return offers.union(waiting.values_list("order_id", "nobody", "state"), all=True)


def read_people(
    *, at: datetime, on: date, ids: Collection[int] | None = None, units: Collection[int] | None = None
) -> list[Person]:
    """Give everybody who visits customers as the rules see them, in one statement; only these `ids` or `units` if given."""
    narrowed = PEOPLE + (" AND s.id = ANY(%(ids)s)" if ids is not None else "")
    narrowed += " AND s.unit_id = ANY(%(units)s)" if units is not None else ""
    since = at - settings.POSITIONS_KEPT_FOR
    with connection.cursor() as cursor:
        cursor.execute(
            narrowed + " ORDER BY s.id",
            {"at": at, "on": on, "since": since, "ids": list(ids or ()), "units": list(units or ())},
        )
        rows = cursor.fetchall()
    providers = {row[PROVIDERS_UNIT] for row in rows if row[IS_PROVIDER]}
    terms = terms_of(providers, at=at) if providers else {}
    return [_person(row, terms) for row in rows]


def workloads(staff_ids: list[int] | None) -> dict[int, int]:
    """Count unfinished orders in hand plus open offers; None: of everybody who has any."""
    loads: Counter[int] = Counter()
    for staff_id, count in _in_hand_and_offered(staff_ids):
        loads[staff_id] += count
    return loads


@compiled
def _in_hand_and_offered(staff_ids: list[int] | None) -> QuerySet[Any, tuple[int, int]]:
    in_hand = WorkOrder.objects.filter(assignee__isnull=False, state__in=UNFINISHED)
    offered = Offer.objects.filter(state="offered")
    if staff_ids is not None:
        in_hand, offered = in_hand.filter(assignee_id__in=staff_ids), offered.filter(staff_id__in=staff_ids)
    counted = offered.values_list("staff_id").annotate(n=Count("id"))
    return in_hand.values_list("assignee_id").annotate(n=Count("id")).union(counted, all=True)


@compiled
def _given_to(unit_ids: list[int], since: datetime) -> QuerySet[Offer, int]:
    given = Offer.objects.filter(
        state__in=["offered", "accepted"], offered_at__gte=since, staff__unit_id__in=unit_ids
    )
    return given.values_list("staff__unit_id", flat=True)


def terms_of(units: Collection[int], *, at: datetime) -> dict[int, Terms]:
    """Give what providers have agreed to, by unit, with the orders they may still get today."""
    found = provider_terms(units)
    if not found:
        return {}
    since = day_of(at, settings.TIME_ZONE)[0]
    counts = Counter(_given_to(list(found), since))
    return {
        row.unit_id: Terms(frozenset(row.areas), row.visit_fen, max(row.daily_quota - counts[row.unit_id], 0))
        for row in found.values()
    }


@compiled
def _field_ids() -> QuerySet[Staff, int]:
    rows = Staff.objects.filter(is_active=True, roles__overlap=["engineer", "provider"])
    return rows.order_by("pk").values_list("pk", flat=True)


class _Rosters:
    """The roster of this process: people of some minutes ago at most, their loads of some seconds ago.

    Ten thousand people take half a second to read, and every process reads them. So they are read again beside the work, some at a
    time, and what they have in hand is counted again beside it; meanwhile the roster that is there serves on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()
        remembers(self)

    def forget(self) -> None:
        self._kept: tuple[datetime, Roster] | None = None
        self._people_until = self._loads_until = 0.0

    def get(self, at: datetime, on: date) -> Roster:
        with self._lock:
            now = time.monotonic()
            far = self._kept is None or abs((at - self._kept[0]).total_seconds()) > 2 * PEOPLE_FOR
            if self._kept is None or far:
                self._kept = at, Roster(read_people(at=at, on=on))
                self._people_until, self._loads_until = now + PEOPLE_FOR, now + LOADS_FOR
            elif now > self._people_until:
                self._people_until = now + PEOPLE_FOR
                _beside(self._read_again, self._kept, at, on)
            elif now > self._loads_until and len(self._kept[1].people) > EVERYBODY:
                self._loads_until = now + LOADS_FOR
                _beside(self._count_again, self._kept[1])
            return self._kept[1]

    def _read_again(self, before: tuple[datetime, Roster], at: datetime, on: date) -> None:
        ids, people = list(_field_ids()), list[Person]()
        for begin in range(0, len(ids), SLICE):
            time.sleep(PAUSE if begin else 0.0)
            people += read_people(at=at, on=on, ids=ids[begin : begin + SLICE])
        fresh = at, Roster(people)
        with self._lock:
            if self._kept is before:
                self._kept = fresh

    @staticmethod
    def _count_again(roster: Roster) -> None:
        roster.reload(workloads(None))


def _beside(work: Callable[..., None], *args: Any) -> threading.Thread:
    """Do something beside the work, on a connection of its own; when the database refuses, what is there serves on."""

    def run() -> None:
        try:
            work(*args)
        except DatabaseError as error:
            log.warning("roster_kept", error=str(error).splitlines()[0])
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


_ROSTERS = _Rosters()
roster_of = _ROSTERS.get


def _person(row: tuple[Any, ...], terms: dict[int, Terms]) -> Person:
    (
        pk, number, name, is_provider, skills, is_senior, unit_id, lat, lon, held, on_shift, next_shift_at, on_leave, load,
    ) = row  # fmt: skip
    until = {code: date.fromisoformat(day) for code, day in json.loads(held or "{}").items()}
    return Person(
        id=pk, number=number, name=name, skills=frozenset(skills), certificates=until, on_shift=on_shift,
        next_shift_at=next_shift_at, on_leave=on_leave, unfinished=load, lat=lat, lon=lon, is_provider=is_provider,
        terms=terms.get(unit_id) if is_provider else None, group=unit_id, is_senior=is_senior,
    )  # fmt: skip
