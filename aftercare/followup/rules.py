"""When an answer calls for a recovery (M85)."""

from __future__ import annotations

from collections.abc import Mapping

from aftercare.policies.rules import Surveys, matched_words


def low_scores(scores: Mapping[str, int], rules: Surveys) -> list[str]:
    """Give the questions answered with the pack's low score or less."""
    return [code for code, score in scores.items() if score <= rules.low_score]


def needs_recovery(scores: Mapping[str, int], opinion: str, rules: Surveys) -> list[str]:
    """Give the reasons for a recovery: low scores, or negative words in the opinion. Empty when all is well."""
    reasons = [f"score:{code}" for code in low_scores(scores, rules)]
    return reasons + [f"word:{word}" for word in matched_words(opinion, rules.negative_words)]
