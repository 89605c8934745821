"""From the journal's roll-ups down to the very reading: exact times of extremes. Belongs to the Source's thread."""

import numpy as np

from ..base.clock import MINUTE_MS
from ..base.reading import UNITS_PER_C
from ..journal import Floats, Reader
from .series import Buckets, Times
from .statistics import Extremes

MOST_KEPT = 2_000
# What is read where only values and their times matter.
VALUES = ("taken_ms", "units")


def with_means(buckets: Buckets, start_ms: Times, mean: Floats) -> Buckets:
    """The same with these means, by when each bucket begins."""
    place = np.minimum(np.searchsorted(start_ms, buckets.start_ms), len(start_ms) - 1)
    return buckets._replace(mean=np.where(start_ms[place] == buckets.start_ms, mean[place], buckets.mean))


class Drill:
    """Finds when a bucket's lowest or highest was taken; remembers what it found."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int, bool], int] = {}

    def exact(self, reader: Reader, probe_id: str, told: Extremes, width_ms: int, span: tuple[int, int]) -> Extremes:
        """The same with the moments at which lowest and highest were taken, the first one if there are several."""
        low_ms = self.moment(reader, probe_id, told.low_ms, width_ms, span, told.low, lowest=True)
        high_ms = self.moment(reader, probe_id, told.high_ms, width_ms, span, told.high, lowest=False)
        return told._replace(low_ms=low_ms, high_ms=high_ms)

    def moment(
        self, reader: Reader, probe_id: str, start_ms: int, width_ms: int, span: tuple[int, int], celsius: float, *, lowest: bool
    ) -> int:
        """When the bucket that begins at `start_ms` was lowest or highest; span: what was asked for, in whole minutes."""
        from_ms, end_ms = max(start_ms, span[0]), min(start_ms + width_ms, span[1])
        units = round(celsius * UNITS_PER_C)
        key = (probe_id, from_ms, units, lowest)
        if key not in self._known:
            if len(self._known) > MOST_KEPT:
                self._known.clear()
            self._known[key] = _find(reader, probe_id, from_ms, end_ms, units, lowest=lowest)
        return self._known[key]


def _find(reader: Reader, probe_id: str, from_ms: int, end_ms: int, units: int, *, lowest: bool) -> int:
    if end_ms - from_ms > MINUTE_MS:
        _, minutes = reader.steps(from_ms // MINUTE_MS * MINUTE_MS, -(end_ms // -MINUTE_MS) * MINUTE_MS, MINUTE_MS, probe_id)
        at = minutes.at[(minutes.good > 0) & ((minutes.lowest if lowest else minutes.highest) == units)]
        from_ms = int(at[0]) * MINUTE_MS if len(at) else from_ms
        end_ms = from_ms + MINUTE_MS
    columns = reader.columns(from_ms, end_ms, [probe_id], fields=VALUES)
    fitting = columns.taken_ms[columns.units == units]
    return int(fitting[0]) if len(fitting) else from_ms
