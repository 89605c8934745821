"""What it means to be beyond a limit: for how long, how far, since when. The one definition, for page, API, exports and notebooks. Pure.

Between two readings the temperature is the straight line through them, so a limit is crossed where that line crosses it (Rosendaal et al.,
Thromb. Haemost. 69 (1993) 236). A pause of more than three usual intervals is a gap, of which nothing is known: neither above nor below.
Usual is the median of the 101 intervals about that place, so a probe told another interval has another pace at once. Just at the limit is
not beyond it. Readings without a value are left out; several of one moment count as their mean. Any thread.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.clock import MINUTE_MS
from .columns import Floats, Ints

Flags = npt.NDArray[np.bool_]

# A gap is a pause of more than this many of the probe's own intervals.
GAP_PACES = 3
# How many intervals about a place tell its usual one.
PACE_WINDOW = 101
# So many intervals are looked at together for whether any can be a gap, and so many medians are taken at once.
BLOCK = 1_024
AT_ONCE = 4_096
ABOVE = "above"


class Line(NamedTuple):
    """Good readings by time. ms: rising, each once; celsius; whole[k]: no gap between reading k and k + 1."""

    ms: Ints
    celsius: Floats
    whole: Flags

    @property
    def measured_ms(self) -> int:
        """The time that is not inside gaps."""
        return int((np.diff(self.ms) * self.whole).sum())


class Limit(NamedTuple):
    """`kind` is `above` or `below`, `celsius` where it lies."""

    kind: str
    celsius: float

    def excess(self, celsius: Floats) -> Floats:
        """How far beyond the limit, in K; negative on the good side."""
        return celsius - self.celsius if self.kind == ABOVE else self.celsius - celsius

    def back(self, excess: Floats) -> Floats:
        """The temperature that lies `excess` beyond the limit."""
        return self.celsius + excess if self.kind == ABOVE else self.celsius - excess


class Excursions(NamedTuple):
    """Times beyond a limit, column by column, by time.

    start_ms, end_ms: where the line crosses the limit, else the outermost reading; unseen_ms: the part inside gaps; peak_c: the reading
    farthest beyond; mean_c: over the time seen; degree_minutes: area beyond the limit in K·min; begins, ends: `crossing`, `gap` or `data`.
    """

    start_ms: Floats
    end_ms: Floats
    unseen_ms: Floats
    peak_c: Floats
    mean_c: Floats
    degree_minutes: Floats
    begins: npt.NDArray[np.object_]
    ends: npt.NDArray[np.object_]


def line_of(ms: Ints, celsius: Floats, longest_ms: int | None = None) -> Line:
    """Readings by time as a line. longest_ms: the longest pause that is no gap; by default three usual intervals."""
    good = np.isfinite(celsius)
    ms, celsius = ms[good], celsius[good]
    pause = np.diff(ms)
    if np.any(pause <= 0):
        ms, place, count = np.unique(ms, return_inverse=True, return_counts=True)
        celsius, pause = np.bincount(place, weights=celsius) / count, np.diff(ms)
    return Line(ms, celsius, ~_long(pause) if longest_ms is None else pause <= longest_ms)


def pace(pause: Ints, at: Ints) -> Floats:
    """The usual interval at some of the intervals: the median of those about it, fewer at both ends."""
    about, last = PACE_WINDOW // 2, len(pause)
    found = np.empty(len(at))
    inner = (at >= about) & (at + about < last)
    for place in np.flatnonzero(~inner).tolist():
        found[place] = np.median(pause[max(int(at[place]) - about, 0) : int(at[place]) + about + 1])
    if inner.any():
        windows, places = np.lib.stride_tricks.sliding_window_view(pause, PACE_WINDOW), np.flatnonzero(inner)
        for some in np.array_split(places, -(-len(places) // AT_ONCE)):
            found[some] = np.partition(windows[at[some] - about], about, axis=1)[:, about]
    return found


def _long(pause: Ints) -> Flags:
    """Which pauses are gaps."""
    found = np.zeros(len(pause), np.bool_)
    if not len(pause):
        return found
    # A median is never below the least: only what is much longer than the least about it can be a gap, at an even pace next to nothing.
    least = np.minimum.reduceat(pause, np.arange(0, len(pause), BLOCK))
    least = np.minimum.reduce([least, np.append(least[1:], least[-1]), np.append(least[0], least[:-1])])
    may = np.flatnonzero(pause > GAP_PACES * np.repeat(least, BLOCK)[: len(pause)])
    found[may] = pause[may] > GAP_PACES * pace(pause, may)
    return found


def beyond(excess: Floats, ms: Ints, whole: Flags) -> tuple[Floats, Floats]:
    """For each interval between readings: (milliseconds beyond the limit, area beyond it in K·ms). Nothing across a gap."""
    first, second, length = excess[:-1], excess[1:], np.diff(ms) * whole
    high, low = np.maximum(first, second), np.minimum(first, second)
    # Where the line crosses the limit, a triangle is left of the trapezoid.
    crosses = (high > 0) & (low < 0)
    share = np.where(crosses, high / np.where(crosses, high - low, 1), high > 0)
    return share * length, share * length * (np.maximum(high, 0) + np.maximum(low, 0)) / 2


def excursions_of(line: Line, limit: Limit) -> Excursions | None:
    """The times beyond a limit; None when there is none. Beyond it before and after a gap is one excursion: a gap cannot hide one."""
    excess = limit.excess(line.celsius)
    out = excess > 0
    first = np.flatnonzero(out & ~np.r_[False, out[:-1]])
    last = np.flatnonzero(out & ~np.r_[out[1:], False])
    if not len(first):
        return None
    start, begins = _edges(line, excess, first, -1)
    end, ends = _edges(line, excess, last, 1)
    # Each interval beyond the limit belongs to the one excursion that its beyond end belongs to.
    number = np.cumsum(np.r_[0, np.diff(out.astype(np.int8)) == 1]) - (0 if out[0] else 1)
    owner = np.where(out[:-1], number[:-1], number[1:])
    mine = out[:-1] | out[1:]
    time, area = (np.bincount(owner[mine], part[mine], len(first)) for part in beyond(excess, line.ms, line.whole))
    peak = np.maximum.reduceat(np.where(out, excess, 0), first)
    hidden = (np.diff(line.ms) * ~line.whole * (out[:-1] & out[1:])).astype(np.float64)
    unseen: Floats = np.bincount(owner[mine], hidden[mine], len(first)).astype(np.float64)
    # A lone reading between two gaps has no time to take a mean over.
    mean = limit.back(np.where(time > 0, area / np.where(time > 0, time, 1), peak))
    return Excursions(start, end, unseen, limit.back(peak), mean, area / MINUTE_MS, begins, ends)


def _edges(line: Line, excess: Floats, at: Ints, side: int) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Where an excursion's line meets the limit before (-1) or after (1) its outermost readings, and how that is known."""
    other = np.clip(at + side, 0, len(line.ms) - 1)
    is_end = other == at
    joined = np.zeros(len(at), np.bool_)
    joined[~is_end] = line.whole[np.minimum(at, other)[~is_end]]
    drop = excess[at] - np.where(joined, excess[other], 0)
    moment: Floats = line.ms[at].astype(np.float64) + np.where(joined, (line.ms[other] - line.ms[at]) * excess[at] / drop, 0.0)
    return moment, np.where(joined, "crossing", np.where(is_end, "data", "gap")).astype(object)
