"""Find the terms of a dictionary in a text: as written, in the dialect, with a gap, mistyped in pinyin, and negated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aftercare.policies.rules import GAP, Term, TermGroup, term_of

from .normalising import folded, is_han, spoken, syllables

REACH = 6  # characters between the two halves of a word with a gap
ENDS = frozenset("。！？!?;；\n，,")
NEGATORS = ("并不是", "并没有", "也没有", "都没有", "从来没", "不是", "没有", "并非", "并未", "不会", "没", "未", "无", "不", "not ", "no ", "n't ", "without ", "isn't ", "never ")  # fmt: skip
ASKED = ("有没有", "是不是", "会不会", "有无", "要不要", "能不能", "是否")


class Entry(NamedTuple):
    """A term as the finder knows it."""

    group: str
    code: str
    sets: str
    term: Term


class Hit(NamedTuple):
    """A term that stands in the text, from `start` up to `end`; `how` is written, dialect or typo.

    Of a word with a gap, the gap begins at `gap` and the second half at `second`.
    """

    entry: Entry
    start: int
    end: int
    how: str
    negated: bool = False
    gap: int = 0
    second: int = 0


class Finder:
    """A dictionary made ready: patterns by their first two characters, and by their first two syllables."""

    def __init__(self, groups: Mapping[str, TermGroup]) -> None:
        self._written: dict[str, list[tuple[str, str, Entry, str]]] = {}
        self._spoken: dict[tuple[str, str], list[tuple[str, tuple[str, ...], Entry]]] = {}
        self.unless: dict[str, tuple[str, ...]] = {}
        for name, group in groups.items():
            if group.unless:
                self.unless[name] = tuple(folded(phrase) for phrase in group.unless)
            for code, line in group.terms.items():
                self._add(Entry(name, code, group.sets, term_of(line)), standard=group.standard_counts)
        for words in self._written.values():
            words.sort(key=lambda word: -len(word[0]) - len(word[1]))
        self._firsts = frozenset(first for first, _second in self._spoken)

    def _add(self, entry: Entry, *, standard: bool) -> None:
        said = entry.term.words if standard else entry.term.words[1:]
        for how, words in (("written", said), ("dialect", entry.term.dialect)):
            for word in words:
                head, _gap, tail = folded(word).partition(GAP)
                self._written.setdefault(head[:2], []).append((head, tail, entry, how))
                heard = how == "written" and not tail and all(map(is_han, head))
                if heard and (len(head) > 2 or entry.sets == "category"):
                    for sound in {tuple(syllables(head)), spoken(head)}:
                        self._spoken.setdefault((sound[0], sound[1]), []).append((head, sound, entry))

    def find(self, plain: str) -> list[Hit]:
        """Give the hits in a folded text by their place; of two that overlap, the longer; one term may stand often."""
        hits = self._as_written(plain)
        taken = [False] * len(plain)
        for hit in hits:
            taken[hit.start : hit.end] = [True] * (hit.end - hit.start)
        hits += self._as_spoken(plain, taken)
        return sorted(
            (self._with_sense(plain, hit) for hit in hits if not self._is_excepted(plain, hit)),
            key=lambda h: (h.start, -h.end),
        )

    def _as_written(self, plain: str) -> list[Hit]:
        found: list[Hit] = []
        written, last = self._written, len(plain) - 1
        for at, letter in enumerate(plain):
            pair, single = written.get(plain[at : at + 2], ()) if at < last else (), written.get(letter, ())
            if not pair and not single:
                continue
            known: set[tuple[str, str]] = set()
            for head, tail, entry, how in (*pair, *single):
                if not plain.startswith(head, at) or (entry.group, entry.code) in known:
                    continue
                end = at + len(head)
                if tail:
                    end = _reached(plain, tail, end)
                if end and _is_whole(plain, at, end):
                    known.add((entry.group, entry.code))
                    halves = (at + len(head), end - len(tail)) if tail else (0, 0)
                    found.append(Hit(entry, at, end, how, False, *halves))
        return _outermost(found)

    def _as_spoken(self, plain: str, taken: list[bool]) -> list[Hit]:
        """Words mistyped in pinyin: every syllable is right, and one character or more of them."""
        if not self._spoken:
            return []
        sound = syllables(plain)
        found = []
        for at in range(len(plain) - 1):
            if sound[at] not in self._firsts or taken[at]:
                continue
            for word, sounds, entry in self._spoken.get((sound[at], sound[at + 1]), ()):
                end = at + len(word)
                if end > len(plain) or tuple(sound[at:end]) != sounds or any(taken[at:end]):
                    continue
                if any(a == b for a, b in zip(plain[at:end], word, strict=True)):
                    found.append(Hit(entry, at, end, "typo"))
        return _outermost(found)

    def _is_excepted(self, plain: str, hit: Hit) -> bool:
        for phrase in self.unless.get(hit.entry.group, ()):
            place = plain.find(phrase, max(0, hit.start - len(phrase)), hit.end + len(phrase))
            if place >= 0 and place < hit.end and place + len(phrase) > hit.start:
                return True
        return False

    def _with_sense(self, plain: str, hit: Hit) -> Hit:
        inside = hit.second > hit.gap and _is_negated(plain, hit.second, since=hit.gap)
        return hit._replace(negated=_is_negated(plain, hit.start) != inside)


def _reached(plain: str, tail: str, begin: int) -> int:
    """Give where the second half of a word with a gap ends; 0 where it does not follow within reach."""
    place = plain.find(tail, begin, begin + REACH + len(tail))
    return place + len(tail) if place >= 0 and not ENDS.intersection(plain[begin:place]) else 0


def _is_whole(plain: str, start: int, end: int) -> bool:
    """English words count as whole words only."""
    before, first = plain[start - 1 : start], plain[start]
    after, last = plain[end : end + 1], plain[end - 1]
    if first.isascii() and first.isalnum() and before.isascii() and before.isalnum():
        return False
    return not (last.isascii() and last.isalpha() and after.isascii() and after.isalpha())


def _outermost(hits: Iterable[Hit]) -> list[Hit]:
    """Drop what lies within a longer hit of the same field; other fields may say something else of the same words."""
    kept: list[Hit] = []
    of_field: dict[str, list[Hit]] = {}
    for hit in sorted(hits, key=lambda h: h.start - h.end):
        start, end = hit.start, hit.end
        longer = of_field.setdefault(hit.entry.sets, [])
        if not any(k.start <= start and end <= k.end and k.end - k.start > end - start for k in longer):
            longer.append(hit)
            kept.append(hit)
    return kept


def _is_negated(plain: str, start: int, since: int = 0) -> bool:
    """Say whether an odd number of negations stands right before, looking back to `since`; a question (“有没有漏电”) is none."""
    count, at = 0, start
    while True:
        before = plain[max(since, at - 8) : at]
        if before.endswith(ASKED):
            return False
        if not before.endswith(NEGATORS):
            return count % 2 == 1
        word = next(word for word in NEGATORS if before.endswith(word))
        count, at = count + 1, at - len(word)


def marked(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Cut a text into pieces and say of each whether it lies in one of the spans."""
    cuts = [0] * (len(text) + 1)
    for start, end in spans:
        for at in range(max(0, start), min(end, len(text))):
            cuts[at] = 1
    pieces: list[tuple[str, bool]] = []
    for place in re.finditer(r"0+|1+", "".join(map(str, cuts[: len(text)]))):
        pieces.append((text[place.start() : place.end()], place.group()[0] == "1"))
    return pieces
