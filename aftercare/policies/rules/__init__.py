"""What a pack is made of, how it is read, and how its conditions decide; no database here."""

from .clocks import WEEK, Calendars, Clock, Hours, PauseReason
from .conditions import holds, matched_words
from .durations import duration_text, seconds_of
from .knowing import Forbidden, Knowing, Sign
from .loading import PACKS, load_pack, merged, pack_names, read_pack
from .papers import ASKING, EmergencyTeam, Entry, Governance, Level
from .papers import Paper as PaperRule
from .parts import Text
from .schema import Dispatch, Links, Pack, Surveys, TestItem, UrgencyRule, Warranty, parse_pack
from .terms import GAP, NOTED, READ, Consequence, Term, TermGroup, Terms, term_of

__all__ = [
    "ASKING",
    "GAP",
    "NOTED",
    "PACKS",
    "READ",
    "WEEK",
    "Calendars",
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
    "Pack",
    "PaperRule",
    "PauseReason",
    "Sign",
    "Surveys",
    "Term",
    "TermGroup",
    "Terms",
    "TestItem",
    "Text",
    "UrgencyRule",
    "Warranty",
    "duration_text",
    "holds",
    "load_pack",
    "matched_words",
    "merged",
    "pack_names",
    "parse_pack",
    "read_pack",
    "seconds_of",
    "term_of",
]  # fmt: skip
