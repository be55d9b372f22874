"""What only the engineer's pages show: parts that wait for their stage of the job."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag(takes_context=True)
def when(context: template.Context, stages: str) -> SafeString:
    """Say at which stages a part is shown: all parts are on the page, so that a job goes on without a network."""
    hidden = "" if context["stage"] in stages.split() else " hidden"
    return format_html('data-when="{}"{}', stages, hidden)


@register.simple_tag
def way(leg: Any) -> str:
    """Say how far it is: 3.2 km, 14 min."""
    return _("%(km).1f km, %(n)d min") % {"km": leg.km, "n": leg.minutes}
