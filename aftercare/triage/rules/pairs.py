"""How likely two texts speak of the same matter: a linear model over what both say and what only one of them says.

Each character, pair of characters, word and pair of words has two weights: one for when both texts hold it, one for when only one does;
beside them stand how far the texts overlap, the rare weighing more. Logistic regression gives the chance. It is learned from requests that
people merged, and from such as they kept apart.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .linear import Floats, Guess, UnreadableModel, agreement, grams_of, words_of
from .normalising import folded

FORMAT = "pairs 1"
FEWEST = 10  # pairs of the same matter, and as many of different ones, below which nothing is learned
FOLDS = 5
COSTS = (0.01, 0.03, 0.1)  # of logistic regression: with few pairs, the one that reads held-out pairs best
USUAL = 0.03
PATIENT = 6_000
MOST_FEATURES = 200_000
SHOWN = 4
YES, NO = "same", "different"


class Pair(NamedTuple):
    """Two texts, and whether they speak of the same matter."""

    one: str
    other: str
    same: bool


class TrainedPairs(NamedTuple):
    """A model of pairs, and how it did on pairs it had not seen."""

    model: PairModel
    held_out: dict[str, float]


class TooFewPairs(ValueError):
    """Fewer pairs than can be learned from."""


@dataclass(frozen=True, eq=False)
class PairModel:
    """Weights of what both texts say, of what one says, and of how far they overlap; `texts` were seen in training."""

    features: tuple[str, ...]
    rarity: Floats
    both: Floats
    one: Floats
    overlap: Floats
    offset: float
    texts: int

    @cached_property
    def worth(self) -> Callable[[str], float]:
        return _worth_of(self.place, self.rarity, self.texts)

    @cached_property
    def place(self) -> dict[str, int]:
        return {feature: row for row, feature in enumerate(self.features)}

    def chance(self, one: str, other: str) -> float:
        """Give the chance, 0 to 1, that two texts speak of the same matter; the order of the two does not count."""
        return self.chance_of(said(one), said(other))

    def chance_of(self, a: frozenset[str], b: frozenset[str]) -> float:
        """Give the chance for two texts whose features are known."""
        rows = [self.place[feature] for feature in a & b if feature in self.place]
        apart = [self.place[feature] for feature in a ^ b if feature in self.place]
        score = self.offset + float(self.both[rows].sum() + self.one[apart].sum())
        score += float(np.dot(self.overlap, overlaps(a, b, self.worth)))
        return float(1 / (1 + np.exp(-score)))

    def shared(self, one: str, other: str) -> list[str]:
        """Give the words that both texts hold, those that speak most for the same matter first, none that speak against it."""
        both = said(one) & said(other)
        found = [f[1:] for f in both if f[0] == "\t" and f[1:].isalnum() and len(f) > 2]
        weight = {w: float(self.both[self.place[f"\t{w}"]]) if f"\t{w}" in self.place else 0.0 for w in found}
        kept: list[str] = []
        for word in sorted(found, key=lambda w: (-weight[w], -len(w), w)):
            if weight[word] >= 0 and not any(word in known or known in word for known in kept):
                kept.append(word)
        return kept[:SHOWN]

    def guess(self, one: str, other: str) -> Guess:
        return guess_of(self.chance(one, other))


def guess_of(chance: float) -> Guess:
    """Give a chance of the same matter as a guess between yes and no."""
    both = ((YES, chance), (NO, 1 - chance))
    return Guess(both if chance >= 0.5 else both[::-1])


def said(text: str) -> frozenset[str]:
    """Give what a text holds: characters, pairs of characters, words and pairs of words."""
    plain = folded(text)
    return frozenset([*grams_of(plain), *words_of(plain)])


def overlaps(a: frozenset[str], b: frozenset[str], worth: Callable[[str], float]) -> list[float]:
    """Give, for characters, pairs and words, the cosine of two texts and how far the lesser is held by the other; and their lengths' ratio."""
    found = []
    for kind in (_is_character, _is_pair, _is_word):
        squares = [[worth(f) ** 2 for f in features if kind(f)] for features in (a, b, a & b)]
        ours, theirs, shared = (sum(values) for values in squares)
        found += (
            [shared / (ours * theirs) ** 0.5, shared / min(ours, theirs)] if ours and theirs else [0.0, 0.0]
        )
    return [*found, abs(float(np.log((1 + len(a)) / (1 + len(b)))))]


