"""A day of a region as the board shows it and the engine plans it: people in shifts, visits, what nobody has yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from aftercare.compiled import Limit, compiled
from aftercare.people.models import Leave, Shift, Unit
from aftercare.people.rules import Actor
from aftercare.people.selectors import path_of, units_below, zone_of
from aftercare.policies.rules import Dispatch
from aftercare.policies.selectors import policy_for
from aftercare.routing.days import Day, Job, make_day, spare_in
from aftercare.routing.days import Person as Worker
from aftercare.routing.places import Spot
from aftercare.visits.keeping import (
    Rest,
    pickup_of,
    place_of,
    rests_in,
    shifts_between,
)
from aftercare.visits.learned import travel_for, usual_minutes
from aftercare.visits.models import Appointment, Visit
from aftercare.workorders.models import WorkOrder

from .crew import Crew, read_people
from .models import Offer, QueueEntry
from .rules import Job as Match
from .rules import Person, hard_rules

LISTED = 500  # orders nobody has that are planned at once, the most urgent and oldest
FREEZE = timedelta(minutes=30)  # what begins within this time is not touched any more
DROPS = {
    "critical": 480 * 60,
    "urgent": 240 * 60,
    "normal": 120 * 60,
}  # seconds of travel an undone order is worth
PROMISE = 48 * 3600  # … and on top of it what a broken promise is worth
MOVED = 600  # seconds of travel that telling two engineers of a change is worth
ORDER = (  # what the board and the engine need to know of an order; whole, with all it points to, it is read ten times as long
    "number", "state", "category", "urgency", "service_type", "lat", "lon", "people", "opened_at", "window_starts_at", "window_ends_at", "late_minutes", "late_told_at", "arrived_at",
    "assignee", "unit", "pickup_unit__lat", "pickup_unit__lon", "request__description", "request__product_model", "request__customer_id",
)  # fmt: skip
ORDER_OF = tuple(f"order__{name}" for name in ORDER)
STRANGER = 120  # seconds that somebody who does not know the customer costs
PROVIDER = 5400  # seconds of travel that an outside provider costs, and
YUAN = 60  # … for each yuan of its price


@dataclass(frozen=True)
class Planned:
    """One visit on the board: the order, who, when it is planned, what was promised, and how far it is."""

    order: WorkOrder
    staff_id: int
    begins: datetime
    ends: datetime
    window: tuple[datetime, datetime] | None
    state: str
    pinned: bool = False
    appointment_id: int | None = None


@dataclass
class Shown:
    """Somebody on the board: their shifts, leaves and break of the day, and their visits in order."""

    person: Person
    shifts: list[tuple[datetime, datetime]]
    leaves: list[tuple[datetime, datetime]]
    rest: Rest | None = None
    visits: list[Planned] = field(default_factory=list)


@dataclass(frozen=True)
class BoardDay:
    """A region's day: everybody at work, the orders nobody has, and the window of the day in local time.

    Of the orders nobody has: the open `offers`, how many people did not take an order (`refused`), and for which the
    machine found `nobody`.
    """

    unit: Unit
    on: date
    starts: datetime
    ends: datetime
    people: dict[int, Shown]
    waiting: list[WorkOrder]
    offers: dict[int, Offer]
    refused: Mapping[int, int]
    nobody: frozenset[int]
    more: bool = False

    @property
    def visits(self) -> list[Planned]:
        return [visit for shown in self.people.values() for visit in shown.visits]


def day_of_unit(unit: Unit, on: date, *, at: datetime, listed: int = LISTED) -> BoardDay:
    """Read the day of a unit and all below it, with at most `listed` orders that nobody has: the urgent first, then the oldest."""
    zone = zone_of(unit.pk)
    starts = datetime.combine(on, datetime.min.time(), tzinfo=ZoneInfo(zone))
    ends = starts + timedelta(days=1)
    below = units_below(unit)
    orders = _first_waiting(below, listed + 1, before=ends)
    orders, more = orders[:listed], len(orders) > listed
    known = {person.id: person for person in read_people(at=at, on=on, units=below)}
    at_work = shifts_between(known, starts, ends)
    shifts, leaves = _spans(at_work), _spans(_leaves_of(list(known), starts, ends))
    rests = rests_in(at_work, starts, ends, {person.id: person.group for person in known.values()})
    people = {
        one: Shown(person, shifts[one], leaves.get(one, []), rests.get(one))
        for one, person in known.items()
        if one in shifts
    }
    for visit in [*_booked(people, starts, ends), *_begun(people, starts, ends, at)]:
        people[visit.staff_id].visits.append(visit)
    for shown in people.values():
        shown.visits.sort(key=lambda visit: (visit.begins, visit.order.pk))
    made = list(_offers([order.pk for order in orders]))
    offers = {offer.order_id: offer for offer in made if offer.state == "offered"}
    refused = Counter(offer.order_id for offer in made if offer.state != "offered")
    nobody = frozenset(_nobody_found([order.pk for order in orders]))
    return BoardDay(unit, on, starts, ends, people, orders, offers, refused, nobody, more)


def nobody_has(unit_ids: Collection[int], *, before: datetime) -> QuerySet[WorkOrder]:
    """Give the orders of these units, opened before an instant, that want a visit and are in nobody's hands."""
    rows = WorkOrder.objects.filter(
        unit_id__in=unit_ids, state="pending", assignee=None, opened_at__lt=before
    )
    return rows.exclude(service_type="remote")


