"""Readings as columns of numbers: how many of them travel between the journal and whoever computes with them. Any thread."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.reading import QUALITIES, UNDATED, UNITS_PER_C

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Where the sensor answered badly there is no number of units; a whole column keeps its type with this in its place.
NO_VALUE = -(2**63)
# The text of each code in a quality column. Codes are on disk: new ones are only ever added at the end.
QUALITY: tuple[str | None, ...] = (None, *QUALITIES, UNDATED)
CODE = {text: code for code, text in enumerate(QUALITY)}

# What is stored of a reading, by the journal's own numbers.
FIELDS = ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot", "seq")
Batch = Mapping[str, Ints]


class Columns(NamedTuple):
    """Readings column by column; all columns are of one length.

    ids: probe id of each number in `probe`; no: place in the journal; units: 1e-7 °C as calibrated, NO_VALUE where the sensor
    answered badly; raw: the same as the probe sent it; quality: place in QUALITY, 0 for none; boot: the journal's number of it;
    boot and seq: −1 where the probe gave none.
    """

    ids: dict[int, str]
    no: Ints
    probe: Ints
    taken_ms: Ints
    received_ms: Ints
    units: Ints
    raw: Ints
    quality: Ints
    boot: Ints
    seq: Ints

    def __len__(self) -> int:
        return len(self.taken_ms)

    @property
    def celsius(self) -> Floats:
        """The values in °C, NaN where the sensor answered badly."""
        return celsius_of(self.units)


def celsius_of(units: Ints) -> Floats:
    """Units as °C, NaN where there is none."""
    return np.where(units == NO_VALUE, np.nan, units / UNITS_PER_C)


def empty(fields: Sequence[str] = FIELDS) -> Batch:
    """No readings."""
    return {name: np.empty(0, np.int64) for name in fields}


def joined(batches: Sequence[Batch], fields: Sequence[str] = FIELDS) -> Batch:
    """Several batches as one, in the order given."""
    if len(batches) == 1:
        return batches[0]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in fields} if batches else empty(fields)


def chosen(batch: Batch, which: "npt.NDArray[np.bool_] | Ints | slice[None, int, None]") -> Batch:
    """Some of a batch's readings: a mask, places in the order wanted, or the first few."""
    return {name: column[which] for name, column in batch.items()}
