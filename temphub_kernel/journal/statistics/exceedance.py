"""What it means to be beyond a limit: for how long, how far, since when. The one definition, for page, API,
exports and notebooks."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...core import HOUR_MS, MINUTE_MS, UNITS_PER_C
from .. import columns, schema
from .steps import Steps
from .time_weights import holds

# A gap is a pause of more than this many of the probe's own intervals.
GAP_PACES = 3
# How many intervals about a place tell its usual one.
PACE_WINDOW = 101
# So many intervals are looked at together for whether any can be a gap, and so many medians are taken at
# once.
BLOCK = 1_024
AT_ONCE = 4_096
ABOVE = "above"
# An excursion that begins or ends with the readings.
DATA = "data"


class Line(NamedTuple):
    """Good readings by time. ms: rising, each once; celsius; whole[k]: no gap between reading k and k + 1."""

    ms: columns.Ints
    celsius: columns.Floats
    whole: columns.Flags

    @property
    def measured_ms(self) -> int:
        """The time that is not inside gaps."""
        return int((np.diff(self.ms) * self.whole).sum())


class Limit(NamedTuple):
    """`kind` is `above` or `below`, `celsius` where it lies."""

    kind: str
    celsius: float

    def excess(self, celsius: columns.Floats) -> columns.Floats:
        """How far beyond the limit, in K; negative on the good side."""
        return celsius - self.celsius if self.kind == ABOVE else self.celsius - celsius

    def back(self, excess: columns.Floats) -> columns.Floats:
        """The temperature that lies `excess` beyond the limit."""
        return self.celsius + excess if self.kind == ABOVE else self.celsius - excess


class Excursions(NamedTuple):
    """Times beyond a limit, column by column, by time.

    start_ms, end_ms: where the line crosses the limit, else the outermost reading; unseen_ms, seen_ms: the
    part inside gaps and the other; peak_c: the reading farthest beyond; mean_c: over the time seen;
    degree_minutes: area beyond the limit in K·min; begins, ends: `crossing`, `gap` or `data`.
    """

    start_ms: columns.Floats
    end_ms: columns.Floats
    unseen_ms: columns.Floats
    peak_c: columns.Floats
    mean_c: columns.Floats
    degree_minutes: columns.Floats
    begins: npt.NDArray[np.object_]
    ends: npt.NDArray[np.object_]
    seen_ms: columns.Floats

    def joined(self, later: "Excursions", limit: Limit) -> "Excursions":
        """Of two lines as one that share a reading, the last of this one and the first of `later`; each has
        at least one."""
        if self.ends[-1] != DATA or later.begins[0] != DATA:
            columns: Any = (np.concatenate(both) for both in zip(self, later, strict=True))
            return Excursions(*columns)
        # The reading they share is beyond the limit: what ends here goes on there.
        last, first = self.part(len(self.ends) - 1), later.part(0)
        seen, area = last.seen_ms + first.seen_ms, (last.degree_minutes + first.degree_minutes) * MINUTE_MS
        farthest = np.maximum if limit.kind == ABOVE else np.minimum
        peak = farthest(last.peak_c, first.peak_c)
        both = last._replace(
            end_ms=first.end_ms,
            unseen_ms=last.unseen_ms + first.unseen_ms,
            peak_c=peak,
            mean_c=_mean(limit, area, seen, limit.excess(peak)),
            degree_minutes=area / MINUTE_MS,
            ends=first.ends,
            seen_ms=seen,
        )
        whole = zip(self, both, later, strict=True)
        columns = (np.concatenate([before[:-1], one, behind[1:]]) for before, one, behind in whole)
        return Excursions(*columns)

    def part(self, at: int) -> "Excursions":
        """One of them alone."""
        columns: Any = (column[at : at + 1] for column in self)
        return Excursions(*columns)


def line_of(ms: columns.Ints, celsius: columns.Floats, longest_ms: int | None = None) -> Line:
    """Readings by time as a line. longest_ms: the longest pause that is no gap; by default three usual
    intervals."""
    good = np.isfinite(celsius)
    ms, celsius = ms[good], celsius[good]
    pause = np.diff(ms)
    if np.any(pause <= 0):
        ms, place, count = np.unique(ms, return_inverse=True, return_counts=True)
        celsius, pause = np.bincount(place, weights=celsius) / count, np.diff(ms)
    return Line(ms, celsius, ~_long(pause) if longest_ms is None else pause <= longest_ms)


def pace(pause: columns.Ints, at: columns.Ints) -> columns.Floats:
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


def _long(pause: columns.Ints) -> columns.Flags:
    """Which pauses are gaps."""
    found = np.zeros(len(pause), np.bool_)
    may = may_be_gaps(pause)
    found[may] = pause[may] > GAP_PACES * pace(pause, may)
    return found


def may_be_gaps(pause: columns.Ints) -> columns.Ints:
    """The places of those that can be more than GAP_PACES usual intervals long; at an even pace next to
    none."""
    if not len(pause):
        return np.empty(0, np.int64)
    # A median is never below the least: only what is much longer than the least about it can be a gap.
    least = np.minimum.reduceat(pause, np.arange(0, len(pause), BLOCK))
    least = np.minimum.reduce([least, np.append(least[1:], least[-1]), np.append(least[0], least[:-1])])
    return np.flatnonzero(pause > GAP_PACES * np.repeat(least, BLOCK)[: len(pause)])


def beyond(
    excess: columns.Floats, ms: columns.Ints, whole: columns.Flags
) -> tuple[columns.Floats, columns.Floats]:
    """For each interval between readings: (milliseconds beyond the limit, area beyond it in K·ms). Nothing
    across a gap."""
    first, second, length = excess[:-1], excess[1:], np.diff(ms) * whole
    high, low = np.maximum(first, second), np.minimum(first, second)
    # Where the line crosses the limit, a triangle is left of the trapezoid.
    crosses = (high > 0) & (low < 0)
    share = np.where(crosses, high / np.where(crosses, high - low, 1), high > 0)
    return share * length, share * length * (np.maximum(high, 0) + np.maximum(low, 0)) / 2


def excursions_of(line: Line, limit: Limit) -> Excursions | None:
    """The times beyond a limit; None when there is none. Beyond it before and after a gap is one excursion: a
    gap cannot hide one."""
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
    time, area = (
        np.bincount(owner[mine], part[mine], len(first)).astype(np.float64)
        for part in beyond(excess, line.ms, line.whole)
    )
    peak = np.maximum.reduceat(np.where(out, excess, 0), first)
    hidden = (np.diff(line.ms) * ~line.whole * (out[:-1] & out[1:])).astype(np.float64)
    unseen: columns.Floats = np.bincount(owner[mine], hidden[mine], len(first)).astype(np.float64)
    mean = _mean(limit, area, time, peak)
    return Excursions(start, end, unseen, limit.back(peak), mean, area / MINUTE_MS, begins, ends, time)


def _mean(limit: Limit, area: columns.Floats, time: columns.Floats, peak: columns.Floats) -> columns.Floats:
    # A lone reading between two gaps has no time to take a mean over.
    return limit.back(np.where(time > 0, area / np.where(time > 0, time, 1), peak))


def _edges(
    line: Line, excess: columns.Floats, at: columns.Ints, side: int
) -> tuple[columns.Floats, npt.NDArray[np.object_]]:
    """Where an excursion's line meets the limit before (-1) or after (1) its outermost readings, and how that
    is known."""
    other = np.clip(at + side, 0, len(line.ms) - 1)
    is_end = other == at
    joined = np.zeros(len(at), np.bool_)
    joined[~is_end] = line.whole[np.minimum(at, other)[~is_end]]
    drop = excess[at] - np.where(joined, excess[other], 0)
    moment: columns.Floats = line.ms[at].astype(np.float64) + np.where(
        joined, (line.ms[other] - line.ms[at]) * excess[at] / drop, 0.0
    )
    return moment, np.where(joined, "crossing", np.where(is_end, DATA, "gap")).astype(object)


# Read and worked out in about a second.
MOST_READINGS = 200_000
# Steps that bounds are taken from: the finest of which there are no more than so many.
WIDTHS_MS = tuple(minutes * MINUTE_MS for minutes in schema.TIERS.values())
MOST_STEPS = 100_000

# Steps of a probe in [from_ms, to_ms) of a width; its good readings there by time: (ms, °C).
Ask = Callable[[int, int, int], Steps]
Read = Callable[[int, int], tuple[columns.Ints, columns.Floats]]


class Passed(NamedTuple):
    """Time beyond a limit in ms: an exact number (least, beyond and most are one) with its excursions, or
    bounds about an estimate."""

    limit: Limit
    beyond_ms: float
    least_ms: float
    most_ms: float
    excursions: Excursions | None = None

    @property
    def exact(self) -> bool:
        """Whether it is no estimate."""
        return self.least_ms == self.most_ms


class Beyond(NamedTuple):
    """Of one probe and [from, to): measured_ms, the time between its readings that is not inside gaps; exact:
    that it is no estimate.

    What is measured and beyond no limit is within; the rest of the range is unknown.
    """

    measured_ms: float
    exact: bool
    passed: tuple[Passed, ...]


def time_beyond(
    ask: Ask, read: Read, from_ms: int, to_ms: int, limits: Sequence[Limit], most: int = MOST_READINGS
) -> Beyond | None:
    """How long the readings of one probe in [from_ms, to_ms) were beyond each limit; None when there is no
    good reading."""
    hours = ask(from_ms, to_ms, HOUR_MS)
    hours = hours.of(hours.good > 0)
    if not len(hours.at):
        return None
    if int(hours.good.sum()) <= most:
        line = line_of(*read(from_ms, to_ms))
        return Beyond(line.measured_ms, True, tuple(_passed([line], limit) for limit in limits))
    measured = float(min(_held(hours, HOUR_MS).sum(), to_ms - from_ms))
    return Beyond(
        measured, False, tuple(_of_many(ask, read, from_ms, to_ms, hours, limit, most) for limit in limits)
    )


def _passed(lines: Iterable[Line], limit: Limit) -> Passed:
    found, total = [], 0.0
    for line in lines:
        total += (
            float(beyond(limit.excess(line.celsius), line.ms, line.whole)[0].sum()) if len(line.ms) else 0.0
        )
        found.append(excursions_of(line, limit) if len(line.ms) else None)
    some = [one for one in found if one is not None]
    excursions = Excursions(*(np.concatenate(column) for column in zip(*some, strict=True))) if some else None
    return Passed(limit, total, total, total, excursions)


def _of_many(ask: Ask, read: Read, from_ms: int, to_ms: int, hours: Steps, limit: Limit, most: int) -> Passed:
    stretches = _stretches(hours, _reaches(hours, limit))
    if sum(int(hours.good[first:end].sum()) for first, end in stretches) > most:
        return _bounds(ask, from_ms, to_ms, limit)
    at = hours.at * HOUR_MS
    return _passed(
        (
            line_of(*read(max(int(at[first]), from_ms), min(int(at[end - 1]) + HOUR_MS, to_ms)))
            for first, end in stretches
        ),
        limit,
    )


def _reaches(steps: Steps, limit: Limit) -> columns.Flags:
    """Which steps hold a reading beyond the limit."""
    farthest = steps.highest if limit.kind == ABOVE else steps.lowest
    reaches: columns.Flags = limit.excess(farthest / UNITS_PER_C) > 0
    return reaches


def _stretches(hours: Steps, hot: columns.Flags) -> list[tuple[int, int]]:
    """[first, end) places of hours that hold the hot ones, each with enough readings on both sides to know
    usual intervals there."""
    before = np.concatenate([[0], np.cumsum(hours.good)])
    places = np.flatnonzero(hot)
    first = np.maximum(np.searchsorted(before, before[places] - PACE_WINDOW, "right") - 1, 0)
    end = np.minimum(np.searchsorted(before, before[places + 1] + PACE_WINDOW, "left"), len(hot))
    found: list[tuple[int, int]] = []
    for low, high in zip(first.tolist(), end.tolist(), strict=True):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def _bounds(ask: Ask, from_ms: int, to_ms: int, limit: Limit) -> Passed:
    width_ms = next((width for width in WIDTHS_MS if (to_ms - from_ms) / width <= MOST_STEPS), WIDTHS_MS[-1])
    steps = ask(from_ms, to_ms, width_ms)
    steps = steps.of(steps.good > 0)
    held = _held(steps, width_ms)
    far, near = steps.highest / UNITS_PER_C, steps.lowest / UNITS_PER_C
    far, near = (
        (limit.excess(far), limit.excess(near))
        if limit.kind == ABOVE
        else (limit.excess(near), limit.excess(far))
    )
    least = held[np.minimum.reduce(_beside(near)) > 0].sum()
    most = held[np.maximum.reduce(_beside(far)) > 0].sum()
    share = np.clip(np.where(far > near, far / np.where(far > near, far - near, 1), far > 0), 0, 1)
    return Passed(limit, float((held * share).sum()), float(least), float(most))


def _beside(values: columns.Floats) -> list[columns.Floats]:
    """Each value, the one before it and the one after it."""
    return [values, np.append(values[:1], values[:-1]), np.append(values[1:], values[-1:])]


def _held(steps: Steps, width_ms: int) -> columns.Ints:
    return np.minimum(holds(steps.probe, steps.at * width_ms, steps.good, width_ms), width_ms)
