"""What only the engineer's pages show: parts that wait for their stage of the job."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def when(context: template.Context, stages: str) -> SafeString:
    """Say at which stages a part is shown: all parts are on the page, so that a job goes on without a network."""
    hidden = "" if context["stage"] in stages.split() else " hidden"
    return format_html('data-when="{}"{}', stages, hidden)
