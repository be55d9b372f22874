"""Pure rules of knowledge: what articles hold, how they are found and shown, and how files are read."""

from .cleaning import without_people
from .content import FIELDS, Content, cleaned, forbidden_of, problems_of
from .files import Imported, entries_of
from .guides import Branch, GuideError, Step, steps_of
from .index import Entry, Index, Match
from .showing import excerpt_of, pieces_of

__all__ = [
    "FIELDS",
    "Branch", "Content", "Entry", "GuideError", "Imported", "Index", "Match", "Step",
    "cleaned", "entries_of", "excerpt_of", "forbidden_of", "pieces_of", "problems_of", "steps_of", "without_people",
]  # fmt: skip
