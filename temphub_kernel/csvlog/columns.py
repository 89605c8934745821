"""The CSV's lines of many readings at once: the same text as `format.to_lines`, made column by column. Any
thread.

Every cell is looked up in a table and put into a field of a fixed width; what is left over of a field are NUL
bytes, which no cell can hold, and these are taken out of the whole text at once.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..core import MINUTE_MS, STANDARD, UNITS_PER_C, Style, csv_cell, iso_utc, local_text, number_cell
from ..journal import NO_VALUE, QUALITY, Columns, Ints

Texts = npt.NDArray[np.bytes_]
NUL = b"\0"
# What a line is made of; with these come the quality, the probe and when it was taken.
FIELDS = ("units",)
# Whole degrees that have a table; a calibration may lead beyond.
DEGREES = 10_000
# The seven decimals as two groups of digits.
LAST_DIGITS = 1_000
# Larger pieces get fresh pages of memory each time, and take twice as long a line.
PIECE_ROWS = 2_500


def lines_of(columns: Columns, style: Style = STANDARD) -> bytes:
    """The lines of some readings, in the order given. columns: with units and quality."""
    needed = (columns.taken_ms, columns.probe, columns.units, columns.quality)
    pieces = (
        [column[at : at + PIECE_ROWS] for column in needed] for at in range(0, len(columns), PIECE_ROWS)
    )
    return b"".join(_lines(columns.ids, style, *piece) for piece in pieces)


def _lines(
    ids: dict[int, str], style: Style, taken_ms: Ints, probe: Ints, units: Ints, quality: Ints
) -> bytes:
    part = _text(style.separator)
    stamp, local = _times(taken_ms, style.date)
    cells = (*stamp, part, *local, part, _ids(ids, probe), part, *_numbers(units, style.point), part)
    return _joined((*cells, _qualities()[quality], _text("\n")), len(probe))


def _joined(cells: Sequence[Texts], count: int) -> bytes:
    """One text: the cells of each of `count` rows side by side; a cell alone stands in every row."""
    row = np.dtype([(f"f{at}", one.dtype) for at, one in enumerate(cells)])
    rows = np.empty(count, row)
    for name, one in zip(row.names or (), cells, strict=True):
        rows[name] = one
    return rows.tobytes().translate(None, NUL)


def _times(taken_ms: Ints, date: str) -> tuple[tuple[Texts, ...], tuple[Texts, ...]]:
    """(parts of the time stamp, parts of the local time)."""
    minute, rest = np.divmod(taken_ms, MINUTE_MS)
    minutes, place = _distinct(minute)
    starts = [one * MINUTE_MS for one in minutes.tolist()]
    local = [local_text(ms, date) for ms in starts]
    if all(_is_even(text, ms, date) for text, ms in zip(local, starts, strict=True)):
        second = rest // 1000
        shown: tuple[Texts, ...] = (_texts([text[:-2] for text in local])[place], _two_digits()[second])
    else:
        # Long ago clocks were ahead by seconds, too.
        seconds, at = _distinct(taken_ms // 1000)
        shown = (_texts([local_text(one * 1000, date) for one in seconds.tolist()])[at],)
    return (_texts([iso_utc(ms)[:17] for ms in starts])[place], _seconds()[rest]), shown


def _is_even(text: str, ms: int, date: str) -> bool:
    """Whether the clock on the wall goes through a minute as UTC does."""
    return text.endswith(":00") and local_text(ms + MINUTE_MS - 1, date) == f"{text[:-2]}59"


def _ids(ids: dict[int, str], probe: Ints) -> Texts:
    numbers, place = _distinct(probe)
    return _texts([csv_cell(ids[no]) for no in numbers.tolist()])[place]


def _numbers(units: Ints, point: str) -> tuple[Texts, ...]:
    """Sign, degrees, decimals: as `number_cell` writes them; nothing where there is no value."""
    good = units != NO_VALUE
    degrees, rest = np.divmod(np.abs(np.where(good, units, 0)), UNITS_PER_C)
    if (degrees >= DEGREES).any():
        return (_texts([number_cell(one, point) if one != NO_VALUE else "" for one in units.tolist()]),)
    first, last = np.divmod(rest, LAST_DIGITS)
    signs = _texts(["", "-"])[(good & (units < 0)).astype(np.intp)]
    whole = np.where(good, _degrees(point)[degrees], NUL)
    decimals = np.where(last > 0, _first_of_all()[first], _first_alone()[first])
    return signs, whole, np.where(good, decimals, NUL), _last()[last]


def _distinct(numbers: Ints) -> tuple[Ints, Ints]:
    """(some numbers with all of these among them, the place of each in them)."""
    low, high = int(numbers.min()), int(numbers.max())
    if high - low < 4 * len(numbers):
        # Close together: they need not be sorted.
        hit = np.zeros(high - low + 1, np.bool_)
        hit[numbers - low] = True
        found = np.flatnonzero(hit)
        place = np.zeros(high - low + 1, np.int64)
        place[found] = np.arange(len(found))
        return found + low, place[numbers - low]
    distinct, place = np.unique(numbers, return_inverse=True)
    return distinct, place.reshape(-1)


def _texts(texts: Sequence[str]) -> Texts:
    return np.array([text.encode("utf-8") for text in texts], np.bytes_)


def _text(text: str) -> Texts:
    return _texts([text])


@lru_cache(maxsize=1)
def _seconds() -> Texts:
    """Second and milliseconds of each millisecond of a minute."""
    return _texts([f"{ms // 1000:02d}.{ms % 1000:03d}Z" for ms in range(MINUTE_MS)])


@lru_cache(maxsize=1)
def _two_digits() -> Texts:
    return _texts([f"{number:02d}" for number in range(60)])


@lru_cache(maxsize=1)
def _qualities() -> Texts:
    return _texts([csv_cell(text or "") for text in QUALITY])


@lru_cache(maxsize=2)
def _degrees(point: str) -> Texts:
    return _texts([f"{number}{point}" for number in range(DEGREES)])


@lru_cache(maxsize=1)
def _first_of_all() -> Texts:
    """The first four decimals where others follow."""
    return _texts([f"{number:04d}" for number in range(UNITS_PER_C // LAST_DIGITS)])


@lru_cache(maxsize=1)
def _first_alone() -> Texts:
    """The first four where they are all: as few as say it, but never three."""
    texts = (f"{number:04d}".rstrip("0") for number in range(UNITS_PER_C // LAST_DIGITS))
    return _texts([f"{text}0" if len(text) in (0, 3) else text for text in texts])


@lru_cache(maxsize=1)
def _last() -> Texts:
    """The last three decimals; none where they are noughts."""
    return _texts([f"{number:03d}".rstrip("0") for number in range(LAST_DIGITS)])
