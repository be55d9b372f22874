"""What can be done with clocks."""

from .calendars import calendar_of
from .explaining import explain_clock, explain_clocks
from .following import follow_facts, replan_clocks
from .previewing import Effects, preview_policy
from .replaying import Tally, replay
from .sweeping import sweep_clocks

__all__ = [
    "Effects",
    "Tally",
    "calendar_of",
    "explain_clock",
    "explain_clocks",
    "follow_facts",
    "preview_policy",
    "replan_clocks",
    "replay",
    "sweep_clocks",
]
