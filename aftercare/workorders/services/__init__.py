"""What can be done with work orders, and with requests that are one matter or several."""

from .merging import Portion, merge_request, split_request, unmerge_request
from .orders import (
    assign_work_order,
    begin_service,
    book_work_order,
    cancel_work_order,
    close_finished_request,
    complete_work_order,
    convert_to_visit,
    equip_work_order,
    hand_over_work_order,
    note_arrival,
    note_lateness,
    note_pickup,
    open_work_order,
    open_work_orders,
    pause_work_order,
    pause_work_orders,
    release_work_order,
    resume_expired_pauses,
    resume_work_order,
    resume_work_orders,
    unbook_work_order,
)

__all__ = [
    "Portion", "assign_work_order", "begin_service", "book_work_order", "cancel_work_order", "close_finished_request",
    "complete_work_order", "convert_to_visit", "equip_work_order", "hand_over_work_order", "merge_request", "note_arrival", "note_lateness", "note_pickup", "open_work_order", "open_work_orders",
    "pause_work_order", "pause_work_orders", "release_work_order", "resume_expired_pauses", "resume_work_order", "resume_work_orders", "split_request",
    "unbook_work_order", "unmerge_request",
]  # fmt: skip
