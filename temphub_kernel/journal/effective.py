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


def counted(db: sqlite3.Connection, batch: Batch, *, struck_out: bool = False, own: bool = False) -> Columns:
    """A batch (with what `asked` names) as columns; those of fields that it has not are empty. See
    Reader.columns.

    struck_out: with what is struck out; own: under the ids that delivered, whatever they count as.
    """
    struck = annotations.Struck(db).of(batch["probe"], batch["taken_ms"])
    if struck.any() and not struck_out:
        batch = chosen(batch, ~struck)
    none = np.empty(0, np.int64)
    probe, taken_ms, raw = batch["probe"], batch["taken_ms"], batch.get("units", none)
    units, quality, uncertain = (
        calibration.Corrections(db).of(batch)
        if "units" in batch
        else (none, batch.get("quality", none), none)
    )
    if struck.any() and struck_out:
        units = np.where(struck, NO_VALUE, units) if "units" in batch else none
        quality = np.where(struck, STRUCK, quality) if "quality" in batch else none
    received_ms = taken_ms + batch["delay_ms"] if "delay_ms" in batch else none
    boot, seq, chip, cold = (batch.get(name, none) for name in ("boot", "seq", *JUNCTION))
    # Last of all: what counts, and as what, goes by the device.
    roots, ids = merged.Merged(db), dict(db.execute("SELECT no, id FROM probes"))
    ids, probe = (ids, probe) if own else (roots.listed(ids), roots.of(probe))
    return Columns(
        ids,
        batch.get("no", none),
        probe,
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
    said = "SELECT total(merged_into > 0), total(merged_ms), total(power_on_counts * no * no) FROM probes"
    told += imports.changed(db)
    return (*told, *thermocouples.changed(db), *map(int, db.execute(said).fetchone()))
