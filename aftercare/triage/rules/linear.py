"""A linear model over characters and words: its features, its probabilities, why it decided, and its file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .normalising import folded

FORMAT = "1"
LONGEST = 4000  # characters that are looked at
TOP = 3
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


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Weights of features (rows) for the classes of all fields (columns), with what a feature's rarity is worth."""

    parts: tuple[Part, ...]
    features: tuple[str, ...]
    rarity: Floats
    weights: Floats
    offsets: Floats
    trained_on: int = 0

    @cached_property
    def place(self) -> dict[str, int]:
        return {feature: row for row, feature in enumerate(self.features)}

    def values_of(self, plain: str) -> tuple[NDArray[np.int64], Floats]:
        """Give the rows of the features that stand in a folded text, and their values; each kind has length 1."""
        rows: list[int] = []
        values: list[Floats] = []
        for features in (grams_of(plain), words_of(plain)):
            counted = [(self.place[f], n) for f, n in Counter(features).items() if f in self.place]
            if counted:
                found = np.fromiter((row for row, _n in counted), np.int64, len(counted))
                value = self.rarity[found] * (
                    1 + np.log(np.fromiter((n for _row, n in counted), np.float32, len(counted)))
                )
                rows += found.tolist()
                values.append(value / np.linalg.norm(value))
        return np.array(rows, np.int64), np.concatenate(values) if values else np.zeros(0, np.float32)

    def read(self, text: str) -> dict[str, Guess]:
        """Give a guess for every field."""
        rows, values = self.values_of(folded(text))
        scores = self.offsets + values @ self.weights[rows]
        guesses = {}
        for part in self.parts:
            chances = softmax(scores[part.columns] * part.slope)
            order = np.argsort(-chances)[:TOP]
            guesses[part.name] = Guess(tuple((part.classes[i], float(chances[i])) for i in order))
        return guesses

    def spans(self, plain: str, field: str, value: str, most: int = 3) -> list[tuple[int, int]]:
        """Give the places of a folded text that spoke most for a class, the strongest first."""
        part = next((part for part in self.parts if part.name == field), None)
        if part is None or value not in part.classes:
            return []
        column = part.begin + part.classes.index(value)
        rows, values = self.values_of(plain)
        pull = values * (self.weights[rows, column] - self.weights[rows, part.columns].mean(axis=1))
        lit = np.zeros(len(plain))
        for row, force in zip(rows.tolist(), pull.tolist(), strict=True):
            word = self.features[row].replace("\t", "")
            at = plain.find(word) if force > 0 and len(word) > 1 else -1
            while at >= 0:
                lit[at : at + len(word)] += force
                at = plain.find(word, at + 1)
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


def _peaks(lit: NDArray[Any], most: int) -> list[tuple[int, int]]:
    if not len(lit) or lit.max() <= 0:
        return []
    over = lit >= 0.4 * lit.max()
    edges = np.flatnonzero(np.diff(np.concatenate(([0], over.astype(np.int8), [0]))))
    spans = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return sorted(spans, key=lambda span: -float(lit[span[0] : span[1]].max()))[:most]


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
