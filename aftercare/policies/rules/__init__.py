"""What a pack is made of, how it is read, and how its conditions decide; no database here."""

from .conditions import holds, matched_words
from .durations import duration_text, seconds_of
from .loading import PACKS, load_pack, merged, pack_names, read_pack
from .schema import (
    Clock,
    Dispatch,
    Links,
    Pack,
    PauseReason,
    Surveys,
    TestItem,
    Text,
    UrgencyRule,
    Warranty,
    parse_pack,
)

__all__ = [
    "PACKS", "Clock", "Dispatch", "Links", "Pack", "PauseReason", "Surveys", "TestItem", "Text", "UrgencyRule", "Warranty", "duration_text",
    "holds", "load_pack", "matched_words", "merged", "pack_names", "parse_pack", "read_pack", "seconds_of",
]  # fmt: skip