def train_pairs(pairs: Sequence[Pair], *, sure: float = 0.6) -> TrainedPairs:
    """Learn from pairs. Refuses (`TooFewPairs`) fewer than `FEWEST` of a kind. Needs scikit-learn (`pip install aftercare[learning]`)."""
    from sklearn.model_selection import StratifiedKFold

    truth = np.array([pair.same for pair in pairs], bool)
    if min(int(truth.sum()), int((~truth).sum())) < FEWEST:
        raise TooFewPairs(
            f"expected at least {FEWEST} pairs of the same matter and {FEWEST} of different ones"
        )
    texts = [(said(pair.one), said(pair.other)) for pair in pairs]
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=7).split(truth, truth))
    best: tuple[float, float, NDArray[Any]] | None = None
    for cost in COSTS if len(pairs) <= PATIENT else (USUAL,):
        chances = np.zeros(len(pairs))
        for seen, unseen in folds:
            model = _fit([texts[i] for i in seen], truth[seen], cost)
            chances[unseen] = [model.chance_of(*texts[i]) for i in unseen]
        right = np.where(truth, chances, 1 - chances)
        loss = float(-np.log(np.maximum(right, 1e-9)).mean())
        if best is None or loss < best[0]:
            best = (loss, cost, chances)
    assert best is not None
    _least, cost, chances = best
    guesses = [guess_of(float(chance)) for chance in chances]
    return TrainedPairs(
        _fit(texts, truth, cost), agreement(guesses, [YES if same else NO for same in truth], sure=sure)
    )


def _fit(
    texts: Sequence[tuple[frozenset[str], frozenset[str]]], truth: NDArray[Any], cost: float
) -> PairModel:
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    holding = Counter(feature for pair in texts for features in pair for feature in features)
    least = 2 if len(texts) > 50 else 1
    features = [feature for feature, n in holding.most_common(MOST_FEATURES) if n >= least]
    place = {feature: row for row, feature in enumerate(features)}
    total = 2 * len(texts)
    rarity = np.array([np.log((1 + total) / (1 + holding[f])) + 1 for f in features], np.float32)

    worth = _worth_of(place, rarity, total)
    begin, columns = [0], []
    for a, b in texts:
        columns += [place[f] for f in a & b if f in place]
        columns += [place[f] + len(features) for f in a ^ b if f in place]
        begin.append(len(columns))
    table = csr_matrix(
        (np.ones(len(columns), np.float32), np.array(columns, np.int32), np.array(begin)),
        shape=(len(texts), 2 * len(features)),
    )
    dense = np.array([overlaps(a, b, worth) for a, b in texts])
    mean, spread = dense.mean(axis=0), np.maximum(dense.std(axis=0), 1e-6)
    values = hstack([table, csr_matrix((dense - mean) / spread)]).tocsr()
    fitted = LogisticRegression(C=cost, max_iter=300).fit(values, truth)
    weights = fitted.coef_[0].astype(np.float32)
    overlap = weights[2 * len(features) :] / spread
    return PairModel(
        tuple(features), rarity, weights[: len(features)], weights[len(features) : 2 * len(features)], overlap,
        float(fitted.intercept_[0] - overlap @ mean), total,
    )  # fmt: skip


def dump_pairs(model: PairModel) -> bytes:
    """Write a model of pairs as bytes in the safetensors format."""
    tensors = {
        "features": np.frombuffer("\n".join(model.features).encode(), np.uint8), "rarity": model.rarity,
        "both": model.both.astype(np.float16), "one": model.one.astype(np.float16), "overlap": np.asarray(model.overlap, np.float32),
    }  # fmt: skip
    about = {"format": FORMAT, "offset": json.dumps(model.offset), "texts": str(model.texts)}
    return bytes(save(tensors, about))


def load_pairs(body: bytes, *, digest: str = "") -> PairModel:
    """Read a model of pairs; raises `UnreadableModel` where it is damaged, cut short, or of another format."""
    if digest and hashlib.sha256(body).hexdigest() != digest:
        raise UnreadableModel("the checksum is wrong")
    try:
        about = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])["__metadata__"]
        if about["format"] != FORMAT:
            raise UnreadableModel(f"format {about['format']}, expected {FORMAT}")
        tensors = load(body)
        features = tuple(bytes(tensors["features"]).decode().split("\n"))
        both, one = tensors["both"].astype(np.float32), tensors["one"].astype(np.float32)
        model = PairModel(
            features, tensors["rarity"], both, one, tensors["overlap"], float(json.loads(about["offset"])), int(about["texts"])
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, SafetensorError, UnicodeDecodeError) as error:
        raise UnreadableModel(str(error)) from error
    if not len(features) == len(model.rarity) == len(both) == len(one) or not np.isfinite(both).all():
        raise UnreadableModel("the sizes do not fit together")
    return model


def _worth_of(place: Mapping[str, int], rarity: Floats, texts: int) -> Callable[[str], float]:
    """Say what features are worth: the rarer the more, one that was never seen the most."""
    known, unseen = rarity.tolist(), float(np.log(1 + texts)) + 1
    return lambda feature: known[place[feature]] if feature in place else unseen


def _is_character(feature: str) -> bool:
    return len(feature) == 1


def _is_pair(feature: str) -> bool:
    return len(feature) == 2 and feature[0] != "\t"


def _is_word(feature: str) -> bool:
    return len(feature) > 1 and feature[0] == "\t"
