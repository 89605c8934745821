"""What an analyst may say for a time, as milliseconds. Any thread."""

import re
from datetime import date, datetime, timedelta, tzinfo

import pandas as pd

from ..base.clock import now_ms
from ..base.errors import TempHubError

EPOCH = pd.Timestamp(0, unit="ms", tz="UTC")
AGO = re.compile(r"-\s*(?P<minus>.+)|(?P<ago>.+?)\s+ago", re.IGNORECASE)

When = str | datetime | date | timedelta | int | None


def moment_ms(when: When, zone: tzinfo, *, is_end: bool = False) -> int:
    """Milliseconds since 1970 of a time; one without a zone is taken in `zone`.

    Text (`2026-11-23 14:00`, `-24h`, `24h ago`, `today`, `now`), datetime, Timestamp, whole milliseconds, or a timedelta from now.
    Raises TempHubError for anything else.
    """
    try:
        return _moment_ms(when, zone, is_end)
    except (ValueError, TypeError, OverflowError) as error:
        raise TempHubError(
            f"{'end' if is_end else 'start'} is {when!r}, which is no time, so nothing was loaded.",
            'Give a time such as "2026-11-23 14:00", "-24h" or "24h ago", or a datetime.',
            code="bad_time",
        ) from error


def _moment_ms(when: When, zone: tzinfo, is_end: bool) -> int:
    if isinstance(when, int):
        return when
    if isinstance(when, str):
        ago = AGO.fullmatch(when.strip())
        if ago is not None:
            when = -abs(pd.Timedelta(ago["minus"] or ago["ago"]))
        elif when.strip().lower() in ("now", "today"):
            now = pd.Timestamp(now_ms(), unit="ms", tz=zone)
            when = now if when.strip().lower() == "now" else now.normalize()
    if isinstance(when, timedelta):
        return now_ms() + when // timedelta(milliseconds=1)
    stamp = pd.Timestamp(when)  # type: ignore[arg-type]
    if pd.isna(stamp):
        raise ValueError("not a time")
    if stamp.tzinfo is None:
        # Of an hour that comes twice in autumn, everything; an hour that spring leaves out begins when it ends.
        stamp = stamp.tz_localize(zone, ambiguous=not is_end, nonexistent="shift_forward")
    return int((stamp - EPOCH) // timedelta(milliseconds=1))
