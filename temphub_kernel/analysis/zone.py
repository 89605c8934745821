"""The analyst's time zone by its name: a name has the rules of summer time, an offset has not. Any thread."""

import os
import time
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from ..base.errors import TempHubError

LINK = Path("/etc/localtime")
# Twice a month over some years tells any two zones apart that matter to readings taken lately.
PROBED_S = tuple(range(1_420_070_400, 1_900_000_000, 15 * 86_400))


def find_zone(name: str) -> tzinfo:
    """The zone called `name`; `local` is this computer's. Raises TempHubError for a name nobody knows."""
    if name == "local":
        return _local(os.environ.get("TZ", ""), time.tzname)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise TempHubError(
            f"The time zone {name!r} is not known, so times cannot be shown in it.",
            'Use tz="local", tz="UTC" or a name such as tz="Europe/Berlin".',
            code="bad_time_zone",
        ) from error


@lru_cache(maxsize=4)
def _local(variable: str, _names: tuple[str, str]) -> tzinfo:
    named = [variable.removeprefix(":")]
    if LINK.is_symlink():
        named.append(str(LINK.resolve()).partition("zoneinfo/")[2])
    offsets = [time.localtime(second).tm_gmtoff for second in PROBED_S]
    # Windows tells its zone under names of its own: there the one with the same rules is looked for.
    for name in [*named, "UTC", *sorted(available_timezones())]:
        zone = _zone(name)
        if zone is not None and _offsets(zone) == offsets:
            return zone
    return timezone(timedelta(seconds=time.localtime().tm_gmtoff))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None


def _offsets(zone: tzinfo) -> list[int]:
    found = (datetime.fromtimestamp(second, zone).utcoffset() for second in PROBED_S)
    return [int(offset.total_seconds()) for offset in found if offset is not None]