def _first_waiting(unit_ids: Collection[int], most: int, *, before: datetime) -> list[WorkOrder]:
    """Give so many orders that nobody has, the urgent first, the longest waiting of each; each urgency by its index."""
    found = _first_of_each(Limit(most), list(unit_ids), before)
    rank = {urgency: n for n, urgency in enumerate(DROPS)}
    return sorted(found, key=lambda order: (rank[order.urgency], order.opened_at))[:most]


@compiled
def _first_of_each(most: Limit, unit_ids: list[int], before: datetime) -> QuerySet[WorkOrder]:
    rows = nobody_has(unit_ids, before=before).order_by("opened_at")
    first, *others = (rows.filter(urgency=urgency).values("pk")[:most] for urgency in DROPS)
    found = WorkOrder.objects.filter(pk__in=first.union(*others, all=True))
    return found.select_related("request", "unit", "pickup_unit").only(*ORDER, "unit__name")


@compiled
def _offers(order_ids: list[int]) -> QuerySet[Offer]:
    rows = Offer.objects.filter(order_id__in=order_ids, state__in=["offered", "refused", "expired"])
    return rows.select_related("staff").only("order", "state", "staff__name_masked")


@compiled
def _nobody_found(order_ids: list[int]) -> QuerySet[QueueEntry, int]:
    return QueueEntry.objects.filter(order_id__in=order_ids, state="waiting").values_list(
        "order_id", flat=True
    )


def reachable_units(actor: Actor) -> list[Unit]:
    """Give the units whose day this reader may plan: regions, else the stores within reach."""
    return _units_of_kind("region", actor.units) or _units_of_kind("store", actor.units)


@compiled
def _units_of_kind(kind: str, within: frozenset[int] | None) -> QuerySet[Unit]:
    units = Unit.objects.filter(kind=kind).order_by("path")
    return units if within is None else units.filter(id__in=within)


