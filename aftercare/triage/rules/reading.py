"""Read a text: every field with its confidence, what else it might be, and the words that decided (M21–M31)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from aftercare.policies.rules import NOTED, READ, Pack, Terms, holds

from .finding import Finder, Hit
from .linear import LinearModel
from .normalising import folded
from .urgency import Judgement, judge_urgency
from .values import Found, values_in
from .voice import Heard, together

LONGEST = 10_000  # characters of a text that are read; what is behind them is kept, not read
UNKNOWN = 0.35  # what speaks for something that no dictionary knows
AGAIN = 0.3  # what a second mention of the same adds
PRIVATE = ("phone", "place")  # found, but kept as a place in the text only
Span = tuple[int, int]


@dataclass(frozen=True)
class Choice:
    """What a field is read as; `by` is words or model; below the threshold it is not `sure`, and only a suggestion."""

    value: str = ""
    confidence: float = 0.0
    sure: bool = False
    by: str = ""
    top: tuple[tuple[str, float], ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Note:
    """One of many: a symptom, a danger, a threat or a sign; `how` is written, dialect or typo."""

    code: str
    spans: tuple[Span, ...]
    how: str


@dataclass(frozen=True)
class Reading:
    """What was read of one text. Places are those of the text as it was written."""

    text: str
    fields: Mapping[str, Choice]
    notes: Mapping[str, tuple[Note, ...]]
    urgency: Judgement
    strength: float
    values: tuple[Found, ...]
    follows: tuple[str, ...] = ()
    model: int = 0
    hits: tuple[Hit, ...] = field(default=(), compare=False, repr=False)

    def value(self, name: str) -> str:
        """Give what a field is read as, if that is sure."""
        choice = self.fields.get(name)
        return choice.value if choice and choice.sure else ""

    def codes(self, name: str) -> list[str]:
        return [note.code for note in self.notes.get(name, ())]

    def as_values(self) -> dict[str, Any]:
        """Give what is kept with a request; telephone numbers and addresses only by their place."""
        return {
            "model": self.model, "strength": round(self.strength, 2), "follows": list(self.follows),
            "fields": {
                name: {
                    "value": c.value, "confidence": round(c.confidence, 3), "sure": c.sure, "by": c.by,
                    "top": [[value, round(chance, 3)] for value, chance in c.top], "spans": [list(span) for span in c.spans],
                } for name, c in self.fields.items() if c.value
            },
            "notes": {
                name: [{"code": n.code, "how": n.how, "spans": [list(s) for s in n.spans]} for n in notes]
                for name, notes in self.notes.items() if notes
            },
            "values": [[v.kind, "" if v.kind in PRIVATE else v.value, v.unit, v.start, v.end] for v in self.values[:40]],
        }  # fmt: skip


class Reader:
    """A pack's dictionary and thresholds, and the company's model if it has one, made ready to read."""

    def __init__(self, pack: Pack, model: LinearModel | None = None, *, number: int = 0) -> None:
        self.pack, self.model, self.number = pack, model, number
        self.finder = _finder(pack.terms.model_dump_json())
        self._known = {
            "kind": {kind.code for kind in pack.forms.kinds},
            "category": set(pack.forms.category_titles),
        }

    def read(
        self, text: str, *, today: date, known: Mapping[str, str] | None = None, heard: Heard | None = None
    ) -> Reading:
        """Read a text of any length; `known` holds fields that somebody chose already, which are taken as they are.

        `heard` is what the voice said besides the words: emotion and its strength are those of both.
        """
        plain = folded(text[:LONGEST])
        hits = self.finder.find(plain)
        meant = self._meant([hit for hit in hits if not hit.negated], (known or {}).get("category", ""))
        fields = self._fields(plain, meant, known or {})
        notes = {name: _noted(meant, name) for name in NOTED}
        strength = self._strength(plain, meant)
        if heard and heard.emotion != "calm":
            felt, strength = together(fields["emotion"].value, strength, heard)
            if felt != fields["emotion"].value:
                fields = {**fields, "emotion": Choice(felt, 1.0, True, "voice")}
        emotion = fields.get("emotion")
        urgency = judge_urgency(
            self.pack, plain=plain, hits=meant, kind=_of(fields, "kind") or "repair", category=_of(fields, "category"),
            month=today.month, emotion=emotion.value if emotion else "calm",
        )  # fmt: skip
        facts: dict[str, Any] = {name: _of(fields, name) for name in READ}
        facts |= {name: [note.code for note in found] for name, found in notes.items()}
        facts |= {"urgency": urgency.value, "strength": strength, "month": today.month}
        follows = tuple(rule.code for rule in self.pack.triage.consequences if holds(rule.when, facts))
        return Reading(
            text, fields, notes, urgency, strength, tuple(values_in(plain, today=today)) if plain else (), follows, self.number, tuple(hits)
        )  # fmt: skip

    def _fields(self, plain: str, meant: list[Hit], known: Mapping[str, str]) -> dict[str, Choice]:
        votes = self._votes(meant)
        look = self.model.look(plain) if self.model and plain.strip() else None
        guesses = self.model.read(look) if self.model and look else {}
        found = {}
        for name in READ:
            sure = self.pack.triage.sure.get(name, self.pack.triage.sure_of_others)
            choice = _by_words(votes.get(name, {}), sure)
            guess = guesses.get(name)
            if guess and (not choice.sure or guess.confidence > choice.confidence):
                spans = tuple(self.model.spans(look, name, guess.value)) if self.model and look else ()
                choice = Choice(
                    guess.value, guess.confidence, guess.confidence >= sure, "model", guess.top, spans
                )
            if name == "emotion" and not choice.value:
                choice = Choice("calm", 0.8, sure <= 0.8, "words")
            if known.get(name):
                choice = Choice(known[name], 1.0, True, "given", choice.top, choice.spans)
            if choice.value:
                found[name] = choice
        return found

    def _meant(self, hits: list[Hit], category: str) -> list[Hit]:
        """Drop words of other categories than the one that is meant, and last resorts where something better was said."""
        groups = self.pack.terms.groups
        if not category:
            named = self._votes([hit for hit in hits if hit.entry.sets == "category"]).get("category", {})
            category = (
                _by_words(named, self.pack.triage.sure.get("category", 0.5)).value if len(named) == 1 else ""
            )
        fitting = [
            hit for hit in hits if not category or category in (groups[hit.entry.group].only_for or (category,))
        ]  # fmt: skip
        said = {hit.entry.sets for hit in fitting if not groups[hit.entry.group].last_resort}
        return [
            hit for hit in fitting if not groups[hit.entry.group].last_resort or hit.entry.sets not in said
        ]

    def _votes(self, meant: list[Hit]) -> dict[str, dict[str, list[tuple[float, Span]]]]:
        votes: dict[str, dict[str, list[tuple[float, Span]]]] = {}
        leaning: dict[str, dict[str, list[tuple[float, Span]]]] = {}
        for hit in meant:
            group = self.pack.terms.groups[hit.entry.group]
            says: dict[str, str] = {str(name): value for name, value in group.says.items()}
            if hit.entry.sets in READ:
                says[hit.entry.sets] = hit.entry.code
            weight = group.weight * (0.8 if hit.how == "typo" else 1.0)
            for table, said in ((votes, says), (leaning, group.leans)):
                for name, value in said.items():
                    if value in self._known.get(name, (value,)):
                        table.setdefault(name, {}).setdefault(value, []).append(
                            (weight, (hit.start, hit.end))
                        )
        return leaning | votes

    def _strength(self, plain: str, meant: list[Hit]) -> float:
        """Give 0.0 (calm) to 1.0 (beside oneself): by words of feeling, exclamation marks and repetition."""
        felt = sum(
            g.weight
            for hit in meant
            if "emotion" in (g := self.pack.terms.groups[hit.entry.group]).says or g.sets == "emotion"
        )
        loud = 0.25 * min(plain.count("!"), 6) if felt else 0.08 * min(plain.count("!"), 6)
        return round(1 - math.exp(-(felt + loud) / 2.5), 3)


@lru_cache(maxsize=8)
def _finder(terms: str) -> Finder:
    """Make a dictionary ready, once for all policy versions that have the same one."""
    return Finder(Terms.model_validate_json(terms).groups)


def _by_words(votes: Mapping[str, list[tuple[float, Span]]], sure: float) -> Choice:
    if not votes:
        return Choice()
    points = {
        value: max(w for w, _s in said) * (1 + AGAIN * (len(said) - 1)) for value, said in votes.items()
    }
    whole = sum(points.values()) + UNKNOWN
    top = tuple(
        sorted(((value, one / whole) for value, one in points.items()), key=lambda pair: (-pair[1], pair[0]))[
            :3
        ]
    )
    value, confidence = top[0]
    tied = len(top) > 1 and top[1][1] == confidence
    return Choice(
        value,
        confidence,
        confidence >= sure and not tied,
        "words",
        top,
        tuple(dict.fromkeys(s for _w, s in votes[value])),
    )


def _noted(hits: Iterable[Hit], name: str) -> tuple[Note, ...]:
    found: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.entry.sets == name:
            found.setdefault(hit.entry.code, []).append(hit)
    return tuple(
        Note(code, tuple((h.start, h.end) for h in said), said[0].how) for code, said in found.items()
    )


def _of(fields: Mapping[str, Choice], name: str) -> str:
    choice = fields.get(name)
    return choice.value if choice and choice.sure else ""
