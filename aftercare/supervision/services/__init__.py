"""What can be done with papers, grades, levels of authority and emergency teams."""

from .authority import (
    appraise_complaints,
    change_grade,
    hand_back,
    note_dispute,
    raise_authority,
    take_authority,
)
from .papers import (
    Wanted,
    ask_again_after_merge,
    ask_paper,
    ask_papers,
    check_paper,
    drop_clocks,
    file_paper,
    paper_rule,
    sign_paper,
    withdraw_paper,
    withdraw_with_merge,
)
from .picking import pick_cases
from .teams import drop_step, form_team, form_teams, record_step, stand_down, team_rule

__all__ = [
    "Wanted", "appraise_complaints", "ask_again_after_merge", "ask_paper", "ask_papers", "change_grade", "check_paper", "drop_clocks", "drop_step", "file_paper",
    "form_team", "form_teams",
    "hand_back", "note_dispute", "paper_rule", "pick_cases", "raise_authority", "record_step", "sign_paper",
    "stand_down", "take_authority", "team_rule", "withdraw_paper", "withdraw_with_merge",
]  # fmt: skip
