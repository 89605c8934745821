"""The analyst's time zone, by its name. Any thread."""

from datetime import tzinfo

from ..base import zones


def find_zone(name: str) -> tzinfo:
    """The zone called `name`; `local` is this computer's. Raises TempHubError for a name nobody knows."""
    remedy = 'Use tz="local", tz="UTC" or a name such as tz="Europe/Berlin".'
    return zones.find_zone(name, remedy=remedy, code="bad_time_zone") or zones.local_zone()
