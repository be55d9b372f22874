"""What a saved view may hold, and how a canned text is filled; no database here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as n_

from aftercare.refusals import Invalid, Problem


@dataclass(frozen=True)
class Place:
    """A list that can be looked at through a view: what narrows it, and the columns it can show."""

    code: str
    filters: tuple[str, ...]
    columns: tuple[str, ...]
    first_columns: tuple[str, ...] = field(default=())


PLACES = {
    "requests": Place(
        "requests", ("state", "kind", "unit", "urgency", "category", "owner", "due", "sort"),
        ("number", "customer", "product", "category", "channel", "store", "owner", "state", "received"),
        ("number", "customer", "product", "store", "state", "received"),
    ),
    "orders": Place(
        "orders", ("state", "unit", "category", "urgency", "due"),
        ("number", "customer", "product", "category", "store", "engineer", "window", "state"),
        ("number", "customer", "product", "store", "engineer", "window", "state"),
    ),
}  # fmt: skip
PLAIN = re.compile(r"^[\w.|:+-]{0,40}$")
COLOURS = {
    "": n_("none"),
    "blue": n_("blue"),
    "green": n_("green"),
    "amber": n_("amber"),
    "red": n_("red"),
    "grey": n_("grey"),
}


def clean_view(
    place: str, name: str, filters: Mapping[str, str], columns: list[str], colour: str = ""
) -> tuple[dict[str, str], list[str]]:
    """Give the filters and columns a view keeps. Refuses an empty name, an unknown list, column, colour or odd value, all at once."""
    if place not in PLACES:
        raise Invalid(_("there is no such list"), where="place", expected=", ".join(PLACES))
    known, problems = PLACES[place], []
    if not 1 <= len(name.strip()) <= 24:
        problems.append(Problem("name", _("a view needs a name"), _("1 to 24 characters")))
    problems += [
        Problem("columns", _("there is no column “%(name)s”") % {"name": c[:40]}, ", ".join(known.columns))
        for c in columns
        if c not in known.columns
    ]
    if colour not in COLOURS:
        problems.append(Problem("colour", _("there is no such colour"), ", ".join(filter(None, COLOURS))))
    kept = {key: value for key, value in filters.items() if key in known.filters and value}
    problems += [
        Problem(key, _("this can't be a filter"), _("a code of at most 40 letters and digits"))
        for key, value in kept.items()
        if not PLAIN.match(value)
    ]
    if problems:
        raise Invalid(_("the view can't be kept like this"), problems)
    return kept, [c for c in known.columns if c in columns] or list(known.first_columns)


VARIABLES = {
    "number": n_("number of the request"),
    "model": n_("model of the product"),
    "store": n_("store"),
    "agent": n_("who writes"),
    "engineer": n_("engineer"),
    "window": n_("promised time"),
    "due": n_("when the next step is due"),
}
ACTS = {
    "take": n_("I answer for it"),
    "follow": n_("I follow it"),
    "urgent": n_("it is urgent from now on"),
    "critical": n_("it is critical from now on"),
}
HOLE = re.compile(r"\{(\w+)\}")


def text_problems(title: str, text: str) -> list[Problem]:
    """Give what is wrong with a canned text: no title, no words, a variable that does not exist."""
    problems = []
    if not 1 <= len(title.strip()) <= 30:
        problems.append(Problem("title", _("a text needs a title"), _("1 to 30 characters")))
    if not 2 <= len(text.strip()) <= 2000:
        problems.append(Problem("text", _("there is nothing to say"), _("2 to 2,000 characters")))
    unknown = sorted(set(HOLE.findall(text)) - VARIABLES.keys())
    problems += [
        Problem(
            "text",
            _("there is no variable {%(name)s}") % {"name": name},
            ", ".join(f"{{{v}}}" for v in VARIABLES),
        )
        for name in unknown
    ]
    return problems


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into the holes of a canned text; what is not known stays a hole that the writer sees: ［师傅］."""
    return HOLE.sub(lambda m: values.get(m[1]) or f"［{VARIABLES.get(m[1], m[1])}］", text)
