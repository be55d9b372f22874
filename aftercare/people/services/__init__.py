"""What can be done about people."""

from .access import count_against_limit, require, reveal
from .clients import client_of_key, create_client, keep_answer, kept_answer, revoke_client
from .joining import change_unit, change_work, give_password, join_staff, leave_staff, return_staff
from .rostering import (
    add_leave,
    add_shift,
    end_leave,
    end_provider_terms,
    plan_shifts,
    remove_shift,
    set_provider_terms,
)
from .staffing import (
    add_certificate,
    add_staff,
    add_unit,
    change_contact,
    forget_positions,
    report_position,
    set_password,
    set_senior,
    set_skills,
    set_unit_hours,
    sign_out_everywhere,
)

__all__ = [
    "add_certificate",
    "add_leave",
    "add_shift",
    "add_staff",
    "add_unit",
    "change_contact",
    "change_unit",
    "change_work",
    "client_of_key",
    "count_against_limit",
    "create_client",
    "end_leave",
    "end_provider_terms",
    "forget_positions",
    "give_password",
    "join_staff",
    "keep_answer",
    "kept_answer",
    "leave_staff",
    "plan_shifts",
    "remove_shift",
    "report_position",
    "require",
    "return_staff",
    "reveal",
    "revoke_client",
    "set_password",
    "set_provider_terms",
    "set_senior",
    "set_skills",
    "set_unit_hours",
    "sign_out_everywhere",
]  # fmt: skip
