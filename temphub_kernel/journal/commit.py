"""One commit of the journal: readings, the other rooms' changes, and what is known of repeats. Writer thread only."""

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from ..base.errors import TempHubError
from ..base.reading import UNKNOWN_DELAY_MS, Row
from . import junctions
from .damage import is_damage
from .full import disk_full, is_full
from .refilled import Refilled
from .schema import open_for_writing
from .seen import Seen
from .twice import Numbered

INSERT = "INSERT INTO readings (probe, taken_ms, delay_ms, units, quality, boot, seq) VALUES (?, ?, ?, ?, ?, ?, ?)"
# A probe that missed the last reply before a restart repeats after it.
RECALL = "SELECT boot, seq, units FROM (SELECT * FROM readings ORDER BY no DESC LIMIT ?) WHERE boot IS NOT NULL AND seq IS NOT NULL"
RECALLED = 20_000
SAVE_SEEN_ROWS = 20_000


class Outcome(NamedTuple):
    """What became of a submission: readings stored now, readings that were already there.

    renumbered: of those stored, how many bear a boot and number that another reading has already (see twice.py).
    """

    stored: int
    duplicates: int
    renumbered: int = 0


Done = Callable[["Outcome | TempHubError"], None]


class Submission(NamedTuple):
    """Readings on their way to the disk, and whom to tell."""

    rows: Sequence[Row]
    done: Done


class Change(NamedTuple):
    """Another room's small change, applied inside the next commit."""

    apply: Callable[[sqlite3.Connection], object]
    future: "Future[object]"


Waiting = Submission | Change


class Commits:
    """An open journal that takes whole batches. After a failed batch it is closed; open a new one."""

    def __init__(self, path: Path) -> None:
        """Raises TempHubError when the journal cannot be opened."""
        self._path = path
        self._db = open_for_writing(path)
        self._seen = Seen(self._db)
        self._numbered = Numbered(self._seen)
        self._numbered.recall(self._db.execute(RECALL, (RECALLED,)))
        self._refilled = Refilled(self._db, path)
        self._unsaved = 0
        self.last_no: int = self._db.execute("SELECT coalesce(max(no), 0) FROM readings").fetchone()[0]

    def write(self, batch: Sequence[Waiting]) -> list[Callable[[], None]]:
        """Commit a batch; returns what to call now that it is on disk. Raises sqlite3.Error with nothing stored."""
        self._db.execute("BEGIN IMMEDIATE")
        rows: list[tuple[object, ...]] = []
        chips: list[tuple[int, int | None, int | None]] = []
        tell: list[Callable[[], None]] = []
        for item in batch:
            if isinstance(item, Submission):
                before = len(rows)
                duplicates, renumbered = self._take(item.rows, rows, chips)
                tell.append(_telling(item.done, Outcome(len(rows) - before, duplicates, renumbered)))
        self._db.executemany(INSERT, rows)
        junctions.store(self._db, chips)
        for item in batch:
            if isinstance(item, Change):
                tell.append(self._apply(item))
        last_no = self.last_no + len(rows)
        self._unsaved += len(rows)
        if self._unsaved >= SAVE_SEEN_ROWS:
            self._seen.save(last_no)
            self._unsaved = 0
        self._db.execute("COMMIT")
        self.last_no = last_no
        return tell

    def close(self) -> None:
        """Save what is known of repeats and close."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
            self._seen.save(self.last_no)
            self._db.execute("COMMIT")
        self._db.close()

    def abandon(self) -> None:
        """Close without saving: an unfinished commit is undone by this."""
        self._db.close()

    def _take(
        self, given: Sequence[Row], rows: list[tuple[object, ...]], chips: list[tuple[int, int | None, int | None]]
    ) -> tuple[int, int]:
        """Append the new ones of `given` to `rows`, numbered as the journal does; how many were repeats, how many bore a used number.

        chips: what their chips said, by the number that each will have.
        """
        duplicates = renumbered = 0
        key: tuple[str, str | None] | None = None
        probe, boot, ranges = 0, None, None
        numbered = self._numbered
        for row in given:
            probe_id, boot_id, seq, taken_ms, received_ms, units, quality, junction = row
            if key != (probe_id, boot_id):
                key = (probe_id, boot_id)
                probe, boot, ranges = self._seen.probe(probe_id, received_ms), None, None
                if boot_id is not None:
                    boot, ranges = self._seen.boot(probe, boot_id)
                    self._seen.delivered(boot)
            here = boot
            if boot is not None and ranges is not None and seq is not None:
                if ranges.add(seq):
                    numbered.stored(boot, row)
                    if self._refilled.sent_again(probe, taken_ms, units, quality):
                        duplicates += 1
                        continue
                elif numbered.is_repeat(boot, row):
                    duplicates += 1
                    continue
                else:
                    here = numbered.elsewhere(probe, row)
                    if here is None:
                        duplicates += 1
                        continue
                    renumbered += 1
            if received_ms - taken_ms == UNKNOWN_DELAY_MS:
                self._refilled.added()
            rows.append((probe, taken_ms, received_ms - taken_ms, units, quality, here, seq))
            if junction is not None:
                chips.append((self.last_no + len(rows), *junction))
        return duplicates, renumbered

    def _apply(self, item: Change) -> Callable[[], None]:
        self._db.execute("SAVEPOINT change")
        try:
            result = item.apply(self._db)
            tell: Callable[[], None] = _telling(item.future.set_result, result)
        # A room's change that fails is that room's problem: it is undone alone and told through its future.
        except Exception as error:
            # On a full disk SQLite may have undone the whole commit already.
            if is_damage(error) or not self._db.in_transaction:
                raise
            self._db.execute("ROLLBACK TO change")
            tell = _telling(item.future.set_exception, disk_full() if is_full(error, self._path) else error)
        self._db.execute("RELEASE change")
        return tell


def _telling(call: Callable[..., None], value: object) -> Callable[[], None]:
    return lambda: call(value)
