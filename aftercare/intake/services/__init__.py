"""What can be done with requests."""

from .answering import (
    answer_request,
    ask_for_link,
    attach_files,
    cancel_request,
    close_request,
    hand_out_link,
    note_looked,
    note_request,
    plan_request,
    refuse_before_children,
    reopen_by_customer,
    reopen_request,
)
from .apart import keep_apart
from .calls import CallNews, note_call, register_call
from .checking import check_reading, train_reader
from .forgetting import forget_customer
from .handing import (
    HandOver,
    colleague,
    follow_request,
    hand_over_requests,
    preview_hand_over,
    unfollow_request,
)
from .importing import guess_mapping, load_rows, process_rows, remap_import, start_import
from .judging import change_urgency, raise_urgency
from .macros import Macro, do_acts, preview_macro, run_macro, undo_macro
from .points import add_report_point
from .presence import leave_request, note_presence
from .raw import correct_raw_input, discard_raw_input, keep_refused_input
from .receiving import edit_request, note_serial, receive_from_customer, receive_request
from .retaining import customers_due, forget_old_customers
from .voices import VoiceNews, note_voice

__all__ = [
    "CallNews",
    "HandOver",
    "Macro",
    "VoiceNews",
    "add_report_point",
    "answer_request",
    "ask_for_link",
    "attach_files",
    "cancel_request",
    "change_urgency",
    "check_reading",
    "close_request",
    "colleague",
    "correct_raw_input",
    "customers_due",
    "discard_raw_input",
    "do_acts",
    "edit_request",
    "follow_request",
    "forget_customer",
    "forget_old_customers",
    "guess_mapping",
    "hand_out_link",
    "hand_over_requests",
    "keep_apart",
    "keep_refused_input",
    "leave_request",
    "load_rows",
    "note_call",
    "note_looked",
    "note_presence",
    "note_request",
    "note_serial",
    "note_voice",
    "plan_request",
    "preview_hand_over",
    "preview_macro",
    "process_rows",
    "raise_urgency",
    "receive_from_customer",
    "receive_request",
    "refuse_before_children",
    "register_call",
    "remap_import",
    "reopen_by_customer",
    "reopen_request",
    "run_macro",
    "start_import",
    "train_reader",
    "undo_macro",
    "unfollow_request",
]  # fmt: skip
