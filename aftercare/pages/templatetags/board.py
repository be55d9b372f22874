"""The lanes, cards and routes of the dispatch board: a hundred visits, which the template engine shows ten times as slowly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftercare.people.selectors import Seen

from .show import (
    address,
    category_title,
    escape,
    icon,
    local_time,
    shortened,
    unlocalized,
    urgency_mark,
)

register = template.Library()
READABLE = 4.0  # per cent of the lane that a number needs on a small screen; narrower, a bar has no words
SEEN = 0.3  # per cent of the lane from which on a way is drawn
OFF: dict[str, Callable[[datetime], str]] = {
    "leave": lambda until: _("away until %(at)s") % {"at": local_time(until)},
    "before": lambda until: _("from %(at)s") % {"at": local_time(until)},
}


@register.simple_tag
def person(row: Any, seen: dict[int, Seen], titles: dict[str, str], limit: int) -> SafeString:
    """Show who a row is about: name, how much they have in hand, certificates (⚠: about to lapse), and how old their place is."""
    who, place = row["who"], seen.get(row["who"].id)
    provider = f' <span class="tag-a">{escape(_("provider"))}</span>' if who.is_provider else ""
    held = _("%(n)s in hand, limit %(limit)s") % {"n": who.unfinished, "limit": limit}
    load = "<i></i>" * min(4, max(who.unfinished, limit))
    codes = "、".join(
        f"{escape(titles.get(code, code))}{' ⚠' if code in row['lapses'] else ''}"
        for code in row["certificates"]
    )
    told = ""
    if place:
        age = escape(_("%(n)s min ago") % {"n": place.minutes})
        told = f' · <span class="num" title="{escape(_("last place told by the phone"))}">{age}</span>'
    return SafeString(
        f'<div class="p"><b class="one">{escape(who.name)}{provider}</b><i class="load" data-n="{who.unfinished}" title="{escape(held)}">{load}'
        f'</i><span class="one">{codes or escape(who.number)}{told}</span></div>'
    )


@register.simple_tag
def givable(rows: Iterable[dict[str, Any]]) -> SafeString:
    """Show the people of the board to choose from, with how much each has in hand."""
    people = (row["who"] for row in rows)
    return SafeString(
        "".join(
            f'<option value="{who.id}">{escape(who.name)} {escape(who.number)} · {who.unfinished}</option>'
            for who in people
        )
    )


@register.simple_tag
def diamonds(waiting: Iterable[tuple[tuple[float, float], Any]]) -> SafeString:
    """Show on the map where nobody goes yet."""
    return SafeString(
        "".join(
            f'<path class="wt" d="M{unlocalized(x)} {unlocalized(y)}m0-7l7 7-7 7-7-7z"><title>{escape(order.number)}</title></path>'
            for (x, y), order in waiting
        )
    )


@register.simple_tag
def lane(row: Any) -> SafeString:
    """Show what a person does in the hours of the board: when they are off, what was promised, and their visits."""
    parts = [
        f'<span class="off" {_span(left, width)}>{escape(OFF[why](until)) if why in OFF else ""}</span>'
        for left, width, until, why in row["off"]
    ]
    for bar in row["visits"]:
        if bar["window"]:
            parts.append(f'<i class="pm {bar["sign"]}" {_span(*bar["window"])}></i>')
        if bar["way"][1] >= SEEN and bar["state"] != "done":
            parts.append(f'<i class="wy" {_span(*bar["way"])}></i>')
        parts.append(_visit(bar))
    return SafeString("".join(parts))


@register.simple_tag
def cards(waiting: Iterable[dict[str, Any]]) -> SafeString:
    """Show the orders that nobody has, each to be dragged to somebody."""
    return SafeString("".join(_card(one["order"], one["offer"], one["chip"]) for one in waiting))


@register.simple_tag
def routes(found: Iterable[dict[str, Any]]) -> SafeString:
    """Show the way of each person on the map: home, stops, and where the phone was last."""
    return SafeString("".join(map(_route, found)))


def _visit(bar: dict[str, Any]) -> str:
    visit, order = bar["visit"], bar["visit"].order
    helping, number = visit.state == "helping", escape(order.number)
    pinned = "1" if visit.pinned and not helping else ""
    drag = ' draggable="true"' if visit.state == "booked" and not visit.pinned else ""
    thin = " data-thin" if bar["width"] < READABLE else ""
    sign = icon("users") if helping else icon("pin") if visit.pinned else ""
    title = f"{shortened(order.request.description, 40)} {local_time(visit.begins)}–{local_time(visit.ends)}"
    return (
        f'<button type="button" class="jb" data-k="{bar["state"]}" {_span(bar["left"], bar["width"])} data-order="{number}" '
        f'data-url="{address("work_order_page", order.number)}" data-pinned="{pinned}"{drag}{thin} title="{number} {escape(title)}">'
        f"<b>{number[-3:]}{sign}</b>{escape(category_title(order.category))}</button>"
    )


def _card(order: Any, offer: Any, chip: tuple[str, str] | None) -> str:
    number, words = escape(order.number), order.request.description
    offered = ""
    if offer:
        said = _("offered to %(who)s") % {"who": offer.staff.name_masked}
        offered = f'<span class="one">{escape(said)}</span>'
    mark = (
        f'<div class="row-x"><span class="clk" data-s="{chip[0]}">{escape(chip[1])}</span></div>'
        if chip
        else ""
    )
    return (
        f'<div class="card-j{" gone" if offer else ""}" draggable="true" data-order="{number}" tabindex="0" role="button" '
        f'aria-label="{number} {escape(shortened(words, 30))}"><div class="row-x">{urgency_mark(order.urgency)}<span class="no b">'
        f'{number[-3:]}</span><span class="one sp">{escape(words)}</span></div><div class="row-x t-meta"><span class="one sp">'
        f"{escape(order.unit.name)} · {escape(category_title(order.category))}</span>"
        f"{offered}</div>{mark}</div>"
    )


def _route(route: dict[str, Any]) -> str:
    who, (x, y), seen = route["who"], map(unlocalized, route["home"]), route["seen"]
    stops = "".join(f'<circle cx="{unlocalized(a)}" cy="{unlocalized(b)}" r="4"/>' for a, b in route["stops"])
    live, title = "", _("%(who)s, where the day begins") % {"who": who.name}
    if seen:
        live = f'<circle class="live" cx="{x}" cy="{y}" r="3.5" transform="translate(9 -9)"/>'
        title = _("%(who)s, seen %(n)s min ago") % {"who": who.name, "n": seen.minutes}
    return (
        f'<g class="rt" data-staff="{who.id}"><polyline points="{route["line"]}"/>{stops}<rect x="{x}" y="{y}" width="18" height="18" rx="6" '
        f'transform="translate(-9 -9)"/><text x="{x}" y="{y}" dy="4.5" text-anchor="middle">{escape(who.name[:1])}</text>{live}'
        f"<title>{escape(title)}</title></g>"
    )


def _span(left: float, width: float) -> str:
    return f'data-s="{unlocalized(left)}" data-w2="{unlocalized(width)}"'
