"""Judge urgency by the pack's rules: the highest that any demands, safety first, with the words that decided (M23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aftercare.policies.rules import Pack, holds, matched_words

from .finding import Hit

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
    pack: Pack, *, plain: str, hits: Iterable[Hit], kind: str, category: str, month: int, emotion: str = ""
) -> Judgement:
    """Give the highest urgency any rule demands; a rule is met by its words or terms that are meant."""
    facts = {"kind": kind, "text": plain, "category": category, "month": month, "emotion": emotion}
    said: dict[str, list[str]] = {}
    for hit in hits:
        said.setdefault(hit.entry.group, []).append(plain[hit.start : hit.end])
        said.setdefault(f".{hit.entry.code}", []).append(plain[hit.start : hit.end])
    best: Judgement | None = None
    for rule in pack.urgency.rules:
        words = matched_words(plain, rule.words, unless=rule.unless)
        words += [
            word
            for name in (*rule.groups, *(f".{code}" for code in rule.terms))
            for word in said.get(name, ())
        ]
        if ((rule.words or rule.groups or rule.terms) and not words) or not holds(rule.when, facts):
            continue
        if best is None or RANK[rule.urgency] > RANK[best.value]:
            best = Judgement(
                rule.urgency,
                f"urgency.{rule.code}",
                tuple(dict.fromkeys(words)),
                rule.reason.zh,
                rule.reason.en,
            )
    reason = pack.urgency.default_reason
    return best or Judgement(pack.urgency.default, "urgency.default", (), reason.zh, reason.en)
