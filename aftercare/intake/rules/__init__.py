"""Pure rules of intake: the form, its writing rules, urgency, duplicates, and mapping of foreign columns."""

from .form import RequestForm, form_problems
from .guessing import DATED, DateReading, guess_columns, looks_exchanged, misread, read_dates
from .mapping import FIELDS, Mapping, dated_columns, map_row, parse_mapping
from .similarity import pairs_of, shared, similarity

__all__ = [
    "DATED",
    "FIELDS",
    "DateReading",
    "Mapping",
    "RequestForm",
    "dated_columns",
    "form_problems",
    "guess_columns",
    "looks_exchanged",
    "map_row",
    "misread",
    "pairs_of",
    "parse_mapping",
    "read_dates",
    "shared",
    "similarity",
]  # fmt: skip
