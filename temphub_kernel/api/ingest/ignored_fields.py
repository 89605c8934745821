"""What of a delivery had no effect on what is stored: named in the reply, and once in the log. Endpoint
thread only."""

import logging
from typing import Any

from .. import timestamps

LONE = frozenset(
    {"temperature_c", "probe_id", "age_ms", "age_unknown", "quality", "token", "boot", "seq", "sent_ms"}
)
BATCH = frozenset({"probe_id", "boot", "readings", "sent_ms", "token"})
READING = frozenset({"seq", "age_ms", "temperature_c", "quality", "age_unknown"})
# As many names as help; a body may hold tens of thousands.
MOST_NAMES = 16
LONGEST_NAME = 40
# As many probes and sets of fields as the log tells of.
MOST_TOLD = 200


def ignored_fields(data: dict[str, Any], received_ms: int) -> list[str]:
    """The names of fields, in order, that had no effect on what is stored. `data` was found to be a delivery
    (see schemas.rows_of)."""
    if "readings" not in data:
        names = data.keys() - LONE
        if names:
            names = names - _used_times(data, received_ms) - timestamps.used_fields(data)
    else:
        names = data.keys() - BATCH
        for reading in data["readings"]:
            if reading.keys() - READING:
                names = names | (
                    reading.keys()
                    - READING
                    - _used_times(reading, received_ms)
                    - timestamps.used_fields(reading)
                )
    return sorted(_shown(name) for name in names)[:MOST_NAMES] if names else []


def _used_times(data: dict[str, Any], received_ms: int) -> set[str]:
    """The fields with a time that need no word: an empty one, all of them when one could be read, a time of
    day beside its date."""
    named = data.keys() & set(timestamps.TIME_FIELDS)
    if not named:
        return set()
    given = set(timestamps.given_times(data))
    if given and ("age_ms" in data or timestamps.taken_by_clock(data, received_ms)[1] is None):
        return named - given
    return named


def _shown(name: str) -> str:
    """A name that any reply and log can hold: short, and no half characters."""
    whole = name.encode("utf-8", "replace").decode()
    return whole if len(whole) <= LONGEST_NAME else whole[: LONGEST_NAME - 1] + "…"


class Told:
    """Says once for each probe and set of fields that they are ignored, and no more than MOST_TOLD times in
    all."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._told: set[tuple[str, ...]] = set()

    def tell(self, probe_id: str, names: list[str]) -> None:
        """The fields `names` of a delivery of `probe_id` had no effect."""
        key = (probe_id, *names)
        if key in self._told or len(self._told) >= MOST_TOLD:
            return
        self._told.add(key)
        last = " (no more of such lines until the hub starts again)" if len(self._told) == MOST_TOLD else ""
        fields = ascii(names)[1:-1]
        self._log.warning(
            "%s sends fields that the hub does not know or cannot use, they are ignored: %s%s",
            probe_id,
            fields,
            last,
        )
