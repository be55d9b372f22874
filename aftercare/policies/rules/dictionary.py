"""The dictionary of a pack as a table: its groups, the words of each term, and what a posted table changes; no database here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aftercare.refusals import Invalid, Problem

from .terms import term_of

PARTS = ("zh", "en", "words", "dialect")
NEW = "new"  # what the empty line at the end posts under
Content = dict[str, Any]


@dataclass(frozen=True)
class TermRow:
    """One term as the table shows it: the standard term, its English name, and the words of customers and of the dialect, with commas."""

    code: str
    zh: str
    en: str
    words: str
    dialect: str


def group_titles(content: Content) -> dict[str, dict[str, str]]:
    """Give the groups that hold terms, each with its title in both languages."""
    groups = content.get("terms", {}).get("groups", {})
    return {code: group["title"] for code, group in groups.items() if group.get("terms")}


def term_rows(content: Content, group: str) -> list[TermRow]:
    """Give the terms of a group, by their code."""
    return [_row(code, line) for code, line in sorted(_group(content, group)["terms"].items())]


def exempt_phrases(content: Content, group: str) -> str:
    """Give the phrases within which no word of the group counts, with commas."""
    return ", ".join(_group(content, group).get("unless", ()))


def changed_terms(content: Content, group: str, posted: Mapping[str, str]) -> Content:
    """Give what a posted table changes in a group, to be laid over the content; `{}` where nothing is another.

    Values come as `CODE.zh`, `CODE.en`, `CODE.words`, `CODE.dialect`, those of a further term as `new.zh` …, and `unless`. Terms that the
    content does not have were added by the draft: they stay as long as they are posted and not empty. Refuses an unreadable line and
    a further term whose code is taken, each by the code it stands under.
    """
    here, changed, problems = _group(content, group), {}, []
    codes = [name.removesuffix(".zh") for name in posted if name.endswith(".zh") and name != f"{NEW}.zh"]
    for code in codes:
        written, line = _line(posted, code), here["terms"].get(code)
        if line is None and written.strip(" |") == "":
            continue
        if problem := _problem(group, code, written):
            problems.append(problem)
        elif line is None or term_of(written) != term_of(line):
            changed[code] = written
    if posted.get(f"{NEW}.zh", "").strip() or posted.get(f"{NEW}.en", "").strip():
        written, code = _line(posted, NEW), _code(posted.get(f"{NEW}.en", "")) or NEW
        if problem := _problem(group, code, written):
            problems.append(problem)
        elif code in here["terms"] or code in codes:
            taken = _("there is a term of this name: %(code)s") % {"code": code}
            problems.append(Problem(f"terms.groups.{group}.terms.{code}", taken, _("another English name")))
        else:
            changed[code] = written
    if problems:
        raise Invalid(_("the dictionary can't be kept like this"), problems)
    found: Content = {"terms": changed} if changed else {}
    if "unless" in posted and (phrases := _listed(posted["unless"])) != list(here.get("unless", ())):
        found["unless"] = phrases
    return {"terms": {"groups": {group: found}}} if found else {}


def _group(content: Content, group: str) -> Content:
    found: Content | None = content.get("terms", {}).get("groups", {}).get(group)
    if not found or not found.get("terms"):
        raise Invalid(
            _("there is no such group of terms"),
            where="group",
            expected=", ".join(sorted(group_titles(content))),
        )
    return found


def _row(code: str, line: str) -> TermRow:
    zh, en, words, dialect = ([part.strip() for part in line.split("|")] + ["", ""])[:4]
    return TermRow(code, zh, en, words, dialect)


def _line(posted: Mapping[str, str], code: str) -> str:
    zh, en, words, dialect = (posted.get(f"{code}.{part}", "").strip() for part in PARTS)
    return f"{zh} | {en} | {', '.join(_listed(words))} | {', '.join(_listed(dialect))}"


def _problem(group: str, code: str, line: str) -> Problem | None:
    try:
        term_of(line)
    except ValueError as error:
        return Problem(f"terms.groups.{group}.terms.{code}", line[:60], str(error).removeprefix("expected "))
    return None


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in re.split(r"[,，、\n]", text) if part.strip()))


def _code(english: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", english.lower()).strip("_")[:40]
