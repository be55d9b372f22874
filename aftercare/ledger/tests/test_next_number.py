"""Numbers are unique and without gaps, however many write at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connections, transaction

from aftercare.ledger.services import next_number, next_numbers
from tests.cast import MORNING

ZONE = "Asia/Shanghai"


@pytest.mark.django_db
def test_the_day_is_the_local_one_and_the_serial_grows_past_999():
    late = MORNING.replace(hour=16, minute=30)  # 00:30 on the 21st in Shanghai
    assert next_number("CR", at=MORNING, zone=ZONE) == "CR20240520-001"
    assert next_number("CR", at=late, zone=ZONE) == "CR20240521-001"
    assert next_number("WO", at=MORNING, zone=ZONE, with_prefix=False) == "20240520-001"
    assert len(next_numbers("CR", at=MORNING, zone=ZONE, count=998)) == 998
    assert next_number("CR", at=MORNING, zone=ZONE) == "CR20240520-1000"


@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_leave_no_gap_even_when_some_roll_back():
    kept: list[str] = []
    lock = threading.Lock()

    def write(n: int) -> None:
        for turn in range(12):
            try:
                with transaction.atomic():
                    number = next_number("CR", at=MORNING, zone=ZONE)
                    if (n + turn) % 5 == 0:
                        raise RuntimeError("rolled back")
                with lock:
                    kept.append(number)
            except RuntimeError:
                pass
        connections.close_all()

    writers = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(kept) == [f"CR20240520-{serial:03d}" for serial in range(1, len(kept) + 1)]
