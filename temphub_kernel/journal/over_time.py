"""Means over time of a calendar's steps: from the readings themselves where they are few enough to be read. Pure but for `ask`.

Of more it goes by the hour where a probe's pace is even, and reading by reading (by the minute, when there are too many) where it is not.
Where an hour holds as many readings as the hours beside it, its readings are taken to stand at an even pace, and their mean for that over
time. What differs (a gap, another interval, a border of what is asked for, a probe that measures seldom) is looked up.
"""

from collections.abc import Callable
from math import gcd

import numpy as np
import numpy.typing as npt

from ..base.clock import DAY_MS, HOUR_MS, MINUTE_MS
from .calendar import Calendar
from .columns import Floats, Ints
from .holding import BEFORE, BEHIND, holds
from .steps import Steps, gathered, joined

QUARTER_MS, FINEST_MS = 15 * MINUTE_MS, 1_000
# A step that holds one reading (or those of one moment).
SINGLE_MS = 1
# So many readings are read for a mean, and so many more where hours are uneven: a fraction of a second.
MOST_SINGLE, MOST_UNEVEN = 50_000, 100_000
# Fewer readings a step say too little of their pace.
LEAST_GOOD = 4
# Below this there is nothing to save.
WORTH_MS = DAY_MS
# How far beside a range it is looked for neighbours, which tell how long the outermost readings hold: of single ones, each of which
# lies within a day of the next, and of steps.
NEXT_MS, BESIDE_MS = 3 * DAY_MS, 6 * HOUR_MS
# Stretches to look into are asked for together when no more than this lies between them.
TOGETHER = 6
MOST_STRETCHES = 500

# Steps of one probe in [from_ms, to_ms) of a width.
Ask = Callable[[int, int, int], Steps]


def over_time(ask: Ask, calendar: Calendar, from_ms: int, to_ms: int) -> tuple[Steps, Floats, Floats]:
    """What each step of a calendar has of one probe's [from_ms, to_ms): (steps, mean over time of each, for how many ms its readings hold).

    `at` is when the step began, in milliseconds since 1970. Up to MOST_SINGLE readings each counts for just as long as it holds.
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
                kept = np.isin(moments // coarse_ms, wide.at[uneven]) & (moments < to_ms) & (fine.at >= from_ms // fine_ms)
                parts.append((fine.of(kept), _held(fine, fine_ms)[kept], fine_ms))
            return _put_together(wide.of(inside), coarse_ms, parts, calendar, from_ms)
    return _together(ask, calendar, from_ms, to_ms, MINUTE_MS if calendar.grain_ms % MINUTE_MS == 0 else gcd(calendar.grain_ms, FINEST_MS))


def _together(ask: Ask, calendar: Calendar, from_ms: int, to_ms: int, fine_ms: int) -> tuple[Steps, Floats, Floats]:
    fine = _around(ask, from_ms, to_ms, fine_ms)
    within = (fine.at >= from_ms // fine_ms) & (fine.at * fine_ms < to_ms)
    asked = fine.of(within)
    return _put_together(asked, fine_ms, [(asked, _held(fine, fine_ms)[within], fine_ms)], calendar, from_ms)


def _around(ask: Ask, from_ms: int, to_ms: int, width_ms: int) -> Steps:
    """The steps of a range, and beside it whole ones that do not touch those of the range."""
    if width_ms == SINGLE_MS:
        return joined([*_next_to(ask, from_ms, behind=False), ask(from_ms, to_ms, width_ms), *_next_to(ask, to_ms, behind=True)])
    first, end = from_ms // width_ms * width_ms, -(-to_ms // width_ms) * width_ms
    reach = BESIDE_MS // width_ms * width_ms
    return gathered(joined([ask(first - reach, first, width_ms), ask(from_ms, to_ms, width_ms), ask(end, end + reach, width_ms)]))


def _next_to(ask: Ask, border_ms: int, *, behind: bool) -> list[Steps]:
    """The hours before a border or behind it with the readings that tell how long those on its other side hold."""
    low, high = (border_ms, border_ms + NEXT_MS) if behind else (border_ms - NEXT_MS, border_ms)
    hours = ask(low, high, HOUR_MS)
    hours = hours.of(hours.good > 0)
    good = np.cumsum(hours.good if behind else hours.good[::-1])
    few = int(np.searchsorted(good, BEHIND if behind else BEFORE)) + 1
    at = (hours.at[:few] if behind else hours.at[-few:]).tolist()
    return [ask(max(hour * HOUR_MS, low), min(hour * HOUR_MS + HOUR_MS, high), SINGLE_MS) for hour in at]


def _even(wide: Steps) -> npt.NDArray[np.bool_]:
    """Which steps hold as many readings as both their neighbours, give or take one."""
    alike = (np.diff(wide.at) == 1) & (np.abs(np.diff(wide.good)) <= 1)
    both: npt.NDArray[np.bool_] = np.append(False, alike) & np.append(alike, False) & (wide.good >= LEAST_GOOD)
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
