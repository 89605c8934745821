"""Panes of the chart: probes that are far apart (a freezer, a fridge, a room) each have an axis of their own
above another, on one time axis. Any thread; pure.

One drawing holds all panes: each has a scale of its own, which reaches over the whole height and is laid so
that what the pane shows comes to lie in the pane's part of it. So numbers are drawn as they are.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from .chart import value_axis

MOST = 3
# Of groups more have a pane each; those beyond share the last one.
MOST_GROUPS = 6
# An empty stretch of the whole reach that is this wide, and this many degrees, parts two panes.
APART, APART_DEGREES = 0.2, 4.0
# Of the height, between two panes; less where there are more of them, which make the chart taller.
BETWEEN, BETWEEN_MANY = 0.07, 0.05
ABOUT_TICKS = {1: 5, 2: 4}
FEWEST_TICKS = 3
Reach = tuple[float, float]


class Pane(NamedTuple):
    """low, high: what its axis shows; ticks: on it; bottom, top: where it lies, as shares of the height."""

    low: float
    high: float
    ticks: tuple[float, ...]
    bottom: float = 0.0
    top: float = 1.0

    @property
    def scale(self) -> Reach:
        """(lowest, highest) of a scale over the whole height on which `low` to `high` fill the pane."""
        if (self.bottom, self.top) == (0.0, 1.0):
            return self.low, self.high
        whole = (self.high - self.low) / (self.top - self.bottom)
        first = self.low - self.bottom * whole
        return first, first + whole

    def share(self, value: float) -> float:
        """How far up a value lies, as a share of the height; one beyond the pane at its edge."""
        inside = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return self.bottom + inside * (self.top - self.bottom)


def parted(reaches: Sequence[Reach | None]) -> list[int]:
    """The pane of each, 0 the lowest, by how far each reaches; what reaches nowhere (None) is in the
    lowest."""
    known = sorted({one for one in reaches if one is not None})
    starts: list[float] = []
    while len(starts) < MOST - 1 and (widest := _widest(known, starts)) is not None:
        starts.append(widest)
    return [0 if one is None else sum(one[0] >= start for start in starts) for one in reaches]


def _widest(known: Sequence[Reach], starts: Sequence[float]) -> float | None:
    """Where the widest empty stretch of a pane ends that is wide beside what that pane shows; None where
    there is none. known: sorted."""
    found: list[Reach] = []
    for first, end in pairwise([float("-inf"), *sorted(starts), float("inf")]):
        there = [one for one in known if first <= one[0] < end]
        top = there[0][1] if there else 0.0
        whole = max((high for _, high in there), default=0.0) - there[0][0] if there else 0.0
        for low, high in there[1:]:
            if low - top >= max(APART * whole, APART_DEGREES):
                found.append((low - top, low))
            top = max(top, high)
    return max(found)[1] if found else None


def grouped(groups: Sequence[str]) -> tuple[list[int], list[str]]:
    """(the pane of each, 0 the lowest; what each pane is called), by the group of each: the first group is on
    top. A single group has one pane without a name."""
    known = list(dict.fromkeys(groups))
    count = min(len(known), MOST_GROUPS)
    of = {name: max(count - 1 - place, 0) for place, name in enumerate(known)}
    names = [", ".join(name for name in known if of[name] == pane) for pane in range(count)]
    return [of[name] for name in groups], names if count > 1 else []


def laid(reaches: Sequence[Reach | None], usual: Reach) -> list[Pane]:
    """The panes of these reaches, the lowest first."""
    count = max(len(reaches), 1)
    between = BETWEEN if count <= MOST else BETWEEN_MANY
    tall = (1 - between * (count - 1)) / count
    panes = []
    for place, reach in enumerate(reaches or [None]):
        first, last = reach or (None, None)
        low, high, ticks = value_axis(first, last, usual, ABOUT_TICKS.get(count, FEWEST_TICKS))
        bottom = place * (tall + between)
        panes.append(Pane(low, high, tuple(ticks), bottom, 1.0 if place == count - 1 else bottom + tall))
    return panes
