"""A linear model over characters and words: its features, its probabilities, why it decided, and its file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .normalising import folded

FORMAT = "1"
LONGEST = 4000  # characters that are looked at
TOP = 3
STRONGEST = 16  # features that are shown as reasons
Floats: TypeAlias = NDArray[Any]


class UnreadableModel(ValueError):
    """A model that can't be used: damaged, or of another format."""


def grams_of(plain: str) -> list[str]:
    """Give the single characters and pairs of a folded text; white space is one character."""
    text = " ".join(plain[:LONGEST].split())
    return [*text, *(text[i : i + 2] for i in range(len(text) - 1))]


def words_of(plain: str) -> list[str]:
    """Give the words of a folded text, and each with its neighbour, marked by a leading tab."""
    import rjieba

    words = [word for word in rjieba.cut(plain[:LONGEST]) if not word.isspace()]
    return [
        *(f"\t{word}" for word in words),
        *(f"\t{a}\t{b}" for a, b in pairwise(words)),
    ]


@dataclass(frozen=True)
class Part:
    """One field of a model: its classes are columns `begin` and on; `slope` turns scores into probabilities."""

    name: str
    classes: tuple[str, ...]
    begin: int
    slope: float

    @property
    def columns(self) -> slice:
        return slice(self.begin, self.begin + len(self.classes))


@dataclass(frozen=True)
class Guess:
    """The likeliest classes with their probabilities, the likeliest first."""

    top: tuple[tuple[str, float], ...]

    @property
    def value(self) -> str:
        return self.top[0][0]

    @property
    def confidence(self) -> float:
        return self.top[0][1]


