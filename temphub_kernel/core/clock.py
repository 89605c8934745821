"""Time: the only place that asks for it, lengths of time as texts, and zones. UTC, integer milliseconds since
1970; any thread."""

import os
import re
import time
from collections.abc import Collection
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from .errors import TempHubError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# Later than any moment, and still a whole number for every reader of JSON: what has no end goes on until
# then.
EVER_MS = 2**53


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
    """`2026-11-23 13:54:00` in this computer's time zone, as spreadsheets read it. date: how the day is
    written."""
    return time.strftime(f"{date} %H:%M:%S", time.localtime(ms // 1000))


def stamp_for_name() -> str:
    """Local time as part of a file's name, on any system."""
    return local_text(now_ms()).translate({ord(":"): None, ord(" "): "-"})


def period_for_name(from_ms: int, to_ms: int, where: tzinfo | None) -> str:
    """`2026-11-22-1354-to-2026-11-23-1354`: a span by the clock of a zone (None: of this computer), as
    part of a file's name."""
    ends = (
        datetime.fromtimestamp(ms / 1000, timezone.utc).astimezone(where).strftime("%Y-%m-%d-%H%M")
        for ms in (from_ms, to_ms)
    )
    return "-to-".join(ends)


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

    units: those that may be used; with `""` among them a bare number is one of seconds. digits: how many the
    number may have.
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


LOCAL = "local"
LINK = Path("/etc/localtime")
# Twice a month over some years tells any two zones apart that matter to readings taken lately.
PROBED_S = tuple(range(1_420_070_400, 1_900_000_000, 15 * 86_400))


@lru_cache(maxsize=64)  # one per viewer's zone
def known_zone(name: str) -> ZoneInfo | None:
    """The zone of that name (`Europe/Berlin`); None when it is not known here."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None


def find_zone(
    name: str, *, remedy: str = "Use local, UTC or a name such as Europe/Berlin.", code: str = "bad_tz"
) -> ZoneInfo | None:
    """The zone called `name`; None for `local`, this computer's. Raises TempHubError for a name nobody
    knows."""
    zone = known_zone(name)
    if zone is None and name != LOCAL:
        raise TempHubError(
            f"The time zone {name[:60]!r} is not known, so times cannot be shown in it.", remedy, code=code
        )
    return zone


def local_zone() -> tzinfo:
    """This computer's zone by its name: a name has the rules of summer time, an offset has not."""
    return _local(os.environ.get("TZ", ""), time.tzname)


def offset_ms(zone: tzinfo | None, ms: int) -> int:
    """How far a zone's clock is ahead of UTC at a moment."""
    if zone is None:
        return time.localtime(ms // 1000).tm_gmtoff * 1000
    offset = datetime.fromtimestamp(ms // 1000, zone).utcoffset()
    return round(offset.total_seconds()) * 1000 if offset else 0


# Not a library for that: those there are take neither a rule instead of a name
# (TZ=CET-1CEST,M3.5.0,M10.5.0/3) nor an offset that no zone has, and recording goes on with both.
@lru_cache(maxsize=4)
def _local(variable: str, _names: tuple[str, str]) -> tzinfo:
    named = [variable.removeprefix(":")]
    if LINK.is_symlink():
        named.append(str(LINK.resolve()).partition("zoneinfo/")[2])
    offsets = [offset_ms(None, second * 1000) for second in PROBED_S]
    # Windows tells its zone under names of its own: there the one with the same rules is looked for.
    for name in [*named, "UTC", *sorted(available_timezones())]:
        # Past the bounded memory of names: all there are pass by here.
        zone = known_zone.__wrapped__(name)
        if zone is not None and [offset_ms(zone, second * 1000) for second in PROBED_S] == offsets:
            return zone
    return timezone(timedelta(seconds=time.localtime().tm_gmtoff))
