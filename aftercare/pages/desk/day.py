"""The dispatch board: people × hours, the map, what nobody has, and the engine's proposal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from aftercare.dispatch.daily import FREEZE, LISTED, BoardDay, Planned, Shown, day_of_unit, reachable_units
from aftercare.dispatch.selectors import open_plan, plan_for
from aftercare.dispatch.services import (
    accept_plan,
    dismiss_plan,
    give_order,
    make_day_plan,
    pin_visit,
    take_offer_back,
    try_move,
)
from aftercare.people.rules import Actor
from aftercare.people.selectors import Seen, names_of, positions_of, staff_member, zone_of
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Invalid, NotFound
from aftercare.routing.places import Spot
from aftercare.visits.keeping import place_of
from aftercare.visits.learned import calibration_for
from aftercare.workorders.selectors import work_order_for

from ..doors import actor, now, number_in, page
from ..middleware import allow_images
from ..templatetags.show import certificate_titles
from .maps import Tiles, View, tiles_set

MAP = (296, 316)
LAPSES = timedelta(days=14)
SEVERAL = 2  # people who did not take an order, from which on it is an exception
NOON = 12
SHOWN = 60  # orders nobody has on the board at first


@dataclass(frozen=True)
class Axis:
    """The hours shown, and where an instant lies on them (percent)."""

    starts: datetime
    ends: datetime

    def at(self, instant: datetime) -> float:
        share = (instant - self.starts) / (self.ends - self.starts)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def span(self, a: datetime, b: datetime) -> tuple[float, float]:
        left = self.at(a)
        return left, round(max(self.at(b) - left, 0.0), 2)

    @property
    def hours(self) -> list[tuple[float, str]]:
        found, at = [], self.starts
        while at < self.ends:
            found.append((self.at(at), at.strftime("%H")))
            at += timedelta(hours=2)
        return found


@page("read_dispatch")
def dispatch_day(request: HttpRequest) -> HttpResponse:
    """Show a region's day. `unit`, `day`, `skill` and `whose` (own, provider) choose what is shown."""
    who, at = actor(request), now()
    units = reachable_units(who)
    unit = next((u for u in units if str(u.pk) == request.GET.get("unit")), units[0] if units else None)
    if unit is None:
        return render(request, "desk/day.html", {"place": "dispatch", "units": [], "day": None})
    zone = ZoneInfo(zone_of(unit.pk))
    on = _day(request.GET.get("day", ""), at.astimezone(zone).date())
    everything = request.GET.get("waiting") == "all"
    day = day_of_unit(unit, on, at=at, listed=LISTED if everything else SHOWN)
    skill, whose = request.GET.get("skill", ""), request.GET.get("whose", "")
    people = [
        shown
        for shown in day.people.values()
        if (not skill or skill in _skills(shown))
        and whose in ("", "provider" if shown.person.is_provider else "own")
    ]
    people.sort(key=lambda shown: (shown.person.is_provider, -len(shown.visits), shown.person.number))
    axis = _axis(day, zone)
    plan = open_plan(unit.pk, on)
    names = names_of({row[key] for row in plan.moves for key in ("from", "to") if row[key]}) if plan else {}
    given = _given(request, who, day)
    troubles = _troubles(day, on, at)
    waiting, way = _waiting(day), calibration_for(unit.pk).provider.seconds_at(NOON)
    tiles, seen = tiles_set(), positions_of((shown.person.id for shown in people), at=at)
    answer = render(request, "desk/day.html", {
        "place": "dispatch", "units": units, "unit": unit, "day": on, "today": at.astimezone(zone).date(), "axis": axis,
        "before": on - timedelta(days=1), "after": on + timedelta(days=1), "at": at, "skill": skill, "whose": whose,
        "providers": any(shown.person.is_provider for shown in day.people.values()),
        "skills": sorted({code for shown in day.people.values() for code in _skills(shown)}),
        "rows": [_row(shown, axis, on, at, way) for shown in people], "waiting": [one for one in waiting if not one["chip"]], "stuck": [one for one in waiting if one["chip"]],
        "more": day.more, "troubles": troubles, "exceptions": len(troubles) + sum(1 for one in waiting if one["chip"]),
        "now_at": axis.at(at) if axis.starts <= at <= axis.ends else None, "frozen_at": axis.at(at + FREEZE),
        "plan": plan, "moves": _moves(plan, names), "changed": sum(1 for move in plan.moves if move["from"]) if plan else 0, "map": _map(day, people, seen, tiles), "given": given, "seen": seen,
        "limit": policy_for(unit.pk).pack.dispatch.max_unfinished,
        "titles": certificate_titles(unit.pk), "width": MAP[0], "height": MAP[1],
    })  # fmt: skip
    if tiles:
        allow_images(answer, tiles.origin)
    return answer


