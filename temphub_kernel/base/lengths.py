"""Lengths of time as texts: `30s`, `5min`, `24h`, `7d`. One way to read them and one to write them. Any thread; pure.

What an analyst gives to pandas (`1D`, `MS`, a timedelta) is pandas' own language and is read by it, in analysis/span.py.
"""

import re
from collections.abc import Collection

from .clock import DAY_MS, HOUR_MS, MINUTE_MS

UNITS_MS = {
    "ms": 1,
    "s": 1000,
    "m": MINUTE_MS,
    "min": MINUTE_MS,
    "h": HOUR_MS,
    "d": DAY_MS,
    "w": 7 * DAY_MS,
    "y": 365 * DAY_MS,
}
LENGTH = re.compile(r"([0-9]{1,9})([a-z]*)")


def length_ms(text: str, units: Collection[str], *, digits: int = 7) -> int | None:
    """Milliseconds of a whole number and its unit; None for any other text.

    units: those that may be used; with `""` among them a bare number is one of seconds. digits: how many the number may have.
    """
    found = LENGTH.fullmatch(text)
    if found is None or found[2] not in units or len(found[1]) > digits:
        return None
    return int(found[1]) * UNITS_MS[found[2] or "s"]


def length_parts(ms: int) -> tuple[int, str]:
    """(number, unit) in the largest unit that leaves a whole number; a single day is 24 hours."""
    for unit in ("y", "d", "h", "min"):
        whole, rest = divmod(ms, UNITS_MS[unit])
        if whole and not rest and (unit, whole) != ("d", 1):
            return whole, unit
    return ms // 1000, "s"


def length_text(ms: int) -> str:
    """`5min`, `24h`, `7d`, `1y`."""
    return "".join(map(str, length_parts(ms)))
