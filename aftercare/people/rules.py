"""Who may do what: the role × verb matrix in one place, and the scope that follows from role and unit."""

from __future__ import annotations

from dataclasses import dataclass, field

DESK = frozenset(
    {
        "agent",
        "dispatcher",
        "supervisor",
        "store_manager",
        "regional",
        "manager",
        "headquarters",
        "administrator",
    }
)
TOLD = frozenset(
    {
        "agent",
        "dispatcher",
        "supervisor",
        "store_manager",
        "regional",
        "manager",
        "headquarters",
        "executive",
        "night",
    }
)
LEADERS = frozenset({"supervisor", "store_manager", "regional", "manager", "headquarters", "executive"})
EXPERTS = frozenset({"legal", "purchasing", "quality"})
READERS = DESK | LEADERS | EXPERTS | {"analyst"}
FIELD = frozenset({"engineer", "provider"})

# verb: the roles that have it
MATRIX: dict[str, frozenset[str]] = {
    "receive_request": DESK,
    "note_call": frozenset({"administrator"}),
    "read_request": READERS | FIELD,
    "edit_request": DESK,
    "answer_request": DESK,
    "note_request": READERS | FIELD,
    "reveal_contact": DESK | FIELD,
    "import_requests": frozenset({"supervisor", "manager", "headquarters", "administrator"}),
    "read_work_order": READERS | FIELD,
    "open_work_order": DESK,
    "cancel_work_order": DESK,
    "pause_work_order": DESK | FIELD,
    "dispatch_work_order": frozenset({"dispatcher", "supervisor", "manager", "administrator"}),
    "read_dispatch": READERS,
    "answer_offer": FIELD,
    "propose_slots": DESK | FIELD,
    "book_visit": DESK | FIELD,
    "perform_visit": FIELD,
    "arrange_parts": DESK,
    "read_payment": DESK | LEADERS,
    "clear_payment": LEADERS | {"administrator"},
    "read_alerts": TOLD | FIELD | EXPERTS | {"administrator"},
    "read_board": LEADERS | {"dispatcher", "administrator"},
    "read_paper": READERS,
    "ask_paper": DESK | LEADERS,
    "write_paper": DESK | LEADERS | EXPERTS,
    "check_paper": LEADERS,
    "withdraw_paper": frozenset({"supervisor", "regional", "manager", "headquarters"}),
    "grade_complaint": DESK | LEADERS,
    "raise_authority": DESK | LEADERS,
    "take_authority": LEADERS,
    "form_team": DESK | LEADERS,
    "work_team": DESK | LEADERS | EXPERTS | FIELD,
    "stand_down_team": LEADERS | {"administrator"},
    "read_visit": READERS | FIELD,
    "convert_to_visit": DESK | FIELD,
    "answer_survey": DESK,
    "read_survey": READERS,
    "handle_recovery": LEADERS | {"administrator"},
    "read_report": frozenset({"supervisor", "store_manager", "regional", "manager", "headquarters", "executive",
                              "analyst", "administrator"}),
    "read_triage": READERS,
    "train_triage": frozenset({"analyst", "manager", "headquarters", "administrator"}),
    "read_knowledge": READERS | FIELD,
    "write_knowledge": DESK | LEADERS | EXPERTS | FIELD,
    "publish_knowledge": LEADERS | {"quality", "administrator"},
    "read_defect": READERS | FIELD,
    "decide_defect": LEADERS | {"quality", "administrator"},
    "note_order": frozenset({"administrator"}),
    "read_review": READERS,
    "decide_review": LEADERS | {"agent", "administrator"},
    "read_people": READERS,
    "edit_people": frozenset({"manager", "administrator"}),
    "plan_people": frozenset({"supervisor", "store_manager", "regional", "manager", "administrator"}),
    "read_policy": READERS | FIELD,
    "activate_policy": frozenset({"manager", "administrator"}),
    "correct_fact": frozenset({"supervisor", "regional", "manager", "headquarters", "administrator"}),
    "read_ledger": frozenset({"manager", "administrator", "executive"}),
    "arrange_workspace": READERS,
    "share_workspace": LEADERS | {"dispatcher", "administrator"},
    "hand_over_request": DESK,
    "export_customer": frozenset({"manager", "administrator"}),
    "erase_customer": frozenset({"manager", "administrator"}),
    "manage_clients": frozenset({"administrator"}),
    "manage_webhooks": frozenset({"administrator"}),
}  # fmt: skip

EVERYWHERE = frozenset({"manager", "headquarters", "executive", "analyst", "administrator"})


@dataclass(frozen=True)
class Actor:
    """Whoever asks or acts. `units` are the ids within reach (None: all); `own_only` limits to what is theirs."""

    kind: str
    id: int | None
    name: str
    roles: frozenset[str] = frozenset()
    units: frozenset[int] | None = frozenset()
    own_only: bool = False
    unit_id: int | None = None
    verbs: frozenset[str] = field(default_factory=frozenset)

    def can(self, verb: str) -> bool:
        """Say whether this actor has `verb`; the machine has all, an API client those of its scopes."""
        if verb not in MATRIX:
            raise KeyError(f"no such verb: {verb}")
        return self.kind == "machine" or verb in self.verbs or bool(self.roles & MATRIX[verb])

    def reaches(self, unit_id: int | None) -> bool:
        """Say whether rows of this unit are within reach."""
        return self.units is None or unit_id in self.units


MACHINE = Actor("machine", None, "系统", units=None)


def customer_actor(customer_id: int, name: str) -> Actor:
    """Make the actor for a customer who came by a signed link; such an actor has no verbs of the desk."""
    return Actor("customer", customer_id, name)
