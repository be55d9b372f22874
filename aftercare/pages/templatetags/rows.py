"""What a page shows by the hundred: choices of a list, days of a week. The template engine takes ten times as long for these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .show import icon, shortened

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


def _away(leave: Any) -> str:
    if leave is None:
        return ""
    deputy = f" → {escape(leave.deputy.name_masked)}" if leave.deputy else ""
    return f'<span class="tag-a">{icon("plane")}{escape(shortened(leave.reason or _("Leave"), 8))}{deputy}</span> '
