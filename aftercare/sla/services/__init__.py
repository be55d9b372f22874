"""What can be done with clocks."""

from .explaining import explain_clock, explain_clocks
from .following import follow_facts, replan_clocks
from .replaying import Tally, replay
from .sweeping import sweep_clocks

__all__ = [
    "Tally",
    "explain_clock",
    "explain_clocks",
    "follow_facts",
    "replan_clocks",
    "replay",
    "sweep_clocks",
]
