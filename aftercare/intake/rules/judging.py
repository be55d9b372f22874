"""Judge urgency and emotion by the pack's rules, and keep which words decided (M23, M24)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aftercare.policies.rules import Pack, holds, matched_words

RANK = {"normal": 0, "urgent": 1, "critical": 2}


@dataclass(frozen=True)
class Judgement:
    """What was decided, by which rule of the pack, because of which words."""

    value: str
    rule: str
    words: tuple[str, ...]
    reason_zh: str
    reason_en: str

    def as_values(self) -> dict[str, Any]:
        return {
            "value": self.value, "rule": self.rule, "words": list(self.words), "reason_zh": self.reason_zh,
            "reason_en": self.reason_en,
        }  # fmt: skip


def judge_urgency(
    pack: Pack, *, kind: str, text: str, category: str, month: int, emotion: str = ""
) -> Judgement:
    """Give the highest urgency any rule demands; safety comes first whatever else is written."""
    facts = {"kind": kind, "text": text, "category": category, "month": month, "emotion": emotion}
    best: Judgement | None = None
    for rule in pack.urgency.rules:
        words = matched_words(text, rule.words, unless=rule.unless)
        if (rule.words and not words) or not holds(rule.when, facts):
            continue
        if best is None or RANK[rule.urgency] > RANK[best.value]:
            best = Judgement(
                rule.urgency, f"urgency.{rule.code}", tuple(words), rule.reason.zh, rule.reason.en
            )
    reason = pack.urgency.default_reason
    return best or Judgement(pack.urgency.default, "urgency.default", (), reason.zh, reason.en)


def judge_emotion(pack: Pack, text: str) -> Judgement:
    """Read calm, anxious or angry from the pack's words."""
    for value, words in (("angry", pack.urgency.angry_words), ("anxious", pack.urgency.anxious_words)):
        found = matched_words(text, words)
        if found:
            return Judgement(
                value, f"urgency.{value}_words", tuple(found), "、".join(found), ", ".join(found)
            )
    return Judgement("calm", "urgency.calm", (), "", "")
