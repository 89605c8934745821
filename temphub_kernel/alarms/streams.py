"""What many probes' streams have in common, as arrays: a place each, so that what is usual costs next to
nothing for each reading. Pure."""

from collections.abc import Mapping

import numpy as np

from ..core import MINUTE_MS
from ..journal import Floats, Ints
from . import pace

# Fewer readings than this are quicker one by one.
FEW = 32
# A reading that comes in later than this is none of now, unless its probe is as slow.
LIVE_MS = 2 * MINUTE_MS


class Streams:
    """Probes by places 0, 1, … interval_ms: their own, 0 when unknown; pace_ms: how often they come, their
    interval at least."""

    def __init__(self, intervals_ms: Mapping[int, int]) -> None:
        self.numbers = np.array(list(intervals_ms), np.int64)
        self.interval_ms = np.array(list(intervals_ms.values()), np.int64)
        self.pace_ms = np.where(self.interval_ms > 0, self.interval_ms, pace.ASSUMED_INTERVAL_MS)
        # The last one stands for all numbers that are higher.
        self._place = np.full(int(self.numbers.max(initial=0)) + 2, -1, np.int64)
        self._place[self.numbers] = np.arange(len(self.numbers))

    def __len__(self) -> int:
        return len(self.numbers)

    def places(self, probe: Ints) -> Ints:
        """The place of each of the journal's numbers, −1 for a probe that is not here."""
        found: Ints = self._place[np.minimum(probe, len(self._place) - 1)]
        return found

    def step(self, at: Ints, step_ms: Ints) -> None:
        """One more step of the probes at these places, each of which stands there once: see
        pace.next_pace."""
        pace_ms = self.pace_ms[at]
        slower = np.maximum(step_ms, pace_ms - pace_ms // 8)
        self.pace_ms[at] = np.maximum(np.minimum(slower, 2 * pace_ms), self.interval_ms[at])

    def step_one(self, at: int, step_ms: int) -> None:
        """The same for one of them."""
        self.pace_ms[at] = pace.next_pace(int(self.pace_ms[at]), step_ms, int(self.interval_ms[at]))


class Limited(Streams):
    """Those that have limits. newest_ms: when the newest reading was taken; plain: nothing is going on; low,
    high: between these nothing begins."""

    def __init__(self, intervals_ms: Mapping[int, int]) -> None:
        super().__init__(intervals_ms)
        self.newest_ms = np.zeros(len(self), np.int64)
        self.plain = np.ones(len(self), np.bool_)
        # Nothing is between these: each reading has to be seen.
        self.low, self.high = np.full(len(self), np.inf), np.full(len(self), -np.inf)

    def take_usual(self, place: Ints, taken_ms: Ints, came_ms: Ints, celsius: Floats) -> Ints:
        """Take in what nearly all readings are: in order, live, within all limits, with nothing going on.
        Where the others are."""
        mine = np.flatnonzero(place >= 0)
        if len(mine) < FEW:
            return mine
        turns, rest = in_turns(place[mine])
        left, plain = [rest], self.plain.copy()
        for turn in turns:
            rows = mine[turn]
            at, at_ms, came, value = place[rows], taken_ms[rows], came_ms[rows], celsius[rows]
            newest_ms = self.newest_ms[at]
            usual = (
                plain[at]
                & (newest_ms > 0)
                & (newest_ms < at_ms)
                & (at_ms <= came)
                & (came <= at_ms + LIVE_MS)
            )
            usual &= (self.low[at] <= value) & (value <= self.high[at])
            # What follows of a probe comes after this.
            plain[at[~usual]] = False
            left.append(turn[~usual])
            at, at_ms = at[usual], at_ms[usual]
            self.step(at, at_ms - newest_ms[usual])
            self.newest_ms[at] = at_ms
        return np.sort(mine[np.concatenate(left)])


def in_turns(place: Ints) -> tuple[list[Ints], Ints]:
    """(turns, the rest): where readings stand in a block, in turns in none of which a place comes twice; each
    place's in their order.

    Turns of a few readings are not worth it: those are the rest, in the block's order, behind the turns.
    """
    if len(place) < FEW:
        return [], np.arange(len(place))
    order = np.argsort(place, kind="stable")
    ranked = place[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    nth = np.arange(len(place)) - np.repeat(starts, np.diff(np.r_[starts, len(place)]))
    sizes = np.bincount(nth)
    worth = int(np.count_nonzero(sizes >= FEW))
    cuts = np.cumsum(sizes[:worth])
    *turns, rest = np.split(order[np.argsort(nth, kind="stable")], cuts)
    return turns, np.sort(rest)


class Heard(Streams):
    """heard_ms: by the engine's clock; came_ms: by the hub's, 0 for never; pace_ms: between deliveries;
    gathered_ms: so much later all may come, because the hub asked for it."""

    def __init__(self, intervals_ms: Mapping[int, int]) -> None:
        super().__init__(intervals_ms)
        self.heard_ms = np.zeros(len(self), np.int64)
        self.came_ms = np.zeros(len(self), np.int64)
        self.gathered_ms = 0

    def take(self, probe: Ints, received_ms: Ints, clock_ms: int) -> None:
        """What came in at these times, in journal order."""
        place = self.places(probe)
        mine = np.flatnonzero(place >= 0)
        self.heard_ms[place[mine]] = clock_ms
        order = mine[np.argsort(place[mine], kind="stable")]
        # What comes at one moment is one delivery.
        new = (np.diff(place[order], prepend=-1) != 0) | (np.diff(received_ms[order], prepend=-1) != 0)
        rows = order[new]
        turns, rest = in_turns(place[rows])
        for turn in turns:
            self._came(place[rows[turn]], received_ms[rows[turn]])
        for at, came_ms in zip(place[rows[rest]].tolist(), received_ms[rows[rest]].tolist(), strict=True):
            before_ms = int(self.came_ms[at])
            if 0 < before_ms < came_ms:
                self.step_one(at, came_ms - before_ms)
            self.came_ms[at] = came_ms

    def _came(self, at: Ints, received_ms: Ints) -> None:
        step_ms = received_ms - self.came_ms[at]
        known = (self.came_ms[at] > 0) & (step_ms > 0)
        self.step(at[known], step_ms[known])
        self.came_ms[at] = received_ms
