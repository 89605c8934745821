"""Tidying up behind the recording: full blocks are packed, packs become segments, closed months are moved to
their files. A thread of its own.

Nothing is thrown away before its copy was read back and found equal; each step is one commit, so a power cut
between two steps costs nothing. Only this worker packs and closes: what it read cannot change under it.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from ...core import DAY_MS, TempHubError, Worker, monotonic_s, now_ms
from .. import batches, blocks, columns, duplicates, schema, summary
from ..packed import packs, segments
from ..statistics import minutes
from ..writer import Writer
from . import closing, months

COMMIT_S = 60
# Packs that no block names any more go in small bites, so that no acknowledgement waits for them.
BITE = 16
# So many blocks that came in batches are packed in one commit.
AT_ONCE = 8
# Free pages below this are soon used again; what is more goes back to the system, this many pages in one
# commit.
SPARE_PAGES, SHRINK_PAGES = 4_096, 512
INCREMENTAL = 2
# The minutes of a day are packed when it has gone by for so many: what comes in late unpacks them again, and
# it is looked for some only once in a while.
YOUNG_DAYS, MINUTES_S, MOST_DAYS = 1, 3_600.0, 256
# Each commit waits for the disk, so one has several days: as many as keep who delivers waiting so long.
HELD_S = 0.02
# Thousands of probes at their usual pace deliver fewer readings a second.
LOOK_S, BUSY_ROWS_S = 1.0, 5_000


class Keeper(Worker):
    """Packs and closes.

    every_s: how long it rests when there is nothing to do, pause_s: when something went wrong; archive_days:
    age at which a month is closed, 0 for never.
    """

    def __init__(
        self,
        path: Path,
        writer: Writer,
        *,
        every_s: float = 20.0,
        archive_days: int = 90,
        pause_s: float = 600.0,
    ) -> None:
        # What cannot be tidied now (a full disk, a missing folder) need not be tried every few seconds.
        super().__init__("keeper", pause_s=pause_s)
        self._path = path
        self._writer = writer
        self._every_s = every_s
        self._archive_days = archive_days
        self._asked_day = -1
        # Files whose segments were looked at, and which need not be looked at again.
        self._beside: set[str] = set()
        self._looked = (monotonic_s(), writer.last_no)
        self._pouring = False
        # (probe, day) whose minutes are to be packed, and when is looked for further ones.
        self._days: list[tuple[int, int]] = []
        self._minutes_s = 0.0

    def run(self) -> None:
        db = schema.open_for_reading(self._path)
        try:
            while not self.stopping.is_set():
                if self._busy():
                    self.stopping.wait(LOOK_S)
                elif not any(
                    step(db)
                    for step in (
                        self.pack_some,
                        self.merge_some,
                        self.drop_some,
                        self._close_one,
                        self.set_beside,
                        self.pack_minutes,
                        self.shrink,
                    )
                ):
                    self.stopping.wait(self._every_s)
                self.well()
        finally:
            db.close()

    def _busy(self) -> bool:
        """True while readings pour in: tidying up can wait, a probe that catches up should not."""
        now_s, last_no = monotonic_s(), self._writer.last_no
        since_s, before = self._looked
        if now_s - since_s >= LOOK_S:
            self._looked = (now_s, last_no)
            self._pouring = last_no - before > BUSY_ROWS_S * (now_s - since_s)
        return self._pouring

    def pack_some(self, db: sqlite3.Connection) -> int:
        """Pack the oldest blocks that are full and known to every follower that needs their rows; how many, 0
        when there is none."""
        done = min(summary.bookmark(db), summary.bookmark(db, duplicates.FOLLOWER))
        stored = blocks.Stored(db, self._path.parent / months.FOLDER)
        # The newest rows stay: a table without rows would number its next reading 1.
        end = min(done, stored.last_no() - schema.BLOCK_ROWS) // schema.BLOCK_ROWS
        query = "SELECT block FROM blocks WHERE NOT packed AND block < ? ORDER BY block LIMIT ?"
        full = [block for (block,) in db.execute(query, (end, AT_ONCE))]
        # To let go of thousands of rows takes as long as a delivery may wait: a commit has them of one block.
        if full and batches.has_rows(db, *_numbers(full[0], full[-1])):
            del full[1:]
        packed: list[tuple[int, int, bytes]] = []
        try:
            for block in full:
                batch = stored.block(block, (*columns.FIELDS, *columns.JUNCTION))
                packed.append((block, len(batch["no"]), packs.checked(batch)))
        finally:
            # Those before one that cannot be packed are.
            if packed:
                self._writer.change(lambda db: _keep(db, packed)).result(COMMIT_S)
        return len(packed)

    def merge_some(self, db: sqlite3.Connection) -> bool:
        """Make one segment of the oldest packs that are whole; False when there are none."""
        (block,) = db.execute("SELECT min(block) FROM blocks WHERE packed=1").fetchone()
        (last,) = db.execute(
            "SELECT ifnull((SELECT min(block) - 1 FROM blocks WHERE NOT packed), max(block)) FROM blocks"
        ).fetchone()
        if block is None or schema.segment_of(block) + schema.SEGMENT_BLOCKS - 1 > last:
            return False
        first = schema.segment_of(block)
        within = (first, first + schema.SEGMENT_BLOCKS - 1)
        packed = db.execute(
            "SELECT block FROM blocks WHERE block BETWEEN ? AND ? ORDER BY block", within
        ).fetchall()
        stored = blocks.Stored(db, self._path.parent / months.FOLDER)
        fields = (*columns.FIELDS, *columns.JUNCTION)
        batch = columns.joined([stored.block(block, fields) for (block,) in packed], fields)
        body, taken_ms = packs.checked(batch, segments.pack), batch["taken_ms"]

        def apply(db: sqlite3.Connection) -> None:
            for table in ("packs", "blocks"):
                db.execute(f"DELETE FROM {table} WHERE block BETWEEN ? AND ?", within)
            db.execute("INSERT INTO packs (block, body) VALUES (?, ?)", (first, body))
            row = (first, int(taken_ms.min()), int(taken_ms.max()), schema.SEGMENT_BLOCKS)
            db.execute("INSERT INTO blocks (block, oldest_ms, newest_ms, packed) VALUES (?, ?, ?, ?)", row)
            blocks.forget(db, *_numbers(*within))

        self._writer.change(apply).result(COMMIT_S)
        return True

    def pack_minutes(self, db: sqlite3.Connection) -> bool:
        """Pack the minutes of some probes' days that have gone by; False when there are none, looked for once
        an hour."""
        if not self._days:
            if monotonic_s() < self._minutes_s:
                return False
            self._days = minutes.to_pack(db, now_ms() // DAY_MS - YOUNG_DAYS, MOST_DAYS)
        if not self._days:
            self._minutes_s = monotonic_s() + MINUTES_S
            return False
        days = self._days
        # Read where it is changed: roll-ups may add to it at any time.
        problem = self._writer.change(lambda db: minutes.pack_some(db, days, HELD_S)).result(COMMIT_S)
        if problem is not None:
            raise problem
        return True

    def drop_some(self, db: sqlite3.Connection) -> bool:
        """Free the space of packs whose readings were moved to a file; False when there are none."""
        query = "SELECT block FROM packs WHERE block NOT IN (SELECT block FROM blocks) LIMIT ?"
        gone = db.execute(query, (BITE,)).fetchall()
        if gone:
            self._writer.change(
                lambda db: db.executemany("DELETE FROM packs WHERE block=?", gone).rowcount
            ).result(COMMIT_S)
        return bool(gone)

    def shrink(self, db: sqlite3.Connection) -> bool:
        """Give the system back some of the space that a closed month left; False when there is little. An old
        journal keeps its size."""
        (free,) = db.execute("PRAGMA freelist_count").fetchone()
        (kind,) = db.execute("PRAGMA auto_vacuum").fetchone()
        if free <= SPARE_PAGES or kind != INCREMENTAL:
            return False
        self._writer.change(
            lambda db: db.execute(f"PRAGMA incremental_vacuum({SHRINK_PAGES})").fetchall()
        ).result(COMMIT_S)
        return True

    def _close_one(self, db: sqlite3.Connection) -> bool:
        """Close the oldest month that is due; looked for once a day."""
        today = now_ms() // DAY_MS
        if not self._archive_days or today == self._asked_day:
            return False
        month = closing.due(
            db, blocks.Stored(db, self._path.parent / months.FOLDER), now_ms() - self._archive_days * DAY_MS
        )
        if month is None:
            self._asked_day = today
            return False
        return closing.close_month(db, self._path, self._writer, month, self.stopping.is_set)

    def set_beside(self, db: sqlite3.Connection) -> bool:
        """Have a month's file, or an imported one, its segments beside it; False when none lacks them."""
        for one in months.Archives(db, self._path.parent / months.FOLDER).all():
            if one.file in self._beside:
                continue
            # What fails is told, and tried again by the next start.
            self._beside.add(one.file)
            if closing.set_beside(self._path, one, self.stopping.is_set):
                return True
        return False


def _numbers(first_block: int, last_block: int) -> tuple[int, int]:
    """The first and the last number of some blocks in a row."""
    return first_block * schema.BLOCK_ROWS, (last_block + 1) * schema.BLOCK_ROWS - 1


def _keep(db: sqlite3.Connection, packed: Sequence[tuple[int, int, bytes]]) -> None:
    """Have packs in the place of readings: (block, how many readings, pack). Raises TempHubError where there
    are others by now."""
    for block, count, body in packed:
        first, last = _numbers(block, block)
        db.execute("INSERT INTO packs (block, body) VALUES (?, ?)", (block, body))
        rows = db.execute("DELETE FROM readings WHERE no BETWEEN ? AND ?", (first, last)).rowcount
        if rows + batches.forget(db, first, last) != count:
            raise _changed(block)
        blocks.forget(db, first, last)
        db.execute("UPDATE blocks SET packed=1 WHERE block=?", (block,))


def _changed(block: int) -> TempHubError:
    return TempHubError(
        f"Block {block} of the journal changed while it was packed, so it stays as it is.",
        "Close whatever else writes to temphub.sqlite3; it is tried again by itself.",
        code="pack_changed",
    )