def engine_day(
    board: BoardDay, *, at: datetime, extra: Iterable[tuple[WorkOrder, int]] = ()
) -> tuple[Day, dict[int, list[int]]]:
    """Make the rest of a day ready for the engine, and give the routes as they are agreed now.

    What has begun or begins within half an hour stays; whoever is on it is free, there, when it ends. A promised window is
    hard, and so are certificates, skills, limits and pins. `extra`: orders given to somebody for a try.
    """
    rules = policy_for(board.unit.pk).pack.dispatch
    fixed_until = at + FREEZE
    jobs: list[Job] = []
    routes: dict[int, list[int]] = {}
    holder: dict[int, int] = {}
    pinned: set[int] = set()
    orders: dict[int, WorkOrder] = {}
    workers: list[Worker] = []
    given = {order.pk: staff for order, staff in extra}
    fair = _fair_minutes(board, rules)
    open_offers = Counter(offer.staff_id for offer in board.offers.values())
    for shown in board.people.values():
        free_from, spot = max(shown.shifts[0][0], at), _start(shown.person)
        for visit in shown.visits:
            if visit.order.pk in given:
                continue
            if visit.state in ("doing", "done") or visit.begins < fixed_until:
                free_from, spot = max(free_from, visit.ends), place_of(visit.order) or spot
                continue
            if visit.order.people == 2:  # two have agreed to meet: that is not planned anew
                number = -visit.order.pk if visit.state == "helping" else visit.order.pk
                meeting = replace(
                    _job(visit.order, ((visit.begins, visit.begins),), rules, promised=True), id=number
                )
                jobs.append(meeting if number > 0 else replace(meeting, pickup=None))
                routes.setdefault(shown.person.id, []).append(number)
                holder[number], orders[number] = shown.person.id, visit.order
                pinned.add(number)
                continue
            assert visit.window is not None  # booked visits have one
            jobs.append(_job(visit.order, (visit.window,), rules, promised=True))
            routes.setdefault(shown.person.id, []).append(visit.order.pk)
            holder[visit.order.pk], orders[visit.order.pk] = shown.person.id, visit.order
            if visit.pinned:
                pinned.add(visit.order.pk)
        ends = min([shown.shifts[-1][1], *(a for a, _b in shown.leaves if a > free_from)])
        away = any(a <= free_from < b for a, b in shown.leaves)
        begun = sum(visit.state in ("doing", "done") for visit in shown.visits)
        in_plan = len(routes.get(shown.person.id, ())) + open_offers[shown.person.id]
        room = rules.max_unfinished - shown.person.unfinished + in_plan
        workers.append(
            Worker(
                shown.person.id, spot, (free_from, max(free_from, free_from if away else ends)),
                most=max(min(room, rules.most_a_day - begun), 0), provider=shown.person.is_provider,
                rest=shown.rest if shown.rest and not away and free_from <= shown.rest[1] else None,
                fair_minutes=fair.get(shown.person.id),
            )
        )  # fmt: skip
    today = (max(at + FREEZE, board.starts + timedelta(hours=8)), board.starts + timedelta(hours=20))
    for order in board.waiting:
        if today[0] < today[1] and order.pk not in given:
            jobs.append(_job(order, (today,), rules, promised=False))
            orders[order.pk] = order
    for order, staff in extra:
        promised = order.window_starts_at is not None and order.window_ends_at is not None
        window = (order.window_starts_at, order.window_ends_at) if promised else today
        jobs.append(_job(order, (window,), rules, promised=promised))  # type: ignore[arg-type]
        holder[order.pk], orders[order.pk] = staff, order
        pinned.add(order.pk)
    known = Crew(list(orders.values()), at=at, zone=zone_of(board.unit.pk), units=units_below(board.unit))
    seen = {pk: {person.id: person for person in known.people_for(order)} for pk, order in orders.items()}

    def price(job: Job, worker: Worker) -> int | None:
        person, order = seen[job.id].get(worker.id), orders[job.id]
        if person is None or (job.id in pinned and holder.get(job.id) != worker.id):
            return None
        if job.id not in pinned and against(order, person, rules, board.on):
            return None
        if person.is_provider:
            return _price_of_provider(order, person)
        moved = MOVED if job.id in holder and holder[job.id] != worker.id else 0
        return moved + (0 if person.was_there else STRANGER)

    middle = (max(at, today[0]) + (max(at, today[1]) - max(at, today[0])) / 2).astimezone(board.starts.tzinfo)
    day = make_day(jobs, workers, travel_for(board.unit.pk), hour=middle.hour, price=price)
    return day, routes


def _price_of_provider(order: WorkOrder, person: Person) -> int | None:
    """Give what it costs in seconds of travel that a provider does it; None where it may not by itself."""
    terms = person.terms
    if terms is None or terms.left_today < 1 or not terms.areas & set(path_of(order.unit_id)):
        return None
    return PROVIDER + terms.visit_fen * YUAN // 100


def _fair_minutes(board: BoardDay, rules: Dispatch) -> dict[int, int]:
    """Give by person how many minutes more they may get before more is dear: what the middle of the team works, and an hour."""
    own = [shown for shown in board.people.values() if not shown.person.is_provider]
    worked: dict[int, float] = {}
    total: list[float] = []
    for shown in own:
        minutes = {True: 0.0, False: 0.0}
        for visit in shown.visits:
            minutes[visit.state in ("doing", "done")] += (visit.ends - visit.begins).total_seconds() / 60
        worked[shown.person.id] = minutes[True]
        total.append(minutes[True] + minutes[False])
    if not total:
        return {}
    bound = median(total) + rules.fair_beyond / 60
    return {person: max(0, round(bound - minutes)) for person, minutes in worked.items()}


