"""One probe's readings in memory, and the lines drawn from them. Belongs to the thread that made it; functions are pure.

Times are milliseconds since 1970, values °C; a reading without a temperature is NaN, so it breaks the line.
"""

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..journal.holding import BEFORE
from ..journal.lateness import LATE_MS
from ..journal.weights import readings_of

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

GAP_INTERVALS = 3
EVER_MS = 2**62


class Buckets(NamedTuple):
    """Readings gathered by spans of time; only spans that hold a good reading. weight: what each mean counts for beside others."""

    start_ms: Times
    low: Floats
    high: Floats
    mean: Floats
    weight: Floats

    def gathered(self, width_ms: int) -> "Buckets":
        """The same in wider buckets."""
        if not len(self.start_ms):
            return self
        start, first = np.unique(self.start_ms // width_ms * width_ms, return_index=True)
        weight = np.add.reduceat(self.weight, first)
        mean = np.add.reduceat(self.mean * self.weight, first) / weight
        return Buckets(start, np.minimum.reduceat(self.low, first), np.maximum.reduceat(self.high, first), mean, weight)

    def __add__(self, later: "Buckets") -> "Buckets":  # type: ignore[override]  # two spans of time, one after the other
        return Buckets(*(np.concatenate(pair) for pair in zip(self, later, strict=True)))


class Curve(NamedTuple):
    """What the chart draws of one probe: a line with NaN where it is broken, and a closed band of lowest to highest."""

    times: Floats
    values: Floats
    band_times: Floats
    band_values: Floats


NO_FLOATS: Floats = np.empty(0)
NO_TIMES: Times = np.empty(0, np.int64)
NO_CURVE = Curve(NO_FLOATS, NO_FLOATS, NO_FLOATS, NO_FLOATS)


class Series:
    """Readings by the time they were taken, late ones in their place. `late` counts those that came out of order."""

    def __init__(self) -> None:
        self._times = array("q")
        self._values = array("d")
        self._delayed = array("q")
        self.version = 0
        self.late = 0

    def add(self, taken_ms: int, celsius: float | None, *, delay_ms: int = 0) -> None:
        """Take in one reading; delay_ms: how long it was on its way."""
        value = float("nan") if celsius is None else celsius
        if delay_ms > LATE_MS:
            self._delayed.append(taken_ms)
        self.version += 1
        if not self._times or taken_ms >= self._times[-1]:
            self._times.append(taken_ms)
            self._values.append(value)
            return
        place = bisect_right(self._times, taken_ms)
        self._times.insert(place, taken_ms)
        self._values.insert(place, value)
        self.late += 1

    def trim(self, before_ms: int) -> None:
        """Forget what lies before, but for a few readings: the line comes in from there, and they tell how long the first ones hold."""
        surplus = bisect_left(self._times, before_ms) - BEFORE
        if surplus > 0:
            del self._times[:surplus]
            del self._values[:surplus]
            self._delayed = array("q", (ms for ms in self._delayed if ms >= self._times[0]))

    def arrays(self, upto_ms: int = EVER_MS) -> tuple[Times, Floats]:
        """Copies of times and values, up to `upto_ms`."""
        end = bisect_right(self._times, upto_ms)
        return np.array(self._times[:end], np.int64), np.array(self._values[:end], np.float64)

    def faults(self) -> Times:
        """When the sensor answered badly."""
        times, values = self.arrays()
        return times[np.isnan(values)]

    def delayed(self) -> Times:
        """When the readings were taken that were long on their way."""
        return np.array(self._delayed, np.int64)

    def interval_ms(self) -> int:
        """The pace seen in the readings, 0 when there are too few."""
        times = np.array(self._times[-200:], np.int64)
        return int(np.median(np.diff(times))) if len(times) > 2 else 0


def gap_of(pace_ms: int, width_ms: int) -> int:
    """How far two drawn points may lie apart before the line breaks: three of the probe's intervals, whatever the zoom.

    Two buckets that far apart have at least `distance − width` without a reading between them.
    """
    return GAP_INTERVALS * pace_ms + max(width_ms - 1, 0)


def broken_line(times: Times, values: Floats, gap_ms: int) -> tuple[Floats, Floats]:
    """Times and values with a NaN set in wherever two neighbours lie further apart than `gap_ms` (0: never)."""
    times_f = times.astype(np.float64)
    if not gap_ms or len(times) < 2:
        return times_f, values
    after = np.flatnonzero(np.diff(times) > gap_ms) + 1
    return np.insert(times_f, after, times_f[after - 1] + 1), np.insert(values, after, np.nan)


def trimmed(times: Times, values: Floats) -> tuple[Times, Floats]:
    """Without the bad readings at both ends: there is no line there that they could break."""
    good = np.flatnonzero(np.isfinite(values))
    return (times[good[0] : good[-1] + 1], values[good[0] : good[-1] + 1]) if len(good) else (times[:0], values[:0])


def singly(times: Times, values: Floats) -> Buckets:
    """Each good reading as a bucket of its own."""
    return Buckets(times, values, values, values, np.ones(len(values)))


def in_buckets(times: Times, values: Floats, width_ms: int, from_ms: int = 0) -> Buckets:
    """Gather good readings from `from_ms` on by spans of `width_ms`, their means over time; `times` ascend."""
    good = np.isfinite(values)
    times, values = times[good], values[good]
    moments, _, held = readings_of(times, values)
    # Several of one moment share the time that it holds.
    same = np.searchsorted(times, moments, "right") - np.searchsorted(times, moments)
    weight, inside = np.repeat(held / same, same), times >= from_ms
    return singly(times[inside], values[inside])._replace(weight=weight[inside]).gathered(width_ms)


def curve_of_points(times: Times, values: Floats, gap_ms: int) -> Curve:
    """Every reading as a point."""
    return Curve(*broken_line(*trimmed(times, values), gap_ms), NO_FLOATS, NO_FLOATS)


def curve_of_buckets(buckets: Buckets, width_ms: int, gap_ms: int) -> Curve:
    """A line through the means, and around it a band from lowest to highest, so that no spike is lost."""
    if not len(buckets.start_ms):
        return NO_CURVE
    middle = buckets.start_ms + width_ms // 2
    line = broken_line(middle, buckets.mean, gap_ms)
    if np.array_equal(buckets.low, buckets.high):
        return Curve(*line, NO_FLOATS, NO_FLOATS)
    cuts = np.flatnonzero(np.diff(middle) > gap_ms) + 1 if gap_ms else np.empty(0, np.int64)
    band_times: list[Floats] = []
    band_values: list[Floats] = []
    for part in np.split(np.arange(len(middle)), cuts):
        across = middle[part].astype(np.float64)
        # A bucket that stands alone still shows how far it reached; every band has a point where the line has one.
        across = across[0] + np.array([-width_ms / 2, 0, width_ms / 2]) if len(part) == 1 else across
        part = np.repeat(part, 3) if len(part) == 1 else part
        band_times += [across, across[::-1], across[:1]]
        band_values += [buckets.high[part], buckets.low[part][::-1], np.array([np.nan])]
    return Curve(*line, np.concatenate(band_times[:-1]), np.concatenate(band_values[:-1]))
