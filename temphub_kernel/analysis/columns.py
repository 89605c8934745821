"""Readings by time, column by column, each in as little memory as its values need. Any thread.

Ten million readings as whole numbers of 64 bits would need several times the frame that is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core import JUNCTION_PER_C
from ..journal import JUNCTION, NO_VALUE, QUALITY, Columns, Floats, Ints, Reader, celsius_of

PIECE_ROWS = 200_000

Whole = npt.NDArray[np.signedinteger[Any]]


class Labels:
    """Numbers that stand for texts, as codes of these texts in order, −1 for none."""

    def __init__(self, texts: Mapping[int, str | None]) -> None:
        self._texts = sorted({text for text in texts.values() if text})
        place = {text: at for at, text in enumerate(self._texts)}
        kind = np.min_scalar_type(-len(self._texts) - 1)
        self._code = np.full(max(texts, default=0) + 1, -1, dtype=kind)
        for number, text in texts.items():
            if text:
                self._code[number] = place[text]
        self._met = np.zeros(len(self._code), np.bool_)
        self._numbers = list(texts)

    def codes(self, numbers: Ints) -> Whole:
        """The codes of some, which are met now."""
        if len(numbers) and not self._met[self._numbers].all():
            # Mostly there is one quality only: what differs from it is little to look at.
            self._met[numbers[0]] = True
            others = numbers[numbers != numbers[0]]
            self._met |= np.bincount(others, minlength=len(self._code)) > 0
        return self._code.take(numbers)

    def category(self, codes: Whole) -> pd.Categorical[Any]:
        """All codes as the texts that were met: what is not there is no category, a count would show it with
        0. They are changed in their place."""
        met = np.unique(self._code[self._met])
        met = met[met >= 0]
        if len(met) < len(self._texts):
            # The last stands for −1.
            new = np.full(len(self._texts) + 1, -1, dtype=codes.dtype)
            new[met] = np.arange(len(met))
            for start in range(0, len(codes), PIECE_ROWS):
                part = codes[start : start + PIECE_ROWS]
                part[:] = new[part]
        texts = pd.Index([self._texts[at] for at in met.tolist()], dtype="str")
        return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(texts), validate=False)


class Gathered:
    """Columns of equal length: taken_ms, probe and celsius, and what else was asked for. ids: probe id of
    each number in `probe`; labels: what codes in a column stand for."""

    def __init__(
        self, ids: dict[int, str], columns: dict[str, npt.NDArray[Any]], labels: dict[str, Labels]
    ) -> None:
        self.ids = ids
        self.labels = labels
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

    With `quality` that and `probe` are codes of labels; with `delay_ms` there is `received`, NO_VALUE where
    it is not known. With raw and `quality` among the fields also `chip_c` and `cold_c`, what a thermocouple's
    chip said, and `uncertain_c`, how far a value may be off that was corrected without knowing the chip's
    temperature; NaN for none. struck_out: with what is struck out, which then has no value and that quality.
    """
    asked = (*dict.fromkeys(("no", *fields)), *(JUNCTION if raw and "quality" in fields else ()))
    first = reader.columns(0, 0, fields=asked)
    ids, size = dict(first.ids), reader.about(from_ms, to_ms, probe_ids)
    labels = {}
    if "quality" in fields:
        labels = {"probe": Labels(ids), "quality": Labels(dict(enumerate(QUALITY)))}
    empty = _compact(first, fields, labels, raw=raw)
    columns = {name: _Column(column, size) for name, column in empty.items()}
    everything = reader.stream(
        from_ms, to_ms, probe_ids, most=PIECE_ROWS, fields=asked, struck_out=struck_out, at_once=True
    )
    for piece in everything:
        ids |= piece.ids
        for name, part in _compact(piece, fields, labels, raw=raw).items():
            columns[name].add(part)
    return Gathered(ids, {name: column.filled() for name, column in columns.items()}, labels)


def _compact(
    piece: Columns, fields: Sequence[str], labels: Mapping[str, Labels], *, raw: bool
) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any]] = {
        "taken_ms": piece.taken_ms,
        "probe": labels["probe"].codes(piece.probe) if labels else piece.probe.astype(np.int32),
        "celsius": piece.celsius,
    }
    if raw:
        found["raw_c"] = celsius_of(piece.raw)
    if "quality" in fields:
        found["quality"] = labels["quality"].codes(piece.quality)
        if raw:
            found |= {
                "chip_c": _junction(piece.chip),
                "cold_c": _junction(piece.cold),
                "uncertain_c": _uncertain(piece),
            }
    if "delay_ms" in fields:
        found["received"] = piece.received
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


def times_of(ms: Whole, zone: tzinfo) -> pd.DatetimeIndex:
    """Milliseconds since 1970, which are not to change any more, as an index in a zone."""
    # Whole numbers are taken as UTC, whatever the zone: no second and third copy as with tz_localize and
    # tz_convert.
    return pd.DatetimeIndex(ms, dtype=pd.DatetimeTZDtype("ms", zone), name="time", copy=False)
