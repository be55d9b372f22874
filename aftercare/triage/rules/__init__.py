"""Pure rules of triage: folding, finding terms and values, reading, and the linear model."""

from .finding import Finder, Hit, marked
from .learning import Example, TooFewExamples, Trained, train
from .linear import Guess, LinearModel, UnreadableModel, agreement, dump_model, load_model, stability_index
from .normalising import folded, syllables
from .reading import Choice, Note, Reader, Reading
from .themes import theme_title, themes_of
from .titles import titles_of
from .urgency import RANK, Judgement
from .values import Found, values_in

__all__ = [
    "RANK",
    "Choice", "Example", "Finder", "Found", "Guess", "Hit", "Judgement", "LinearModel", "Note", "Reader", "Reading",
    "TooFewExamples", "Trained", "UnreadableModel", "agreement", "dump_model", "folded", "load_model", "marked", "stability_index", "syllables",
    "theme_title", "themes_of", "titles_of", "train", "values_in",
]  # fmt: skip
