"""Durations as people write them in a pack: `10s`, `15m`, `2h`, `3d`."""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WRITTEN = re.compile(r"(\d+)\s*([smhd])")


def seconds_of(written: object) -> int:
    """Read a duration; refuse anything but a positive whole number and one of s, m, h, d."""
    found = _WRITTEN.fullmatch(written.strip()) if isinstance(written, str) else None
    if not found or int(found[1]) == 0:
        raise ValueError("expected a duration such as 30s, 15m, 2h or 3d")
    return int(found[1]) * _UNITS[found[2]]


def duration_text(seconds: int) -> str:
    """Write seconds the way a pack does, in the largest unit that fits."""
    for unit in ("d", "h", "m"):
        if (
            seconds >= _UNITS[unit]
            and seconds % _UNITS[unit] == 0
            and not (unit == "d" and seconds <= 2 * 86400)
        ):
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"
