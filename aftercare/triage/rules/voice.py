"""What a voice says besides its words: how fast and how loud somebody speaks, against how they began (M27)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aftercare.policies.rules import Voice

from .normalising import is_han

STRONGER = ("calm", "anxious", "angry")


@dataclass(frozen=True)
class Speech:
    """Some seconds of speech: syllables a second (None: not counted) and the mean loudness in dB (None: not measured)."""

    rate: float | None
    loudness: float | None


@dataclass(frozen=True)
class Heard:
    """What is heard in a voice: the emotion, its strength (0–1), and how much faster (%) and louder (dB) than at the beginning."""

    emotion: str = "calm"
    strength: float = 0.0
    faster: int | None = None
    louder: int | None = None
    rate: float | None = None


def hear(now: Speech, before: Sequence[Speech], rules: Voice) -> Heard:
    """Compare a passage with the first ones of the same voice; with none before it only the rate counts, against what is usual.

    Fast or loud is anxious, both is angry: a sign that the words may confirm or not, never more than one.
    """
    first = before[: rules.begins_with]
    usual_rate = _mean([one.rate for one in first])
    usual_loudness = _mean([one.loudness for one in first])
    faster = round(100 * (now.rate / usual_rate - 1)) if now.rate and usual_rate else None
    louder = (
        round(now.loudness - usual_loudness)
        if now.loudness is not None and usual_loudness is not None
        else None
    )
    is_fast = bool(now.rate and now.rate >= rules.fast) or (faster is not None and faster >= rules.faster_by)
    is_loud = louder is not None and louder >= rules.louder_by
    emotion = STRONGER[is_fast + is_loud]
    speaks = (
        max(0.0, (faster or 0) / rules.faster_by) * is_fast
        + max(0.0, (louder or 0) / rules.louder_by) * is_loud
    )
    strength = round(1 - math.exp(-0.5 * max(speaks, is_fast + is_loud)), 2) if is_fast or is_loud else 0.0
    return Heard(emotion, strength, faster, louder, now.rate)


def together(emotion: str, strength: float, heard: Heard) -> tuple[str, float]:
    """Put words and voice together: the stronger emotion, anger where an anxious voice says anxious words, and both strengths."""
    named = emotion if emotion in STRONGER else "calm"
    both = STRONGER.index(named), STRONGER.index(heard.emotion)
    felt = STRONGER[2] if both == (1, 1) else STRONGER[max(both)]
    return felt if felt != "calm" else emotion, round(1 - (1 - strength) * (1 - heard.strength), 3)


def syllables_in(text: str) -> int:
    """Count syllables: every Chinese character, digits one by one, and groups of vowels in words of other letters."""
    others = re.findall(r"[a-z]+", text.lower())
    return sum(is_han(letter) or letter.isdigit() for letter in text) + sum(
        max(1, len(re.findall(r"[aeiouy]+", word))) for word in others
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
