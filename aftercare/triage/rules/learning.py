"""Train a linear model on examples: support vectors over log-count ratios, calibrated on what was held out.

Wang and Manning, "Baselines and Bigrams" (ACL 2012) scale features by how much oftener they stand in a class; here by the
square root of it, or with few examples not at all, whichever gives held-out examples the higher probability
(docs/why/understanding.md). Platt scaling with one slope a field turns scores into probabilities, fitted on scores of
examples the model had not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .linear import Floats, Guess, LinearModel, Part, agreement, grams_of, softmax, words_of
from .normalising import folded

FOLDS = 5
FEWEST = 4  # examples of a class, below which it is not learned
TRIALS = (
    (0.3, 0.0),
    (0.3, 0.5),
    (1.0, 0.0),
    (0.1, 0.5),
)  # cost of the support vectors, power of the log-count ratio
USUAL = (0.3, 0.5)  # with many examples; with few, what reads best is chosen by trying
PATIENT = 12_000
MOST_FEATURES = 200_000


class Example(NamedTuple):
    """A text, and what is known of it: field → value."""

    text: str
    labels: Mapping[str, str]


class Trained(NamedTuple):
    """A model, and how it did on examples it had not seen: field → measure → number."""

    model: LinearModel
    held_out: dict[str, dict[str, float]]


class TooFewExamples(ValueError):
    """Fewer examples than a model can be trained and compared on."""


def train(examples: Sequence[Example], fields: Sequence[str], *, sure: float = 0.6) -> Trained:
    """Train one model for those of `fields` of which at least two classes have enough examples.

    Refuses (`TooFewExamples`) where no field has. Needs scikit-learn (`pip install aftercare[learning]`).
    """
    counts, features = _counted([folded(example.text) for example in examples])
    parts: list[Part] = []
    weights: list[Floats] = []
    offsets: list[Floats] = []
    held_out = {}
    for field in fields:
        labels = np.array([example.labels.get(field, "") for example in examples])
        known = [
            c
            for c, n in zip(*np.unique(labels[labels != ""], return_counts=True), strict=True)
            if n >= FEWEST
        ]
        rows = np.flatnonzero(np.isin(labels, known))
        if len(known) < 2:
            continue
        fitted = _fit_field(counts[rows], labels[rows], features.is_word)
        parts.append(Part(field, tuple(map(str, known)), sum(len(p.classes) for p in parts), fitted.slope))
        weights.append(fitted.weights)
        offsets.append(fitted.offsets)
        held_out[field] = agreement(fitted.guesses, labels[rows].tolist(), sure=sure)
    if not parts:
        raise TooFewExamples(f"expected at least {FEWEST} examples of two values of one field")
    rarity = _rarity(counts)
    table = np.concatenate(weights, axis=1)
    used = np.sort(np.argsort(-np.abs(table).max(axis=1))[:MOST_FEATURES])
    model = LinearModel(
        tuple(parts), tuple(np.array(features.names, object)[used]), rarity[used], table[used], np.concatenate(offsets), len(examples)
    )  # fmt: skip
    return Trained(model, held_out)


class Features(NamedTuple):
    names: list[str]
    is_word: NDArray[np.bool_]


class Fitted(NamedTuple):
    weights: Floats
    offsets: Floats
    slope: float
    guesses: list[Guess]


def _counted(texts: list[str]) -> tuple[Any, Features]:
    """Count features in texts (a sparse table); those of one text only are left out where there are many texts."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        analyzer=lambda text: grams_of(text) + words_of(text),
        min_df=2 if len(texts) > 50 else 1,
        dtype=np.float32,
    )
    table = counter.fit_transform(texts)
    names = list(counter.get_feature_names_out())
    return table, Features(names, np.array([name.startswith("\t") for name in names]))


