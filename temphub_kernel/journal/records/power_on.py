"""Days with numbers that a sensor showed before it measured, which versions up to 0.3 counted as
temperatures. The upgrade's thread.

Their roll-ups are gathered again, a day at a time; until then answers about those days come from the
readings.
"""

import logging
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...core import DAY_MS, POWER_ON, TempHubError
from .. import columns
from ..archive.months import Archives
from ..packed import packs

log = logging.getLogger(__name__)
ROWS = "SELECT DISTINCT probe, taken_ms / ? FROM readings WHERE quality=? AND units IS NOT NULL"
FIELDS = ("probe", "taken_ms", "units", "quality")


def mark(db: sqlite3.Connection, archive: Path) -> None:
    """Have those days gathered again, inside the upgrade's commit: rows, packs and closed months are looked
    through once."""
    found: set[tuple[int, int]] = set(db.execute(ROWS, (DAY_MS, POWER_ON)))
    # One after the other: all packs together may be larger than the memory.
    for (block,) in db.execute("SELECT block FROM packs ORDER BY block").fetchall():
        (body,) = db.execute("SELECT body FROM packs WHERE block=?", (block,)).fetchone()
        if packs.has_qualities(body):
            batch = packs.unpack(body, FIELDS)
            hit = (batch["quality"] == columns.CODE[POWER_ON]) & (batch["units"] != columns.NO_VALUE)
            found |= set(
                zip(batch["probe"][hit].tolist(), (batch["taken_ms"][hit] // DAY_MS).tolist(), strict=True)
            )
    archives = Archives(db, archive)
    for month in archives.all():
        try:
            found |= archives.days_with(month, POWER_ON)
        except TempHubError as error:
            # A month that lies elsewhere just now keeps what was counted; it must not keep the hub from
            # starting.
            log.warning("%s %s", error.problem, error.remedy)
    db.executemany("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, ?, ?)", _spans(found))


def _spans(days: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(probe, from, to) of days that follow each other."""
    ordered = np.array(sorted(days), np.int64).reshape(-1, 2)
    cuts = np.flatnonzero((np.diff(ordered[:, 0]) != 0) | (np.diff(ordered[:, 1]) != 1)) + 1
    parts = [part for part in np.split(ordered, cuts) if len(part)]
    return [(int(part[0, 0]), int(part[0, 1]) * DAY_MS, (int(part[-1, 1]) + 1) * DAY_MS) for part in parts]
