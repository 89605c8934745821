"""Cells as temperatures: decimal signs, units, words instead of numbers, and values that sensors show when
they measured nothing. Pure, but for what `Judge` remembers."""

import re
from typing import NamedTuple

import numpy as np
import polars as pl

from ..core import (
    CLONE_GHOST,
    GHOSTS,
    HIGHEST_C,
    LOWEST_C,
    MAX_INTERVAL_MS,
    NEAR_UNITS,
    RANGE,
    UNITS_PER_C,
)
from ..journal import CODE, NO_VALUE, Flags, Floats, Ints

UNITS = {"C": "°C", "F": "°F", "K": "K"}
# What programs and instruments write where there was no measurement, and what that is called here.
WORDS = {
    **dict.fromkeys(
        ("--", "---", "----", "-", "nc", "n/c", "n.c.", "nan", "n/a", "na", "null", "none"), "missing"
    ),
    **dict.fromkeys(
        ("unavailable", "unknown", "error", "err", "fail", "failed", "no data", "-.-"), "missing"
    ),
    **dict.fromkeys(("disconnected", "--.-", "--.--", "no sensor", "missing"), "missing"),
    **dict.fromkeys(("ol", "o.l", "o.l.", "open", "ovld", "openloop", "tc open"), "open"),
    **dict.fromkeys(("over", "under", "ovfl", "hi", "lo", "overrange", "range", "inf", "-inf"), RANGE),
}
NUMBER = re.compile(r"([-+−]?\d+(?:[.,]\d+)?)\s*(?:°|º|deg)?\s*([CFK])?", re.IGNORECASE)


class Cells(NamedTuple):
    """value: NaN where there is none; quality: a code; empty: nothing was measured; wrong: what makes no
    sense."""

    value: Floats
    quality: Ints
    empty: Flags
    wrong: Flags


def cells(text: pl.Series, decimal: str) -> Cells:
    """Cells of a text column."""
    text = text.str.strip_chars()
    plain = text.str.replace(",", ".", literal=True) if decimal == "," else text
    number = plain.cast(pl.Float64, strict=False)
    finite = number.is_finite().fill_null(False)
    value = number.fill_null(np.nan).to_numpy().astype(np.float64)
    empty = (text.is_null() | (text == "")).fill_null(True).to_numpy()
    odd = np.flatnonzero(~finite.to_numpy() & ~empty)
    quality, wrong = np.zeros(len(text), np.int64), np.zeros(len(text), np.bool_)
    value[odd] = np.nan
    if len(odd):
        words, place = np.unique(text.gather(odd).to_numpy().astype(str), return_inverse=True)
        known = [_word(word) for word in words.tolist()]
        value[odd] = np.array([one[0] for one in known])[place]
        quality[odd] = np.array([one[1] for one in known], np.int64)[place]
        wrong[odd] = np.array([one[2] for one in known])[place]
    return Cells(value, quality, empty, wrong)


def _word(text: str) -> tuple[float, int, bool]:
    """(value, quality, whether it makes no sense) of a cell that is no plain number."""
    quality = WORDS.get(text.lower())
    if quality is not None:
        return np.nan, CODE[quality], False
    found = NUMBER.fullmatch(text)
    if found:
        return float(found[1].replace(",", ".").replace("−", "-")), 0, False
    return np.nan, 0, True


def to_units(value: Floats, unit: str) -> Ints:
    """Numbers in °C, °F or K as stored; NO_VALUE for NaN."""
    celsius = {"F": lambda: (value - 32.0) / 1.8, "K": lambda: value - 273.15}.get(unit, lambda: value)()
    good = ~np.isnan(celsius)
    # Beyond that a whole number would not hold it; what is out of range has no value anyway.
    bounded = np.clip(np.where(good, celsius, 0.0), -1e6, 1e6)
    return np.where(good, np.rint(bounded * UNITS_PER_C).astype(np.int64), NO_VALUE)


def out_of_range(units: Ints) -> Flags:
    """Which values no sensor measures."""
    there = units != NO_VALUE
    found: Flags = there & ((units < LOWEST_C * UNITS_PER_C) | (units > HIGHEST_C * UNITS_PER_C))
    return found


class Judge:
    """Marks values that sensors show when they measured nothing, as the hub does with what is delivered: by
    the good reading before. Remembers each series' last one."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}

    def mark(self, names: list[str], series: Ints, taken_ms: Ints, units: Ints, quality: Ints) -> None:
        """Changes `units` and `quality` in place."""
        gone = out_of_range(units)
        units[gone], quality[gone] = NO_VALUE, CODE[RANGE]
        order = np.lexsort((taken_ms, series))
        who, when, what = series[order], taken_ms[order], units[order]
        ghost = np.isin(what, [*GHOSTS, CLONE_GHOST]) & (quality[order] == 0)
        good = (what != NO_VALUE) & (quality[order] == 0)
        sure = np.where(good & ~ghost, np.arange(len(order)), -1)
        before = np.concatenate([[-1], np.maximum.accumulate(sure)[:-1]]) if len(order) else sure
        known = -1
        for at in np.flatnonzero(ghost).tolist():
            place = max(int(before[at]), known)
            neighbour = self._neighbour(names, who, when, what, place, at)
            verdict = _verdict(int(what[at]), int(when[at]), neighbour)
            if verdict is None or what[at] == CLONE_GHOST:
                known = at
            if verdict is not None:
                may_be_true = verdict[1]
                quality[order[at]] = CODE[verdict[0]]
                units[order[at]] = units[order[at]] if may_be_true else NO_VALUE
        self._remember(names, who, when, what, (quality[order] == 0) & (units[order] != NO_VALUE))

    def _neighbour(
        self, names: list[str], who: Ints, when: Ints, what: Ints, place: int, at: int
    ) -> tuple[int, int] | None:
        if place >= 0 and who[place] == who[at]:
            return int(when[place]), int(what[place])
        return self._last.get(names[int(who[at])])

    def _remember(self, names: list[str], who: Ints, when: Ints, what: Ints, good: Flags) -> None:
        rows = np.flatnonzero(good)
        ends = rows[np.append(np.flatnonzero(np.diff(who[rows])), len(rows) - 1)] if len(rows) else rows
        for at in ends.tolist():
            self._last[names[int(who[at])]] = int(when[at]), int(what[at])


def _verdict(units: int, taken_ms: int, neighbour: tuple[int, int] | None) -> tuple[str, bool] | None:
    """(quality, whether the value may be true) of a value that may be none; None where it is believed."""
    near = None
    if neighbour is not None and abs(taken_ms - neighbour[0]) <= MAX_INTERVAL_MS:
        near = abs(units - neighbour[1]) <= NEAR_UNITS
    if units == CLONE_GHOST:
        return ("power_on", True) if near is False else None
    return None if near else GHOSTS[units]
