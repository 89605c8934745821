"""The SHA-256 of what a report rests on, in parts: the readings, and what people and rules say of them. Any
thread; pure.

docs/reports.md says what goes in and in which order, so that anybody can work it out without TempHub.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..journal import Columns, Ints, Steps


class Fingerprint(NamedTuple):
    """SHA-256 of each part in hexadecimal, by its name."""

    parts: dict[str, str]

    @property
    def whole(self) -> str:
        """The one that stands on the paper: of a line `name sha256` for each part, by name."""
        return hashlib.sha256(
            "".join(f"{name} {self.parts[name]}\n" for name in sorted(self.parts)).encode()
        ).hexdigest()


class Digest:
    """Takes readings in, probe by probe."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def readings(self, probe_id: str, found: Columns) -> None:
        """Single readings by time and place in the journal: when, the value as sent and as it counts, and the
        code of its quality."""
        self._columns(probe_id, "readings", (found.taken_ms, found.raw, found.units, found.quality))

    def hours(self, probe_id: str, found: Steps) -> None:
        """Hours, where there are too many readings: which, lowest, highest and total of the values as they
        count, good and bad ones."""
        self._columns(
            probe_id, "hours", (found.at, found.lowest, found.highest, found.total, found.good, found.bad)
        )

    def _columns(self, probe_id: str, what: str, columns: Iterable[Ints]) -> None:
        kept = [column.astype("<i8", copy=False) for column in columns]
        self._hash.update(f"{probe_id} {what} {len(kept[0])}\n".encode())
        for column in kept:
            self._hash.update(column.tobytes())

    def hexadecimal(self) -> str:
        """Of all that was taken in."""
        return self._hash.hexdigest()


def of_records(records: Sequence[Any]) -> str:
    """Of probes' names, limits, alarms, remarks and calibrations, as one line of JSON."""
    text = json.dumps(records, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
