"""Readings as they count: with what is struck out, what calibrations say, and what counts as another probe.
The connection's thread."""

import sqlite3
from collections.abc import Sequence

import numpy as np

from .columns import FIELDS, JUNCTION, NO_VALUE, STRUCK, Batch, Columns, chosen
from .records import annotations, calibration, imports, merged, thermocouples


def asked(db: sqlite3.Connection, fields: Sequence[str] = FIELDS) -> tuple[str, ...]:
    """What has to be read for these: a value counts by its quality and what corrects it, a reading by whose
    it is and when it was taken."""
    needed = ("quality", *calibration.Corrections(db).fields) if "units" in fields else ()
    return tuple(dict.fromkeys((*fields, *needed, "probe", "taken_ms")))


def counted(
    db: sqlite3.Connection,
    ids: dict[int, str],
    batch: Batch,
    *,
    struck_out: bool = False,
    own: bool = False,
) -> Columns:
    """A batch as it counts at this moment: see Counting."""
    return Counting(db, ids, struck_out=struck_out, own=own).of(batch)


class Counting:
    """What readings count with at one moment of the journal, for many batches of it.

    ids: of all probes, by number; struck_out: with what is struck out; own: under the ids that delivered,
    whatever they count as.
    """

    def __init__(
        self, db: sqlite3.Connection, ids: dict[int, str], *, struck_out: bool = False, own: bool = False
    ) -> None:
        self._struck = annotations.Struck(db)
        self._corrections = calibration.Corrections(db)
        self._roots = None if own else merged.Merged(db)
        self._ids = ids if self._roots is None else self._roots.listed(ids)
        self._with_struck = struck_out

    def of(self, batch: Batch) -> Columns:
        """A batch (with what `asked` names) as columns; those of fields that it has not are empty. See
        Reader.columns."""
        struck = self._struck.of(batch["probe"], batch["taken_ms"]) if self._struck else None
        if struck is not None and not self._with_struck and struck.any():
            batch = chosen(batch, ~struck)
        none = np.empty(0, np.int64)
        probe, taken_ms, raw = batch["probe"], batch["taken_ms"], batch.get("units", none)
        units, quality, uncertain = (
            self._corrections.of(batch) if "units" in batch else (none, batch.get("quality", none), none)
        )
        if struck is not None and self._with_struck and struck.any():
            units = np.where(struck, NO_VALUE, units) if "units" in batch else none
            quality = np.where(struck, STRUCK, quality) if "quality" in batch else none
        received_ms = taken_ms + batch["delay_ms"] if "delay_ms" in batch else none
        boot, seq, chip, cold = (batch.get(name, none) for name in ("boot", "seq", *JUNCTION))
        return Columns(
            self._ids,
            batch.get("no", none),
            # Last of all: what counts, and as what, goes by the device.
            probe if self._roots is None else self._roots.of(probe),
            taken_ms,
            received_ms,
            units,
            raw,
            quality,
            boot,
            seq,
            chip,
            cold,
            uncertain,
        )


def judged(db: sqlite3.Connection) -> tuple[int, ...]:
    """See Reader.judged."""
    query = (
        "SELECT (SELECT count(*) FROM {0}), (SELECT ifnull(max(no), 0) FROM {0}), (SELECT "
        "ifnull(max(made_ms), 0) FROM {0})"
    )
    told = [
        value for table in ("strikes", "calibrations") for value in db.execute(query.format(table)).fetchone()
    ]
    told += imports.changed(db)
    merges = db.execute("SELECT count(*), total(merged_ms) FROM probes WHERE merged_into").fetchone()
    believed = db.execute("SELECT total(no * no) FROM probes WHERE power_on_counts").fetchone()
    return (*told, *thermocouples.changed(db), *map(int, (*merges, *believed)))
