"""A connection that only reads, also where nothing may be written: a backup on a DVD, a write-protected share, a snapshot. Any process."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from ..base.errors import JournalUnreadable, TempHubError
from .full import is_full

# What SQLite says where it may not make the files that it keeps beside a journal.
WRITE_REFUSED = ("SQLITE_CANTOPEN", "SQLITE_READONLY")


def connect_to_read(path: Path, *, timeout_s: float, one_thread: bool = True) -> sqlite3.Connection:
    """A connection to a journal that is there. Raises sqlite3.Error, and TempHubError for one that must be copied before it is read.

    one_thread: False for a caller that itself sees to it that only one thread at a time asks.
    """
    db = _connect(path, "mode=ro", timeout_s, one_thread)
    try:
        db.execute("PRAGMA schema_version").fetchone()
        return db
    except sqlite3.Error as error:
        db.close()
        full = is_full(error, path)
        if not (full or is_refused(error)) or (full and _waits_beside(path)):
            raise
        if _waits_beside(path):
            raise _must_be_copied(path) from error
    # No -wal: nobody has the journal open, so it stays as it is, and SQLite need keep nothing beside it.
    return _connect(path, "mode=ro&immutable=1", timeout_s, one_thread)


def is_refused(error: sqlite3.Error) -> bool:
    """Whether something may not be written, or not be opened at all."""
    return getattr(error, "sqlite_errorname", "").startswith(WRITE_REFUSED)


def _connect(path: Path, how: str, timeout_s: float, one_thread: bool) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?{how}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=timeout_s, check_same_thread=one_thread)


def _waits_beside(path: Path) -> bool:
    """Whether readings stand in the -wal that are not in the journal's file yet."""
    with suppress(OSError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def _must_be_copied(path: Path) -> TempHubError:
    return JournalUnreadable(
        f"The journal {path} may only be read, and its newest readings stand in {path.name}-wal, which cannot be read without writing.",
        "Copy both files into a folder of your own and read them there; where a hub is running on them, ask that hub instead.",
        code="journal_read_only",
    )
