"""The cells of a row in the lists of requests and work orders: due, urgency, matter, and the columns that were chosen.

A list shows six hundred cells, and the template engine needs most of a page's time for so many; so they are made here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import template
from django.utils.safestring import SafeString

from aftercare.policies.selectors import policy_for

from .show import (
    address,
    category_title,
    clock_chip,
    clock_step,
    escape,
    local_time,
    order_window,
    shortened,
    state_mark,
    titled,
    urgency_mark,
)

register = template.Library()
Cell = tuple[
    str, Callable[[Any, Any], str]
]  # how the cell begins, and what it shows of a row and its request


def _text(of: Callable[[Any, Any], str | None], css: str = "") -> Cell:
    return f'<td class="{css}hide-p">', lambda row, case: escape(of(row, case) or "—")


def _channels(row: Any, _case: Any) -> str:
    titles = {c.code: c.title for c in policy_for().pack.forms.channels}
    return " ".join(titled(titles, code) for code in row.channels)


COLUMNS: dict[str, Cell] = {
    "number": _text(lambda row, case: row.number, "no "),
    "customer": _text(lambda row, case: case.customer and case.customer.name_masked),
    "product": _text(lambda row, case: case.product_model),
    "category": _text(lambda row, case: row.category and category_title(row.category)),
    "channel": _text(_channels),
    "store": _text(lambda row, case: row.unit.name),
    "owner": _text(lambda row, case: row.owner and row.owner.name_masked),
    "engineer": _text(lambda row, case: row.assignee and row.assignee.name_masked),
    "window": _text(lambda row, case: order_window(row), "num "),
    "state": ('<td class="hide-p">', lambda row, case: state_mark(row)),
    "received": _text(lambda row, case: local_time(row.received_at), "n "),
}
PAGES = {"requests": "request_page", "orders": "work_order_page"}


@register.simple_tag
def cells(place: str, row: Any, clock: Any, columns: list[str]) -> SafeString:
    """Show a row of a list: when it is due, how urgent, what it is about with a link, and the chosen columns in their order."""
    case = row if place == "requests" else row.request
    what = shortened(case.description, 40 if clock else 60)
    if clock:
        what = f"{escape(clock_step(clock))}<span>{escape(what)}</span>"
    else:
        what = escape(what)
    first = (
        f'<td>{clock_chip(clock) if clock else "—"}</td><td class="hide-p">{urgency_mark(row.urgency)}</td>'
        f'<td class="cw"><a class="one" href="{address(PAGES[place], row.number)}">{what}</a></td>'
    )
    rest = [f"{begin}{show(row, case)}</td>" for begin, show in map(COLUMNS.__getitem__, columns)]
    return SafeString(first + "".join(rest))