@page("read_dispatch")
def dispatch_try(request: HttpRequest) -> HttpResponse:
    """Show what giving an order to somebody would do; nothing is changed."""
    who, at = actor(request), now()
    order = work_order_for(who, request.GET.get("order", ""))
    on = _day(request.GET.get("day", ""), at.astimezone(ZoneInfo(zone_of(order.unit_id))).date())
    staff = _staff(who, request.GET.get("staff", ""))
    found = try_move(order, staff.pk, on, by=who, at=at)
    begins = datetime.fromisoformat(found["begins"]) if "begins" in found else None
    answer = render(request, "desk/day_try.html", {
        "order": order, "staff": staff, "found": found, "begins": begins, "pushed": found.get("pushed", []),
        "titles": certificate_titles(order.unit_id),
    })  # fmt: skip
    answer.headers["X-Possible"] = "1" if found["ok"] else "0"
    return answer


@page("dispatch_work_order", "POST")
def dispatch_give(request: HttpRequest) -> HttpResponse:
    """Give an order to somebody, as dragged or chosen; `back` takes an offer back again (undo)."""
    who, at, posted = actor(request), now(), request.POST
    order = work_order_for(who, posted.get("order", ""))
    before = order.assignee_id or ""
    if posted.get("act") == "back":
        take_offer_back(order, by=who, at=at)
        messages.info(request, _("Taken back"))
        return redirect(_back(request))
    staff = _staff(who, posted.get("staff", ""))
    give_order(order.pk, staff.pk, by=who, at=at, because=_("by hand on the board"))
    mark = "" if posted.get("act") == "undo" else f"&given={order.number}&from={before}"
    messages.info(
        request, _("%(order)s is with %(name)s") % {"order": order.number, "name": staff.name_masked}
    )
    return redirect(_back(request) + mark)


@page("dispatch_work_order", "POST")
def dispatch_pin(request: HttpRequest) -> HttpResponse:
    """Pin a visit to whoever has it, or let go of it."""
    who, at = actor(request), now()
    order = work_order_for(who, request.POST.get("order", ""))
    pin_visit(order.pk, pinned=request.POST.get("act") == "pin", by=who, at=at)
    return redirect(_back(request))


@page("dispatch_work_order", "POST")
def dispatch_plan(request: HttpRequest) -> HttpResponse:
    """Ask for a plan (`make`), accept the open one as a whole or the moves chosen (`accept`), or leave it (`dismiss`)."""
    who, at, posted = actor(request), now(), request.POST
    act = posted.get("act", "")
    if act == "make":
        unit = next((u for u in reachable_units(who) if str(u.pk) == posted.get("unit")), None)
        if unit is None:
            raise NotFound()
        on = _day(posted.get("day", ""), at.astimezone(ZoneInfo(zone_of(unit.pk))).date())
        made = make_day_plan(unit.pk, on, by=who, at=at, because="asked")
        messages.info(
            request, _("A better plan is proposed") if made else _("What is agreed is as good as it gets")
        )
    elif act in ("accept", "dismiss"):
        plan = plan_for(who, posted.get("plan", ""))
        if act == "dismiss":
            dismiss_plan(plan, by=who, at=at)
            messages.info(request, _("The plan is left"))
        else:
            chosen = {number_in(text, 0) for text in posted.getlist("order")}
            done = accept_plan(plan, None if posted.get("all") else chosen, by=who, at=at)
            kept = [row for row in done if not row["done"]]
            messages.info(request, _("%(n)d carried out") % {"n": len(done) - len(kept)})
            for row in kept:
                messages.warning(request, f"{row['number']}: {row['why']}")
    else:
        raise Invalid(_("unknown step"), where="act", expected="make, accept, dismiss")
    return redirect(_back(request))


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text) if text else today
    except ValueError:
        raise Invalid(_("this is not a day"), where="day", expected="2026-11-22") from None
    if abs((found - today).days) > 60:
        raise Invalid(_("this day can't be"), where="day", expected=_("within sixty days of today"))
    return found


