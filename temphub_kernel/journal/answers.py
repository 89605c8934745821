"""What the journal answers with row by row: to followers, which deal with one reading after the other. Plain values; any thread."""

import sqlite3
from typing import NamedTuple

import numpy as np

from .columns import NO_VALUE, QUALITY, Batch, Columns


class Point(NamedTuple):
    """A stored reading. units: 1e-7 °C as calibrated, None with the quality that says why; no: its place in the journal; raw: as sent."""

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


def boots_of(db: sqlite3.Connection, batch: Batch) -> dict[int, str]:
    """The starts of probes that a batch names, by number."""
    numbers = np.unique(batch["boot"]).tolist()
    return dict(db.execute(f"SELECT no, boot FROM boots WHERE no IN ({', '.join(map(str, numbers))})"))
