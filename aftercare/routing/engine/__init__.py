"""The dispatch engine: no database here; whole seconds, indexed places, prices in seconds of travel."""

from .arrays import COMPILED, NEVER
from .checking import violations
from .course import Course
from .planner import Planned, Stop, make_plan, stops_of
from .problem import Problem, Rest, Task, Worker, build
from .search import EDITION
from .warming import is_ready, warm_up

__all__ = [
    "COMPILED", "EDITION", "NEVER", "Course", "Planned", "Problem", "Rest", "Stop", "Task", "Worker", "build", "is_ready", "make_plan",
    "stops_of", "violations", "warm_up",
]  # fmt: skip
