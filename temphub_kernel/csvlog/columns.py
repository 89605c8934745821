"""The CSV's lines of many readings at once: the same text as `format.to_lines`, made column by column. Any
thread.

Every cell is looked up in a table and put into a field of a fixed width; what is left over of a field are NUL
bytes, which no cell can hold, and these are taken out of the whole text at once.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

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
FIRST_DIGITS = UNITS_PER_C // LAST_DIGITS
# Tables are made for so many rows, text of so many: for more the system gives fresh pages of memory each
# time, which take as long as the text.
STRETCH_ROWS, PIECE_ROWS = 10_000, 1_000


class _Cell(NamedTuple):
    """A field of the lines: the texts that there are, and which of them each row has; None where all have the
    only one."""

    texts: Texts
    place: Ints | None = None


def lines_of(columns: Columns, style: Style = STANDARD) -> bytes:
    """The lines of some readings, in the order given. columns: with units and quality."""
    needed = (columns.taken_ms, columns.probe, columns.units, columns.quality)
    return b"".join(
        piece
        for at in range(0, len(columns), STRETCH_ROWS)
        for piece in _lines(columns.ids, style, *(column[at : at + STRETCH_ROWS] for column in needed))
    )


def _lines(
    ids: dict[int, str], style: Style, taken_ms: Ints, probe: Ints, units: Ints, quality: Ints
) -> list[bytes]:
    times, numbers = _times(taken_ms, style), _numbers(units, style.point)
    cells = (*times, _ids(ids, probe, style.separator), *numbers, _qualities(quality, style.separator))
    return _joined(cells, len(probe))


def _joined(cells: Sequence[_Cell], count: int) -> list[bytes]:
    """The text of `count` rows, piece by piece: their cells side by side."""
    rows = np.empty(min(count, PIECE_ROWS), [(f"f{at}", one.texts.dtype) for at, one in enumerate(cells)])
    fields = [(rows[f"f{at}"], one) for at, one in enumerate(cells)]
    for field, (texts, place) in fields:
        if place is None:
            field[:] = texts
    found: list[bytes] = []
    for start in range(0, count, PIECE_ROWS):
        size = min(count - start, PIECE_ROWS)
        for field, (texts, place) in fields:
            if place is not None:
                field[:size] = texts.take(place[start : start + size])
        found.append(rows[:size].tobytes().translate(None, NUL))
    return found


def _times(taken_ms: Ints, style: Style) -> tuple[_Cell, ...]:
    """The time stamp, and the local time with what parts it from that."""
    minute = taken_ms // MINUTE_MS
    rest, (minutes, place) = taken_ms - minute * MINUTE_MS, _distinct(minute)
    starts = [one * MINUTE_MS for one in minutes.tolist()]
    local = [local_text(ms, style.date) for ms in starts]
    stamp = _Cell(_texts([iso_utc(ms)[:17] for ms in starts]), place), _Cell(_seconds(), rest)
    if all(_is_even(text, ms, style.date) for text, ms in zip(local, starts, strict=True)):
        shown = _texts([f"{style.separator}{text[:-2]}" for text in local])
        return (*stamp, _Cell(shown, place), _Cell(_two_digits(), rest // 1000))
    # Long ago clocks were ahead by seconds, too.
    seconds, at = _distinct(taken_ms // 1000)
    shown = _texts([f"{style.separator}{local_text(one * 1000, style.date)}" for one in seconds.tolist()])
    return (*stamp, _Cell(shown, at))


def _is_even(text: str, ms: int, date: str) -> bool:
    """Whether the clock on the wall goes through a minute as UTC does."""
    return text.endswith(":00") and local_text(ms + MINUTE_MS - 1, date) == f"{text[:-2]}59"


def _ids(ids: dict[int, str], probe: Ints, separator: str) -> _Cell:
    numbers, place = _distinct(probe)
    return _Cell(_texts([f"{separator}{csv_cell(ids[no])}{separator}" for no in numbers.tolist()]), place)


def _numbers(units: Ints, point: str) -> tuple[_Cell, ...]:
    """Degrees with their sign, decimals: as `number_cell` writes them; nothing where there is no value."""
    missing = units == NO_VALUE
    lacks = bool(missing.any())
    value = np.where(missing, 0, units) if lacks else units
    size = np.abs(value)
    degrees = size // UNITS_PER_C
    if int(degrees.max()) >= DEGREES:
        texts = [number_cell(one, point) if one != NO_VALUE else "" for one in units.tolist()]
        return (_Cell(_texts(texts), np.arange(len(texts))),)
    rest = size - degrees * UNITS_PER_C
    first = rest // LAST_DIGITS
    last = rest - first * LAST_DIGITS
    degrees[value < 0] += DEGREES
    first[last == 0] += FIRST_DIGITS
    if lacks:
        degrees[missing], first[missing] = 2 * DEGREES, 2 * FIRST_DIGITS
    return _Cell(_degrees(point), degrees), _Cell(_first(), first), _Cell(_last(), last)


def _qualities(quality: Ints, separator: str) -> _Cell:
    """With what parts it from the number, and the line's end."""
    if not quality.any():
        return _Cell(_texts([f"{separator}\n"]))
    return _Cell(_texts([f"{separator}{csv_cell(text or '')}\n" for text in QUALITY]), quality)


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


@lru_cache(maxsize=1)
def _seconds() -> Texts:
    """Second and milliseconds of each millisecond of a minute."""
    return _texts([f"{ms // 1000:02d}.{ms % 1000:03d}Z" for ms in range(MINUTE_MS)])


@lru_cache(maxsize=1)
def _two_digits() -> Texts:
    return _texts([f"{number:02d}" for number in range(60)])


@lru_cache(maxsize=2)
def _degrees(point: str) -> Texts:
    """Those above zero, those below, none."""
    above = [f"{number}{point}" for number in range(DEGREES)]
    return _texts([*above, *(f"-{text}" for text in above), ""])


@lru_cache(maxsize=1)
def _first() -> Texts:
    """The first four decimals where others follow; where they are all: as few as say it, but never three;
    none."""
    all_of_them = [f"{number:04d}" for number in range(FIRST_DIGITS)]
    alone = (text.rstrip("0") for text in all_of_them)
    return _texts([*all_of_them, *(f"{text}0" if len(text) in (0, 3) else text for text in alone), ""])


@lru_cache(maxsize=1)
def _last() -> Texts:
    """The last three decimals; none where they are noughts."""
    return _texts([f"{number:03d}".rstrip("0") for number in range(LAST_DIGITS)])
