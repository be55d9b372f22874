"""Rules about links and phone numbers."""

from __future__ import annotations

import re

PURPOSES = ("progress", "slots", "consent", "sign", "survey")


def is_phone(digits: str, pattern: str) -> bool:
    """Say whether normalised digits are a phone number of the pack's pattern."""
    return re.fullmatch(pattern, digits) is not None
