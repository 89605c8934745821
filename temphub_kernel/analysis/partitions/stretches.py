"""What a stretch of one probe's readings comes to, so that stretches can be joined wherever they were cut.
Any thread; pure.

What is a gap is known by the 50 intervals on either side, so of a stretch only the middle can be judged. Of
each end as many readings are kept as it takes to judge it as soon as the stretch beside it is known: what
comes out is what a look at all readings at once would say, and no more memory is needed than for the ends and
for what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ...core import TempHubError
from ...journal import Numbers, Track, exceedance, numbers_of, pauses_of, track_of

# Intervals on either side that tell the usual one.
SIDE = exceedance.PACE_WINDOW // 2
# The moments of an end that have to be kept for it.
RIM = 2 * SIDE

# Columns of one length; the first are milliseconds since 1970, which do not fall.
Readings = tuple[npt.NDArray[Any], ...]


class Kind(Protocol):
    """A question, as it is asked of a stretch."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read for it, beside the time and whose reading it is."""

    def readings(self, columns: Readings) -> Readings:
        """Those that count, by time."""

    def told(self, readings: Readings) -> Any:
        """What adds up in any order: an object with `joined`, or None."""

    def judged(self, readings: Readings, first: int, last: int) -> Any:
        """What lies between two moments, by their places: an object with `joined`."""


class Stretch(NamedTuple):
    """left: the readings of its first moments, or all while they are few, then with no middle and no right;
    middle: what lies between; right: the readings of its last moments; told: what adds up anyway."""

    left: Readings
    middle: Any
    right: Readings
    told: Any


class Summary(Protocol):
    """What is made of a line, and joined with what comes later. Two lines share a reading."""

    def of(self, line: exceedance.Line) -> Any:
        """What one line comes to: an object with `joined`."""


@dataclass(frozen=True)
class Lines:
    """Questions about the line through good readings. longest_ms: the longest pause that is no gap; None:
    three usual intervals."""

    summary: Summary
    longest_ms: int | None = None
    columns = ("temperature_c",)

    def readings(self, columns: Readings) -> Readings:
        ms, celsius = columns
        good = np.isfinite(celsius)
        return (ms, celsius) if good.all() else (ms[good], celsius[good])

    def told(self, readings: Readings) -> None:
        return None

    def judged(self, readings: Readings, first: int, last: int) -> Any:
        ms, celsius = readings
        line = exceedance.line_of(ms, celsius, self.longest_ms)
        piece = slice(first, last + 1)
        return self.summary.of(exceedance.Line(line.ms[piece], line.celsius[piece], line.whole[first:last]))


@dataclass(frozen=True)
class Tracks:
    """Questions about which readings are missing. columns: none where readings have no numbers."""

    columns: tuple[str, ...] = ("boot", "seq")

    def readings(self, columns: Readings) -> Readings:
        ms, *numbers = columns
        none = np.full(len(ms), -1)
        return track_of(ms, *(numbers or (none, none)))

    def told(self, readings: Readings) -> Numbers:
        return numbers_of(Track(*readings))

    def judged(self, readings: Readings, first: int, last: int) -> Any:
        track = track_of(*readings)
        places = _moments(track.ms)
        end = len(track.ms) - 1 if last == len(places) - 1 else int(places[last])
        return pauses_of(track, int(places[first]), end)


def stretch_of(columns: Readings, kind: Kind) -> Stretch | None:
    """Of some readings that follow each other in time; None where none counts."""
    found = kind.readings(columns)
    if not len(found[0]):
        return None
    return _settled(Stretch(found, None, (), kind.told(found)), None, kind)


def joined(earlier: Stretch, later: Stretch, kind: Kind) -> Stretch:
    """Of two that follow each other. Raises TempHubError where the second does not begin behind the first."""
    end, start = (earlier.right or earlier.left)[0][-1], later.left[0][0]
    if start < end:
        raise TempHubError(
            "The readings of a probe are not in order of time, so what lies between them cannot be told.",
            "Give what th.scan() gives, filtered if need be, or sort it by site and time.",
            code="bad_frame",
        )
    return _settled(earlier, later, kind)


def _settled(earlier: Stretch, later: Stretch | None, kind: Kind) -> Stretch:
    """Both, with what can be judged about the place where they meet."""
    left_open = earlier.middle is None
    between = earlier.left if left_open else earlier.right
    middles, told, right_open = [earlier.middle], earlier.told, True
    right: Readings = ()
    if later is not None:
        between = tuple(np.concatenate(both) for both in zip(between, later.left, strict=True))
        right_open, right = later.middle is None, later.right
        middles.append(later.middle)
        told = None if told is None else told.joined(later.told)
    places = _moments(between[0])
    last = len(places) - 1
    if last <= RIM:
        return _short(earlier, later, between, told)
    middles.insert(1, kind.judged(between, SIDE, last - SIDE))
    left = tuple(column[: places[RIM + 1]].copy() for column in between) if left_open else earlier.left
    if right_open:
        right = tuple(column[places[last - RIM] :].copy() for column in between)
    return Stretch(left, _all(middles), right, told)


def _short(earlier: Stretch, later: Stretch | None, between: Readings, told: Any) -> Stretch:
    """Too few moments to judge any."""
    if earlier.middle is not None:
        return Stretch(earlier.left, earlier.middle, between, told)
    if later is not None and later.middle is not None:
        return Stretch(between, later.middle, later.right, told)
    # Copies: a view would keep the whole.
    return Stretch(tuple(column.copy() for column in between), None, (), told)


def whole_of(stretch: Stretch, kind: Kind) -> Any:
    """What it comes to when no readings lie before it and behind it."""
    last = len(_moments(stretch.left[0])) - 1
    if stretch.middle is None:
        return kind.judged(stretch.left, 0, last)
    behind = len(_moments(stretch.right[0])) - 1
    return _all(
        [
            kind.judged(stretch.left, 0, last - SIDE),
            stretch.middle,
            kind.judged(stretch.right, SIDE, behind),
        ]
    )


def _all(middles: Sequence[Any]) -> Any:
    return reduce(lambda one, other: one.joined(other), [one for one in middles if one is not None])


def _moments(ms: npt.NDArray[Any]) -> Sequence[int] | npt.NDArray[np.intp]:
    """The place of the first reading of each moment."""
    if (ms[1:] > ms[:-1]).all():
        return range(len(ms))
    return np.flatnonzero(np.r_[True, ms[1:] != ms[:-1]])
