"""Pure rules of intake: the form, its writing rules, urgency, duplicates, and mapping of foreign columns."""

from .form import RequestForm, form_problems
from .judging import Judgement, judge_emotion, judge_urgency
from .mapping import Mapping, map_row, parse_mapping
from .similarity import similarity

__all__ = [
    "Judgement", "Mapping", "RequestForm", "form_problems", "judge_emotion", "judge_urgency", "map_row",
    "parse_mapping", "similarity",
]  # fmt: skip
