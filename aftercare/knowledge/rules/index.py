"""An index in memory: which entry answers these words (BM25 over characters, pairs, sounds and words, the best of an entry's wordings)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from .grams import BITS, LETTER, PAIR, WORD, family, joined, sounds_in, spelt, tokens_of, word_token

# Saturation and length of BM25 (Robertson and Zaragoza 2009), for texts as short as questions.
K1, B = 2.0, 0.9
SHARPNESS = 8.0  # how far the best wording of an entry outweighs its others
BODY = 0.1  # what the text of an answer counts beside how it is asked for
WEIGHTS = {LETTER: 1.0, PAIR: 1.0, WORD: 2.0}  # of what stands in a question, by family
CODE, PREFIX, MISTYPED, HEARD, SYNONYM = 3.0, 0.8, 0.6, 0.5, 0.4
MOST_PREFIXES = 24
TOGETHER = 2000  # texts that are cut in one go
# What a pair, and anything else, weighs that stands in a question and nowhere else, of the most there is.
STRANGE = 0.1, 0.6
FEWEST = 100  # texts: with fewer, how rare a word is says nothing
MOST_COMPARED = 20  # wordings of an entry in which a question is looked for
LONGEST_QUESTION, LONGEST_BODY = 200, 600  # characters that are read


class Entry(NamedTuple):
    """What is searched for: its key, how it is asked for (the title first, then customers' wordings), and its text."""

    key: int
    asked: tuple[str, ...]
    body: str = ""


class Match(NamedTuple):
    """An entry that was found: its score (1.0 and a little more for the best), the wording of it that says most of the question,
    and the share of the question that its wordings say together (0 to 1)."""

    key: int
    score: float
    wording: str
    covers: float


class Postings:
    """Which texts a token stands in and how much it weighs there, as arrays."""

    def __init__(self, texts: list[str], same: dict[str, str], *, heard: bool) -> None:
        self.count = count = max(1, len(texts))
        packed, self.words = _cut(texts, same, heard=heard)
        packed.sort()
        at = _changes(packed)
        times = np.diff(at, append=len(packed)).astype(np.float32)
        packed = packed[at]
        self.rows = row = (packed & (2**26 - 1)).astype(np.int32)
        packed >>= 26
        first = _changes(packed)
        self.tokens = packed[first]
        self.starts: Any = np.append(first, len(packed))
        self.held = held = np.diff(self.starts)
        self.idf = np.log(1 + (count - held + 0.5) / (held + 0.5))
        # The length of a text is what it would be in characters and pairs alone; those come first.
        plain = self.starts[np.searchsorted(self.tokens, (PAIR + 1) << BITS)]
        length = np.bincount(row[:plain], times[:plain], minlength=count) + 1.0
        norm = (K1 * (1 - B + B * length / length.mean())).astype(np.float32)
        self.weights: Any = norm[row]
        self.weights += times
        np.divide(times, self.weights, out=self.weights)
        self.weights *= np.repeat(((K1 + 1) * self.idf).astype(np.float32), held)

    def score(self, wanted: Mapping[int, float], count: int) -> Any:
        """Give the score of every text for weighted tokens."""
        asked = np.fromiter(wanted, dtype=np.int64, count=len(wanted))
        if not len(asked) or not len(self.tokens):
            return np.zeros(count)
        place = np.minimum(np.searchsorted(self.tokens, asked), len(self.tokens) - 1)
        known = self.tokens[place] == asked
        weight = np.fromiter(wanted.values(), dtype=np.float64, count=len(wanted))[known]
        runs = [(self.starts[p], self.starts[p + 1]) for p in place[known]]
        if not runs:
            return np.zeros(count)
        rows = np.concatenate([self.rows[a:b] for a, b in runs])
        worth = np.concatenate([self.weights[a:b] * w for (a, b), w in zip(runs, weight, strict=True)])
        return np.bincount(rows, worth, minlength=count)

    def has(self, token: int) -> bool:
        place = int(np.searchsorted(self.tokens, token))
        return place < len(self.tokens) and int(self.tokens[place]) == token

    def worth_of(self, tokens: Any) -> Any:
        """Say what tokens weigh in a question; a pair that stands nowhere says little, a character that does says much."""
        most = np.log1p(max(self.count, FEWEST) / 1.5)
        strange = np.where(family(tokens) == PAIR, STRANGE[0] * most, STRANGE[1] * most)
        if not len(self.tokens):
            return strange
        place = np.minimum(np.searchsorted(self.tokens, tokens), len(self.tokens) - 1)
        return np.where(
            self.tokens[place] == tokens,
            np.log1p(max(self.count, FEWEST) / (self.held[place] + 0.5)),
            strange,
        )


class Index:
    """Entries made ready to be searched. `same` puts words that mean the same into one (怎样, 如何 → 怎么)."""

    def __init__(self, entries: Sequence[Entry], same: Mapping[str, str] | None = None) -> None:
        self.same = dict(same or {})
        self.keys = np.array([entry.key for entry in entries], dtype=np.int64)
        self.place = {entry.key: number for number, entry in enumerate(entries)}
        self.wordings = [one[:LONGEST_QUESTION] for entry in entries for one in entry.asked]
        held = [len(entry.asked) for entry in entries]
        self.owner: Any = np.repeat(np.arange(len(entries)), held)
        self._first = np.concatenate([[0], np.cumsum(held)]).astype(np.int64)
        bodies = [entry.body[:LONGEST_BODY] for entry in entries]
        with ThreadPoolExecutor(2) as both:  # numpy lets go of the interpreter while it computes
            asked = both.submit(Postings, self.wordings, self.same, heard=True)
            self._body = Postings(bodies, self.same, heard=False)
            self._asked = asked.result()
        self._words = sorted(self._asked.words | self._body.words)
        self._mistyped = _deletions(self._words)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def size(self) -> int:
        """Give how many bytes the arrays take."""
        arrays = [
            a for p in (self._asked, self._body) for a in (p.tokens, p.starts, p.rows, p.weights, p.idf)
        ]
        return int(sum(a.nbytes for a in arrays))

    def find(
        self,
        question: str,
        *,
        among: Any = None,
        also: Iterable[str] = (),
        limit: int = 8,
        typing: bool = True,
    ) -> list[Match]:
        """Give the entries that answer a question, the best first; nothing for a question that says nothing.

        `among` says of every entry, in the order they were given, whether it may be found; `also` are words that mean the
        same as some of the question's; `typing` takes the last word of Latin letters for the beginning of one.
        """
        if not len(self.keys):
            return []
        plain = joined([question[:LONGEST_QUESTION]], self.same)
        wanted = self._wanted(plain, also, typing=typing)
        score = self._asked.score(wanted, len(self.wordings))[: len(self.wordings)]
        body = self._body.score(wanted, len(self.keys))[: len(self.keys)]
        if among is not None:
            score = score * among[self.owner]
            body = body * among
        total, best = np.zeros(len(self.keys)), score.max(initial=0.0)
        if best > 0:
            near = np.flatnonzero(score > 0.2 * best)
            summed = np.bincount(
                self.owner[near], np.exp(SHARPNESS * score[near] / best), minlength=len(self.keys)
            )
            total = np.log1p(summed) / SHARPNESS
        if body.max(initial=0.0) > 0:
            total = total + BODY * body / body.max()
        count = min(limit, int((total > 0).sum()))
        if not count:
            return []
        chosen = np.argpartition(-total, count - 1)[:count]
        chosen = chosen[np.argsort(-total[chosen], kind="stable")]
        said = _tokens(plain)
        worth = self._asked.worth_of(said)
        return [self._match(int(number), float(total[number]), score, said, worth) for number in chosen]

    def _wanted(self, plain: str, also: Iterable[str], *, typing: bool) -> dict[int, float]:
        tokens, _where, words = tokens_of(plain, heard=False)
        wanted = {
            token: WEIGHTS[kind] for token, kind in zip(tokens.tolist(), family(tokens).tolist(), strict=True)
        }
        wanted |= {sound: HEARD for pair, sound in sounds_in(plain) if not self._asked.has(pair)}
        for place, word in enumerate(words):
            if any(map(str.isdigit, word)) and len(word) > 1:
                wanted[word_token(word)] = CODE
            if not self._is_known(word) or (typing and place == len(words) - 1):
                for token, weight in self._instead(word, typing=typing and place == len(words) - 1):
                    wanted.setdefault(token, weight)
        for phrase in also:
            for token in tokens_of(joined([phrase], self.same), heard=False).tokens.tolist():
                wanted.setdefault(token, SYNONYM)
        return wanted

    def _instead(self, word: str, *, typing: bool) -> Iterable[tuple[int, float]]:
        """What a word may stand for that is not known as it is: the beginning of one, pinyin, first letters, one letter wrong."""
        if typing and len(word) > 1:
            at = bisect_left(self._words, word)
            for known in self._words[at : at + MOST_PREFIXES]:
                if known.startswith(word) and known != word:
                    yield word_token(known), PREFIX
        if not self._is_known(word):
            for token in spelt(word):
                yield token, 1.0
            for near in _deleted(word) if len(word) > 3 else ():
                for known in self._mistyped.get(near, ()):
                    yield word_token(known), MISTYPED

    def _is_known(self, word: str) -> bool:
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    def _match(self, number: int, total: float, score: Any, said: Any, worth: Any) -> Match:
        first, last = self._first[number], self._first[number + 1]
        wording = self.wordings[first + int(score[first:last].argmax())] if last > first else ""
        there = np.isin(said, _tokens(joined(self.wordings[first:last][:MOST_COMPARED], self.same)))
        covers = float((worth * there).sum() / worth.sum()) if len(said) else 0.0
        return Match(int(self.keys[number]), total, wording, covers)


def _cut(texts: list[str], same: dict[str, str], *, heard: bool) -> tuple[Any, set[str]]:
    """Give every token with the number of its text behind it, and the Latin words; some texts at a time, which stay in the cache."""
    packed: list[Any] = [np.zeros(0, dtype=np.int64)]
    words: set[str] = set()
    for first in range(0, len(texts), TOGETHER):
        tokens, where, said = tokens_of(joined(texts[first : first + TOGETHER], same), heard=heard)
        packed.append((tokens << 26) | (where + first))
        words.update(said)
    return np.concatenate(packed), words


def _changes(ordered: Any) -> Any:
    """Give the places at which another number begins than before."""
    new: Any = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return np.flatnonzero(new)


def _tokens(plain: str) -> Any:
    return np.unique(tokens_of(plain, heard=False).tokens)


def _deletions(words: Sequence[str]) -> dict[str, list[str]]:
    """Words by what is left of them without one letter, so that one wrong letter is found without comparing all."""
    known: dict[str, list[str]] = {}
    for word in words:
        if len(word) > 3 and word.isalpha():
            for near in _deleted(word):
                known.setdefault(near, []).append(word)
    return known


def _deleted(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
