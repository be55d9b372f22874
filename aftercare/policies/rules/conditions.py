"""Conditions of a pack, evaluated by the sandboxed zen expression engine: never by `eval`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import zen


def check_condition(expression: str) -> str:
    """Refuse an expression that the engine can't compile."""
    try:
        zen.compile_expression(expression)
    except Exception as error:
        raise ValueError(f"expected a condition of the expression language: {error}") from error
    return expression


def holds(expression: str, facts: Mapping[str, Any]) -> bool:
    """Say whether `expression` is true of `facts`; an empty one always is, one that can't be decided is not."""
    if not expression:
        return True
    try:
        return _compiled(expression).evaluate(dict(facts)) is True
    except Exception:  # noqa: BLE001 - a missing value decides nothing
        return False


def matched_words(text: str, words: Iterable[str], *, unless: Iterable[str] = ()) -> list[str]:
    """Give the words that stand in `text`, outside the phrases of `unless`, in the order of the list."""
    folded = text.casefold()
    for phrase in unless:
        folded = folded.replace(phrase.casefold(), "\0")
    return [word for word in words if word.casefold() in folded]


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    return zen.compile_expression(expression)
