"""When a reading was taken, by what its sender says: an age, a time of its own clock, or nothing. Pure functions; any thread.

A time is taken where it can be one. Where it cannot (a clock that began again at 1970 or 2000, one that is ahead, a text that is
no time) the reading is kept all the same, dated by its arrival, with the quality `undated`: it was taken then or earlier.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timezone
from typing import Any

from ..base.clock import EPOCH, MILLISECOND
from ..base.reading import AHEAD_MS

# What people call it, the first that can be read counts.
TIME_FIELDS = ("timestamp", "time", "ts", "datetime", "date_time", "date", "taken", "taken_at", "measured_at", "epoch")
# A clock without a battery begins at 1970, or at 2000 as most clock chips do; what it says in its first year is no time.
EARLIEST_MS = 978_307_200_000
# Below each of these a number counts seconds, milliseconds, microseconds, nanoseconds: as milliseconds all begin in 1973.
PER_MS = ((10**11, 1000, 1), (10**14, 1, 1), (10**17, 1, 1000), (10**20, 1, 1_000_000))
# A plus sign that a query's sender did not encode arrives as a space.
LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")
CLOCK_TIME = re.compile(r"\d\d?:\d\d(:\d\d([.,]\d{1,6})?)?")
LONGEST = 40


def given_times(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of a reading that say when it was taken, by name; empty ones say nothing."""
    if data.keys().isdisjoint(TIME_FIELDS):
        return {}
    return {name: data[name] for name in TIME_FIELDS if data.get(name) not in (None, "")}


def taken_by_clock(data: dict[str, Any], received_ms: int) -> tuple[int, str | None]:
    """(when a reading was taken, the field that says so) by the times in it; the time it came in and None where none can be one."""
    for name, value in _candidates(given_times(data)):
        ms = moment_ms(value, received_ms)
        if ms is not None and EARLIEST_MS <= ms <= received_ms + AHEAD_MS:
            return min(ms, received_ms), name
    return received_ms, None


def moment_ms(value: object, received_ms: int) -> int | None:
    """Milliseconds since 1970 of ISO 8601 or of a count of s, ms, µs or ns since 1970; None for what is no moment.

    A time without a zone is this computer's local one; of an hour that comes twice it is the later that is not ahead of received_ms.
    """
    if isinstance(value, str):
        value = value.strip()
        if len(value) > LONGEST:
            return None
        try:
            value = float(value) if "." in value else int(value)
        except ValueError:
            return _iso_ms(str(value), received_ms)
    # A bool is an int to Python, and no time.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < PER_MS[-1][0]:
        return None
    times, parts = next((times, parts) for below, times, parts in PER_MS if value < below)
    return value * times // parts if isinstance(value, int) else round(value * times / parts)


def _candidates(times: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The times as they stand, and before them a day and a time of day that were sent apart."""
    day, clock = times.get("date"), times.get("time")
    if isinstance(day, str) and isinstance(clock, str) and CLOCK_TIME.fullmatch(clock.strip()):
        yield "date", f"{day.strip()}T{clock.strip().zfill(5)}"
    yield from times.items()


def _iso_ms(text: str, received_ms: int) -> int | None:
    text = LOST_PLUS.sub("+", text.upper())
    if _is_day(text):
        # A day is no moment: its midnight would be wrong by up to a day.
        return None
    try:
        found = datetime.fromisoformat(text)
        candidates = [found] if found.tzinfo else [found.replace(fold=1), found.replace(fold=0)]
        # Whole-number arithmetic: `timestamp() * 1000` loses a millisecond now and then.
        times = [(one.astimezone(timezone.utc) - EPOCH) // MILLISECOND for one in candidates]
    except (ValueError, OverflowError, OSError):
        return None
    return next((ms for ms in times if ms <= received_ms + AHEAD_MS), times[-1])


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
