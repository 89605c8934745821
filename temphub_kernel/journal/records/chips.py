"""What a thermocouple's chip reckons out of its voltage, and which temperature that is by ITS-90. Any thread;
pure."""

from base64 import b64decode
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ...core import UNITS_PER_C
from ..columns import Flags, Ints
from . import its90

# nV for each °C that a chip reckons with (data sheets), and where each type is defined.
GAINS = {"E": 76373, "J": 57953, "K": 41276, "N": 36256, "R": 10506, "S": 9587, "T": 52180}
GAIN_6675 = 41000
SPANS = {
    "E": (-200, 1000),
    "J": (-210, 1200),
    "K": (-200, 1372),
    "N": (-200, 1300),
    "R": (-50, 1768),
    "S": (-50, 1768),
    "T": (-200, 400),
}
# Which types each chip is made for.
CHIPS = {"max31855": "".join(sorted(GAINS)), "max6675": "K"}
# The probe's units, in which the lines are reckoned; told is in steps of 1/16 °C, as the chips' own are
# coarser.
PER_C = 4096
STEP = PER_C // 16
TEN_NV = 10 * PER_C


class Curve:
    """The reference function of one type as lines, and the straight line of a chip beside it. Temperatures:
    units of 1e-7 °C."""

    def __init__(self, chip: str, letter: str) -> None:
        celsius, text = its90.TABLES[letter]
        raw = np.frombuffer(b64decode(text), np.uint8).reshape(-1, 4).astype(np.int64)
        self._at = (celsius + np.cumsum(raw[:, 0])) * PER_C
        emf = raw[:, 1] << 16 | raw[:, 2] << 8 | raw[:, 3]
        # In 10 nV.
        self._emf = emf - (emf >> 23 << 24)
        self._gain = GAIN_6675 if chip == "max6675" else GAINS[letter]
        self._span = SPANS[letter]
        # A step of the chip beyond the end may still be the end.
        low, high = _line(np.array(self._span) * PER_C, self._at, self._emf)
        self._low, self._high = int(low) - self._gain // 40, int(high) + self._gain // 40
        # The same for single readings: a column of one costs a hundred times as much.
        self._at_one, self._emf_one = self._at.tolist(), self._emf.tolist()

    def true(self, said: Ints, cold: Ints) -> tuple[Ints, Flags]:
        """(what the tip had, whether that is beyond where the type is defined) when the chip said `said`,
        itself at `cold`."""
        emf = self._emf_of(_of_units(said), _of_units(cold))
        tip = (_line(emf, self._emf, self._at) + STEP // 2) // STEP * STEP
        return _to_units(tip), (emf < self._low) | (emf > self._high)

    def true_of(self, said: int, cold: int) -> tuple[int, bool]:
        """The same as `true` for a single reading."""
        own, ice = round(said * PER_C / UNITS_PER_C), round(cold * PER_C / UNITS_PER_C)
        emf = (own - ice) * self._gain // TEN_NV + _line_of(ice, self._at_one, self._emf_one)
        tip = (_line_of(emf, self._emf_one, self._at_one) + STEP // 2) // STEP * STEP
        return tip * UNITS_PER_C // PER_C, not self._low <= emf <= self._high

    def said(self, true: Ints, cold: Ints) -> Ints:
        """The reverse: what the chip says when the tip has `true`."""
        own = _of_units(cold)
        emf = _line(_of_units(true), self._at, self._emf) - _line(own, self._at, self._emf)
        return _to_units(own + np.rint(emf * TEN_NV / self._gain).astype(np.int64))

    def spread(self, said: Ints, cold: Ints, within: int) -> Ints:
        """How far what is told may be off when the chip's own temperature is only known to be within so much
        of `cold`."""
        around = [
            _line(self._emf_of(_of_units(said), _of_units(cold + by)), self._emf, self._at)
            for by in (-within, 0, within)
        ]
        return _to_units(np.maximum(np.abs(around[0] - around[1]), np.abs(around[2] - around[1])))

    def outside(self, units: Ints) -> Flags:
        """What an uncorrected number was wrongly compared with: where the type is defined."""
        low, high = self._span
        return (units < low * UNITS_PER_C) | (units > high * UNITS_PER_C)

    def _emf_of(self, said: Ints, cold: Ints) -> Ints:
        return (said - cold) * self._gain // TEN_NV + _line(cold, self._at, self._emf)


@lru_cache(maxsize=16)  # there are eight
def curve(chip: str, letter: str) -> Curve:
    """The curve of a chip (of CHIPS) and a type of thermocouple it is made for."""
    return Curve(chip, letter)


def _line(x: Ints, xs: Ints, ys: Ints) -> Ints:
    """From point to point; the outermost lines go on."""
    at = np.clip(np.searchsorted(xs, x, side="right") - 1, 0, len(xs) - 2)
    found: Ints = ys[at] + (x - xs[at]) * (ys[at + 1] - ys[at]) // (xs[at + 1] - xs[at])
    return found


def _line_of(x: int, xs: Sequence[int], ys: Sequence[int]) -> int:
    at = min(max(bisect_right(xs, x) - 1, 0), len(xs) - 2)
    return ys[at] + (x - xs[at]) * (ys[at + 1] - ys[at]) // (xs[at + 1] - xs[at])


def _of_units(units: Ints) -> Ints:
    found: Ints = np.rint(units * (PER_C / UNITS_PER_C)).astype(np.int64)
    return found


def _to_units(own: Ints) -> Ints:
    found: Ints = np.rint(own * (UNITS_PER_C / PER_C)).astype(np.int64)
    return found


TABLE = (
    "CREATE TABLE IF NOT EXISTS thermocouples (no INTEGER PRIMARY KEY, probe INTEGER NOT NULL, from_ms "
    "INTEGER NOT NULL,"
    " to_ms INTEGER NOT NULL, type TEXT NOT NULL, chip TEXT NOT NULL, cold INTEGER NOT NULL, within INTEGER "
    "NOT NULL,"
    " note TEXT NOT NULL, made_ms INTEGER NOT NULL, part_of INTEGER NOT NULL)"
)
