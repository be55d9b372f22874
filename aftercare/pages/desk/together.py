"""What acts on many rows of a list at once: looked at before, done, and taken back from the notice that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from aftercare.refusals import Invalid, NotFound

MOST = 100  # rows at once
Cells = Sequence[tuple[str, str]]


def looked_at(
    request: HttpRequest, *, place: str, title: str, heading: str, note: str, heads: Cells, able: Iterable[tuple[str, Cells]],
    unable: Iterable[tuple[str, str, str]], fields: Mapping[str, Any], button: str,
) -> HttpResponse:  # fmt: skip
    """Show what would happen to each row before anything does; the form asks the same page to do it, for those that it can.

    Cells come with their class. `unable` has number, matter and why not. `fields` are sent along.
    """
    back = request.POST.get("back", "")
    return render(request, "desk/many.html", {
        "place": place, "title": title, "heading": heading, "note": note, "heads": heads, "able": list(able), "unable": list(unable),
        "fields": {**fields, "back": back}, "button": button, "post": request.path, "back": back_to_list(place, back),
    })  # fmt: skip


def back_to_list(place: str, query: str) -> str:
    """Give a list again as it was looked at; only its own query is taken from the form, never an address."""
    plain = "".join(c for c in query if c.isalnum() or c in "=&_-.|:+%")[:300]
    return reverse("work_order_list" if place == "orders" else "request_list") + (
        f"?{plain}" if plain else ""
    )


def chosen(rows: Sequence[Any]) -> Sequence[Any]:
    """Refuse no row and more than a hundred."""
    if not 1 <= len(rows) <= MOST:
        raise Invalid(_("choose rows first"), where="numbers", expected=_("1 to %(n)d") % {"n": MOST})
    return rows


def kept_for_undo(request: HttpRequest, name: str) -> Any:
    """Give what was kept to take an act back with, once."""
    kept = request.session.pop(name, None)
    if not kept:
        raise NotFound(_("there is nothing to take back"))
    return kept
