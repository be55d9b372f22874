"""What a pack is made of, how it is read, and how its conditions decide; no database here."""

from .clocks import WEEK, Calendars, Clock, Hours, PauseReason
from .conditions import holds, matched_words
from .dictionary import TermRow, changed_terms, exempt_phrases, group_titles, term_rows
from .drafting import (
    SECTIONS,
    Cell,
    Row,
    changes_of,
    clock_rows,
    differences,
    drafted,
    ladder_rows,
    number_rows,
    read_toml,
    text_rows,
)
from .durations import duration_text, seconds_of
from .knowing import Forbidden, Knowing, Sign
from .loading import PACKS, load_pack, merged, pack_names, read_pack
from .papers import ASKING, EmergencyTeam, Entry, Governance, Level, Monthly, Weight
from .papers import Paper as PaperRule
from .parts import Text
from .schema import Dispatch, Links, Pack, Surveys, TestItem, UrgencyRule, Warranty, parse_pack
from .terms import GAP, NOTED, READ, Consequence, Term, TermGroup, Terms, Voice, term_of

__all__ = [
    "ASKING",
    "GAP",
    "NOTED",
    "PACKS",
    "READ",
    "SECTIONS",
    "WEEK",
    "Calendars",
    "Cell",
    "Clock",
    "Consequence",
    "Dispatch",
    "EmergencyTeam",
    "Entry",
    "Forbidden",
    "Governance",
    "Hours",
    "Knowing",
    "Level",
    "Links",
    "Monthly",
    "Pack",
    "PaperRule",
    "PauseReason",
    "Row",
    "Sign",
    "Surveys",
    "Term",
    "TermGroup",
    "TermRow",
    "Terms",
    "TestItem",
    "Text",
    "UrgencyRule",
    "Voice",
    "Warranty",
    "Weight",
    "changed_terms",
    "changes_of",
    "clock_rows",
    "differences",
    "drafted",
    "duration_text",
    "exempt_phrases",
    "group_titles",
    "holds",
    "ladder_rows",
    "load_pack",
    "matched_words",
    "merged",
    "number_rows",
    "pack_names",
    "parse_pack",
    "read_pack",
    "read_toml",
    "seconds_of",
    "term_of",
    "term_rows",
    "text_rows",
]  # fmt: skip
