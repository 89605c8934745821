"""What makes questions quick: minutes, blocks and newest values, kept by a follower with its own bookmark.

Its own thread reads; the small result is applied through the writer together with the bookmark, so each reading
is counted exactly once, whatever its order or lateness.
"""

import sqlite3
from dataclasses import astuple, dataclass
from pathlib import Path

from ..base.worker import Worker
from .schema import BLOCK_ROWS, MINUTE_MS, open_for_reading
from .writer import Writer

FOLLOWER = "rollups"
# Small enough that an acknowledgement never waits long behind it, large enough to catch up quickly.
STEP_ROWS = 5_000

ADD_MINUTE = """
INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET lowest=min(lowest, excluded.lowest),
highest=max(highest, excluded.highest), total=total+excluded.total, count=count+excluded.count"""
ADD_BLOCK = """
INSERT INTO blocks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET oldest_ms=min(oldest_ms, excluded.oldest_ms),
newest_ms=max(newest_ms, excluded.newest_ms)"""
ADD_LATEST = """
INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
units=iif(excluded.taken_ms >= taken_ms, excluded.units, units), quality=iif(excluded.taken_ms >= taken_ms, excluded.quality, quality),
taken_ms=max(taken_ms, excluded.taken_ms), delivered_ms=max(delivered_ms, excluded.delivered_ms), readings=readings+excluded.readings"""
ADD_BOOKMARK = "INSERT INTO bookmarks (follower, no) VALUES (?, ?) ON CONFLICT DO UPDATE SET no=excluded.no"


@dataclass(slots=True)
class _Latest:
    taken_ms: int
    units: int | None
    quality: str | None
    delivered_ms: int
    readings: int = 0


class Summary:
    """Some readings in a row, boiled down. Exact: whole numbers only."""

    def __init__(self) -> None:
        self.minutes: dict[tuple[int, int], list[int]] = {}
        self.blocks: dict[int, list[int]] = {}
        self.latest: dict[int, _Latest] = {}
        self.last_no = 0

    def add(self, no: int, probe: int, taken_ms: int, delay_ms: int, units: int | None, quality: str | None) -> None:
        """Count one reading of the journal."""
        self.last_no = no
        block = self.blocks.setdefault(no // BLOCK_ROWS, [taken_ms, taken_ms])
        block[0] = min(block[0], taken_ms)
        block[1] = max(block[1], taken_ms)
        self._newest(probe, taken_ms, delay_ms, units, quality)
        if units is None:
            return
        found = self.minutes.get((probe, taken_ms // MINUTE_MS))
        if found is None:
            self.minutes[(probe, taken_ms // MINUTE_MS)] = [units, units, units, 1]
            return
        found[0] = min(found[0], units)
        found[1] = max(found[1], units)
        found[2] += units
        found[3] += 1

    def _newest(self, probe: int, taken_ms: int, delay_ms: int, units: int | None, quality: str | None) -> None:
        newest = self.latest.get(probe)
        if newest is None:
            newest = self.latest[probe] = _Latest(taken_ms, units, quality, taken_ms + delay_ms)
        elif taken_ms >= newest.taken_ms:
            newest.taken_ms, newest.units, newest.quality = taken_ms, units, quality
        newest.delivered_ms = max(newest.delivered_ms, taken_ms + delay_ms)
        newest.readings += 1

    def apply(self, db: sqlite3.Connection) -> int:
        """Write it, with the bookmark, inside the writer's commit; returns the bookmark."""
        db.executemany(ADD_MINUTE, [(*key, *value) for key, value in self.minutes.items()])
        db.executemany(ADD_BLOCK, [(key, *value) for key, value in self.blocks.items()])
        db.executemany(ADD_LATEST, [(key, *astuple(value)) for key, value in self.latest.items()])
        db.execute(ADD_BOOKMARK, (FOLLOWER, self.last_no))
        return self.last_no


class RollUps(Worker):
    """Follows the journal. every_s: how far behind it may be when little happens."""

    def __init__(self, path: Path, writer: Writer, *, every_s: float = 5.0) -> None:
        super().__init__("rollups")
        self._path = path
        self._writer = writer
        self._every_s = every_s

    def run(self) -> None:
        db = open_for_reading(self._path)
        try:
            while not self.stopping.is_set():
                taken = self.step(db)
                self.well()
                if taken < STEP_ROWS:
                    self.stopping.wait(self._every_s)
        finally:
            db.close()

    def step(self, db: sqlite3.Connection) -> int:
        """Take in the next readings; returns how many. Raises TempHubError when the journal cannot be written."""
        row = db.execute("SELECT no FROM bookmarks WHERE follower=?", (FOLLOWER,)).fetchone()
        query = "SELECT no, probe, taken_ms, delay_ms, units, quality FROM readings WHERE no > ? ORDER BY no LIMIT ?"
        rows = db.execute(query, (row[0] if row else 0, STEP_ROWS)).fetchall()
        if rows:
            summary = Summary()
            for reading in rows:
                summary.add(*reading)
            self._writer.change(summary.apply).result(timeout=30)
        self.well()
        return len(rows)
