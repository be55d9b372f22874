"""The dictionary of the policy as tables, in the draft: words are tried on a sentence before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.policies.rules import (
    Pack,
    TermRow,
    changed_terms,
    drafted,
    exempt_phrases,
    group_titles,
    merged,
    parse_pack,
    term_rows,
)
from aftercare.policies.selectors import draft_for, policy_version, version_over
from aftercare.policies.services import edit_dictionary
from aftercare.refusals import Invalid, Stale
from aftercare.triage.rules import Reader

from ..doors import actor, now, number_in, page
from ..templatetags.show import in_language
from .policies import chosen_unit
from .reading import shown_reading

TRIED = 500  # characters of a sentence that is tried


@page("activate_policy", "GET", "HEAD", "POST")
def policy_dictionary(request: HttpRequest) -> HttpResponse:
    """Show one group of the dictionary (`?group=`); keep what was typed in the draft, or only try it on a sentence (`act=try`)."""
    if request.method != "POST":
        return _shown(request)
    posted = request.POST
    try:
        if posted.get("act") == "try":
            return _shown(request)
        edit_dictionary(
            request.GET.get("group", ""), posted.dict(), by=actor(request), at=now(), unit=chosen_unit(request),
            revision=number_in(posted.get("revision", "")) or 0,
        )  # fmt: skip
    except (Invalid, Stale) as refusal:
        return _shown(request, refusal)
    messages.info(request, _("Kept in the draft; nothing is in force yet"))
    return redirect(request.get_full_path())


def _shown(request: HttpRequest, refusal: Invalid | Stale | None = None) -> HttpResponse:
    who, posted, unit = actor(request), request.POST, chosen_unit(request)
    base, draft = version_over(unit), draft_for(who, unit)
    content = drafted(base.content, draft.changes, draft.toml) if draft else base.content
    groups = sorted(
        ((code, in_language(title)) for code, title in group_titles(base.content).items()),
        key=lambda one: one[1],
    )
    if not groups:
        return render(request, "desk/policy_dictionary.html", {"place": "policy", "unit": unit, "groups": []})
    group = request.GET.get("group", "") or groups[0][0]
    rows, was = term_rows(content, group), {row.code: row for row in term_rows(base.content, group)}
    text = posted.get("text", "").strip()[:TRIED]
    values: dict[str, Any] = {
        "place": "policy", "base": base, "draft": draft, "unit": unit, "groups": groups, "group": group,
        "rows": [(row.code, was.get(row.code) != row, _cells(row, posted)) for row in rows], "exempt": exempt_phrases(content, group), "text": text,
        "new": [(f"new.{part}", posted.get(f"new.{part}", ""), title) for part, title in _titles().items()], "typed": posted.dict(), "titles": _titles(), "refusal": refusal, "crossed": isinstance(refusal, Stale),
    }  # fmt: skip
    if text and not refusal:
        try:
            tried = parse_pack(merged(content, changed_terms(base.content, group, posted)), where=base.pack)
            values["compared"] = _compared(policy_version(base.pk).pack, tried, text)
        except Invalid as wrong:
            values["refusal"] = wrong
    return render(
        request,
        "desk/policy_dictionary.html",
        values,
        status=values["refusal"].status if values["refusal"] else 200,
    )


def _titles() -> dict[str, str]:
    return {
        "zh": _("Standard term"), "en": _("English"), "words": _("Customers' words"), "dialect": _("Words of the dialect"),
    }  # fmt: skip


def _cells(row: TermRow, posted: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Give the cells of a term, with what was typed and is not kept yet: name, value, title, what stands in the draft."""
    return [
        (name := f"{row.code}.{part}", posted.get(name, getattr(row, part)), title, getattr(row, part))
        for part, title in _titles().items()
    ]


def _compared(before: Pack, after: Pack, text: str) -> list[tuple[str, str, str]]:
    """Read a sentence with the dictionary in force and with the one that is typed: what each says, field by field."""
    old, new = (_said(pack, text) for pack in (before, after))
    return [(name, old.get(name, ""), new.get(name, "")) for name in dict.fromkeys([*old, *new])]


def _said(pack: Pack, text: str) -> dict[str, str]:
    reading = Reader(pack).read(text, today=now().date())
    shown = shown_reading(pack, reading.as_values())
    urgency = next((u.title for u in pack.forms.urgencies if u.code == reading.urgency.value), None)
    said = {_("Urgency"): in_language(urgency) or reading.urgency.value}
    said |= {one.title: one.shown + ("" if one.sure else " ?") for one in shown["fields"]}
    said |= {title: "、".join(name for name, _how in found) for title, _code, found in shown["notes"]}
    return said
