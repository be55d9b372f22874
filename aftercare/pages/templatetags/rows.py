"""What a page shows by the hundred: choices of a list, days of a week. The template engine takes ten times as long for these."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .show import escape, icon, shortened

register = template.Library()


@register.simple_tag
def choices(units: Iterable[Any], chosen: Any = "") -> SafeString:
    """Show units as the options of a list; `chosen` is the id of one, as number or text."""
    wanted = str(chosen or "")
    return SafeString(
        "".join(
            f'<option value="{unit.pk}"{" selected" if str(unit.pk) == wanted else ""}>{escape(unit.name)}</option>'
            for unit in units
        )
    )


@register.simple_tag
def days_of(line: Any) -> SafeString:
    """Show somebody's week, a cell a day: who is away and who stands in for them, and the shifts."""
    return SafeString("".join(f'<td class="num">{_away(away)}{shifts}</td>' for shifts, away in line.days))


@register.simple_tag
def certificate_marks(held: Iterable[tuple[str, date]], titles: dict[str, str], today: date) -> SafeString:
    """Show somebody's certificates, each with its last day; those that have lapsed say so."""
    lapsed = escape(_("lapsed"))
    return SafeString(
        " ".join(
            f'<span class="tag-a{" line" if last < today else ""}">{escape(titles.get(code, code))} '
            f'<span class="num">{f"{lapsed} " if last < today else ""}{last:%Y-%m-%d}</span></span>'
            for code, last in held
        )
    )


def _away(leave: Any) -> str:
    if leave is None:
        return ""
    deputy = f" → {escape(leave.deputy.name_masked)}" if leave.deputy else ""
    return f'<span class="tag-a">{icon("plane")}{escape(shortened(leave.reason or _("Leave"), 8))}{deputy}</span> '
