"""The chosen window's readings in memory: read once, then only what is new; exact extremes, and a marked
range. Belongs to the thread that asks.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...core import AHEAD_MS, MINUTE_MS, UNITS_PER_C
from ...journal import NO_VALUE, STRUCK, Beyond, Columns, Figures, Flags, Floats, Known, Limit, Reader
from ..choices import POINTS_UP_TO_MS, Window
from . import statistics
from .series import (
    NO_BUCKETS,
    NO_TIMES,
    Buckets,
    Curve,
    Series,
    Times,
    buckets_of,
    curve_of_buckets,
    curve_of_points,
    gap_of,
    in_buckets,
    singly,
)
from .statistics import Extremes, Statistics

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

    def exact(
        self, reader: Reader, probe_id: str, told: Extremes, width_ms: int, span: tuple[int, int]
    ) -> Extremes:
        """The same with the moments at which lowest and highest were taken, the first one if there are
        several."""
        low_ms = self.moment(reader, probe_id, told.low_ms, width_ms, span, told.low, lowest=True)
        high_ms = self.moment(reader, probe_id, told.high_ms, width_ms, span, told.high, lowest=False)
        return told._replace(low_ms=low_ms, high_ms=high_ms)

    def moment(
        self,
        reader: Reader,
        probe_id: str,
        start_ms: int,
        width_ms: int,
        span: tuple[int, int],
        celsius: float,
        *,
        lowest: bool,
    ) -> int:
        """When the bucket that begins at `start_ms` was lowest or highest; span: what was asked for, in whole
        minutes."""
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
        _, minutes = reader.steps(
            from_ms // MINUTE_MS * MINUTE_MS, -(end_ms // -MINUTE_MS) * MINUTE_MS, MINUTE_MS, probe_id
        )
        at = minutes.at[(minutes.good > 0) & ((minutes.lowest if lowest else minutes.highest) == units)]
        from_ms = int(at[0]) * MINUTE_MS if len(at) else from_ms
        end_ms = from_ms + MINUTE_MS
    columns = reader.columns(from_ms, end_ms, [probe_id], fields=VALUES)
    fitting = columns.taken_ms[columns.units == units]
    return int(fitting[0]) if len(fitting) else from_ms


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
        self,
        reader: Reader,
        intervals: dict[str, int],
        span: tuple[int, int],
        line_c: float | None,
        now_ms: int,
    ) -> dict[str, Measured]:
        """Each probe that has a reading in [from, to). intervals: each probe's own, 0 when unknown."""
        # Late readings may still come: asked again twice a minute.
        key = (span, line_c, tuple(intervals), now_ms // (MINUTE_MS // 2))
        if key != self._key:
            figures = reader.figures(*span, list(intervals), known=self._figures)
            self._known = {
                id_: self._one(reader, id_, *span, line_c, figures[id_])
                for id_ in intervals
                if id_ in figures
            }
            self._key = key
        return self._known

    def _one(
        self, reader: Reader, probe_id: str, from_ms: int, to_ms: int, line_c: float | None, figures: Figures
    ) -> Measured:
        told = statistics.of_figures(figures, self._extremes(reader, probe_id, from_ms, to_ms))
        if line_c is None:
            return Measured(told)
        return Measured(
            told, reader.beyond(from_ms, to_ms, (Limit("above", line_c),), probe_id).get(probe_id)
        )

    def _extremes(self, reader: Reader, probe_id: str, from_ms: int, to_ms: int) -> Extremes:
        width_ms = Window(to_ms - from_ms).bucket_ms if to_ms - from_ms > POINTS_UP_TO_MS else 0
        span = (
            (-(from_ms // -MINUTE_MS) * MINUTE_MS, to_ms // MINUTE_MS * MINUTE_MS)
            if width_ms
            else (from_ms, from_ms)
        )
        # Whole minutes from the roll-ups, the rest at both ends reading by reading.
        before = _points(reader, probe_id, from_ms, span[0])
        middle = buckets_of(reader.steps(*span, width_ms, probe_id)[1], width_ms) if width_ms else NO_BUCKETS
        parts = before + middle + _points(reader, probe_id, span[1], to_ms)
        found = statistics.extremes(parts)
        inside = range(len(before.start_ms), len(before.start_ms) + len(middle.start_ms))
        if int(np.argmin(parts.low)) in inside:
            low_ms = self._drill.moment(
                reader, probe_id, found.low_ms, width_ms, span, found.low, lowest=True
            )
            found = found._replace(low_ms=low_ms)
        if int(np.argmax(parts.high)) in inside:
            high_ms = self._drill.moment(
                reader, probe_id, found.high_ms, width_ms, span, found.high, lowest=False
            )
            found = found._replace(high_ms=high_ms)
        return found


def _points(reader: Reader, probe_id: str, from_ms: int, to_ms: int) -> Buckets:
    if to_ms <= from_ms:
        return NO_BUCKETS
    columns = reader.columns(from_ms, to_ms, [probe_id], fields=VALUES)
    good = columns.units != NO_VALUE
    return singly(columns.taken_ms[good], columns.celsius[good])


# The first reading of a window comes in slices, because a page's kernel must stay small.
SLICE_MS = 10 * MINUTE_MS
STEP_ROWS = 10_000
FIELDS = ("no", "taken_ms", "delay_ms", "units")
# What stands still is looked at again now and then: late readings may have come.
STILL_MS = 30_000
# Of a long window so many readings are looked into at a time, about a tenth of a second: until then its mean
# is told as an estimate.
MOST_READ = 250_000
SLOWEST_MS = 10 * MINUTE_MS


class Kept(NamedTuple):
    """What is drawn and told of a probe. key: changes when the curve does.

    faults: when its sensor answered badly; late: when readings were taken that were long on their way.
    """

    key: object
    curve: Curve
    statistics: Statistics
    faults: Times = NO_TIMES
    late: Times = NO_TIMES


class Memory:
    """Curves and statistics of one window."""

    def __init__(self, window: Window, most: int = MOST_READ) -> None:
        """most: how many readings of a long window are looked into at a time."""
        self.window = window
        self._series: dict[str, Series] = {}
        self._kept: dict[str, Kept] = {}
        self._last_no = 0
        self._round: object = None
        self._drill = Drill()
        self._figures = Known(most, window.bucket_ms if window.from_minutes else 0)
        # Of which probes it was read.
        self._of: frozenset[str] = frozenset()

    def kept(self, probe_id: str) -> Kept | None:
        """What there is of a probe; None when it has no reading in the window."""
        return self._kept.get(probe_id)

    def interval_ms(self, probe_id: str) -> int:
        """The pace seen in a probe's readings, 0 when unknown."""
        series = self._series.get(probe_id)
        return series.interval_ms() if series else 0

    def update(self, reader: Reader, intervals: Mapping[str, int], now_ms: int) -> None:
        """Bring all of these probes up to `now_ms`; what was read of others is let go. intervals: each
        probe's own, 0 when nobody told it one."""
        before, self._of = self._of, frozenset(intervals)
        for probe_id in before - self._of:
            self._series.pop(probe_id, None)
            self._kept.pop(probe_id, None)
        if self.window.live and not self.window.from_minutes:
            self._follow_live(reader, intervals, now_ms, sorted(self._of - before))
            return
        this_round = now_ms // self._every_ms(now_ms), self._of
        if this_round == self._round:
            return
        if self.window.from_minutes:
            self._from_minutes(reader, intervals, now_ms)
        else:
            self._still(reader, intervals)
        # What was not read yet is read with the next refresh.
        self._round = this_round if self._figures.whole else None

    def _every_ms(self, now_ms: int) -> int:
        if not self.window.live:
            return STILL_MS if now_ms - self.window.end_ms > MINUTE_MS else STILL_MS // 6
        return min(max(self.window.bucket_ms // 2, MINUTE_MS), SLOWEST_MS)

    def _follow_live(
        self, reader: Reader, intervals: Mapping[str, int], now_ms: int, new: Sequence[str]
    ) -> None:
        start_ms = now_ms - self.window.span_ms
        if len(new) == len(intervals):
            self._last_no = reader.count()
        # A little more: what lies before the window tells how long its first readings hold.
        self._fill(reader, start_ms - SLICE_MS, now_ms + AHEAD_MS, new)
        self._follow(reader, start_ms)
        for probe_id, series in self._series.items():
            series.trim(start_ms)
            self._keep(probe_id, series, intervals.get(probe_id, 0), start_ms, now_ms)

    def _still(self, reader: Reader, intervals: Mapping[str, int]) -> None:
        from_ms, end_ms = self.window.ends(0)
        self._series.clear()
        self._kept.clear()
        self._last_no = reader.count()
        self._fill(reader, from_ms, end_ms, list(intervals))
        for probe_id, series in self._series.items():
            self._keep(probe_id, series, intervals.get(probe_id, 0), from_ms, end_ms)
        # What lies beside the window tells how long its outermost readings hold.
        for probe_id, told in reader.figures(
            from_ms, end_ms, list(self._series), known=self._figures
        ).items():
            kept = self._kept[probe_id]
            self._kept[probe_id] = kept._replace(
                statistics=kept.statistics._replace(mean=told.mean, sigma=told.sigma, trend=told.trend)
            )

    def _fill(self, reader: Reader, start_ms: int, end_ms: int, probe_ids: Sequence[str]) -> None:
        for slice_ms in range(start_ms, end_ms, SLICE_MS) if probe_ids else ():
            columns = reader.columns(slice_ms, min(slice_ms + SLICE_MS, end_ms), probe_ids, fields=FIELDS)
            self._take(columns, columns.no <= self._last_no)

    def _follow(self, reader: Reader, start_ms: int) -> None:
        while True:
            columns = reader.behind(self._last_no, STEP_ROWS, fields=FIELDS)
            mine = [no for no, id_ in columns.ids.items() if id_ in self._of]
            known = (columns.taken_ms >= start_ms) & (columns.quality != STRUCK)
            self._take(columns, known & np.isin(columns.probe, mine))
            if len(columns):
                self._last_no = int(columns.no[-1])
            if len(columns) < STEP_ROWS:
                return

    def _take(self, columns: Columns, which: Flags) -> None:
        """Share some readings out among the probes, each in the order they came."""
        places = np.flatnonzero(which)
        places = places[np.argsort(columns.probe[places], kind="stable")]
        celsius, delay_ms = columns.celsius, columns.received_ms - columns.taken_ms
        for mine in np.split(places, np.flatnonzero(np.diff(columns.probe[places])) + 1):
            if len(mine):
                series = self._series.setdefault(columns.ids[int(columns.probe[mine[0]])], Series())
                series.add(columns.taken_ms[mine], celsius[mine], delay_ms[mine])

    def _keep(self, probe_id: str, series: Series, told_ms: int, start_ms: int, end_ms: int) -> None:
        span, known = (start_ms, end_ms), self._kept.get(probe_id)
        self._kept[probe_id] = kept_of(self.window, series, told_ms, span, known)

    def _from_minutes(self, reader: Reader, intervals: Mapping[str, int], now_ms: int) -> None:
        width_ms = self.window.bucket_ms
        from_ms, end_ms = (-(moment // -MINUTE_MS) * MINUTE_MS for moment in self.window.ends(now_ms + 1))
        ids, steps = reader.steps(from_ms, end_ms, width_ms, list(intervals))
        numbers = {id_: no for no, id_ in ids.items()}
        figures = reader.figures(from_ms, end_ms, list(intervals), known=self._figures)
        delayed = reader.late(from_ms, end_ms, width_ms, list(intervals))
        for probe_id, told_ms in intervals.items():
            mine = steps.of_probe(numbers.get(probe_id, 0))
            found = buckets_of(mine, width_ms)
            if not len(found.start_ms) or probe_id not in figures:
                self._kept.pop(probe_id, None)
                continue
            if (fine := self._figures.means.get(probe_id)) is not None:
                found = with_means(found, *fine)
            # Slower than a bucket: the pace shows in how far the buckets lie apart.
            pace_ms = told_ms or (int(np.median(np.diff(found.start_ms))) if len(found.start_ms) > 2 else 0)
            gap_ms = gap_of(pace_ms, width_ms)
            extremes = self._drill.exact(
                reader, probe_id, statistics.extremes(found), width_ms, (from_ms, end_ms)
            )
            told = statistics.of_figures(figures[probe_id], extremes)
            key = (gap_ms, from_ms, end_ms, told)
            late = np.array(delayed.get(probe_id, ()), np.int64)
            curve = curve_of_buckets(found, width_ms, gap_ms)
            self._kept[probe_id] = Kept(key, curve, told, mine.at[mine.bad > 0] * width_ms, late)


def kept_of(
    window: Window, series: Series, told_ms: int, span: tuple[int, int], known: Kept | None = None
) -> Kept:
    """What is drawn and told of single readings. told_ms: the probe's interval, 0 when nobody told it; known:
    the same of a moment ago."""
    (start_ms, end_ms), width_ms = span, window.bucket_ms
    gap_ms = gap_of(told_ms or series.interval_ms(), width_ms)
    times, values = series.arrays(end_ms + AHEAD_MS if window.live else end_ms)
    told = statistics.of_points(times, values, start_ms)
    # A line in buckets is drawn again when a bucket is full, not with each reading.
    live = width_ms and window.live
    key = (gap_ms, end_ms // width_ms, series.late) if live else (gap_ms, series.version)
    if known is not None and known.key == key:
        return known._replace(statistics=told)
    if width_ms:
        curve = curve_of_buckets(in_buckets(times, values, width_ms, start_ms), width_ms, gap_ms)
    else:
        curve = curve_of_points(*series.arrays(), gap_ms)
    return Kept(key, curve, told, series.faults(), series.delayed())
