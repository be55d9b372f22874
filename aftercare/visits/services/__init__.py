"""What can be done about appointments and visits."""

from .appointing import (
    book_visit,
    cancel_appointment,
    choose_slot,
    propose_slots,
    reassign_visit,
    remind_appointments,
    reschedule_visit,
)
from .finishing import abandon_visit, add_photo, finish_repair, finish_visit, measure_visit, verify_record
from .quoting import decline_line, give_consent, quote_visit
from .visiting import announce_lateness, arrive, depart, diagnose, start_remote_support

__all__ = [
    "abandon_visit", "add_photo", "announce_lateness", "arrive", "book_visit", "cancel_appointment", "choose_slot",
    "decline_line", "depart", "diagnose", "finish_repair", "finish_visit", "give_consent", "measure_visit",
    "propose_slots", "quote_visit", "reassign_visit", "remind_appointments", "reschedule_visit", "start_remote_support", "verify_record",
]  # fmt: skip
