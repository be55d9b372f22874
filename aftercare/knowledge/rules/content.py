"""What an article of each kind holds, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from aftercare.refusals import Problem

from .guides import GuideError, steps_of

FIELDS = {  # kind: what it holds beside title and text; the first is needed
    "faq": (),
    "case": ("situation", "standard", "compensation", "liability"),
    "script": ("forbidden",),
    "video": ("link",),
    "guide": ("steps",),
}
LONGEST_TITLE, LONGEST_TEXT, MOST_LABELS = 160, 20_000, 40
LINK = re.compile(r"https://[^\s<>\"']{4,400}")


@dataclass(frozen=True)
class Content:
    """One version of an article as it was written. `models` and `categories` narrow whom it concerns; empty means all."""

    title: str
    body: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Give all that it says, for searching."""
        return "\n".join(part for part in (self.body, *self.fields.values()) if part)


def cleaned(content: Content, kind: str) -> Content:
    """Strip every text, and drop what an article of this kind does not hold."""
    kept = {name: content.fields.get(name, "").strip() for name in FIELDS.get(kind, ())}
    return Content(
        " ".join(content.title.split()), content.body.strip(), {k: v for k, v in kept.items() if v}
    )


def problems_of(content: Content, kind: str, *, has_file: bool = False) -> list[Problem]:
    """Say what is missing or wrong, each with its place and what was expected."""
    found = []
    if kind not in FIELDS:
        found.append(Problem("kind", _("unknown kind of article"), ", ".join(FIELDS)))
    if not 2 <= len(content.title) <= LONGEST_TITLE:
        found.append(
            Problem("title", _("the title is missing or too long"), _("2 to 160 characters, as it is asked"))
        )
    if len(content.text()) > LONGEST_TEXT:
        found.append(Problem("body", _("this is too long"), _("at most 20,000 characters")))
    if kind in ("faq", "script") and not content.body:
        found.append(Problem("body", _("the answer is missing"), _("what to say or do")))
    if kind == "case" and not (content.fields.get("situation") and content.fields.get("standard")):
        found.append(
            Problem("situation", _("a case needs its situation and the standard that applies"), _("both"))
        )
    if kind == "video":
        link = content.fields.get("link", "")
        if not link and not has_file:
            found.append(Problem("link", _("the video is missing"), _("a link or a file")))
        elif link and not LINK.fullmatch(link):
            found.append(Problem("link", _("this is not a link"), "https://…"))
    if kind == "guide":
        try:
            steps_of(content.fields.get("steps", ""))
        except GuideError as error:
            found.append(Problem("steps", str(error), _("“1. Does it start?” and below it “- yes → 2”")))
    return found


def forbidden_of(text: str) -> list[tuple[str, str]]:
    """Read a script's forbidden phrases: one a line, what to say instead behind an arrow."""
    pairs = []
    for line in text.splitlines():
        said, _arrow, better = re.sub(r"->|=>|→", "→", line).partition("→")
        if said.strip():
            pairs.append((said.strip(' -·\t“”"'), better.strip(' “”"')))
    return pairs
