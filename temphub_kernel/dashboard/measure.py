"""Statistics of a marked range, exact to the millisecond at every zoom. Belongs to the Source's thread."""

from typing import NamedTuple

import numpy as np

from ..base.reading import UNITS_PER_C
from ..journal import Reader
from . import statistics
from .drill import Drill, as_buckets
from .series import NO_FLOATS, NO_TIMES, Buckets, Floats, Times, singly
from .statistics import Statistics
from .window import MINUTE_MS, POINTS_UP_TO_MS, Window

# So many spans that cross the line are looked into; beyond, their share is estimated.
MOST_LOOKED_INTO = 60

NOTHING = singly(NO_TIMES, NO_FLOATS)


class Measured(NamedTuple):
    """A probe in a range. above: share of readings above the line, None without one; about: that share is estimated in part.

    pace_ms: what one reading stands for, so that `above × readings × pace` is a time.
    """

    statistics: Statistics
    above: float | None = None
    about: bool = False
    pace_ms: int = 0


class Measure:
    """Answers for one range after the other; remembers the last."""

    def __init__(self) -> None:
        self._drill = Drill()
        self._key: object = None
        self._known: dict[str, Measured] = {}

    def of(
        self, reader: Reader, intervals: dict[str, int], span: tuple[int, int], line_c: float | None, now_ms: int
    ) -> dict[str, Measured]:
        """Each probe that has a reading in [from, to). intervals: each probe's own, 0 when unknown."""
        # Late readings may still come: asked again twice a minute.
        key = (span, line_c, tuple(intervals), now_ms // (MINUTE_MS // 2))
        if key != self._key:
            found = {id_: self._one(reader, id_, told_ms, *span, line_c) for id_, told_ms in intervals.items()}
            self._known = {id_: told for id_, told in found.items() if told.statistics.n}
            self._key = key
        return self._known

    def _one(self, reader: Reader, probe_id: str, told_ms: int, from_ms: int, to_ms: int, line_c: float | None) -> Measured:
        width_ms = Window(to_ms - from_ms).bucket_ms if to_ms - from_ms > POINTS_UP_TO_MS else 0
        span = (-(from_ms // -MINUTE_MS) * MINUTE_MS, to_ms // MINUTE_MS * MINUTE_MS) if width_ms else (from_ms, from_ms)
        # Whole minutes from the roll-ups, the rest at both ends reading by reading.
        before = _points(reader, probe_id, from_ms, span[0])
        middle = as_buckets(reader.buckets(*span, width_ms, probe_id)) if width_ms else NOTHING
        parts = before + middle + _points(reader, probe_id, span[1], to_ms)
        told = statistics.of_buckets(parts, 0)
        low, high = told.low, told.high
        if low is None or high is None:
            return Measured(told)
        inside = range(len(before.start_ms), len(before.start_ms) + len(middle.start_ms))
        if int(np.argmin(parts.low)) in inside:
            told = told._replace(low_ms=self._drill.moment(reader, probe_id, told.low_ms, width_ms, span, low, lowest=True))
        if int(np.argmax(parts.high)) in inside:
            told = told._replace(high_ms=self._drill.moment(reader, probe_id, told.high_ms, width_ms, span, high, lowest=False))
        above, about = (None, False) if line_c is None else _above(reader, probe_id, parts, width_ms, line_c)
        return Measured(told, above, about, told_ms or _pace(parts))


def _points(reader: Reader, probe_id: str, from_ms: int, to_ms: int) -> Buckets:
    times, values = _arrays(reader, probe_id, from_ms, to_ms)
    return singly(times, values)


def _arrays(reader: Reader, probe_id: str, from_ms: int, to_ms: int) -> tuple[Times, Floats]:
    points = [point for point in reader.points(from_ms, to_ms, probe_id) if point.units is not None] if to_ms > from_ms else []
    return np.array([p.taken_ms for p in points], np.int64), np.array([p.units or 0 for p in points], np.float64) / UNITS_PER_C


def _above(reader: Reader, probe_id: str, parts: Buckets, width_ms: int, line_c: float) -> tuple[float, bool]:
    """(share of readings above the line, whether some of it is estimated)."""
    total = parts.readings.sum()
    over = float(parts.readings[parts.low > line_c].sum())
    crossing = np.flatnonzero((parts.low <= line_c) & (parts.high > line_c))
    for place in crossing[:MOST_LOOKED_INTO]:
        over += _crossing(reader, probe_id, int(parts.start_ms[place]), width_ms, line_c, int(parts.readings[place]))
    rest = crossing[MOST_LOOKED_INTO:]
    over += float((parts.readings[rest] * (parts.high[rest] - line_c) / (parts.high[rest] - parts.low[rest])).sum())
    return float(over / total), bool(len(rest)) or (width_ms > POINTS_UP_TO_MS and bool(len(crossing)))


def _crossing(reader: Reader, probe_id: str, start_ms: int, width_ms: int, line_c: float, readings: int) -> float:
    if width_ms <= POINTS_UP_TO_MS:
        _, values = _arrays(reader, probe_id, start_ms, start_ms + width_ms)
        return float((values > line_c).mean() * readings) if len(values) else 0.0
    minutes = as_buckets(reader.buckets(start_ms, start_ms + width_ms, MINUTE_MS, probe_id))
    return float((minutes.readings * (minutes.mean > line_c)).sum())


def _pace(parts: Buckets) -> int:
    alone = np.diff(parts.start_ms)
    return int(np.median(alone / np.maximum(parts.readings[:-1], 1))) if len(alone) else 0
