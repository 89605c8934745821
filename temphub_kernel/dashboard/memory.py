"""The chosen window's readings in memory: read once, then only what the journal has gained. Belongs to the Source's thread."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from ..base.reading import UNITS_PER_C
from ..journal import Bucket, Point, Reader
from . import statistics
from .series import GAP_INTERVALS, Buckets, Curve, Series, curve_of_buckets, curve_of_points, in_buckets
from .statistics import Statistics
from .window import MINUTE_MS, Window

# The first reading of a window comes in slices, because a page's kernel must stay small.
SLICE_MS = 10 * MINUTE_MS
STEP_ROWS = 2_000
# A clock ahead of ours may not hide readings from the page.
AHEAD_MS = 60 * MINUTE_MS


class Kept(NamedTuple):
    """What is drawn and told of a probe. key: changes when the curve does."""

    key: object
    curve: Curve
    statistics: Statistics


class Memory:
    """Curves and statistics of one window."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._series: dict[str, Series] = {}
        self._kept: dict[str, Kept] = {}
        self._last_no = 0
        self._filled = False
        self._minute = 0

    def kept(self, probe_id: str) -> Kept | None:
        """What there is of a probe; None when it has no reading in the window."""
        return self._kept.get(probe_id)

    def interval_ms(self, probe_id: str) -> int:
        """The pace seen in a probe's readings, 0 when unknown."""
        series = self._series.get(probe_id)
        return series.interval_ms() if series else 0

    def update(self, reader: Reader, intervals: Mapping[str, int], now_ms: int) -> None:
        """Bring everything up to `now_ms`. intervals: each probe's own, 0 when nobody told it one."""
        if self.window.from_minutes:
            if now_ms // MINUTE_MS != self._minute:
                self._from_minutes(reader, intervals, now_ms)
                self._minute = now_ms // MINUTE_MS
            return
        start_ms = now_ms - self.window.span_ms
        if not self._filled:
            self._fill(reader, start_ms, now_ms)
        self._follow(reader, start_ms)
        for probe_id, series in self._series.items():
            series.trim(start_ms)
            self._keep(probe_id, series, intervals.get(probe_id, 0), now_ms)

    def _fill(self, reader: Reader, start_ms: int, now_ms: int) -> None:
        self._last_no = reader.count()
        end_ms = now_ms + AHEAD_MS
        for slice_ms in range(start_ms, end_ms, SLICE_MS):
            self._take(point for point in reader.points(slice_ms, min(slice_ms + SLICE_MS, end_ms)) if point.no <= self._last_no)
        self._filled = True

    def _follow(self, reader: Reader, start_ms: int) -> None:
        while True:
            points = reader.after(self._last_no, STEP_ROWS)
            self._take(point for point in points if point.taken_ms >= start_ms)
            if points:
                self._last_no = points[-1].no
            if len(points) < STEP_ROWS:
                return

    def _take(self, points: Iterable[Point]) -> None:
        for point in points:
            series = self._series.get(point.probe_id)
            if series is None:
                series = self._series[point.probe_id] = Series()
            series.add(point.taken_ms, None if point.units is None else point.units / UNITS_PER_C)

    def _keep(self, probe_id: str, series: Series, told_ms: int, now_ms: int) -> None:
        width_ms = self.window.bucket_ms
        gap_ms = GAP_INTERVALS * max(told_ms or series.interval_ms(), width_ms)
        times, values = series.arrays(now_ms - self.window.span_ms)
        told = statistics.of_points(times, values)
        # A line in buckets is drawn again when a bucket is full, not with each reading.
        key = (gap_ms, now_ms // width_ms, series.late) if width_ms else (gap_ms, series.version)
        known = self._kept.get(probe_id)
        if known is not None and known.key == key:
            self._kept[probe_id] = known._replace(statistics=told)
            return
        if width_ms:
            curve = curve_of_buckets(in_buckets(times, values, width_ms), width_ms, gap_ms)
        else:
            curve = curve_of_points(*series.arrays(), gap_ms)
        self._kept[probe_id] = Kept(key, curve, told)

    def _from_minutes(self, reader: Reader, intervals: Mapping[str, int], now_ms: int) -> None:
        width_ms = self.window.bucket_ms
        end_ms = (now_ms // MINUTE_MS + 1) * MINUTE_MS
        for probe_id, told_ms in intervals.items():
            minutes = _buckets(reader.buckets(end_ms - self.window.span_ms, end_ms, MINUTE_MS, probe_id))
            if not len(minutes.start_ms):
                self._kept.pop(probe_id, None)
                continue
            pace_ms = told_ms or (int(np.median(np.diff(minutes.start_ms))) if len(minutes.start_ms) > 2 else 0)
            gap_ms = GAP_INTERVALS * max(pace_ms, width_ms)
            curve = curve_of_buckets(minutes.gathered(width_ms), width_ms, gap_ms)
            self._kept[probe_id] = Kept((gap_ms, end_ms), curve, statistics.of_buckets(minutes, MINUTE_MS))


def _buckets(found: list[Bucket]) -> Buckets:
    start, low, high, total, readings = (np.array([item[column] for item in found], np.int64) for column in range(1, 6))
    return Buckets(start, low / UNITS_PER_C, high / UNITS_PER_C, total / readings / UNITS_PER_C, readings)
