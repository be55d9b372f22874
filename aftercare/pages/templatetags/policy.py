"""Names the values, spans, facts and verbs that a page of the administrator lists by code."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.translation import gettext as _

from aftercare.policies.selectors import policy_for

from ..desk.naming import FILES, SPANS, VALUES, VERBS
from ..desk.timeline import SENTENCES
from .show import category_title, pack_title

register = template.Library()


@register.filter
def file_title(name: str) -> str:
    """Name a file of the pack by what it is about."""
    return str(FILES.get(name, name))


@register.filter
def value_title(path: str) -> str:
    """Name a plain value of the pack by its path, `dispatch.near_km`."""
    return str(VALUES.get(path, path))


@register.filter
def span_title(code: str) -> str:
    """Name what a clock has a span of its own for: an urgency, a kind of call or step, or a category."""
    if any(row.code == code for row in policy_for().pack.forms.urgencies):
        return pack_title("urgencies", code)
    return str(SPANS[code]) if code in SPANS else category_title(code)


@register.filter
def sentences(codes: Iterable[str]) -> str:
    """Say which facts these are."""
    return " · ".join(_(SENTENCES.get(code, code)) for code in codes)


@register.filter
def verb_title(code: str) -> str:
    """Name a verb."""
    return str(VERBS.get(code, code))


@register.filter
def verb_titles(codes: Iterable[str]) -> str:
    """Name verbs, one after the other."""
    return " · ".join(verb_title(code) for code in codes)