def _staff(who: Actor, text: str) -> Any:
    return staff_member(who, number_in(text, 0))


def _back(request: HttpRequest) -> str:
    """Give the address of the board that was posted from."""
    unit, day = request.POST.get("unit", ""), request.POST.get("day", "")
    unit = unit if unit.isdecimal() else ""
    return f"{reverse('dispatch_day')}?unit={unit}&day={day if len(day) == 10 else ''}"


def _given(request: HttpRequest, who: Actor, day: BoardDay) -> dict[str, Any] | None:
    """Give what was just given by hand, so that it can be undone."""
    number, before = request.GET.get("given", ""), request.GET.get("from", "")
    known = [*day.waiting, *(visit.order for visit in day.visits)]
    order = next((order for order in known if order.number == number), None)
    if order is None:
        return None
    return {"number": number, "from": before if before.isdecimal() else "", "offered": order.pk in day.offers}


def _axis(day: BoardDay, zone: ZoneInfo) -> Axis:
    """Give the hours to show: eight to eight, wider where somebody works or a visit lies outside."""
    spans = [span for shown in day.people.values() for span in shown.shifts]
    spans += [(visit.begins, visit.ends) for visit in day.visits]
    starts = min([day.starts + timedelta(hours=8), *(a for a, _b in spans)]).astimezone(zone)
    ends = max([day.starts + timedelta(hours=20), *(b for _a, b in spans)]).astimezone(zone)
    starts = max(starts, day.starts.astimezone(zone)).replace(minute=0, second=0, microsecond=0)
    ends = min(ends, day.ends.astimezone(zone))
    return Axis(starts, ends if not ends.minute else ends.replace(minute=0) + timedelta(hours=1))


def _skills(shown: Shown) -> set[str]:
    return set(shown.person.certificates) | set(shown.person.skills)


def _row(
    shown: Shown, axis: Axis, on: date, at: datetime, way: Callable[[Spot, Spot], int]
) -> dict[str, Any]:
    off = []
    starts, ends = shown.shifts[0][0], shown.shifts[-1][1]
    if starts > axis.starts:
        off.append((*axis.span(axis.starts, starts), starts, "before"))
    if ends < axis.ends:
        off.append((*axis.span(ends, axis.ends), ends, "after"))
    off += [
        (*axis.span(max(a, axis.starts), min(b, axis.ends)), b, "leave")
        for a, b in shown.leaves
        if b > axis.starts and a < axis.ends
    ]
    held = {code: until for code, until in shown.person.certificates.items() if until >= on}
    return {
        "who": shown.person, "off": off, "certificates": held, "lapses": [c for c, until in held.items() if until <= on + LAPSES],
        "visits": [_bar(visit, axis, at, took) for visit, took in zip(shown.visits, _ways(shown, way), strict=True)],
    }  # fmt: skip


def _ways(shown: Shown, way: Callable[[Spot, Spot], int]) -> Iterator[timedelta]:
    """Give how long the way to each visit is from the one before it, or from where the person's day begins; none where a place is unknown."""
    lat, lon = shown.person.lat, shown.person.lon
    here = Spot(lat, lon) if lat is not None and lon is not None else None
    for visit in shown.visits:
        there = place_of(visit.order)
        yield timedelta(seconds=way(here, there)) if here and there else timedelta()
        here = there or here


