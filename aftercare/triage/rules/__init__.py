"""Pure rules of triage: folding, finding terms and values, reading, and the linear model."""

from .finding import Finder, Hit, marked
from .learning import Example, TooFewExamples, Trained, train
from .linear import Guess, LinearModel, UnreadableModel, agreement, dump_model, load_model, stability_index
from .normalising import folded, syllables
from .pairs import NO, YES, Pair, PairModel, TooFewPairs, dump_pairs, guess_of, load_pairs, train_pairs
from .reading import Choice, Note, Reader, Reading
from .themes import theme_title, themes_of
from .titles import titles_of
from .urgency import RANK, Judgement
from .values import Found, values_in
from .voice import Heard, Speech, hear, syllables_in, together

__all__ = [
    "NO", "RANK", "YES",
    "Choice", "Example", "Finder", "Found", "Guess", "Heard", "Hit", "Judgement", "LinearModel", "Note", "Pair", "PairModel", "Reader", "Reading", "Speech",
    "TooFewExamples", "TooFewPairs", "Trained", "UnreadableModel", "agreement", "dump_model", "dump_pairs", "folded", "guess_of", "hear", "load_model", "load_pairs", "marked", "stability_index", "syllables", "syllables_in",
    "theme_title", "themes_of", "titles_of", "together", "train", "train_pairs", "values_in",
]  # fmt: skip
