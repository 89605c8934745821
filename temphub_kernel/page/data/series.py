"""One probe's readings in memory, and the lines drawn from them. Belongs to the thread that made it;
functions are pure.

Times are milliseconds since 1970, values °C; a reading without a temperature is NaN, so it breaks the line.
"""

from typing import NamedTuple

import numpy as np

from ...core import EVER_MS, UNITS_PER_C
from ...journal import LATE_MS, Floats, Ints, Steps, time_weights

# Moments in ms since 1970.
Times = Ints

GAP_INTERVALS = 3


class Buckets(NamedTuple):
    """One probe's readings gathered by spans of time; only spans that hold a good reading, by time. Columns
    of one length (n,).

    start_ms: int64; low, high, mean: float64, °C; weight: float64, what each mean counts for beside others.
    """

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
        return Buckets(
            start, np.minimum.reduceat(self.low, first), np.maximum.reduceat(self.high, first), mean, weight
        )

    def __add__(self, later: "Buckets") -> "Buckets":  # type: ignore[override]  # two spans of time, one after the other
        return Buckets(*(np.concatenate(pair) for pair in zip(self, later, strict=True)))


class Curve(NamedTuple):
    """What the chart draws of one probe: a line with NaN where it is broken, and a closed band of lowest to
    highest.

    Columns of float64, times in ms and values in °C: those of the line have one length, those of the band
    another.
    """

    times: Floats
    values: Floats
    band_times: Floats
    band_values: Floats


NO_FLOATS: Floats = np.empty(0)
NO_TIMES: Times = np.empty(0, np.int64)
NO_BUCKETS = Buckets(NO_TIMES, NO_FLOATS, NO_FLOATS, NO_FLOATS, NO_FLOATS)
NO_CURVE = Curve(NO_FLOATS, NO_FLOATS, NO_FLOATS, NO_FLOATS)


class Series:
    """Readings by the time they were taken, late ones in their place. `late` counts those that came out of
    order.

    What it gives stays as it is: new readings make new arrays.
    """

    def __init__(self) -> None:
        self._times = NO_TIMES
        self._values = NO_FLOATS
        self._delayed = NO_TIMES
        self.version = 0
        self.late = 0

    def add(self, taken_ms: Times, celsius: Floats, delay_ms: Times) -> None:
        """Take in readings as they came, columns of one length; celsius: NaN for a bad one; delay_ms: how
        long each was on its way."""
        if not len(taken_ms):
            return
        self.version += len(taken_ms)
        self._delayed = np.concatenate([self._delayed, taken_ms[delay_ms > LATE_MS]])
        newest = np.maximum.accumulate(np.concatenate([self._times[-1:], taken_ms]))[-len(taken_ms) :]
        late = int((taken_ms < newest).sum())
        times, values = np.concatenate([self._times, taken_ms]), np.concatenate([self._values, celsius])
        if late:
            # Of one moment the one that came last stays last.
            order = np.argsort(times, kind="stable")
            times, values = times[order], values[order]
        self._times, self._values, self.late = times, values, self.late + late

    def trim(self, before_ms: int) -> None:
        """Forget what lies before, but for a few readings: the line comes in from there, and they tell how
        long the first ones hold."""
        surplus = int(np.searchsorted(self._times, before_ms)) - time_weights.BEFORE
        if surplus > 0:
            self._times, self._values = self._times[surplus:], self._values[surplus:]
            self._delayed = self._delayed[self._delayed >= self._times[0]]

    def arrays(self, upto_ms: int = EVER_MS) -> tuple[Times, Floats]:
        """Times and values up to `upto_ms`."""
        end = int(np.searchsorted(self._times, upto_ms, "right"))
        return self._times[:end], self._values[:end]

    def faults(self) -> Times:
        """When the sensor answered badly."""
        return self._times[np.isnan(self._values)]

    def delayed(self) -> Times:
        """When the readings were taken that were long on their way."""
        return self._delayed

    def interval_ms(self) -> int:
        """The pace seen in the readings, 0 when there are too few."""
        times = self._times[-200:]
        return int(np.median(np.diff(times))) if len(times) > 2 else 0


def gap_of(pace_ms: int, width_ms: int) -> int:
    """How far two drawn points may lie apart before the line breaks: three of the probe's intervals, whatever
    the zoom.

    Two buckets that far apart have at least `distance − width` without a reading between them.
    """
    return GAP_INTERVALS * pace_ms + max(width_ms - 1, 0)


def broken_line(times: Times, values: Floats, gap_ms: int) -> tuple[Floats, Floats]:
    """Times and values with a NaN set in wherever two neighbours lie further apart than `gap_ms` (0:
    never)."""
    times_f = times.astype(np.float64)
    if not gap_ms or len(times) < 2:
        return times_f, values
    after = np.flatnonzero(np.diff(times) > gap_ms) + 1
    return np.insert(times_f, after, times_f[after - 1] + 1), np.insert(values, after, np.nan)


def trimmed(times: Times, values: Floats) -> tuple[Times, Floats]:
    """Without the bad readings at both ends: there is no line there that they could break."""
    good = np.flatnonzero(np.isfinite(values))
    return (
        (times[good[0] : good[-1] + 1], values[good[0] : good[-1] + 1])
        if len(good)
        else (times[:0], values[:0])
    )


def singly(times: Times, values: Floats) -> Buckets:
    """Each good reading as a bucket of its own."""
    return Buckets(times, values, values, values, np.ones(len(values)))


def buckets_of(steps: Steps, width_ms: int) -> Buckets:
    """The journal's steps of one probe."""
    good = steps.of(steps.good > 0)
    mean = good.total / good.good / UNITS_PER_C
    return Buckets(
        good.at * width_ms,
        good.lowest / UNITS_PER_C,
        good.highest / UNITS_PER_C,
        mean,
        good.good.astype(np.float64),
    )


def in_buckets(times: Times, values: Floats, width_ms: int, from_ms: int = 0) -> Buckets:
    """Gather good readings from `from_ms` on by spans of `width_ms`, their means over time; `times`
    ascend."""
    good = np.isfinite(values)
    times, values = times[good], values[good]
    moments, _, held = time_weights.readings_of(times, values)
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
        # A bucket that stands alone still shows how far it reached; every band has a point where the line has
        # one.
        across = across[0] + np.array([-width_ms / 2, 0, width_ms / 2]) if len(part) == 1 else across
        part = np.repeat(part, 3) if len(part) == 1 else part
        band_times += [across, across[::-1], across[:1]]
        band_values += [buckets.high[part], buckets.low[part][::-1], np.array([np.nan])]
    return Curve(*line, np.concatenate(band_times[:-1]), np.concatenate(band_values[:-1]))
