"""knowledge.toml: words that mean the same in a question, when an answer is sure, when it is looked at again, and what is never said (M77, M94, M97)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from .parts import Condition, Part, Seconds, Text


class Forbidden(Part):
    """Words that shirk, and what to say in their place; both in the language they are said in."""

    code: str = Field(pattern=r"^[a-z0-9_]+$")
    words: list[str] = Field(min_length=1)
    say: Text


class Knowing(Part):
    """How answers are found and kept. `same` puts the words of each line into its first, in what is asked and in what is known."""

    same: list[list[str]] = []
    sure: float = Field(default=0.6, gt=0, lt=1)
    review_after: Seconds = 180 * 86400
    review_after_of: dict[str, Seconds] = {}
    case_within: Seconds = 48 * 3600
    searches_per_hour: int = Field(default=600, ge=1)
    forbidden: list[Forbidden] = []

    @model_validator(mode="after")
    def _whole_lines(self) -> Knowing:
        for line in self.same:
            if len(line) < 2 or any(not word.strip() for word in line):
                raise ValueError(f"knowledge.toml: same: expected two words or more, not {line!r}")
        return self

    def reviewed_after(self, kind: str) -> int:
        """Give after how many seconds an article of this kind is up for review when nobody has confirmed it."""
        return self.review_after_of.get(kind, self.review_after)

    def said_as(self) -> dict[str, str]:
        """Give every word with the one it is put into, the longest first, so that 怎么办 is not cut by 怎么."""
        pairs = {word.lower(): line[0].lower() for line in self.same for word in line[1:]}
        return dict(sorted(pairs.items(), key=lambda pair: -len(pair[0])))

    def forbidden_in(self, text: str) -> list[tuple[str, Forbidden]]:
        """Give the forbidden words that stand in a text, each with what to say instead."""
        small = text.lower()
        return [(word, one) for one in self.forbidden for word in one.words if word.lower() in small]


class Quality(Part):
    """quality.toml: how repairs are looked at for defects (M108): two spans, the share of false alarms borne, the fewest repairs."""

    window: Seconds = 28 * 86400
    history: Seconds = 112 * 86400
    false_alarms: float = Field(default=0.05, gt=0, le=0.5)
    least: int = Field(default=4, ge=2)
    quiet_for: Seconds = 60 * 86400


class Sign(Part):
    """Counts that say a customer is not content, though they did not complain (M20)."""

    code: str = Field(pattern=r"^[a-z0-9_]+$", max_length=32)
    when: Condition
    title: Text


class Complaints(Part):
    """complaints.toml: over which span customers' doings are counted, and which counts are signs."""

    within: Seconds = 30 * 86400
    signs: list[Sign] = []


class Drafting(Part):
    """drafting.toml: what may be sent to a language model, without whom it is about: `summary`, `reply`; nothing unless it is named."""

    allowed: list[Literal["summary", "reply"]] = []
