"""Readings as columns of numbers, and what the journal answers with. Any thread."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..core import QUALITIES, STRUCK_OUT, UNDATED, UNITS_PER_C, UNKNOWN_DELAY_MS, Row

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Where the sensor answered badly there is no number of units; a whole column keeps its type with this in its
# place.
NO_VALUE = -(2**63)
# The text of each code in a quality column. Codes are on disk: new ones are only ever added at the end.
QUALITY: tuple[str | None, ...] = (None, *QUALITIES, UNDATED, STRUCK_OUT)
CODE = {text: code for code, text in enumerate(QUALITY)}
# The code of what a person struck out.
STRUCK = CODE[STRUCK_OUT]

# What is stored of a reading, by the journal's own numbers.
FIELDS = ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot", "seq")
# What a thermocouple's chip said beside it, in 64ths of a degree, NO_VALUE where it said nothing; only read
# where it is asked for.
JUNCTION = ("chip", "cold")
Batch = Mapping[str, Ints]


class Columns(NamedTuple):
    """Readings column by column; all columns are int64 and of one length (n,), or empty where they were not
    asked for.

    ids: probe id of each number in `probe`; no: place in the journal; units: 1e-7 °C as calibrated, NO_VALUE
    where the sensor answered badly or showed its power-on value, or where a person struck it out;
    received_ms: UNKNOWN_DELAY_MS from taken_ms where it is not known; raw: the same as the probe sent it;
    quality: place in QUALITY, 0 for none; boot: the journal's number of it; boot and seq: −1 where the probe
    gave none; chip, cold: what a thermocouple's chip said beside it, in 64ths of a degree, NO_VALUE where it
    said nothing; uncertain: how many units a corrected value may be off, 0 for none, and empty where no
    thermocouple is stated.
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
    chip: Ints
    cold: Ints
    uncertain: Ints

    def __len__(self) -> int:
        return len(self.taken_ms)

    @property
    def received(self) -> Ints:
        """`received_ms`, but NO_VALUE where that is not known."""
        unknown = self.received_ms - self.taken_ms == UNKNOWN_DELAY_MS
        return np.where(unknown, NO_VALUE, self.received_ms) if unknown.any() else self.received_ms

    @property
    def celsius(self) -> Floats:
        """The values in °C, NaN where the sensor answered badly."""
        return celsius_of(self.units)


def received_of(taken_ms: Ints, delay_ms: Ints) -> Ints:
    """When readings came in, in ms since 1970; NO_VALUE (which pandas and numpy take for NaT) where that is
    not known."""
    return np.where(delay_ms == UNKNOWN_DELAY_MS, NO_VALUE, taken_ms + delay_ms)


def celsius_of(units: Ints) -> Floats:
    """Units as °C, NaN where there is none."""
    celsius, missing = units / UNITS_PER_C, units == NO_VALUE
    if missing.any():
        celsius[missing] = np.nan
    return celsius


def iso_of(ms: Ints) -> list[str]:
    """Moments in ms since 1970 as `2026-11-23T12:54:00.123Z`, as base.clock.iso_utc writes one."""
    return np.datetime_as_string(ms.astype("datetime64[ms]"), timezone="UTC").tolist()  # type: ignore[no-any-return]


def empty(fields: Sequence[str] = FIELDS) -> Batch:
    """No readings."""
    return {name: np.empty(0, np.int64) for name in fields}


def joined(batches: Sequence[Batch], fields: Sequence[str] = FIELDS) -> Batch:
    """Several batches as one, in the order given."""
    if len(batches) == 1:
        return batches[0]
    if not batches or not fields:
        return empty(fields)
    # Room is taken at once: in pieces it would go back to the system each time it is given back, and cost
    # more to get again than to fill.
    rows = np.empty((len(fields), sum(len(batch[fields[0]]) for batch in batches)), np.int64)
    for name, row in zip(fields, rows, strict=True):
        np.concatenate([batch[name] for batch in batches], out=row)
    return dict(zip(fields, rows, strict=True))


def chosen(batch: Batch, which: "Flags | Ints | slice") -> Batch:
    """Some of a batch's readings: a mask, places in the order wanted, or a stretch."""
    return {name: column[which] for name, column in batch.items()}


def by_time(batch: Batch) -> Batch:
    """A batch by (taken_ms, no); the very same where it is that."""
    taken_ms, no = batch["taken_ms"], batch["no"]
    later, more = taken_ms[1:] > taken_ms[:-1], no[1:] > no[:-1]
    # As in the file of a closed month.
    if (later | ((taken_ms[1:] == taken_ms[:-1]) & more)).all():
        return batch
    if not more.all():
        return chosen(batch, np.lexsort((no, taken_ms)))
    return chosen(batch, np.argsort(taken_ms, kind="stable"))


@dataclass(frozen=True, slots=True)
class Delivered:
    """A batch on its way into the journal: readings of one boot of a probe, as columns of one length (n,), n
    at least 1.

    received_ms: when they came in; seq: whole numbers from 0; units: 1e-7 °C as sent, NO_VALUE where there is
    none; quality: place in QUALITY, which says why there is none.
    """

    probe_id: str
    boot: str
    received_ms: int
    seq: Ints
    taken_ms: Ints
    units: Ints
    quality: Ints

    def __len__(self) -> int:
        return len(self.seq)

    def part(self, start: int, end: int) -> "Delivered":
        """The readings at the places [start, end)."""
        if end - start == len(self):
            return self
        # Copies: a view would keep the whole.
        columns = (column[start:end].copy() for column in (self.seq, self.taken_ms, self.units, self.quality))
        return Delivered(self.probe_id, self.boot, self.received_ms, *columns)

    def row(self, at: int) -> Row:
        """One of its readings."""
        units, quality = int(self.units[at]), QUALITY[self.quality[at]]
        value = None if units == NO_VALUE else units
        return Row(
            self.probe_id,
            self.boot,
            int(self.seq[at]),
            int(self.taken_ms[at]),
            self.received_ms,
            value,
            quality,
        )


class Point(NamedTuple):
    """A stored reading. units: 1e-7 °C as calibrated, None with the quality that says why; no: its place in
    the journal; raw: as sent."""

    no: int
    probe_id: str
    taken_ms: int
    received_ms: int
    units: int | None
    quality: str | None
    boot: str | None
    seq: int | None
    raw: int | None = None


class Newest(NamedTuple):
    """A probe's newest reading by the time it was taken; delivered_ms: when anything last came in from it."""

    probe_id: str
    taken_ms: int
    units: int | None
    quality: str | None
    delivered_ms: int
    readings: int


def points_of(columns: Columns, boots: dict[int, str]) -> list[Point]:
    """Columns as single readings, in their order."""
    names = ("no", "probe", "taken_ms", "received_ms", "units", "quality", "boot", "seq", "raw")
    ids = columns.ids
    rows = zip(*(getattr(columns, name).tolist() for name in names), strict=True)
    return [
        Point(
            no,
            ids[probe],
            taken_ms,
            received_ms,
            None if units == NO_VALUE else units,
            QUALITY[code],
            boots.get(boot),
            None if seq < 0 else seq,
            None if raw == NO_VALUE else raw,
        )
        for no, probe, taken_ms, received_ms, units, code, boot, seq, raw in rows
    ]


def boots_of(db: sqlite3.Connection, boot: Ints) -> dict[int, str]:
    """The starts of probes that a column names, by number."""
    numbers = np.unique(boot).tolist()
    return dict(db.execute(f"SELECT no, boot FROM boots WHERE no IN ({', '.join(map(str, numbers))})"))