def _bar(visit: Planned, axis: Axis, at: datetime, way: timedelta) -> dict[str, Any]:
    left, width = axis.span(visit.begins, visit.ends)
    window = axis.span(*visit.window) if visit.window else None
    late = visit.window is not None and visit.state != "done" and visit.begins > visit.window[1]
    overdue = visit.window is not None and visit.state == "booked" and at > visit.window[1]
    near = (
        visit.window is not None
        and visit.state == "booked"
        and visit.begins > visit.window[1] - timedelta(minutes=20)
    )
    return {
        "visit": visit, "left": left, "width": max(width, 1.2), "window": window, "way": axis.span(visit.begins - way, visit.begins), "state": "late" if late or overdue else visit.state,
        "sign": "bad" if late or overdue else "near" if near else "",
    }  # fmt: skip


def _waiting(day: BoardDay) -> list[dict[str, Any]]:
    """Give the orders nobody has, urgent ones first; with a chip those that need the dispatcher: nobody can, or several did not."""
    order = {"critical": 0, "urgent": 1}
    rows = sorted(day.waiting, key=lambda row: (order.get(row.urgency, 2), row.opened_at))
    return [{"order": row, "offer": day.offers.get(row.pk), "chip": _chip(day, row.pk)} for row in rows]


def _chip(day: BoardDay, order_id: int) -> tuple[str, str] | None:
    if order_id in day.nobody:
        return "over", _("nobody can go")
    if day.refused.get(order_id, 0) >= SEVERAL:
        return "crit", _("%(n)d did not take it") % {"n": day.refused[order_id]}
    return None


def _troubles(day: BoardDay, on: date, at: datetime) -> list[dict[str, Any]]:
    """Give what is out of order: promises that can't be kept as planned or were missed, and certificates about to lapse."""
    found: list[dict[str, Any]] = []
    for visit in day.visits:
        ends = visit.window[1] if visit.window else None
        missed = visit.state == "booked" and ends is not None and (visit.begins > ends or at > ends)
        if missed or (visit.state in ("booked", "doing") and _is_late(visit.order)):
            found.append({"order": visit.order, "missed": missed, "at": ends})
    for shown in day.people.values():
        for code, until in shown.person.certificates.items():
            if on <= until <= on + LAPSES:
                found.append({"who": shown.person, "code": code, "until": until})
    return found


def _is_late(order: Any) -> bool:
    """Say whether a delay was announced by somebody who has not arrived since."""
    told_at, arrived_at = order.late_told_at, order.arrived_at
    return told_at is not None and (arrived_at is None or arrived_at < told_at)


def _moves(plan: Any, names: dict[int, tuple[str, str]]) -> list[dict[str, Any]]:
    if plan is None:
        return []
    return [
        {**row, "from_name": names.get(row["from"] or 0, ("—", ""))[0], "to_name": names.get(row["to"], ("—", ""))[0],
         "begins": datetime.fromisoformat(row["begins"])}
        for row in plan.moves
    ]  # fmt: skip


def _map(day: BoardDay, people: list[Shown], seen: dict[int, Seen], tiles: Tiles | None) -> dict[str, Any]:
    """Give points and routes of the day in the plane of the map, and the tiles behind it."""
    places = [(v.order.lat, v.order.lon) for v in day.visits] + [(o.lat, o.lon) for o in day.waiting]
    places += [(shown.person.lat, shown.person.lon) for shown in people]
    known = [Spot(lat, lon) for lat, lon in places if lat is not None and lon is not None]
    if not known:
        return {"routes": [], "waiting": [], "tiles": [], "credit": ""}
    view = View(known, *MAP, tiles.system if tiles else "wgs84")

    def spot(lat: float | None, lon: float | None) -> tuple[float, float] | None:
        return None if lat is None or lon is None else view.spot(lat, lon)

    routes = []
    for shown in people:
        home = spot(shown.person.lat, shown.person.lon)
        stops = [place for v in shown.visits if (place := spot(v.order.lat, v.order.lon)) is not None]
        if home:
            line = " ".join(f"{x},{y}" for x, y in [home, *stops])
            routes.append(
                {
                    "who": shown.person,
                    "home": home,
                    "stops": stops,
                    "line": line,
                    "seen": seen.get(shown.person.id),
                }
            )
    waiting = [(place, o) for o in day.waiting if (place := spot(o.lat, o.lon)) is not None]
    return {
        "routes": routes, "waiting": waiting, "tiles": view.pictures(tiles) if tiles else [],
        "credit": tiles.credit if tiles else "",
    }  # fmt: skip
