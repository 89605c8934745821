"""Compressor cycles and door openings of one probe, read from the temperature alone. Any thread; pure.

With numpy alone: pages look at them too. What the words mean: analysis/refrigeration.py.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..columns import Flags, Floats, Ints
from .exceedance import Line

# What is told where nobody chose otherwise: K, and within and after how many milliseconds.
SWING_C = 0.5
RISE_C = 1.0
WITHIN_MS = 120_000
RECOVERS_WITHIN_MS = 3_600_000
# Shut again and cooled down: so much of the rise is left.
LEFT = 0.25


class Cycles(NamedTuple):
    """Whole cycles by time: places in the line at which the temperature turns down (on), up (off) and down
    again (end)."""

    on: Ints
    off: Ints
    end: Ints


class Opening(NamedTuple):
    """A quick rise. Times in ms, end_ms None where it was not seen to go away; °C."""

    start_ms: int
    peak_ms: int
    end_ms: int | None
    base_c: float
    peak_c: float

    @property
    def rise_c(self) -> float:
        """How far it rose, in K."""
        return self.peak_c - self.base_c


def cycles(line: Line, swing: float = SWING_C) -> Cycles:
    """The cycles of a line whose turns are at least `swing` K apart."""
    place, warm, stretch = np.array(_turns(line, swing), dtype=np.int64).reshape(-1, 3).T
    whole = (
        np.flatnonzero(warm[:-2] & (stretch[:-2] == stretch[2:])) if len(place) > 2 else np.empty(0, np.int64)
    )
    return Cycles(place[whole], place[whole + 1], place[whole + 2])


def _turns(line: Line, swing: float) -> list[tuple[int, bool, int]]:
    """(place, whether it is a warmest one, stretch without a gap) of the turning points, which alternate
    within a stretch.

    The first and last extremes of a stretch are none: nobody saw what was before or after them.
    """
    found: list[tuple[int, bool, int]] = []
    low = high = stretch = 0
    rising: bool | None = None
    places, values, begins = _bends(line)
    for here, value in enumerate(values):
        if begins[here]:
            low, high, rising, stretch = here, here, None, stretch + 1
        low = here if value < values[low] else low
        high = here if value > values[high] else high
        if rising is not True and value - values[low] >= swing:
            if rising is False:
                found.append((places[low], False, stretch))
            rising, high = True, here
        elif rising is not False and values[high] - value >= swing:
            if rising is True:
                found.append((places[high], True, stretch))
            rising, low = False, here
    return found


def _bends(line: Line) -> tuple[list[int], list[float], list[bool]]:
    """(place, value, whether a stretch begins) of the readings at which the line bends; the others cannot be
    turns."""
    if not len(line.ms):
        return [], [], []
    begins = np.r_[True, ~line.whole]
    sign = np.sign(np.diff(line.celsius))
    # A level stretch goes on as the step before it, so that its last reading is the turn.
    sign = sign[np.maximum.accumulate(np.where(sign != 0, np.arange(len(sign)), 0))]
    kept = begins | np.r_[begins[1:], True]
    kept[1:-1] |= np.diff(sign) != 0
    return np.flatnonzero(kept).tolist(), line.celsius[kept].tolist(), begins[kept].tolist()


def openings(
    line: Line,
    rise: float = RISE_C,
    within_ms: int = WITHIN_MS,
    recovers_within_ms: int = RECOVERS_WITHIN_MS,
) -> Iterator[Opening]:
    """The rises of at least `rise` K within a time, and how they went away."""
    up = np.flatnonzero(line.celsius - _lowest_lately(line, within_ms) >= rise)
    # A pause shorter than the rise may take does not part a rise from its recovery.
    parted = np.flatnonzero(~line.whole & (np.diff(line.ms) > within_ms))
    done = 0
    while (at := np.searchsorted(up, done)) < len(up):
        found, done = _opening(line, int(up[at]), (within_ms, recovers_within_ms), parted, done)
        # What is left over from the opening before is no new one.
        if found.rise_c >= rise:
            yield found


def _opening(
    line: Line, trigger: int, lengths_ms: tuple[int, int], parted: Ints, done: int
) -> tuple[Opening, int]:
    ms, celsius = line.ms, line.celsius
    before = max(int(np.searchsorted(ms, ms[trigger] - lengths_ms[0])), min(done, trigger))
    start = trigger - int(np.argmin(celsius[before : trigger + 1][::-1]))
    base = celsius[start]
    close = np.searchsorted(parted, trigger)
    stop = int(parted[close]) + 1 if close < len(parted) else len(ms)
    peak, end, seen = trigger, None, trigger
    while end is None and seen < stop:
        until = min(stop, int(np.searchsorted(ms, ms[peak] + lengths_ms[1], "right")))
        if until <= seen:
            break
        part = celsius[seen:until]
        high = np.maximum(np.maximum.accumulate(part), celsius[peak])
        back = np.flatnonzero(part - base <= LEFT * (high - base))
        reach = int(back[0]) if len(back) else len(part) - 1
        top = int(np.argmax(part[: reach + 1]))
        peak = seen + top if part[top] > celsius[peak] else peak
        end = seen + reach if len(back) else None
        seen = until
    end_ms = None if end is None else int(ms[end])
    found = Opening(int(ms[start]), int(ms[peak]), end_ms, float(base), float(celsius[peak]))
    return found, max(seen if end is None else end, trigger) + 1


def _lowest_lately(line: Line, within_ms: int) -> Floats:
    """The lowest reading of the last `within_ms` at each reading, both ends counted."""
    count = len(line.ms)
    places = np.arange(count)
    first = np.searchsorted(line.ms, line.ms - within_ms)
    found = np.empty(count)
    # Of a run of any length the lowest is that of two runs of the next shorter power of two, which overlap.
    power, lowest = 1, line.celsius
    left: Flags = np.ones(count, np.bool_)
    while left.any():
        now = left & (places - first + 1 < 2 * power)
        found[now] = np.minimum(lowest[first[now]], lowest[places[now] - power + 1])
        left &= ~now
        if len(lowest) > power:
            lowest = np.minimum(lowest[:-power], lowest[power:])
        power *= 2
    return found
