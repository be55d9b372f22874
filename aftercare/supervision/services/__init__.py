"""What can be done with papers, grades and levels of authority."""

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

__all__ = [
    "Wanted", "appraise_complaints", "ask_again_after_merge", "ask_paper", "ask_papers", "change_grade", "check_paper", "drop_clocks", "file_paper",
    "hand_back", "note_dispute", "paper_rule", "raise_authority", "sign_paper", "take_authority", "withdraw_paper", "withdraw_with_merge",
]  # fmt: skip
