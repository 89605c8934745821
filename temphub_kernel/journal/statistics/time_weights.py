"""Means over time: how long each reading holds, and readings weighed by that. Any thread; pure but for what
is asked."""

from collections.abc import Callable
from math import gcd, sqrt
from typing import NamedTuple

import numpy as np

from ...core import DAY_MS, HOUR_MS, MINUTE_MS, UNITS_PER_C
from ..columns import Flags, Floats, Ints
from .calendar import Calendar
from .steps import Steps, gathered, joined_steps

GAP_PACES = 3
ABOUT = 2
# So many readings before one and behind it tell how long it holds.
BEFORE, BEHIND = ABOUT, ABOUT + 1
LONGEST_MS = DAY_MS
LONE_MS = 1
# No interval: sorts behind all that are.
NONE_MS = 2**62


def holds(probe: Ints, at_ms: Ints, readings: "Ints | None" = None, width_ms: int = 0) -> Ints:
    """How long each of some good readings holds, in ms, at least 1. They are in order of probe and time.

    With `readings` they are steps of width_ms that hold so many each, which count for as many usual
    intervals.
    """
    if not len(at_ms):
        return np.empty(0, np.int64)
    count = np.ones(len(at_ms), np.int64) if readings is None else np.maximum(readings, 1)
    pause = np.append(np.diff(at_ms), NONE_MS)
    joined = np.append(np.diff(probe) == 0, False) & (pause <= max(LONGEST_MS, GAP_PACES * width_ms))
    pace = np.where(joined, pause // count, NONE_MS)
    # Without a pause of a day between them they are of one run; a neighbour of another run tells nothing.
    run = np.concatenate([[0], np.cumsum(~joined)[:-1]])
    around = np.full((2 * ABOUT + 1, len(pause)), NONE_MS, np.int64)
    for row, shift in enumerate(range(-ABOUT, ABOUT + 1)):
        mine, other = (
            slice(max(-shift, 0), len(pause) - max(shift, 0)),
            slice(max(shift, 0), len(pause) - max(-shift, 0)),
        )
        around[row, mine] = np.where(run[mine] == run[other], pace[other], NONE_MS)
    around.sort(axis=0)
    known = (around < NONE_MS).sum(axis=0)
    usual = np.where(known > 0, around[np.maximum(known - 1, 0) // 2, np.arange(len(pause))], LONE_MS)
    # Of a step that holds several it is not known when the first and the last were taken.
    single = (count == 1) & np.append(count[1:] == 1, True)
    whole = joined & single & (pause <= GAP_PACES * usual)
    found: Ints = np.maximum(np.where(whole, pause, count * usual), LONE_MS)
    return found


# A slope from less time than this says more about noise and the steps of a sensor than about the room: 1/16 K
# in 5 min are 0.75 K an hour.
TREND_LEAST_MS = 300_000
TREND_LEAST = 3


class Weights(NamedTuple):
    """Columns, a row for each part. held: for how many ms its readings hold; at, value: their mean time (ms
    since 1970) and mean value.

    times, values, both: sums of squares and products of the deviations from these. All of it is weighed by
    how long each reading holds.
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
    """One probe's good readings by time: (moments, values, how long each holds). Several of one moment are
    one, with their mean."""
    new = np.flatnonzero(np.concatenate([[True], np.diff(at_ms) != 0])[: len(at_ms)])
    if len(new) < len(at_ms):
        value = np.add.reduceat(value, new) / np.diff(np.append(new, len(at_ms)))
        at_ms = at_ms[new]
    return at_ms, value, holds(np.zeros(len(at_ms), np.int64), at_ms)


class OverTime(NamedTuple):
    """mean, sigma (standard deviation): °C; trend, by least squares: °C per hour. Over time, None where there
    is too little to tell."""

    mean: float | None = None
    sigma: float | None = None
    trend: float | None = None


def weighed(parts: Weights, readings: int) -> OverTime:
    """What all parts together tell; values in 1e-7 °C. readings: how many there are.

    At an even pace that is the mean, the sample standard deviation (n − 1) and the slope of the readings.
    """
    if not readings or not len(parts.held):
        return OverTime()
    held, _, value, times, values, both = (
        float(column[0]) for column in parts.added(np.zeros(len(parts.held), np.int64), 1)
    )
    sigma = sqrt(values / held * readings / (readings - 1)) / UNITS_PER_C if readings > 1 else None
    # Of an even pace over some time that is its length.
    long_ms = sqrt(12 * times / held)
    tells = readings >= TREND_LEAST and long_ms >= TREND_LEAST_MS
    return OverTime(value / UNITS_PER_C, sigma, both / times * HOUR_MS / UNITS_PER_C if tells else None)


class Running:
    """One probe's good readings as they come by in order of time: each with how long it holds, once those
    behind it have told."""

    def __init__(self) -> None:
        self._at_ms: Ints = np.empty(0, np.int64)
        self._value: Floats = np.empty(0)
        # How many of these were given and are only kept for those behind them.
        self._given = 0

    def add(self, at_ms: Ints, value: Floats) -> tuple[Ints, Floats, Ints]:
        """Take some more; (moments, values, held) of those that are settled by now."""
        return self._settled(
            np.concatenate([self._at_ms, at_ms]), np.concatenate([self._value, value]), BEHIND
        )

    def rest(self) -> tuple[Ints, Floats, Ints]:
        """Those that wait; nothing comes behind them."""
        return self._settled(self._at_ms, self._value, 0)

    def _settled(self, at_ms: Ints, value: Floats, waiting: int) -> tuple[Ints, Floats, Ints]:
        at_ms, value, held = readings_of(at_ms, value)
        first, end = self._given, max(len(at_ms) - waiting, self._given)
        kept = max(end - BEFORE, 0)
        self._at_ms, self._value, self._given = at_ms[kept:], value[kept:], end - kept
        return at_ms[first:end], value[first:end], held[first:end]


QUARTER_MS, FINEST_MS = 15 * MINUTE_MS, 1_000
# A step that holds one reading (or those of one moment).
SINGLE_MS = 1
# So many readings are read for a mean, and so many more where hours are uneven: a fraction of a second.
MOST_SINGLE, MOST_UNEVEN = 50_000, 100_000
# Fewer readings a step say too little of their pace.
LEAST_GOOD = 4
# Below this there is nothing to save.
WORTH_MS = DAY_MS
# How far beside a range it is looked for neighbours, which tell how long the outermost readings hold: of
# single ones, each of which lies within a day of the next, and of steps.
NEXT_MS, BESIDE_MS = 3 * DAY_MS, 6 * HOUR_MS
# Stretches to look into are asked for together when no more than this lies between them.
TOGETHER = 6
MOST_STRETCHES = 500

# Steps of one probe in [from_ms, to_ms) of a width.
Ask = Callable[[int, int, int], Steps]


def over_time(ask: Ask, calendar: Calendar, from_ms: int, to_ms: int) -> tuple[Steps, Floats, Floats]:
    """What each step of a calendar has of one probe's [from_ms, to_ms): (steps, mean over time of each, for
    how many ms its readings hold).

    `at` is when the step began, in milliseconds since 1970. Up to MOST_SINGLE readings each counts for just
    as long as it holds.
    """
    coarse_ms = next((width for width in (HOUR_MS, QUARTER_MS) if calendar.grain_ms % width == 0), 0)
    known = ask(from_ms, to_ms, coarse_ms or MINUTE_MS)
    if int(known.good.sum()) <= MOST_SINGLE:
        return _together(ask, calendar, from_ms, to_ms, SINGLE_MS)
    if coarse_ms and to_ms - from_ms >= WORTH_MS:
        wide = _around(ask, from_ms, to_ms, coarse_ms)
        inside = (wide.at >= from_ms // coarse_ms) & (wide.at * coarse_ms < to_ms)
        even = _even(wide)
        uneven = inside & ~even & (wide.good > 0)
        stretches = _stretches(wide.at[uneven])
        if len(stretches) <= MOST_STRETCHES:
            held = _held(wide, coarse_ms)
            parts = [(wide.of(inside & even), held[inside & even], coarse_ms)]
            # Reading by reading where these are few enough, else by the minute.
            fine_ms = SINGLE_MS if int(wide.good[uneven].sum()) <= MOST_UNEVEN else MINUTE_MS
            for first, end in stretches:
                fine = _around(ask, max(first * coarse_ms, from_ms), min(end * coarse_ms, to_ms), fine_ms)
                moments = fine.at * fine_ms
                kept = (
                    np.isin(moments // coarse_ms, wide.at[uneven])
                    & (moments < to_ms)
                    & (fine.at >= from_ms // fine_ms)
                )
                parts.append((fine.of(kept), _held(fine, fine_ms)[kept], fine_ms))
            return _put_together(wide.of(inside), coarse_ms, parts, calendar, from_ms)
    return _together(
        ask,
        calendar,
        from_ms,
        to_ms,
        MINUTE_MS if calendar.grain_ms % MINUTE_MS == 0 else gcd(calendar.grain_ms, FINEST_MS),
    )


def _together(
    ask: Ask, calendar: Calendar, from_ms: int, to_ms: int, fine_ms: int
) -> tuple[Steps, Floats, Floats]:
    fine = _around(ask, from_ms, to_ms, fine_ms)
    within = (fine.at >= from_ms // fine_ms) & (fine.at * fine_ms < to_ms)
    asked = fine.of(within)
    return _put_together(asked, fine_ms, [(asked, _held(fine, fine_ms)[within], fine_ms)], calendar, from_ms)


def _around(ask: Ask, from_ms: int, to_ms: int, width_ms: int) -> Steps:
    """The steps of a range, and beside it whole ones that do not touch those of the range."""
    if width_ms == SINGLE_MS:
        return joined_steps(
            [
                *_next_to(ask, from_ms, behind=False),
                ask(from_ms, to_ms, width_ms),
                *_next_to(ask, to_ms, behind=True),
            ]
        )
    first, end = from_ms // width_ms * width_ms, -(-to_ms // width_ms) * width_ms
    reach = BESIDE_MS // width_ms * width_ms
    return gathered(
        joined_steps(
            [
                ask(first - reach, first, width_ms),
                ask(from_ms, to_ms, width_ms),
                ask(end, end + reach, width_ms),
            ]
        )
    )


def _next_to(ask: Ask, border_ms: int, *, behind: bool) -> list[Steps]:
    """The hours before a border or behind it with the readings that tell how long those on its other side
    hold."""
    low, high = (border_ms, border_ms + NEXT_MS) if behind else (border_ms - NEXT_MS, border_ms)
    hours = ask(low, high, HOUR_MS)
    hours = hours.of(hours.good > 0)
    good = np.cumsum(hours.good if behind else hours.good[::-1])
    few = int(np.searchsorted(good, BEHIND if behind else BEFORE)) + 1
    at = (hours.at[:few] if behind else hours.at[-few:]).tolist()
    return [ask(max(hour * HOUR_MS, low), min(hour * HOUR_MS + HOUR_MS, high), SINGLE_MS) for hour in at]


def _even(wide: Steps) -> Flags:
    """Which steps hold as many readings as both their neighbours, give or take one."""
    alike = (np.diff(wide.at) == 1) & (np.abs(np.diff(wide.good)) <= 1)
    both: Flags = np.append(False, alike) & np.append(alike, False) & (wide.good >= LEAST_GOOD)
    return both


def _held(steps: Steps, width_ms: int) -> Ints:
    good = steps.good > 0
    held = np.zeros(len(good), np.int64)
    # Several readings of one moment are one, with their mean.
    readings = np.ones(int(good.sum()), np.int64) if width_ms == SINGLE_MS else steps.good[good]
    held[good] = holds(steps.probe[good], steps.at[good] * width_ms, readings, width_ms)
    return held


def _stretches(at: Ints) -> list[tuple[int, int]]:
    """[first, end) of steps that stand close together."""
    if not len(at):
        return []
    cuts = np.flatnonzero(np.diff(at) > TOGETHER)
    firsts, lasts = np.append(at[:1], at[cuts + 1]), np.append(at[cuts], at[-1:])
    return list(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True))


def _put_together(
    steps: Steps, width_ms: int, parts: list[tuple[Steps, Ints, int]], calendar: Calendar, from_ms: int
) -> tuple[Steps, Floats, Floats]:
    found = gathered(steps._replace(at=calendar.starts(np.maximum(steps.at * width_ms, from_ms))))
    place, weighted, whole = [], [], []
    for part, held, wide_ms in parts:
        begin = calendar.starts(np.maximum(part.at * wide_ms, from_ms))
        place.append(np.searchsorted(found.at, begin))
        weighted.append(part.total / np.maximum(part.good, 1) * held)
        whole.append(held)
    if not len(found.at):
        return found, np.empty(0), np.empty(0)
    at = np.concatenate(place)
    total = np.bincount(at, np.concatenate(weighted), len(found.at))
    hold = np.bincount(at, np.concatenate(whole), len(found.at)).astype(np.float64)
    return found, total / np.maximum(hold, 1), hold