def _fit_field(counts: Any, labels: NDArray[Any], is_word: NDArray[np.bool_]) -> Fitted:
    from sklearn.model_selection import StratifiedKFold

    classes = np.unique(labels)
    truth: NDArray[Any] = np.searchsorted(classes, labels)
    smallest = int(np.bincount(truth).min())
    folds = list(StratifiedKFold(min(FOLDS, smallest), shuffle=True, random_state=7).split(truth, truth))
    best: tuple[float, tuple[float, float], NDArray[Any]] | None = None
    for trial in TRIALS if len(labels) <= PATIENT else (USUAL,):
        scores = np.zeros((len(labels), len(classes)))
        for seen, unseen in folds:
            rarity = _rarity(counts[seen])
            weights, offsets = _separate(
                _valued(counts[seen], rarity, is_word), truth[seen], len(classes), trial
            )
            scores[unseen] = _valued(counts[unseen], rarity, is_word) @ weights + offsets
        loss = _loss(_slope(scores, truth), scores, truth)
        if best is None or loss < best[0]:
            best = (loss, trial, scores)
    assert best is not None
    _least, trial, scores = best
    slope = _slope(scores, truth)
    weights, offsets = _separate(_valued(counts, _rarity(counts), is_word), truth, len(classes), trial)
    chances = softmax(scores * slope)
    order = np.argsort(-chances, axis=1)[:, :3]
    guesses = [
        Guess(tuple((str(classes[j]), float(chances[i, j])) for j in row)) for i, row in enumerate(order)
    ]
    return Fitted(weights - weights.mean(axis=1, keepdims=True), offsets, slope, guesses)


def _rarity(counts: Any) -> Floats:
    holding = np.bincount(counts.indices, minlength=counts.shape[1])
    return (np.log((1 + counts.shape[0]) / (1 + holding)) + 1).astype(np.float32)


def _valued(counts: Any, rarity: Floats, is_word: NDArray[np.bool_]) -> Any:
    """Give values of features: damped counts by rarity, characters and words of length 1 each."""
    table = counts.copy()
    table.data = (1 + np.log(table.data)) * rarity[table.indices]
    rows: NDArray[Any] = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    for kind in (is_word[table.indices], ~is_word[table.indices]):
        lengths = np.sqrt(np.bincount(rows[kind], weights=table.data[kind] ** 2, minlength=table.shape[0]))
        table.data[kind] /= np.maximum(lengths, 1e-9)[rows[kind]]
    return table


def _separate(
    values: Any, truth: NDArray[Any], classes: int, trial: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Fit one class against all others, on values scaled by a power of their log-count ratio (0: not scaled)."""
    from scipy.sparse import diags
    from sklearn.svm import LinearSVC

    weights = np.zeros((values.shape[1], classes), np.float32)
    offsets: Floats = np.zeros(classes, np.float32)
    present = values.copy()
    present.data = np.ones_like(present.data)
    for column in range(1 if classes == 2 else 0, classes):
        mine = truth == column
        ours = (1 + np.asarray(present[mine].sum(axis=0)).ravel()) / (1 + mine.sum())
        theirs = (1 + np.asarray(present[~mine].sum(axis=0)).ravel()) / (1 + (~mine).sum())
        scale = np.abs(np.log(ours / theirs)) ** trial[1]
        scale /= max(float(np.sqrt((scale**2).mean())), 1e-9)
        fitted = LinearSVC(
            C=trial[0],
            class_weight={True: float(np.sqrt((~mine).sum() / mine.sum())), False: 1.0}
            if classes > 2
            else None,
        )
        fitted.fit(values @ diags(scale), mine)
        weights[:, column] = fitted.coef_[0] * scale
        offsets[column] = fitted.intercept_[0]
    if classes == 2:
        weights[:, 0], offsets[0] = -weights[:, 1], -offsets[1]
    return weights, offsets


def _slope(scores: NDArray[Any], truth: NDArray[Any]) -> float:
    from scipy.optimize import minimize_scalar

    return float(
        minimize_scalar(lambda slope: _loss(slope, scores, truth), bounds=(0.1, 20.0), method="bounded").x
    )


def _loss(slope: float, scores: NDArray[Any], truth: NDArray[Any]) -> float:
    chances = softmax(scores * slope)
    return float(-np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-9)).mean())
