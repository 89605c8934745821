"""The lower sequence numbers of a boot with very many gaps, in a table of the journal instead of in memory. Writer thread only."""

import sqlite3
from collections.abc import Sequence

# Only ever added to and asked by the writer: a journal of any version is read without it.
TABLE = """
CREATE TABLE IF NOT EXISTS seen_before (
  boot INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, step INTEGER NOT NULL,
  PRIMARY KEY (boot, first)) WITHOUT ROWID
"""
AT = "SELECT first, last, step FROM seen_before WHERE boot=? AND first<=? ORDER BY first DESC LIMIT 1"
ADD = "INSERT INTO seen_before (boot, first, last, step) VALUES (?, ?, ?, ?)"
ANY = 1 << 62


class SeenBefore:
    """One boot's rows: every `step`-th number from first to last; no two rows overlap."""

    def __init__(self, db: sqlite3.Connection, boot: int) -> None:
        self._db = db
        self._boot = boot

    @staticmethod
    def prepare(db: sqlite3.Connection) -> None:
        """Make the table where it is missing."""
        db.execute(TABLE)

    def highest(self) -> int:
        """The highest number here; -1 without any."""
        row = self._db.execute(AT, (self._boot, ANY)).fetchone()
        return row[1] if row else -1

    def add(self, number: int) -> bool:
        """Add a number; False when it was there."""
        row = self._db.execute(AT, (self._boot, number)).fetchone()
        if row is not None and number <= row[1]:
            first, last, step = row
            if (number - first) % step == 0:
                return False
            # Between two of a row: what stands above it becomes a row of its own.
            before = number - (number - first) % step
            self._db.execute("UPDATE seen_before SET last=? WHERE boot=? AND first=?", (before, self._boot, first))
            self._db.execute(ADD, (self._boot, before + step, last, step))
        self._db.execute(ADD, (self._boot, number, number, 1))
        return True

    def take(self, firsts: Sequence[int], lasts: Sequence[int]) -> None:
        """Take ranges that lie above all that is here, all of them or none."""
        own = not self._db.in_transaction
        if own:
            self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(ADD, [(self._boot, *row) for row in rows_of(firsts, lasts)])
        if own:
            self._db.execute("COMMIT")


def rows_of(firsts: Sequence[int], lasts: Sequence[int]) -> list[tuple[int, int, int]]:
    """Ranges as (first, last, step), in order: single numbers at equal distances, as a thinned backlog has them, are one."""
    rows: list[tuple[int, int, int]] = []
    for first, last in zip(firsts, lasts, strict=True):
        if rows and first == last:
            start, end, step = rows[-1]
            if start == end or (step > 1 and first - end == step):
                rows[-1] = start, first, first - end
                continue
        rows.append((first, last, 1))
    return rows
