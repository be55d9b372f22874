"""The dictionary of a pack: terms of the trade with the customers' own words for them, and what each says (M21, M22, M28)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from .parts import Condition, Part, Text

READ = (
    "kind",
    "category",
    "complaint",
    "component",
    "reason",
    "party",
    "origin",
    "emotion",
)  # one value a text
NOTED = ("symptom", "danger", "threat", "sign")  # any number a text
Read = Literal["kind", "category", "complaint", "component", "reason", "party", "origin", "emotion"]
Set = Literal[
    "kind", "category", "complaint", "component", "reason", "party", "origin", "emotion", "symptom", "danger",
    "threat", "sign", "",
]  # fmt: skip
GAP = "~"


class Term(NamedTuple):
    """One line of a dictionary: `standard | English | words, words | words of the dialect`."""

    zh: str
    en: str
    words: tuple[str, ...]
    dialect: tuple[str, ...]


@lru_cache(maxsize=8192)
def term_of(line: str) -> Term:
    """Read a line; refuses one without a standard term or its English name, and words of one character."""
    parts = [part.strip() for part in line.split("|")]
    if not 2 <= len(parts) <= 4 or not parts[0] or not parts[1]:
        raise ValueError("expected `standard | English | words, words | words of the dialect`")
    words, dialect = ([w for w in re.split(r"\s*[,，]\s*", part) if w] for part in (*parts[2:], "", "")[:2])
    short = [word for word in (parts[0], *words, *dialect) if len(word.replace(GAP, "")) < 2]
    if short:
        raise ValueError(f"expected words of two characters and more, not {short[0]!r}")
    return Term(parts[0], parts[1], tuple(dict.fromkeys((parts[0], *words))), tuple(dialect))


def _checked(terms: dict[str, str]) -> dict[str, str]:
    for code, line in terms.items():
        if not re.fullmatch(r"[a-z0-9_]+", code):
            raise ValueError(f"expected a code of a-z, 0-9 and _, not {code!r}")
        try:
            term_of(line)
        except ValueError as error:
            raise ValueError(f"{code}: {error}") from None
    return terms


class TermGroup(Part):
    """Terms that say the same sort of thing: `sets` is the field their own code is a value of, `says` what else follows.

    `leans` counts only where nothing says anything about that field. Words within a phrase of `unless` do not count, nor
    those of a group that is `only_for` other categories than the one that was read; a `last_resort` counts where no other
    group sets its field. `weight` is how much one mention decides; 1.0 is plain.
    """

    title: Text
    sets: Set = ""
    says: dict[Read, str] = {}
    leans: dict[Read, str] = {}
    only_for: list[str] = []
    last_resort: bool = False
    weight: float = Field(default=1.0, gt=0, le=5)
    standard_counts: bool = True
    unless: list[str] = []
    terms: Annotated[dict[str, str], AfterValidator(_checked)]


class Consequence(Part):
    """What follows from a reading: something to propose or to do, with its reason (M26, M27, M29, M31, M46)."""

    code: str = Field(pattern=r"^[a-z0-9_]+$")
    when: Condition
    does: Literal["tell_supervisor", "tell_duty_manager", "propose"]
    reason: Text
    text: Text | None = None


class Voice(Part):
    """What makes a voice sound upset (M27): `fast` syllables a second, or `faster_by` per cent and `louder_by` dB more than the same
    voice in the `begins_with` first passages of the call."""

    fast: float = Field(default=7.0, gt=0, le=20)
    faster_by: int = Field(default=25, ge=1, le=300)
    louder_by: int = Field(default=6, ge=1, le=60)
    begins_with: int = Field(default=2, ge=1, le=20)


class Triage(Part):
    """triage.toml: below which confidence a reading is only a suggestion, what follows from readings, and the steps of calming."""

    sure: dict[str, float] = {}
    sure_of_others: float = Field(default=0.6, gt=0, lt=1)
    titles: dict[str, dict[str, Text]] = {}
    classes: dict[str, Text] = {}
    class_of_complaint: dict[str, str] = {}
    consequences: list[Consequence] = []
    calming: list[Text] = []
    voice: Voice = Voice()


class Terms(Part):
    """terms.toml: the dictionary, in groups."""

    groups: dict[str, TermGroup] = {}
