"""Readings weighed by how long each holds: what a mean, a standard deviation and a trend over time are made of. Any thread; pure.

Parts of a time add up to the whole of it, whatever they are: single readings, hours, or what was found of them before.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

from ..base.clock import HOUR_MS
from ..base.reading import UNITS_PER_C
from .columns import Floats, Ints
from .holding import BEFORE, BEHIND, holds

# A slope from less time than this says more about noise and the steps of a sensor than about the room: 1/16 K in 5 min are 0.75 K an hour.
TREND_LEAST_MS = 300_000
TREND_LEAST = 3


class Weights(NamedTuple):
    """Columns, a row for each part. held: for how many ms its readings hold; at, value: their mean time (ms since 1970) and mean value.

    times, values, both: sums of squares and products of the deviations from these. All of it is weighed by how long each reading holds.
    """

    held: Floats
    at: Floats
    value: Floats
    times: Floats
    values: Floats
    both: Floats

    def of(self, which: Ints) -> "Weights":
        """Some of them."""
        return Weights(*(column[which] for column in self))

    def added(self, group: Ints, groups: int) -> "Weights":
        """Rows put together by the number of their group, 0 to groups − 1; each group has one."""

        def total(values: Floats) -> Floats:
            return np.bincount(group, values, groups).astype(np.float64)

        held = total(self.held)
        # Times are large and near each other: counted from the first.
        first = float(self.at.min()) if len(self.at) else 0.0
        at, value = total(self.held * (self.at - first)) / held + first, total(self.held * self.value) / held
        late, warm = self.at - at[group], self.value - value[group]
        return Weights(
            held,
            at,
            value,
            total(self.times + self.held * late**2),
            total(self.values + self.held * warm**2),
            total(self.both + self.held * late * warm),
        )


NOTHING = Weights(*(np.empty(0) for _ in Weights._fields))


def singly(at_ms: Ints, value: Floats, held: Ints) -> Weights:
    """Single readings."""
    none = np.zeros(len(at_ms))
    return Weights(held.astype(np.float64), at_ms.astype(np.float64), value, none, none, none)


def together(parts: list[Weights]) -> Weights:
    """Several one after the other."""
    return Weights(*(np.concatenate(column) for column in zip(NOTHING, *parts, strict=True)))


def readings_of(at_ms: Ints, value: Floats) -> tuple[Ints, Floats, Ints]:
    """One probe's good readings by time: (moments, values, how long each holds). Several of one moment are one, with their mean."""
    new = np.flatnonzero(np.concatenate([[True], np.diff(at_ms) != 0])[: len(at_ms)])
    if len(new) < len(at_ms):
        value = np.add.reduceat(value, new) / np.diff(np.append(new, len(at_ms)))
        at_ms = at_ms[new]
    return at_ms, value, holds(np.zeros(len(at_ms), np.int64), at_ms)


class OverTime(NamedTuple):
    """mean, sigma (standard deviation): °C; trend, by least squares: °C per hour. Over time, None where there is too little to tell."""

    mean: float | None = None
    sigma: float | None = None
    trend: float | None = None


def weighed(parts: Weights, readings: int) -> OverTime:
    """What all parts together tell; values in 1e-7 °C. readings: how many there are.

    At an even pace that is the mean, the sample standard deviation (n − 1) and the slope of the readings.
    """
    if not readings or not len(parts.held):
        return OverTime()
    held, _, value, times, values, both = (float(column[0]) for column in parts.added(np.zeros(len(parts.held), np.int64), 1))
    sigma = sqrt(values / held * readings / (readings - 1)) / UNITS_PER_C if readings > 1 else None
    # Of an even pace over some time that is its length.
    long_ms = sqrt(12 * times / held)
    tells = readings >= TREND_LEAST and long_ms >= TREND_LEAST_MS
    return OverTime(value / UNITS_PER_C, sigma, both / times * HOUR_MS / UNITS_PER_C if tells else None)


class Running:
    """One probe's good readings as they come by in order of time: each with how long it holds, once those behind it have told."""

    def __init__(self) -> None:
        self._at_ms: Ints = np.empty(0, np.int64)
        self._value: Floats = np.empty(0)
        # How many of these were given and are only kept for those behind them.
        self._given = 0

    def add(self, at_ms: Ints, value: Floats) -> tuple[Ints, Floats, Ints]:
        """Take some more; (moments, values, held) of those that are settled by now."""
        return self._settled(np.concatenate([self._at_ms, at_ms]), np.concatenate([self._value, value]), BEHIND)

    def rest(self) -> tuple[Ints, Floats, Ints]:
        """Those that wait; nothing comes behind them."""
        return self._settled(self._at_ms, self._value, 0)

    def _settled(self, at_ms: Ints, value: Floats, waiting: int) -> tuple[Ints, Floats, Ints]:
        at_ms, value, held = readings_of(at_ms, value)
        first, end = self._given, max(len(at_ms) - waiting, self._given)
        kept = max(end - BEFORE, 0)
        self._at_ms, self._value, self._given = at_ms[kept:], value[kept:], end - kept
        return at_ms[first:end], value[first:end], held[first:end]
