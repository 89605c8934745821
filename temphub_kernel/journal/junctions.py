"""What a thermocouple's chip itself said beside a reading: its own number and its own temperature. Any thread.

Of readings that are rows it stands in a table of its own, by the number of the reading, made with the first such reading: other
readings cost nothing for it. When a block is packed it goes into the pack, and with a closed month into its file.
"""

import sqlite3
from collections.abc import Sequence

import numpy as np

from .columns import JUNCTION, NO_VALUE, Batch

TABLE = "CREATE TABLE IF NOT EXISTS junctions (no INTEGER PRIMARY KEY, chip INTEGER, cold INTEGER)"
# Of each probe's newest reading, which a card shows: looked up in its block it would cost a hundred times as much.
NEWEST = "CREATE TABLE IF NOT EXISTS newest_junctions (probe INTEGER PRIMARY KEY, taken_ms INTEGER NOT NULL, chip INTEGER, cold INTEGER)"
ADD_NEWEST = (
    "INSERT INTO newest_junctions SELECT ?, ?, chip, cold FROM junctions WHERE no=? ON CONFLICT DO UPDATE SET"
    " taken_ms=excluded.taken_ms, chip=excluded.chip, cold=excluded.cold WHERE excluded.taken_ms >= taken_ms"
)
IS_THERE = "SELECT count(*) FROM sqlite_master WHERE type='table' AND name=?"


def store(db: sqlite3.Connection, rows: Sequence[tuple[int, int | None, int | None]]) -> None:
    """Keep (number of the reading, chip, cold), in 64ths of a degree, inside the writer's transaction."""
    if rows:
        db.execute(TABLE)
        db.executemany("INSERT INTO junctions (no, chip, cold) VALUES (?, ?, ?)", rows)


def forget(db: sqlite3.Connection, first_no: int, last_no: int) -> None:
    """Those of these numbers are in a pack now; inside the writer's transaction."""
    if is_there(db):
        db.execute("DELETE FROM junctions WHERE no BETWEEN ? AND ?", (first_no, last_no))


def beside(db: sqlite3.Connection, batch: Batch) -> Batch:
    """A batch (with `no`) and what chips said of those of its readings that stand in the table: its columns JUNCTION."""
    no = batch["no"]
    found = {name: batch[name] if name in batch else np.full(len(no), NO_VALUE) for name in JUNCTION}
    known = of(db, int(no.min()), int(no.max())) if len(no) else {}
    if known:
        numbers = np.array(list(known), np.int64)
        at = np.minimum(np.searchsorted(numbers, no), len(numbers) - 1)
        hit = numbers[at] == no
        for name, column in zip(JUNCTION, zip(*known.values(), strict=True), strict=True):
            values = np.array([NO_VALUE if value is None else value for value in column], np.int64)
            found[name] = np.where(hit, values[at], found[name])
    return {**batch, **found}


def of(db: sqlite3.Connection, first_no: int, last_no: int) -> dict[int, tuple[int | None, int | None]]:
    """(chip, cold) of the readings of these numbers that stand in the table, by number."""
    if not is_there(db):
        return {}
    query = "SELECT no, chip, cold FROM junctions WHERE no BETWEEN ? AND ? ORDER BY no"
    return {no: (chip, cold) for no, chip, cold in db.execute(query, (first_no, last_no))}


def remember(db: sqlite3.Connection, newest: Sequence[tuple[int, int, int]]) -> None:
    """Keep what chips said of each probe's newest reading: (probe, taken_ms, number of the reading); inside the writer's transaction."""
    if is_there(db):
        db.execute(NEWEST)
        db.executemany(ADD_NEWEST, newest)


def newest(db: sqlite3.Connection) -> dict[tuple[int, int], tuple[int | None, int | None]]:
    """(chip, cold) by (probe, taken_ms), of the newest readings that `remember` was told of and that had it."""
    if not is_there(db, "newest_junctions"):
        return {}
    rows = db.execute("SELECT probe, taken_ms, chip, cold FROM newest_junctions")
    return {(probe, taken_ms): (chip, cold) for probe, taken_ms, chip, cold in rows}


def is_there(db: sqlite3.Connection, table: str = "junctions") -> bool:
    """Whether a table was made yet."""
    return bool(db.execute(IS_THERE, (table,)).fetchone()[0])
