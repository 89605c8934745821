"""Equal steps of time by the clock on the wall of a zone, and what the journal holds of each. Any thread;
pure.

A step begins whenever that clock shows a multiple of its length, counted from the midnight of the day that is
asked for first. So days have 23, 24 or 25 hours. Of a beginning that comes twice in autumn the first counts,
unless whole steps come twice (a quarter of an hour does); in place of one that spring leaves out the step
begins with the next moment there is.
"""

from datetime import tzinfo
from itertools import pairwise
from math import gcd
from typing import Protocol

import numpy as np

from ...core import DAY_MS, EVER_MS, offset_ms
from ..columns import Ints

# No zone changes its clock twice within this.
LOOK_MS = DAY_MS // 2


class Calendar(Protocol):
    """Steps that follow each other without a hole. grain_ms: each begins at a multiple of it since 1970."""

    grain_ms: int

    def starts(self, ms: Ints) -> Ints:
        """When the step of each moment began."""

    def edges(self, first_ms: int, last_ms: int) -> Ints:
        """When each step began, from that of the first moment to that of the last."""


class WallClock:
    """Steps of `width_ms` in a zone (None: this computer's), for moments in [first_ms, last_ms].

    anchor_ms: a moment of the day that steps are counted from, which tells for those that do not divide the
    day.
    """

    def __init__(
        self, width_ms: int, zone: tzinfo | None, anchor_ms: int, first_ms: int, last_ms: int
    ) -> None:
        self._width = width_ms
        self._phase = (anchor_ms + offset_ms(zone, anchor_ms)) // DAY_MS * DAY_MS % width_ms
        begin = max(first_ms - width_ms, min(anchor_ms, first_ms)) - 2 * DAY_MS
        stretches = changes(zone, begin, last_ms + width_ms + 2 * DAY_MS)
        self._since, self._offset = (np.array(column, np.int64) for column in zip(*stretches, strict=True))
        # From when on a stretch's own beginnings count, and when the step began that reaches into it.
        self._open, self._carry = self._since.copy(), self._since.copy()
        cut = [self._enter(place) for place in range(1, len(stretches))]
        self.grain_ms = gcd(
            width_ms,
            *(int(self._phase - offset) for offset in self._offset),
            *(moment for moment in cut if moment),
        )

    def starts(self, ms: Ints) -> Ints:
        """When the step of each moment began."""
        place = np.maximum(np.searchsorted(self._since, ms, side="right") - 1, 0)
        own = self._floor(ms, self._offset[place])
        return np.where(own >= self._open[place], own, self._carry[place])

    def edges(self, first_ms: int, last_ms: int) -> Ints:
        """When each step began, from that of the first moment to that of the last."""
        low, high = self.starts(np.array([first_ms, last_ms])).tolist()
        found = [np.array([low, high]), self._carry[(self._carry >= low) & (self._carry <= high)]]
        ends = np.append(self._since[1:], EVER_MS)
        for offset, begin, end in zip(self._offset, self._open, ends, strict=True):
            begin, end = max(int(begin), low), min(int(end), high)
            if begin < end:
                first = int(self._floor(np.array([begin - 1]), offset)[0]) + self._width
                found.append(np.arange(first, end, self._width, dtype=np.int64))
        edges = np.unique(np.concatenate(found))
        found_again: Ints = edges[self.starts(edges) == edges]
        return found_again

    def _floor(self, ms: Ints, offset: "Ints | int") -> Ints:
        wall = ms + offset - self._phase
        found: Ints = wall // self._width * self._width + self._phase - offset
        return found

    def _enter(self, place: int) -> int:
        """Work out how steps go on where the clock is changed; that moment, when a step begins there that the
        clock left out."""
        change, before, after = (
            int(self._since[place]),
            int(self._offset[place - 1]),
            int(self._offset[place]),
        )
        self._carry[place] = self.starts(np.array([change - 1]))[0]
        if after < before:
            again = before - after
            self._open[place] = change + again if self._width > again else change
            return 0
        left_out = int(self._floor(np.array([change - 1]), after)[0]) >= change - (after - before)
        if left_out:
            self._carry[place] = change
        return change if left_out else 0


class Edges:
    """Steps that begin at these moments: months, weeks."""

    def __init__(self, edges: Ints) -> None:
        self._edges = edges
        self.grain_ms = gcd(*edges.tolist()) or DAY_MS

    def starts(self, ms: Ints) -> Ints:
        """When the step of each moment began."""
        return self._edges[np.maximum(np.searchsorted(self._edges, ms, side="right") - 1, 0)]

    def edges(self, first_ms: int, last_ms: int) -> Ints:
        """When each step began, from that of the first moment to that of the last."""
        first, last = self.starts(np.array([first_ms, last_ms]))
        found: Ints = self._edges[(self._edges >= first) & (self._edges <= last)]
        return found


def pieces(calendar: Calendar, from_ms: int, to_ms: int, about_ms: int) -> list[tuple[int, int]]:
    """[from_ms, to_ms) cut into pieces of about so long, each of whole steps but for the first and the
    last."""
    moments = np.arange(from_ms + about_ms, to_ms, about_ms, dtype=np.int64)
    cuts = np.unique(calendar.starts(moments))
    return list(pairwise([from_ms, *cuts[(cuts > from_ms) & (cuts < to_ms)].tolist(), to_ms]))


def changes(zone: tzinfo | None, from_ms: int, to_ms: int) -> list[tuple[int, int]]:
    """(since when, offset) of each stretch of time in which a zone's clock runs on."""
    known = offset_ms(zone, from_ms)
    found = [(from_ms, known)]
    for low in range(from_ms, to_ms, LOOK_MS):
        high = low + LOOK_MS
        if (after := offset_ms(zone, high)) == known:
            continue
        while high - low > 1000:
            middle = (low + high) // 2
            low, high = (middle, high) if offset_ms(zone, middle) == known else (low, middle)
        found.append((high // 1000 * 1000, after))
        known = after
    return found
