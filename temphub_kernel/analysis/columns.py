"""Readings by time, column by column, each in as little memory as its values need. Any thread.

Ten million readings as whole numbers of 64 bits would need several times the frame that is made of them.
"""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core import JUNCTION_PER_C
from ..journal import JUNCTION, NO_VALUE, Columns, Floats, Ints, Reader, celsius_of

PIECE_ROWS = 200_000

Whole = npt.NDArray[np.signedinteger[Any]]


class Gathered:
    """Columns of equal length: taken_ms, probe and celsius, and what else was asked for. ids: probe id of
    each number in `probe`."""

    def __init__(self, ids: dict[int, str], columns: dict[str, npt.NDArray[Any]]) -> None:
        self.ids = ids
        self._columns = columns

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """A column, which is kept."""
        return self._columns[name]

    def pop(self, name: str) -> npt.NDArray[Any]:
        """A column, which is not kept any longer."""
        return self._columns.pop(name)


class _Column:
    """A column that is filled piece by piece; room for all of it is taken at once, so that nothing is copied
    in the end."""

    def __init__(self, like: npt.NDArray[Any], size: int) -> None:
        self._values = np.empty(size, like.dtype)
        self._length = 0

    def add(self, piece: npt.NDArray[Any]) -> None:
        end = self._length + len(piece)
        if end > len(self._values) or piece.dtype != self._values.dtype:
            # More came in while we read, or the first value that needs more bytes.
            larger = np.empty(
                max(end * 5 // 4, len(self._values)), np.promote_types(self._values.dtype, piece.dtype)
            )
            larger[: self._length] = self._values[: self._length]
            self._values = larger
        self._values[self._length : end] = piece
        self._length = end

    def filled(self) -> npt.NDArray[Any]:
        return self._values[: self._length]


def gathered(
    reader: Reader,
    from_ms: int,
    to_ms: int,
    probe_ids: Sequence[str] | None,
    fields: Sequence[str],
    *,
    raw: bool = False,
    struck_out: bool = False,
) -> Gathered:
    """Readings taken in [from_ms, to_ms) by time. fields: of journal.FIELDS; raw: also `raw_c`, the values as
    sent.

    With raw and `quality` among the fields also `chip_c` and `cold_c`, what a thermocouple's chip said, and
    `uncertain_c`, how far a value may be off that was corrected without knowing the chip's temperature; NaN
    for none. struck_out: with what is struck out, which then has no value and that quality.
    """
    asked = (*dict.fromkeys(("no", *fields)), *(JUNCTION if raw and "quality" in fields else ()))
    first = reader.columns(0, 0, fields=asked)
    ids, size = dict(first.ids), reader.about(from_ms, to_ms, probe_ids)
    columns = {name: _Column(column, size) for name, column in _compact(first, fields, raw=raw).items()}
    for piece in reader.stream(
        from_ms, to_ms, probe_ids, most=PIECE_ROWS, fields=asked, struck_out=struck_out
    ):
        ids |= piece.ids
        for name, part in _compact(piece, fields, raw=raw).items():
            columns[name].add(part)
    return Gathered(ids, {name: column.filled() for name, column in columns.items()})


def _compact(piece: Columns, fields: Sequence[str], *, raw: bool) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any]] = {
        "taken_ms": piece.taken_ms,
        "probe": piece.probe.astype(np.int32),
        "celsius": piece.celsius,
    }
    if raw:
        found["raw_c"] = celsius_of(piece.raw)
    if "quality" in fields:
        found["quality"] = piece.quality.astype(np.int8)
        if raw:
            found |= {
                "chip_c": _junction(piece.chip),
                "cold_c": _junction(piece.cold),
                "uncertain_c": _uncertain(piece),
            }
    if "delay_ms" in fields:
        found["delay_ms"] = _small(piece.received_ms - piece.taken_ms)
    if "no" in fields:
        found["no"] = piece.no
    if "boot" in fields:
        found |= {"boot": piece.boot.astype(np.int32), "seq": piece.seq}
    return found


def _junction(steps: Ints) -> Floats:
    return np.where(steps == NO_VALUE, np.nan, steps / JUNCTION_PER_C)


def _uncertain(piece: Columns) -> Floats:
    # Nothing where nothing is stated.
    off = piece.uncertain if len(piece.uncertain) else np.zeros(len(piece), np.int64)
    return np.where(off == 0, np.nan, celsius_of(off))


def _small(values: Ints) -> npt.NDArray[Any]:
    """In 32 bits where they fit; what is joined later takes the larger of the two."""
    fits = not len(values) or (values.min() >= -(2**31) and values.max() < 2**31)
    return values.astype(np.int32) if fits else values


def times_of(ms: Whole, zone: tzinfo) -> pd.DatetimeIndex:
    """Milliseconds since 1970 as an index in a zone."""
    # Whole numbers are taken as UTC, whatever the zone: no second and third copy as with tz_localize and
    # tz_convert.
    return pd.DatetimeIndex(ms, dtype=pd.DatetimeTZDtype("ms", zone), name="time")
