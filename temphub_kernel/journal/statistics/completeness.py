"""What is missing of a probe's readings, proved by the probe's own numbers where it gives any. Any thread;
pure."""

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
    order = np.lexsort((seq, ms))
    return Track(ms[order], boot[order], seq[order])


def complete(track: Track, holes: Holes) -> Complete:
    """What a track comes to. holes: its own."""
    numbered = _numbered(track)
    boot, seq = _by_seq(track, numbered)[:2]
    again = np.count_nonzero((np.diff(boot) == 0) & (np.diff(seq) == 0))
    proved = bool(numbered.all()) and not holes.missing[holes.known_by != NUMBERS].any()
    return Complete(len(track.ms) - int(again), int(holes.missing.sum()), proved)


def holes_of(track: Track) -> Holes:
    """What is missing where."""
    numbered = _numbered(track)
    parts = [_by_numbers(track, numbered), _by_time(track, numbered)]
    return Holes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _numbered(track: Track) -> Flags:
    """Which readings carry numbers that count readings."""
    numbered = (track.boot >= 0) & (track.seq >= 0)
    boot, seq = _by_seq(track, numbered)[:2]
    steps = np.diff(seq)[(np.diff(boot) == 0) & (np.diff(seq) > 0)]
    return numbered & (len(steps) < ENOUGH_STEPS or steps.min() == 1)


def _by_seq(track: Track, numbered: Flags) -> tuple[Ints, Ints, Ints]:
    order = np.lexsort((track.seq[numbered], track.boot[numbered]))
    return track.boot[numbered][order], track.seq[numbered][order], track.ms[numbered][order]


def _by_numbers(track: Track, numbered: Flags) -> Holes:
    boot, seq, ms = _by_seq(track, numbered)
    at = np.flatnonzero((np.diff(boot) == 0) & (np.diff(seq) > 1))
    sides = np.sort(np.c_[ms[at], ms[at + 1]], axis=1)
    return Holes(sides[:, 0], sides[:, 1], (np.diff(seq) - 1)[at], np.full(len(at), NUMBERS, object))


def _by_time(track: Track, numbered: Flags) -> Holes:
    pause, both = np.diff(track.ms), numbered[:-1] & numbered[1:]
    border = both & _borders(track, numbered)
    usual = _usual(pause, border)
    long = pause > exceedance.GAP_PACES * usual
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.nan_to_num(pause / usual)
    # More numbers than there was time for: they began at another number.
    ahead = np.where(border & (track.seq[1:] <= 1.1 * room + 1), track.seq[1:], 0)
    at = np.flatnonzero((long & (~both | border)) | (ahead > 0))
    missing = np.where(both, ahead, np.maximum(np.rint(room) - 1, 1)).astype(np.int64)
    known_by = np.where(both, RESTART, PACE).astype(object)
    return Holes(track.ms[at], track.ms[at + 1], missing[at], known_by[at])


def _usual(pause: Ints, border: Flags) -> npt.NDArray[np.float64]:
    """The usual interval about each pause that may be long or is a border; elsewhere nobody asks for it, and
    it is NaN."""
    found = np.full(len(pause), np.nan)
    some = np.flatnonzero(pause > 0)
    asked = np.union1d(exceedance.may_be_gaps(pause[some]), np.flatnonzero(border[some]))
    found[some[asked]] = exceedance.pace(pause[some], asked)
    return found


def _borders(track: Track, numbered: Flags) -> Flags:
    """Between which neighbours one boot ends and the next begins with its lowest number, no other boot
    reaching across."""
    place, boot = np.flatnonzero(numbered), track.boot[numbered]
    change = np.zeros(len(track.ms) + 1, np.int64)
    lowest = np.full(len(track.ms), -1)
    for_boots, first = np.unique(boot, return_index=True)
    last = len(boot) - 1 - np.unique(boot[::-1], return_index=True)[1]
    np.add.at(change, place[first], 1)
    np.add.at(change, place[last] + 1, -1)
    low = np.full(int(for_boots.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(low, boot, track.seq[numbered])
    lowest[place[first]] = low[for_boots]
    # Between i and i + 1 no boot is open: as many have ended by i as began.
    open_at = np.cumsum(change)[:-1] - np.bincount(place[last], minlength=len(track.ms))
    border: Flags = (open_at[:-1] == 0) & (track.seq[1:] == lowest[1:])
    return border
