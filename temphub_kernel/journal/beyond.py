"""How long one probe was beyond limits in some time: from its readings, of a long time only from those of the hours that pass a limit.

What passing.py says is worked out exactly from up to MOST_READINGS readings. Of a time with more, an hour whose highest reading is not
above a limit adds nothing to the time above it, so only the other hours are read, with enough readings beside them to know their gaps.
Where these are still too many, steps of equal length tell: at least those that lie wholly beyond the limit with both neighbours, at most
those of which any of the three reaches beyond. Pure but for what is asked; belongs to the connection's thread.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..base.clock import HOUR_MS, MINUTE_MS
from ..base.reading import UNITS_PER_C
from .columns import Floats, Ints
from .holding import holds
from .passing import ABOVE, PACE_WINDOW, Excursions, Flags, Limit, Line, beyond, excursions_of, line_of
from .schema import TIERS
from .steps import Steps

# Read and worked out in about a second.
MOST_READINGS = 200_000
# Steps that bounds are taken from: the finest of which there are no more than so many.
WIDTHS_MS = tuple(minutes * MINUTE_MS for minutes in TIERS.values())
MOST_STEPS = 100_000

# Steps of a probe in [from_ms, to_ms) of a width; its good readings there by time: (ms, °C).
Ask = Callable[[int, int, int], Steps]
Read = Callable[[int, int], tuple[Ints, Floats]]


class Passed(NamedTuple):
    """Time beyond a limit in ms: an exact number (least, beyond and most are one) with its excursions, or bounds about an estimate."""

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
    """Of one probe and [from, to): measured_ms, the time between its readings that is not inside gaps; exact: that it is no estimate.

    What is measured and beyond no limit is within; the rest of the range is unknown.
    """

    measured_ms: float
    exact: bool
    passed: tuple[Passed, ...]


def time_beyond(ask: Ask, read: Read, from_ms: int, to_ms: int, limits: Sequence[Limit], most: int = MOST_READINGS) -> Beyond | None:
    """How long the readings of one probe in [from_ms, to_ms) were beyond each limit; None when there is no good reading."""
    hours = ask(from_ms, to_ms, HOUR_MS)
    hours = hours.of(hours.good > 0)
    if not len(hours.at):
        return None
    if int(hours.good.sum()) <= most:
        line = line_of(*read(from_ms, to_ms))
        return Beyond(line.measured_ms, True, tuple(_passed([line], limit) for limit in limits))
    measured = float(min(_held(hours, HOUR_MS).sum(), to_ms - from_ms))
    return Beyond(measured, False, tuple(_of_many(ask, read, from_ms, to_ms, hours, limit, most) for limit in limits))


def _passed(lines: Iterable[Line], limit: Limit) -> Passed:
    found, total = [], 0.0
    for line in lines:
        total += float(beyond(limit.excess(line.celsius), line.ms, line.whole)[0].sum()) if len(line.ms) else 0.0
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
        (line_of(*read(max(int(at[first]), from_ms), min(int(at[end - 1]) + HOUR_MS, to_ms))) for first, end in stretches), limit
    )


def _reaches(steps: Steps, limit: Limit) -> Flags:
    """Which steps hold a reading beyond the limit."""
    farthest = steps.highest if limit.kind == ABOVE else steps.lowest
    reaches: Flags = limit.excess(farthest / UNITS_PER_C) > 0
    return reaches


def _stretches(hours: Steps, hot: Flags) -> list[tuple[int, int]]:
    """[first, end) places of hours that hold the hot ones, each with enough readings on both sides to know usual intervals there."""
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
    far, near = (limit.excess(far), limit.excess(near)) if limit.kind == ABOVE else (limit.excess(near), limit.excess(far))
    least = held[np.minimum.reduce(_beside(near)) > 0].sum()
    most = held[np.maximum.reduce(_beside(far)) > 0].sum()
    share = np.clip(np.where(far > near, far / np.where(far > near, far - near, 1), far > 0), 0, 1)
    return Passed(limit, float((held * share).sum()), float(least), float(most))


def _beside(values: Floats) -> list[Floats]:
    """Each value, the one before it and the one after it."""
    return [values, np.append(values[:1], values[:-1]), np.append(values[1:], values[-1:])]


def _held(steps: Steps, width_ms: int) -> Ints:
    return np.minimum(holds(steps.probe, steps.at * width_ms, steps.good, width_ms), width_ms)