class Look(NamedTuple):
    """What a model saw in a folded text: rows of features, and their values."""

    plain: str
    rows: NDArray[Any]
    values: Floats


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Weights of features (rows) for the classes of all fields (columns), with what a feature's rarity is worth.

    The weights of a feature for the classes of one field add up to nothing, so that what is positive speaks for a class.
    """

    parts: tuple[Part, ...]
    features: tuple[str, ...]
    rarity: Floats
    weights: Floats
    offsets: Floats
    trained_on: int = 0

    @cached_property
    def place(self) -> dict[str, int]:
        return {feature: row for row, feature in enumerate(self.features)}

    def look(self, plain: str) -> Look:
        """Find the features that stand in a folded text, and their values; characters and words have length 1 each."""
        rows: list[int] = []
        values: list[Floats] = []
        place = self.place
        for features in (grams_of(plain), words_of(plain)):
            counted = [(place[feature], n) for feature, n in Counter(features).items() if feature in place]
            if counted:
                found = np.fromiter((row for row, _n in counted), np.int64, len(counted))
                times = np.fromiter((n for _row, n in counted), np.float32, len(counted))
                value = self.rarity[found] * (1 + np.log(times))
                rows += found.tolist()
                values.append(value / np.sqrt(value @ value))
        if not rows:
            return Look(plain, np.zeros(0, np.int64), np.zeros(0, np.float32))
        return Look(plain, np.array(rows, np.int64), np.concatenate(values))

    def read(self, text: str | Look) -> dict[str, Guess]:
        """Give a guess for every field."""
        look = self.look(folded(text)) if isinstance(text, str) else text
        scores = self.offsets + look.values @ self.weights[look.rows]
        guesses = {}
        for part in self.parts:
            chances = softmax(scores[part.columns] * part.slope)
            order = np.argsort(-chances)[:TOP]
            guesses[part.name] = Guess(tuple((part.classes[i], float(chances[i])) for i in order))
        return guesses

    def spans(self, look: Look, field: str, value: str, most: int = 3) -> list[tuple[int, int]]:
        """Give the places of a text that spoke most for a class, the strongest first."""
        part = next((part for part in self.parts if part.name == field), None)
        if part is None or value not in part.classes or not len(look.rows):
            return []
        pull = look.values * self.weights[look.rows, part.begin + part.classes.index(value)]
        lit = [0.0] * len(look.plain)
        strongest = np.argsort(-pull)[:STRONGEST]
        for row, force in zip(look.rows[strongest].tolist(), pull[strongest].tolist(), strict=True):
            if force <= 0:
                break
            word = self.features[row].replace("\t", "")
            at = look.plain.find(word) if len(word) > 1 else -1
            while at >= 0:
                for letter in range(at, at + len(word)):
                    lit[letter] += force
                at = look.plain.find(word, at + 1)
        return _peaks(lit, most)


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def dump_model(model: LinearModel) -> bytes:
    """Write a model as bytes in the safetensors format: numbers and text, nothing that could run."""
    about = {
        "format": FORMAT, "trained_on": str(model.trained_on),
        "parts": json.dumps([[p.name, list(p.classes), p.begin, p.slope] for p in model.parts]),
    }  # fmt: skip
    text = np.frombuffer("\n".join(model.features).encode(), np.uint8)
    tensors = {
        "features": text,
        "rarity": model.rarity,
        "weights": model.weights.astype(np.float16),
        "offsets": model.offsets,
    }
    return bytes(save(tensors, about))


def load_model(body: bytes, *, digest: str = "") -> LinearModel:
    """Read a model; raises `UnreadableModel` where it is damaged, cut short, or of another format."""
    if digest and hashlib.sha256(body).hexdigest() != digest:
        raise UnreadableModel("the checksum is wrong")
    try:
        length = int.from_bytes(body[:8], "little")
        about: Mapping[str, str] = json.loads(body[8 : 8 + length])["__metadata__"]
        if about["format"] != FORMAT:
            raise UnreadableModel(f"format {about['format']}, expected {FORMAT}")
        tensors = load(body)
        parts = tuple(
            Part(n, tuple(classes), begin, slope) for n, classes, begin, slope in json.loads(about["parts"])
        )
        features = tuple(bytes(tensors["features"]).decode().split("\n"))
        made = LinearModel(
            parts,
            features,
            tensors["rarity"],
            tensors["weights"].astype(np.float32),
            tensors["offsets"],
            int(about["trained_on"]),
        )
    except (KeyError, ValueError, TypeError, SafetensorError, UnicodeDecodeError) as error:
        raise UnreadableModel(str(error)) from error
    if made.weights.shape != (len(features), len(made.offsets)) or not np.isfinite(made.weights).all():
        raise UnreadableModel("the sizes do not fit together")
    return made


def stability_index(now: Mapping[str, int], before: Mapping[str, int]) -> float:
    """Give the population stability index of two counts: under 0.1 steady, over 0.25 moved."""
    total_now, total_before = sum(now.values()), sum(before.values())
    if total_now < 20 or total_before < 20:
        return 0.0
    index = 0.0
    for value in set(now) | set(before):
        a, b = (now.get(value, 0) + 0.5) / total_now, (before.get(value, 0) + 0.5) / total_before
        index += (a - b) * float(np.log(a / b))
    return round(index, 3)


def agreement(guesses: Iterable[Guess], truth: Iterable[str], *, sure: float) -> dict[str, float]:
    """Give accuracy, top-3, coverage at a threshold, the accuracy there, and the calibration error (10 bins)."""
    pairs = list(zip(guesses, truth, strict=True))
    right = np.array([guess.value == value for guess, value in pairs])
    chance = np.array([guess.confidence for guess, _value in pairs])
    kept = chance >= sure
    bins = np.minimum((chance * 10).astype(int), 9)
    error = sum(
        abs(right[bins == b].mean() - chance[bins == b].mean()) * (bins == b).mean()
        for b in range(10)
        if (bins == b).any()
    )
    return {
        "n": len(pairs), "accuracy": float(right.mean()) if pairs else 0.0,
        "top3": float(np.mean([value in dict(guess.top) for guess, value in pairs])) if pairs else 0.0,
        "coverage": float(kept.mean()) if pairs else 0.0, "accuracy_sure": float(right[kept].mean()) if kept.any() else 0.0,
        "calibration_error": float(error),
    }  # fmt: skip


def _peaks(lit: list[float], most: int) -> list[tuple[int, int]]:
    """Give the stretches that are lit at least 0.4 times as much as the most lit one, the strongest first."""
    highest = max(lit, default=0.0)
    if highest <= 0:
        return []
    spans: list[tuple[float, int, int]] = []
    begin, bright = -1, 0.4 * highest
    for at, light in enumerate([*lit, 0.0]):
        if light >= bright:
            begin = at if begin < 0 else begin
        elif begin >= 0:
            spans.append((-max(lit[begin:at]), begin, at))
            begin = -1
    return [(start, end) for _light, start, end in sorted(spans)[:most]]
