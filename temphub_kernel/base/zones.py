"""Time zones: the one called so-and-so, this computer's own, and how far a zone's clock is ahead. Any thread.

`None` is this computer's own zone wherever a zone is taken: the system's own functions know its rules, whatever its name.
"""

import os
import time
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from .errors import TempHubError

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


def find_zone(name: str, *, remedy: str = "Use local, UTC or a name such as Europe/Berlin.", code: str = "bad_tz") -> ZoneInfo | None:
    """The zone called `name`; None for `local`, this computer's. Raises TempHubError for a name nobody knows."""
    zone = known_zone(name)
    if zone is None and name != LOCAL:
        raise TempHubError(f"The time zone {name[:60]!r} is not known, so times cannot be shown in it.", remedy, code=code)
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


# Not a library for that: those there are take neither a rule instead of a name (TZ=CET-1CEST,M3.5.0,M10.5.0/3) nor an
# offset that no zone has, and recording goes on with both.
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