def against(order: WorkOrder, person: Person, rules: Dispatch, on: date) -> list[tuple[str, str]]:
    """Give the hard rules that keep somebody from an order whatever the hour: certificate, skill, an earlier refusal."""
    match = Match(order.category, order.urgency, order.lat, order.lon)
    timeless = ("no_certificate", "certificate_expired", "not_authorised", "refused_before")
    return [pair for pair in hard_rules(match, person, rules, on=on) if pair[0] in timeless]


@compiled
def _leaves_of(staff_ids: list[int], starts: datetime, ends: datetime) -> QuerySet[Leave]:
    rows = Leave.objects.filter(staff_id__in=staff_ids, starts_at__lt=ends, ends_at__gt=starts)
    return rows.order_by("starts_at")


def _spans(rows: Iterable[Shift | Leave]) -> dict[int, list[tuple[datetime, datetime]]]:
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    for row in rows:
        found.setdefault(row.staff_id, []).append((row.starts_at, row.ends_at))
    return found


def _booked(people: dict[int, Shown], starts: datetime, ends: datetime) -> list[Planned]:
    found = []
    for row in _appointments(list(people), starts, ends):
        going = row.order.state == "in_service"
        if not row.starts_at or not row.ends_at or (row.state == "kept" and not going):
            continue
        planned = row.planned_from or row.starts_at, row.planned_to or row.ends_at
        window = row.starts_at, row.ends_at
        if row.engineer_id in people and not going:
            found.append(Planned(row.order, row.engineer_id, *planned, window, "booked", row.pinned, row.pk))
        if row.helper_id in people:
            state = "doing" if going else "helping"
            found.append(Planned(row.order, row.helper_id, *planned, window, state, True, row.pk))
    return found


@compiled
def _appointments(staff_ids: list[int], starts: datetime, ends: datetime) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(
        Q(engineer_id__in=staff_ids) | Q(helper_id__in=staff_ids), state__in=["booked", "kept"], starts_at__gte=starts,
        starts_at__lt=ends, order__state__in=["booked", "in_service"],
    ).select_related("order__request", "order__pickup_unit")  # fmt: skip
    shown = ("state", "starts_at", "ends_at", "planned_from", "planned_to", "engineer", "helper", "pinned")
    return rows.only(*shown, *ORDER_OF)


def _begun(people: dict[int, Shown], starts: datetime, ends: datetime, at: datetime) -> list[Planned]:
    found = []
    for row in _visits(list(people), starts, ends):
        begins = row.arrived_at or row.departed_at
        ends_at = row.finished_at or max(at, begins + timedelta(minutes=usual_minutes(row.order)))
        booked = row.appointment
        window = (
            (booked.starts_at, booked.ends_at) if booked and booked.starts_at and booked.ends_at else None
        )
        state = "done" if row.state == "finished" else "doing"
        found.append(Planned(row.order, row.engineer_id, begins, ends_at, window, state))
    return found


@compiled
def _visits(staff_ids: list[int], starts: datetime, ends: datetime) -> QuerySet[Visit]:
    rows = Visit.objects.filter(
        engineer_id__in=staff_ids, departed_at__gte=starts, departed_at__lt=ends, is_remote=False
    )
    rows = rows.exclude(state="abandoned").select_related(
        "order__request", "order__pickup_unit", "appointment"
    )
    shown = (
        "state",
        "arrived_at",
        "departed_at",
        "finished_at",
        "engineer",
        "appointment__starts_at",
        "appointment__ends_at",
    )
    return rows.only(*shown, *ORDER_OF)


def _job(
    order: WorkOrder, windows: tuple[tuple[datetime, datetime], ...], rules: Dispatch, *, promised: bool
) -> Job:
    """Make a job of an order; what is promised to a customer is never dropped for what is not."""
    drop = DROPS.get(order.urgency, DROPS["normal"]) + (PROMISE if promised else 0)
    return Job(
        order.pk,
        place_of(order),
        windows,
        usual_minutes(order),
        drop=drop,
        firm=promised or order.urgency == "critical",
        pickup=pickup_of(order),
        spare=spare_in(windows[-1], rules.spare) if promised else 0,
    )


def _start(person: Person) -> Spot:
    return Spot(person.lat or 0.0, person.lon or 0.0)
