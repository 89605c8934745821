"""What is missing of a probe's readings, proved by the probe's own numbers where it gives any. Any thread;
pure.

The evidence for it is gathered from a whole track, or from pieces of one: what the numbers say (`Numbers`)
adds up in any order, and pauses (`Pauses`) in the order of time, from pieces that share a reading.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..columns import Flags, Ints
from . import exceedance

NUMBERS, RESTART, PACE = "numbers", "restart", "pace"
# So many steps and not one of them by 1: then the numbers count something else than readings.
ENOUGH_STEPS = 8


class Track(NamedTuple):
    """All readings of one probe by time (several of one moment by seq), bad ones too. `boot`, `seq`: −1 where
    the probe gave none."""

    ms: Ints
    boot: Ints
    seq: Ints

    @property
    def numbered(self) -> Flags:
        """Which readings carry numbers."""
        return (self.boot >= 0) & (self.seq >= 0)


class Holes(NamedTuple):
    """A row for each, see analysis/completeness.py. known_by: NUMBERS, RESTART or PACE."""

    start_ms: Ints
    end_ms: Ints
    missing: Ints
    known_by: npt.NDArray[np.object_]


class Complete(NamedTuple):
    """How many readings are there (twice is once) and how many missing; proved: by the probe's own numbers,
    none of it estimated."""

    stored: int
    missing: int
    proved: bool

    @property
    def percent(self) -> float:
        """Rounded down to hundredths: 99.999 % is not whole."""
        return float(np.floor(10_000 * self.stored / max(self.stored + self.missing, 1)) / 100)


def track_of(ms: Ints, boot: Ints, seq: Ints) -> Track:
    """Readings in whatever order."""
    if (ms[1:] > ms[:-1]).all():
        # As they nearly always are: to sort a billion costs more than all else.
        return Track(ms, boot, seq)
    order = np.lexsort((seq, ms))
    return Track(ms[order], boot[order], seq[order])


class Runs(NamedTuple):
    """Numbers of a boot without one missing, by boot and number: from `low` (first taken at low_ms) to `high`
    (last taken at high_ms)."""

    boot: Ints
    low: Ints
    low_ms: Ints
    high: Ints
    high_ms: Ints

    def merged(self) -> Runs:
        """The same, in whatever order and however they overlap, as few as they are."""
        runs = Runs(*(column[np.lexsort((self.low_ms, self.low, self.boot))] for column in self))
        by_high = np.lexsort((runs.high_ms, runs.high, runs.boot))
        rank = np.empty_like(by_high)
        rank[by_high] = np.arange(len(by_high))
        # Which of a boot's runs so far reaches highest.
        reaches = by_high[np.maximum.accumulate(rank)]
        before = reaches[:-1]
        new = (runs.boot[1:] != runs.boot[:-1]) | (runs.low[1:] > runs.high[before] + 1)
        first = np.flatnonzero(np.r_[True, new][: len(reaches)])
        last = reaches[np.r_[first[1:] - 1, len(reaches) - 1][: len(first)]]
        return Runs(
            runs.boot[first], runs.low[first], runs.low_ms[first], runs.high[last], runs.high_ms[last]
        )


class Boots(NamedTuple):
    """A row a boot: when its first and its last reading were taken, each with its number. By boot."""

    boot: Ints
    first_ms: Ints
    first_seq: Ints
    last_ms: Ints
    last_seq: Ints


class Numbers(NamedTuple):
    """What the numbers of readings say. stored: how many readings there are; numbered: how many of them carry
    numbers."""

    stored: int
    numbered: int
    runs: Runs
    boots: Boots

    @property
    def different(self) -> int:
        """How many numbered readings there are, each once."""
        return int((self.runs.high - self.runs.low + 1).sum())

    @property
    def count_readings(self) -> bool:
        """Whether the numbers count readings, and nothing else."""
        steps = self.different - len(self.boots.boot)
        return steps < ENOUGH_STEPS or bool((self.runs.high > self.runs.low).any())

    def joined(self, other: Numbers) -> Numbers:
        """Of both together, whichever was earlier."""
        runs, boots = (
            [np.concatenate(both) for both in zip(mine, its, strict=True)]
            for mine, its in ((self.runs, other.runs), (self.boots, other.boots))
        )
        return Numbers(
            self.stored + other.stored,
            self.numbered + other.numbered,
            Runs(*runs).merged(),
            _boots(*boots),
        )


def numbers_of(track: Track) -> Numbers:
    """Of a track, or some of its readings."""
    numbered = track.numbered
    ms, boot, seq = track if numbered.all() else (column[numbered] for column in track)
    # In their own time most follow each other, and what is sorted is runs.
    step = np.diff(seq)
    new = np.flatnonzero((boot[1:] != boot[:-1]) | (step < 0) | (step > 1)) + 1
    first = np.r_[0, new][: len(ms)]
    last = np.r_[new - 1, len(ms) - 1][: len(first)]
    runs = Runs(boot[first], seq[first], ms[first], seq[last], ms[last])
    boots = _boots(runs.boot, runs.low_ms, runs.low, runs.high_ms, runs.high)
    return Numbers(len(track.ms), len(ms), runs.merged(), boots)


def _boots(boot: Ints, first_ms: Ints, first_seq: Ints, last_ms: Ints, last_seq: Ints) -> Boots:
    begins, ends = np.lexsort((first_seq, first_ms, boot)), np.lexsort((last_seq, last_ms, boot))
    new = np.flatnonzero(np.diff(boot[begins])) + 1
    first, last = np.r_[0, new][: len(boot)], np.r_[new - 1, len(boot) - 1][: len(new) + 1]
    first, last = begins[first], ends[last[: len(first)]]
    return Boots(boot[first], first_ms[first], first_seq[first], last_ms[last], last_seq[last])


class Pauses(NamedTuple):
    """Times between neighbours that may be holes, by time: start_ms, end_ms; room: so many usual intervals
    (NaN: of no length); long: more than GAP_PACES of them; numbered: the reading on both sides; boot, seq: of
    the reading at the end where it is the first of its boot here, −1 elsewhere."""

    start_ms: Ints
    end_ms: Ints
    room: npt.NDArray[np.float64]
    long: Flags
    numbered: Flags
    boot: Ints
    seq: Ints

    def joined(self, later: Pauses) -> Pauses:
        """Of two pieces, one after the other."""
        return Pauses(*(np.concatenate(both) for both in zip(self, later, strict=True)))._of_first_boots()

    def _of_first_boots(self) -> Pauses:
        # A boot begins once: what begins it again tells nothing, so boots that alternate cost no memory.
        _, first = np.unique(self.boot, return_index=True)
        again = self.boot >= 0
        again[first] = False
        if not again.any():
            return self
        found = self._replace(boot=np.where(again, -1, self.boot), seq=np.where(again, -1, self.seq))
        return found._of(found.long | ~again)

    def _of(self, which: Flags) -> Pauses:
        return Pauses(*(column[which] for column in self))  # type: ignore[arg-type]  # each keeps its type


def pauses_of(track: Track, first: int = 0, end: int | None = None) -> Pauses:
    """Of a track: those between its readings from place `first` to place `end`, judged by all of it."""
    pause, numbered = np.diff(track.ms), track.numbered
    both = numbered[:-1] & numbered[1:]
    begins = both & (track.boot[:-1] != track.boot[1:])
    usual = _usual(pause, begins)
    long = pause > exceedance.GAP_PACES * usual
    at = np.flatnonzero(long | begins)
    at = at[(at >= first) & (at < (len(pause) if end is None else end))]
    with np.errstate(divide="ignore", invalid="ignore"):
        room = pause[at] / usual[at]
    boot, seq = (np.where(begins[at], column[at + 1], -1) for column in (track.boot, track.seq))
    found = Pauses(track.ms[at], track.ms[at + 1], room, long[at], both[at], boot, seq)
    return found._of_first_boots()


def _usual(pause: Ints, border: Flags) -> npt.NDArray[np.float64]:
    """The usual interval about each pause that may be long or is a border; elsewhere nobody asks for it, and
    it is NaN."""
    found = np.full(len(pause), np.nan)
    some = np.flatnonzero(pause > 0)
    asked = np.union1d(exceedance.may_be_gaps(pause[some]), np.flatnonzero(border[some]))
    found[some[asked]] = exceedance.pace(pause[some], asked)
    return found


def complete(track: Track, holes: Holes) -> Complete:
    """What a track comes to. holes: its own."""
    return complete_from(numbers_of(track), holes)


def complete_from(numbers: Numbers, holes: Holes) -> Complete:
    """What numbers and holes come to."""
    counted = numbers.count_readings
    again = numbers.numbered - numbers.different if counted else 0
    proved = counted and numbers.numbered == numbers.stored
    proved = proved and not holes.missing[holes.known_by != NUMBERS].any()
    return Complete(numbers.stored - again, int(holes.missing.sum()), proved)


def holes_of(track: Track) -> Holes:
    """What is missing where."""
    return holes_from(numbers_of(track), pauses_of(track))


def holes_from(numbers: Numbers, pauses: Pauses) -> Holes:
    """What the evidence comes to."""
    counted = numbers.count_readings
    parts = [_by_numbers(numbers.runs), _restarts_and_pauses(numbers, pauses)] if counted else []
    parts = parts or [_by_pace(pauses._of(pauses.long))]
    return Holes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _by_numbers(runs: Runs) -> Holes:
    at = np.flatnonzero(runs.boot[1:] == runs.boot[:-1])
    sides = np.sort(np.c_[runs.high_ms[at], runs.low_ms[at + 1]], axis=1)
    missing = runs.low[at + 1] - runs.high[at] - 1
    return Holes(sides[:, 0], sides[:, 1], missing, np.full(len(at), NUMBERS, object))


def _restarts_and_pauses(numbers: Numbers, pauses: Pauses) -> Holes:
    border = _borders(numbers, pauses)
    # More numbers than there was time for: they began at another number.
    ahead = np.where(border & (pauses.seq <= 1.1 * np.nan_to_num(pauses.room) + 1), pauses.seq, 0)
    some = (pauses.long & (~pauses.numbered | border)) | (ahead > 0)
    by_pace, chosen = _by_pace(pauses._of(some)), pauses.numbered[some]
    return by_pace._replace(
        missing=np.where(chosen, ahead[some], by_pace.missing),
        known_by=np.where(chosen, RESTART, PACE).astype(object),
    )


def _by_pace(pauses: Pauses) -> Holes:
    missing = np.maximum(np.rint(np.nan_to_num(pauses.room)) - 1, 1).astype(np.int64)
    return Holes(pauses.start_ms, pauses.end_ms, missing, np.full(len(missing), PACE, object))


def _borders(numbers: Numbers, pauses: Pauses) -> Flags:
    """At which pauses one boot ends and the next begins with its lowest number, no other boot reaching
    across."""
    boots, runs = numbers.boots, numbers.runs
    found = np.zeros(len(pauses.boot), np.bool_)
    begins = np.flatnonzero(pauses.boot >= 0)
    if not len(begins):
        return found
    place = np.searchsorted(boots.boot, pauses.boot[begins])
    lowest = runs.low[np.searchsorted(runs.boot, boots.boot)]
    first = (boots.first_ms[place] == pauses.end_ms[begins]) & (boots.first_seq[place] == pauses.seq[begins])
    # No other boot is open there: all that had begun have ended before it.
    ms, seq = np.r_[boots.first_ms, boots.last_ms], np.r_[boots.first_seq, boots.last_seq]
    order = np.lexsort((seq, ms))
    rank = np.empty_like(order)
    rank[order] = np.cumsum(np.r_[0, (np.diff(ms[order]) != 0) | (np.diff(seq[order]) != 0)])
    began, ended = np.split(rank, 2)
    mine = began[place]
    begun = np.searchsorted(np.sort(began), mine, "right")
    alone = begun - np.searchsorted(np.sort(ended), mine, "left") == 1
    found[begins] = first & (pauses.seq[begins] == lowest[place]) & alone
    return found
