"""Cut a text into what matches a question and what does not, and find the part of an answer that is worth showing."""

from __future__ import annotations

import re

from aftercare.triage.rules import folded, marked

from .grams import words_in

EXCERPT = 110  # characters
WORTH = 3  # matching pairs more than at its beginning, for an excerpt to begin later
_MARKUP = re.compile(r"[#*_`>|\[\]]+|\(https?://[^)]*\)|^\s*[-+]\s+", re.MULTILINE)


def spans_of(text: str, question: str) -> list[tuple[int, int]]:
    """Give the places in a text at which it says the same as the question: two characters or more, or a whole word."""
    plain, asked = folded(text), folded(question)
    pairs = {
        asked[at : at + 2]
        for at in range(len(asked) - 1)
        if asked[at : at + 2].isalnum() and not asked[at : at + 2].isascii()
    }
    spans = [(at, at + 2) for at in range(len(plain) - 1) if plain[at : at + 2] in pairs]
    for word in words_in(asked):
        spans += [match.span() for match in re.finditer(rf"(?<![a-z0-9]){re.escape(word)}", plain)]
    return spans


def pieces_of(text: str, question: str) -> list[tuple[str, bool]]:
    return marked(text, spans_of(text, question))


def excerpt_of(text: str, question: str) -> list[tuple[str, bool]]:
    """Give the part of an answer that says most of the question, marked; its beginning where nothing does."""
    plain = re.sub(r"\s+", " ", _MARKUP.sub("", text)).strip()
    spans = spans_of(plain, question)
    said = {at: sum(at <= a < at + EXCERPT for a, _b in spans) for at in [0, *(a for a, _b in spans)]}
    best = max(said, key=lambda at: (said[at], -at))
    start = 0 if said[best] < said[0] + WORTH else max(0, best - 12)
    cut = plain[start : start + EXCERPT]
    shown = ("…" if start else "") + cut + ("…" if start + EXCERPT < len(plain) else "")
    return marked(shown, spans_of(shown, question))
