"""What makes questions quick: minutes, hours, days, blocks and newest values, kept by a follower with its own
bookmark.

Its own thread reads; the small result is applied through the writer together with the bookmark, so each
reading is counted exactly once, whatever its order or lateness. Steps whose calibration changed, or of which
something was struck out, are gathered again, a day at a time.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from ..core import DAY_MS, MINUTE_MS, TempHubError, monotonic_s
from . import batches, blocks, columns, follower, schema, summary
from .archive.months import FOLDER
from .records import annotations, calibration, imports
from .statistics import gathered, minutes as finest, steps_of
from .writer import Writer

# So many are taken in at once, however little time has gone by: until then questions read them one by one.
WAITING_ROWS = 4_096
# Small enough that an acknowledgement never waits long behind it, large enough to catch up quickly.
STEP_ROWS = 16_384
# The readings of thousands of probes are as many rows of each tier; a commit with more of them would keep
# those waiting who deliver meanwhile.
MOST_MINUTES = 500
LOOK_S = 0.5
# After so many as waited there are mostly a few more: these follow sooner than the usual few.
SOON_S = 2.0
COMMIT_S = 30
NEEDED = ("no", "probe", "taken_ms", "delay_ms", "units", "quality")

_Change = Callable[[sqlite3.Connection], object]


class RollUps(follower.Follower[sqlite3.Connection]):
    """Follows the journal.

    every_s: how far behind it may be when little happens: each step writes a page or two for each probe;
    again_s: when a day is tried again that could not be gathered anew, because its month's file cannot be
    read.
    """

    def __init__(self, path: Path, writer: Writer, *, every_s: float = 30.0, again_s: float = 60.0) -> None:
        super().__init__("rollups")
        self._path = path
        self._writer = writer
        self._every_s, self._again_s = every_s, again_s
        self._due_s = self._redo_s = 0.0
        self._stuck = False

    def opened(self) -> closing[sqlite3.Connection]:
        return closing(schema.open_for_reading(self._path))

    def begin(self, _db: sqlite3.Connection) -> None:
        self._due_s = 0.0

    def round(self, db: sqlite3.Connection) -> float:
        taken, waiting = 0, self._waiting(db)
        if monotonic_s() >= self._due_s or waiting >= WAITING_ROWS:
            taken = self.step(db)
            soon = SOON_S if waiting >= WAITING_ROWS else self._every_s
            self._due_s = monotonic_s() + min(soon, self._every_s)
        more = taken > 0 and self._waiting(db) >= WAITING_ROWS
        return 0.0 if more or self._redone(db) else min(self._every_s, LOOK_S)

    def _waiting(self, db: sqlite3.Connection) -> int:
        """How many readings are still to be taken in."""
        return self._writer.last_no - summary.bookmark(db)

    def step(self, db: sqlite3.Connection) -> int:
        """Take in the next readings; returns how many. Raises TempHubError when the journal cannot be
        written."""
        done = summary.bookmark(db)
        corrections = calibration.Corrections(db)
        stored = blocks.Stored(db, self._path.parent / FOLDER, self._writer.recent)
        last_no = done + batches.whole_blocks(done, STEP_ROWS)
        batch = stored.unpacked(done + 1, last_no, (*NEEDED, *corrections.fields))
        batch = columns.chosen(batch, slice(_few_enough(batch)))
        if len(batch["no"]):
            units, struck = (
                corrections.of(batch).units,
                annotations.Struck(db).of(batch["probe"], batch["taken_ms"]),
            )
            self._writer.change(summary.Summary(batch, units, struck).apply).result(COMMIT_S)
        if not self._stuck:
            self.well()
        return len(batch["no"])

    def _redone(self, db: sqlite3.Connection) -> bool:
        """As `redo`; what cannot be done now is told and tried again, and what comes in is taken in
        meanwhile."""
        if monotonic_s() < self._redo_s:
            return False
        try:
            again, self._stuck = self.redo(db), False
        except TempHubError as error:
            self.trouble(error.problem, error.remedy)
            again, self._stuck, self._redo_s = False, True, monotonic_s() + self._again_s
        return again

    def redo(self, db: sqlite3.Connection) -> bool:
        """Gather the next day again whose readings count otherwise now; False when nothing is left to do."""
        task = db.execute("SELECT no, probe, from_ms, to_ms FROM redo ORDER BY no LIMIT 1").fetchone()
        if task is None:
            return False
        no, probe, from_ms, to_ms = task
        if imports.is_part(db, probe, from_ms, to_ms):
            # Few enough readings; and days that no roll-up knows of yet.
            change = self._gather(db, no, probe, from_ms // DAY_MS, to_ms // DAY_MS)
        else:
            day = _first_day(db, probe, from_ms // DAY_MS, -(-to_ms // DAY_MS))
            change = _forget(no) if day is None else self._gather(db, no, probe, day, day + 1)
        self._writer.change(change).result(COMMIT_S)
        return True

    def _gather(self, db: sqlite3.Connection, no: int, probe: int, day: int, end: int) -> _Change:
        """Of the days [day, end)."""
        db.execute("BEGIN")
        try:
            done = summary.bookmark(db)
            stored = blocks.Stored(db, self._path.parent / FOLDER)
            corrections, struck = calibration.Corrections(db), annotations.Struck(db)
            fields = ("no", "probe", "taken_ms", "units", "quality", *corrections.fields)
            batch = columns.joined(
                list(stored.taken(day * DAY_MS, end * DAY_MS, done, fields, [probe])), fields
            )
        finally:
            db.execute("ROLLBACK")
        batch = columns.chosen(batch, batch["no"] <= done)
        whose, taken_ms = batch["probe"], batch["taken_ms"]
        minutes = steps_of(
            whose, taken_ms, corrections.of(batch).units, MINUTE_MS, struck.of(whose, taken_ms)
        )

        def apply(db: sqlite3.Connection) -> None:
            for table, width in schema.TIERS.items():
                first, last = (
                    day * schema.TIERS["days"] // width,
                    (end * schema.TIERS["days"] - 1) // width,
                )
                db.execute(f"DELETE FROM {table} WHERE probe=? AND at BETWEEN ? AND ?", (probe, first, last))
            finest.forget(db, probe, day, end)
            summary.add_steps(db, gathered(minutes))
            db.execute("UPDATE redo SET from_ms=? WHERE no=?", (end * DAY_MS, no))
            db.execute("DELETE FROM redo WHERE no=? AND from_ms>=to_ms", (no,))

        return apply


def _few_enough(batch: columns.Batch) -> int:
    """How many of its first readings lie in no more than MOST_MINUTES minutes of a probe each."""
    # No minute has that many digits before the year 10,000.
    minutes = (batch["probe"] << 33) + batch["taken_ms"] // MINUTE_MS
    first = np.sort(np.unique(minutes, return_index=True)[1])
    return int(first[MOST_MINUTES]) if len(first) > MOST_MINUTES else len(minutes)


def _first_day(db: sqlite3.Connection, probe: int, first: int, end: int) -> int | None:
    found = db.execute("SELECT min(at) FROM days WHERE probe=? AND at>=? AND at<?", (probe, first, end))
    return found.fetchone()[0]  # type: ignore[no-any-return]


def _forget(no: int) -> _Change:
    return lambda db: db.execute("DELETE FROM redo WHERE no=?", (no,)).rowcount
