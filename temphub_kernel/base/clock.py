"""The only place that asks the time. UTC, integer milliseconds since 1970; any thread."""

import time
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def now_ms() -> int:
    """Wall clock, UTC, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds of a clock that never steps; for time-outs and ages inside one process."""
    return time.monotonic()


def iso_utc(ms: int) -> str:
    """`2026-11-23T12:54:00.123Z`: ISO 8601, UTC, milliseconds."""
    seconds, rest = divmod(ms, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03d}Z"


def local_text(ms: int, date: str = "%Y-%m-%d") -> str:
    """`2026-11-23 13:54:00` in this computer's time zone, as spreadsheets read it. date: how the day is written."""
    return time.strftime(f"{date} %H:%M:%S", time.localtime(ms // 1000))


def stamp_for_name() -> str:
    """Local time as part of a file's name, on any system."""
    return local_text(now_ms()).translate({ord(":"): None, ord(" "): "-"})


def parse_time(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 time or of a whole number of milliseconds.

    A time without an offset is taken as local time. Raises ValueError for anything else.
    """
    text = text.strip()
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        # Whole-number arithmetic: `timestamp() * 1000` loses a millisecond now and then.
        return (datetime.fromisoformat(text).astimezone(timezone.utc) - EPOCH) // MILLISECOND
    except (OverflowError, OSError) as error:
        raise ValueError(f"{text} is beyond the calendar") from error
