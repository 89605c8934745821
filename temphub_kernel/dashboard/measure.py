"""Statistics of a marked range, exact to the millisecond at every zoom. Belongs to the Source's thread."""

from typing import NamedTuple

import numpy as np

from ..base.clock import MINUTE_MS
from ..journal import NO_VALUE, Beyond, Figures, Known, Limit, Reader
from . import statistics
from .drill import VALUES, Drill
from .series import NO_BUCKETS, Buckets, buckets_of, singly
from .statistics import Extremes, Statistics
from .window import POINTS_UP_TO_MS, Window


class Measured(NamedTuple):
    """A probe in a range. beyond: how long it was above the line, None without one."""

    statistics: Statistics
    beyond: Beyond | None = None


class Measure:
    """Answers for one range after the other; remembers the last."""

    def __init__(self) -> None:
        self._drill = Drill()
        self._figures = Known()
        self._key: object = None
        self._known: dict[str, Measured] = {}

    def of(
        self, reader: Reader, intervals: dict[str, int], span: tuple[int, int], line_c: float | None, now_ms: int
    ) -> dict[str, Measured]:
        """Each probe that has a reading in [from, to). intervals: each probe's own, 0 when unknown."""
        # Late readings may still come: asked again twice a minute.
        key = (span, line_c, tuple(intervals), now_ms // (MINUTE_MS // 2))
        if key != self._key:
            figures = reader.figures(*span, list(intervals), known=self._figures)
            self._known = {id_: self._one(reader, id_, *span, line_c, figures[id_]) for id_ in intervals if id_ in figures}
            self._key = key
        return self._known

    def _one(self, reader: Reader, probe_id: str, from_ms: int, to_ms: int, line_c: float | None, figures: Figures) -> Measured:
        told = statistics.of_figures(figures, self._extremes(reader, probe_id, from_ms, to_ms))
        if line_c is None:
            return Measured(told)
        return Measured(told, reader.beyond(from_ms, to_ms, (Limit("above", line_c),), probe_id).get(probe_id))

    def _extremes(self, reader: Reader, probe_id: str, from_ms: int, to_ms: int) -> Extremes:
        width_ms = Window(to_ms - from_ms).bucket_ms if to_ms - from_ms > POINTS_UP_TO_MS else 0
        span = (-(from_ms // -MINUTE_MS) * MINUTE_MS, to_ms // MINUTE_MS * MINUTE_MS) if width_ms else (from_ms, from_ms)
        # Whole minutes from the roll-ups, the rest at both ends reading by reading.
        before = _points(reader, probe_id, from_ms, span[0])
        middle = buckets_of(reader.steps(*span, width_ms, probe_id)[1], width_ms) if width_ms else NO_BUCKETS
        parts = before + middle + _points(reader, probe_id, span[1], to_ms)
        found = statistics.extremes(parts)
        inside = range(len(before.start_ms), len(before.start_ms) + len(middle.start_ms))
        if int(np.argmin(parts.low)) in inside:
            low_ms = self._drill.moment(reader, probe_id, found.low_ms, width_ms, span, found.low, lowest=True)
            found = found._replace(low_ms=low_ms)
        if int(np.argmax(parts.high)) in inside:
            high_ms = self._drill.moment(reader, probe_id, found.high_ms, width_ms, span, found.high, lowest=False)
            found = found._replace(high_ms=high_ms)
        return found


def _points(reader: Reader, probe_id: str, from_ms: int, to_ms: int) -> Buckets:
    if to_ms <= from_ms:
        return NO_BUCKETS
    columns = reader.columns(from_ms, to_ms, [probe_id], fields=VALUES)
    good = columns.units != NO_VALUE
    return singly(columns.taken_ms[good], columns.celsius[good])
