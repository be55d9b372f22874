"""Warranty is computed from the day of purchase and the category, never typed (checklist 13)."""

from __future__ import annotations

from datetime import date

import pytest

from aftercare.policies.rules import load_pack
from aftercare.products.rules import months_later, read_warranty

AIRCON = load_pack("appliance")[1].warranty.categories["aircon"]


@pytest.mark.parametrize(
    ("bought", "on", "covered", "until"),
    [
        # the source's own example calls this one out of warranty; by the rule of one year it is not
        (date(2023, 8, 15), date(2024, 5, 20), True, date(2024, 8, 14)),
        (date(2023, 8, 15), date(2024, 8, 14), True, date(2024, 8, 14)),
        (date(2023, 8, 15), date(2024, 8, 15), False, date(2024, 8, 14)),
        (date(2024, 2, 29), date(2025, 2, 27), True, date(2025, 2, 27)),
        (date(2024, 2, 29), date(2025, 2, 28), False, date(2025, 2, 27)),
    ],
)
def test_a_year_from_the_purchase(bought, on, covered, until):
    found = read_warranty(AIRCON, bought, on=on, category="aircon")
    assert (found.in_warranty, found.until) == (covered, until)


def test_a_part_may_be_covered_longer_than_the_whole():
    found = read_warranty(AIRCON, date(2022, 8, 15), on=date(2024, 5, 20), category="aircon")
    assert not found.in_warranty
    assert found.covers_part("compressor")
    assert not found.covers_part("")


@pytest.mark.parametrize("bought", [None, date(2025, 1, 1)])
def test_an_unknown_or_future_purchase_covers_nothing(bought):
    found = read_warranty(AIRCON, bought, on=date(2024, 5, 20), category="aircon")
    assert not found.is_known
    assert not found.in_warranty


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
    ],
)
def test_months_later(day, months, later):
    assert months_later(day, months) == later
