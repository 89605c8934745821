"""The journal's own health, for the doctor: read-only, from any process, with an end however large the file is."""

import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from ..core import TempHubError
from .schema import VERSION, connect_to_read
from .summary import bookmark

STEPS = 20_000
BUSY_S = 2.0
MOST_PROBLEMS = 5


class Checkup(NamedTuple):
    """version: the schema's; wrong: what SQLite found damaged; whole: False when time ran out before all was looked at.

    behind: readings that the roll-ups have not taken in yet.
    """

    version: int
    readings: int
    behind: int
    megabytes: float
    wrong: tuple[str, ...]
    whole: bool


def checkup(path: Path, limit_s: float = 5.0) -> Checkup:
    """Look through the journal for `limit_s` at most. Raises OSError when it is not there, sqlite3.Error when it is no journal."""
    size = path.stat().st_size
    db = connect_to_read(path, timeout_s=BUSY_S)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        # What a version yet to come keeps where is not known here.
        readings, behind = _counts(db) if 0 < version <= VERSION else (0, 0)
        wrong, whole = _damage(db, limit_s)
        return Checkup(version, readings, behind, size / 1e6, wrong, whole)
    finally:
        db.close()


def unreadable(path: Path, limit_s: float = 5.0) -> "Checkup | str":
    """The same, with the reason in place of an exception."""
    try:
        return checkup(path, limit_s)
    except TempHubError as error:
        return error.problem.rstrip(".")
    except (OSError, sqlite3.Error) as error:
        return str(error)


def _counts(db: sqlite3.Connection) -> tuple[int, int]:
    (readings,) = db.execute("SELECT coalesce(max(no), 0) FROM readings").fetchone()
    return readings, readings - bookmark(db)


def _damage(db: sqlite3.Connection, limit_s: float) -> tuple[tuple[str, ...], bool]:
    deadline = time.monotonic() + limit_s
    db.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        rows = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({MOST_PROBLEMS})")]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
            return (str(error),), False
        return (), False
    finally:
        db.set_progress_handler(None, 0)
    return tuple(row for row in rows if row != "ok"), True
