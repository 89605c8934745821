"""One probe's hours, each known as one, by the minute or by its readings, and what they come to together. Any
thread; pure."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...core import MINUTE_MS, UNITS_PER_C
from ..columns import Flags, Floats, Ints
from .steps import Steps
from .time_weights import BEFORE, BEHIND, Weights, holds, together

# From what an hour's part is made: reading by reading, by the minute, or as a whole.
SINGLY, BY_MINUTE, AS_ONE = 0, 1, 2
# Fewer readings an hour say too little of their pace.
LEAST_GOOD = 4
MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD],
    np.uint64,
)


class Most(NamedTuple):
    """Up to how many readings of a probe each is read; and beyond that, of hours with an uneven pace; of how
    many by the minute.

    read: how many readings of all probes are gone through for it: they lie among each other.
    """

    single: int = 50_000
    uneven: int = 100_000
    minutes: int = 60_000
    read: int = 3_000_000


class Fine(NamedTuple):
    """Means over time of shorter spans, each cut where an hour begins. at_ms: when it begins; held: for how
    many ms its readings hold."""

    at_ms: Ints
    held: Floats
    value: Floats

    def of(self, which: "Ints | Flags") -> "Fine":
        """Some of them."""
        return Fine(self.at_ms[which], self.held[which], self.value[which])


NO_FINE = Fine(np.empty(0, np.int64), np.empty(0), np.empty(0))


class Found(NamedTuple):
    """What the hours of a range weighed when they were last looked at."""

    width_ms: int
    first_ms: Ints
    mark: npt.NDArray[np.uint64]
    weights: Weights
    fine: Fine


class Hourly:
    """Hours of one probe, by time: those before the range, in it (cut at its ends) and behind it."""

    def __init__(self, parts: tuple[Steps, Steps, Steps], width_ms: int, from_ms: int, to_ms: int) -> None:
        """parts: steps of width_ms before, in and behind [from_ms, to_ms)."""
        self.width_ms = width_ms
        rows = Steps(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        size = [len(part.at) for part in parts]
        self.first_ms: Ints = np.maximum(
            rows.at * width_ms, np.repeat([0, from_ms, to_ms], size) if rows.at.size else 0
        )
        self.all = rows
        self.inside: Flags = (np.repeat([0, 1, 0], size) == 1) & (rows.good > 0)
        self.steps = parts[1]
        self.exact = True
        self._before = np.concatenate([[0], np.cumsum(rows.good)])
        # Which rows a row's holds depend on: those with the readings next to it.
        self._low = np.maximum(np.searchsorted(self._before, self._before[:-1] - BEFORE, "right") - 1, 0)
        self._high = np.minimum(
            np.searchsorted(self._before, self._before[1:] + BEHIND, "left"), len(rows.at)
        )
        self.how = np.full(len(rows.at), SINGLY)
        self.missing = self.inside.copy()
        self._weights = Weights(*(np.full(len(rows.at), np.nan) for _ in Weights._fields))
        self._fine = [NO_FINE]

    def choose(self, most: Most, everything: int) -> None:
        """Settle how each hour is looked into. everything: how many readings of all probes the range has."""
        good = self.all.good
        if int(good[self.inside].sum()) <= most.single and everything <= most.read:
            return
        self.exact = False
        uneven = self.inside & ~self._even()
        count, share = int(uneven.sum()), float(uneven.sum()) / max(int(self.inside.sum()), 1)
        few = int(good[uneven].sum()) <= most.uneven and everything * share <= most.read
        self.how[self.inside] = AS_ONE
        if few or count * self.width_ms // MINUTE_MS <= most.minutes:
            self.how[uneven] = SINGLY if few else BY_MINUTE
        self.missing &= self.how != AS_ONE

    def recall(self, found: "Found | None") -> None:
        """Take over what is known of hours that are as they were then."""
        if found is None or found.width_ms != self.width_ms or not len(found.first_ms):
            return
        hour = self.first_ms // self.width_ms
        place = np.minimum(np.searchsorted(found.first_ms // self.width_ms, hour), len(found.first_ms) - 1)
        same = (
            self.missing
            & (found.first_ms[place] // self.width_ms == hour)
            & (found.mark[place] == self._marks())
        )
        kept = np.isin(found.fine.at_ms // self.width_ms, hour[same])
        self.learn(np.flatnonzero(same), found.weights.of(place[same]), found.fine.of(kept))

    def learn(self, rows: Ints, weights: Weights, fine: Fine = NO_FINE) -> None:
        """What some rows weigh; fine: the means of shorter spans in them."""
        self._fine.append(fine)
        for mine, given in zip(self._weights, weights, strict=True):
            mine[rows] = given
        self.missing[rows] = False

    def found(self) -> Found:
        """What is known now, to be recalled."""
        known = np.flatnonzero(self.inside & ~np.isnan(self._weights.held))
        return Found(
            self.width_ms,
            self.first_ms[known],
            self._marks()[known],
            self._weights.of(known),
            self._all_fine(),
        )

    def means(self, width_ms: int) -> tuple[Ints, Floats]:
        """(when it begins, mean over time in °C) of each `width_ms` that has readings; for hours that are
        known reading by reading."""
        fine = self._all_fine()
        start_ms, group = np.unique(fine.at_ms // width_ms * width_ms, return_inverse=True)
        return start_ms, np.bincount(group, fine.held * fine.value) / np.bincount(
            group, fine.held
        ) / UNITS_PER_C

    def _all_fine(self) -> Fine:
        at_ms, held, value = zip(*self._fine, strict=True)
        fine = Fine(np.concatenate(at_ms), np.concatenate(held), np.concatenate(value))
        return fine.of(np.argsort(fine.at_ms))

    def near(self, rows: Flags) -> Flags:
        """These rows and those whose readings tell how long theirs hold."""
        change = np.zeros(len(rows) + 1, np.int64)
        np.add.at(change, self._low[rows], 1)
        np.add.at(change, self._high[rows], -1)
        found: Flags = (np.cumsum(change[:-1]) > 0) & (self.all.good > 0)
        return found

    def row_of(self, moments: Ints) -> Ints:
        """The row that each moment with a reading lies in."""
        return np.searchsorted(self.first_ms, moments, "right") - 1

    def weights(self) -> Weights:
        """What the range weighs, in parts; hours that were not looked into count as one, with a steady
        pace."""
        known = self.inside & ~np.isnan(self._weights.held)
        coarse = np.flatnonzero(self.inside & ~known)
        if not len(coarse):
            return self._weights.of(np.flatnonzero(known))
        return together([self._weights.of(np.flatnonzero(known)), self._as_one(coarse)])

    def _as_one(self, rows: Ints) -> Weights:
        good = np.flatnonzero(self.all.good > 0)
        held = np.zeros(len(self.all.at))
        held[good] = holds(
            np.zeros(len(good), np.int64), self.first_ms[good], self.all.good[good], self.width_ms
        )
        count = self.all.good[rows]
        value: Floats = self.all.total[rows] / count
        spread: Floats = self.all.spread[rows] * UNITS_PER_C**2 / count * held[rows]
        none = np.zeros(len(rows))
        at: Floats = self.first_ms[rows].astype(np.float64) + self.width_ms / 2
        return Weights(held[rows], at, value, none, spread, none)

    def _even(self) -> Flags:
        """Which rows hold as many readings as both their neighbours, give or take one."""
        alike = (np.diff(self.all.at) == 1) & (np.abs(np.diff(self.all.good)) <= 1)
        both: Flags = np.append(False, alike) & np.append(alike, False) & (self.all.good >= LEAST_GOOD)
        return both

    def _marks(self) -> npt.NDArray[np.uint64]:
        """Another number for each row whenever it or one that its holds depend on has other readings."""
        columns: tuple[Floats | Ints, ...] = (self.first_ms // self.width_ms, *self.all[2:6])
        mixed = np.zeros(len(self.first_ms), np.uint64)
        for column, factor in zip(columns, MIX, strict=True):
            mixed = (mixed ^ column.astype(np.int64).view(np.uint64)) * factor
            mixed ^= mixed >> np.uint64(29)
        summed = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed)])
        marks: npt.NDArray[np.uint64] = (summed[self._high] - summed[self._low]) * MIX[0] + self.how.astype(
            np.uint64
        )
        return marks
