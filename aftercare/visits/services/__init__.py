"""What can be done about appointments and visits."""

from .appointing import (
    book_visit,
    cancel_appointment,
    choose_slot,
    note_behind,
    offer_other_times,
    propose_slots,
    reassign_visit,
    remind_appointments,
    reschedule_visit,
)
from .finishing import (
    abandon_visit,
    add_photo,
    finish_repair,
    finish_visit,
    measure_visit,
    sign_record,
    verify_record,
)
from .quoting import decline_line, fee_for, give_consent, quote_visit
from .reporting import (
    Action,
    Answer,
    adopt_work,
    forget_field_actions,
    report_action,
    report_other,
    settle_work,
)
from .steps import STEPS, Told, do_step
from .visiting import announce_lateness, arrive, depart, diagnose, show_trace, start_remote_support

__all__ = [
    "STEPS",
    "Action",
    "Answer",
    "Told",
    "abandon_visit",
    "add_photo",
    "adopt_work",
    "announce_lateness",
    "arrive",
    "book_visit",
    "cancel_appointment",
    "choose_slot",
    "decline_line",
    "depart",
    "diagnose",
    "do_step",
    "fee_for",
    "finish_repair",
    "finish_visit",
    "forget_field_actions",
    "give_consent",
    "measure_visit",
    "note_behind",
    "offer_other_times",
    "propose_slots",
    "quote_visit",
    "reassign_visit",
    "remind_appointments",
    "report_action",
    "report_other",
    "reschedule_visit",
    "settle_work",
    "show_trace",
    "sign_record",
    "start_remote_support",
    "verify_record",
]  # fmt: skip
