"""The arithmetic of clocks: working time, and readings derived from events; no database here."""

from .calendars import Calendar, NeverOpen, Span, Weekly, add_time, is_open, open_hours, time_between
from .readings import (
    BREACH,
    CANCEL,
    CHANGE,
    HAND,
    NEWS,
    PAUSE,
    RESTART,
    RESUME,
    START,
    STOP,
    Event,
    Level,
    Reading,
    Stretch,
    Target,
    holder_of,
    promises_of,
    read_promises,
    read_run,
    split_runs,
    steps_of,
)

__all__ = [
    "BREACH", "CANCEL", "CHANGE", "HAND", "NEWS", "PAUSE", "RESTART", "RESUME", "START", "STOP", "Calendar", "Event", "Level", "NeverOpen",
    "Reading", "Span", "Stretch", "Target", "Weekly", "add_time", "holder_of", "is_open", "open_hours", "promises_of", "read_promises", "read_run", "split_runs", "steps_of",
    "time_between",
]  # fmt: skip
