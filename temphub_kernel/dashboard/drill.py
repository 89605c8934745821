"""From the journal's roll-ups down to the very reading: exact times of extremes. Belongs to the Source's thread."""

import numpy as np

from ..base.clock import MINUTE_MS
from ..base.reading import UNITS_PER_C
from ..journal import Bucket, Point, Reader
from .series import Buckets, Floats, Times
from .statistics import Extremes

MOST_KEPT = 2_000


def as_buckets(found: list[Bucket]) -> Buckets:
    """The journal's buckets of one probe as columns in °C."""
    start, low, high, total, readings = (np.array([item[column] for item in found], np.int64) for column in range(1, 6))
    mean = total / np.maximum(readings, 1) / UNITS_PER_C
    return Buckets(start, low / UNITS_PER_C, high / UNITS_PER_C, mean, readings.astype(np.float64))


def with_means(buckets: Buckets, start_ms: Times, mean: Floats) -> Buckets:
    """The same with these means, by when each bucket begins."""
    place = np.minimum(np.searchsorted(start_ms, buckets.start_ms), len(start_ms) - 1)
    return buckets._replace(mean=np.where(start_ms[place] == buckets.start_ms, mean[place], buckets.mean))


def faults_of(reader: Reader, from_ms: int, end_ms: int, width_ms: int) -> dict[str, Times]:
    """When each probe's sensor answered badly, by spans of `width_ms`; empty with a journal that does not count faults."""
    ask = getattr(reader, "faults", None)
    found: dict[str, list[int]] = {}
    for fault in ask(from_ms, end_ms, width_ms) if ask is not None else ():
        found.setdefault(fault.probe_id, []).append(fault.start_ms)
    return {probe_id: np.array(times, np.int64) for probe_id, times in found.items()}


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
        minutes = reader.buckets(from_ms // MINUTE_MS * MINUTE_MS, -(end_ms // -MINUTE_MS) * MINUTE_MS, MINUTE_MS, probe_id)
        fitting = [item.start_ms for item in minutes if (item.lowest if lowest else item.highest) == units]
        from_ms = fitting[0] if fitting else from_ms
        end_ms = from_ms + MINUTE_MS
    points: list[Point] = reader.points(from_ms, end_ms, probe_id)
    return next((point.taken_ms for point in points if point.units == units), from_ms)
