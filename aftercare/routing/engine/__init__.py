"""The dispatch engine: no database here; whole seconds, indexed places, prices in seconds of travel."""

from .arrays import COMPILED, NEVER
from .checking import violations
from .planner import Course, Planned, Stop, make_plan, stops_of, warm_up
from .problem import Problem, Rest, Task, Worker, build

__all__ = [
    "COMPILED", "NEVER", "Course", "Planned", "Problem", "Rest", "Stop", "Task", "Worker", "build", "make_plan", "stops_of",
    "violations", "warm_up",
]  # fmt: skip
