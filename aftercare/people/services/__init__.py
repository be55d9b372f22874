"""What can be done about people."""

from .access import count_against_limit, require, reveal
from .clients import client_of_key, create_client, keep_answer, kept_answer, revoke_client
from .staffing import (
    add_certificate,
    add_leave,
    add_shift,
    add_staff,
    add_unit,
    change_contact,
    end_leave,
    forget_positions,
    report_position,
    set_password,
    set_senior,
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
    "client_of_key",
    "count_against_limit",
    "create_client",
    "end_leave",
    "forget_positions",
    "keep_answer",
    "kept_answer",
    "report_position",
    "require",
    "reveal",
    "revoke_client",
    "set_password",
    "set_senior",
    "set_unit_hours",
    "sign_out_everywhere",
]  # fmt: skip
