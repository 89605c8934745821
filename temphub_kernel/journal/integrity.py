"""The journal's file itself: damage recognised and put aside under a dated name so that a new one can be
begun, and its health for the doctor.

Putting aside is the hub's start's, before anything has the journal open; `mark` is called by the writer's
thread; a checkup is read-only, from any process, and has an end however large the file is.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from ..core import JournalUnreadable, JournalUnwritable, TempHubError, stamp_for_name
from . import batches, schema, summary
from .archive.months import Archive

DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
BESIDE = ("", "-wal", "-shm")


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite says that the file itself is broken; looked for behind errors made of it, too."""
    while error is not None:
        if getattr(error, "sqlite_errorname", "").startswith(DAMAGED):
            return True
        error = error.__cause__
    return False


def not_written(error: Exception, path: Path) -> TempHubError:
    """Why a commit failed, in words."""
    if schema.is_full(error, path):
        return schema.disk_full()
    if is_damage(error):
        return JournalUnwritable(
            f"The journal is damaged ({error}), so readings are not stored; probes keep theirs.",
            "Start the hub again: it puts the damaged file aside and begins a new one.",
            code="journal_damaged",
        )
    return JournalUnwritable(
        f"The journal could not be written ({error}), so readings were not stored; probes keep theirs.",
        "Check the disk that holds DATA_DIR; storing goes on by itself when it can be written.",
    )


def mark(path: Path) -> None:
    """Note that damage was met while running: the next start looks at the whole file."""
    with suppress(OSError):
        _note(path).touch()


def looks_damaged(path: Path) -> bool:
    """A look from outside, well below a millisecond: the writer, which keeps pages in memory, may be the last
    to notice."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.5)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            db.execute("SELECT * FROM readings ORDER BY no DESC LIMIT 1").fetchone()
            db.execute("SELECT * FROM batches ORDER BY last_no DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        return is_damage(error)
    return False


def put_damaged_aside(path: Path) -> Path | None:
    """The dated name under which a damaged journal now lies; None when there is none or it is sound. Raises
    TempHubError.

    A journal at which no damage was met is only looked at in passing: checking all of a large one takes
    minutes.
    """
    whole = _note(path).exists()
    if not path.is_file() or not _is_damaged(path, whole=whole):
        _note(path).unlink(missing_ok=True)
        return None
    aside = path.with_name(f"{path.stem}-damaged-{stamp_for_name()}{path.suffix}")
    try:
        for ending in BESIDE:
            old = path.with_name(path.name + ending)
            if old.exists():
                old.replace(aside.with_name(aside.name + ending))
    except OSError as error:
        raise _held(path, error) from error
    _note(path).unlink(missing_ok=True)
    return aside


def _is_damaged(path: Path, *, whole: bool) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=10)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version:
                db.execute("SELECT max(no) FROM readings").fetchone()
                # What every start reads; the rest is met, if ever, by a question or a commit.
                for table in ("probes", "boots", "bookmarks", "notes", "latest"):
                    db.execute(f"SELECT * FROM {table}").fetchall()
                if version >= batches.SINCE:
                    db.execute("SELECT max(last_no) FROM batches").fetchone()
            return whole and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)
    except sqlite3.Error as error:
        # What is not damage (locked, no permission) is told by whoever opens it next.
        return is_damage(error)


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


def _held(path: Path, error: OSError) -> TempHubError:
    return JournalUnwritable(
        f"The journal {path} is damaged and cannot be put aside ({error.strerror or error}), so no reading "
        "can be stored.",
        "Close the pages and notebooks that have it open; the hub tries again by itself.",
        code="journal_damaged",
    )


LOOK_STEPS = 20_000
BUSY_S = 2.0
MOST_PROBLEMS = 5


class Checkup(NamedTuple):
    """version: the schema's; wrong: what SQLite found damaged; whole: False when time ran out before all was
    looked at.

    behind: readings that the roll-ups have not taken in yet.
    """

    version: int
    readings: int
    behind: int
    megabytes: float
    wrong: tuple[str, ...]
    whole: bool


def checkup(path: Path, limit_s: float = 5.0) -> Checkup:
    """Look through the journal for `limit_s` at most. Raises OSError when it is not there, sqlite3.Error when
    it is no journal."""
    size = path.stat().st_size
    db = schema.connect_to_read(path, timeout_s=BUSY_S)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        # What a version yet to come keeps where is not known here.
        readings, behind = _counts(db, version) if 0 < version <= schema.VERSION else (0, 0)
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


def _counts(db: sqlite3.Connection, version: int) -> tuple[int, int]:
    if version >= batches.SINCE:
        readings = batches.last_no(db)
    else:
        (readings,) = db.execute("SELECT coalesce(max(no), 0) FROM readings").fetchone()
    return readings, readings - summary.bookmark(db)


def _damage(db: sqlite3.Connection, limit_s: float) -> tuple[tuple[str, ...], bool]:
    deadline = time.monotonic() + limit_s
    db.set_progress_handler(lambda: time.monotonic() > deadline, LOOK_STEPS)
    try:
        rows = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({MOST_PROBLEMS})")]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
            return (str(error),), False
        return (), False
    finally:
        db.set_progress_handler(None, 0)
    return tuple(row for row in rows if row != "ok"), True


# Pages in one step; each is on disk before the next, so that a commit never waits behind a heap of them.
STEP_PAGES = 512
WHOLE_S = 7_200.0
# What people gave, by table: how it is called in a list.
GIVEN = {
    "probes": "probes",
    "annotations": "remarks",
    "strikes": "ranges struck out",
    "calibrations": "calibrations",
    "rules": "rules for alarms",
    "alarms": "alarms",
}


class Contents(NamedTuple):
    """version: the schema's; readings: how many were ever stored; from_ms, to_ms: of the oldest and newest, 0
    where there is none; given: how many there are by what it is; months: files that belong to it."""

    version: int
    readings: int
    from_ms: int
    to_ms: int
    given: dict[str, int]
    months: list[Archive]


def copy_journal(
    path: Path, target: Path, step: Callable[[int, int], object], *, step_pages: int = STEP_PAGES
) -> None:
    """Copy the journal with all that is committed now into a new file, which is whole by itself. step(pages
    left, pages in all): called after so many pages; what it raises ends the copy.

    Raises OSError, and TempHubError for a journal that is not there or cannot be read.
    """
    try:
        with (
            closing(schema.connect_to_read(path, timeout_s=10)) as source,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
            target.open("r+b") as written,
        ):
            # Held until the end: without it SQLite would begin anew at each commit, and under a steady stream
            # of readings never come to an end.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            copy.execute("PRAGMA journal_mode=OFF")
            copy.execute("PRAGMA synchronous=OFF")

            def on_disk(_status: int, left: int, pages: int) -> None:
                os.fsync(written.fileno())
                step(left, pages)

            source.backup(copy, pages=step_pages, progress=on_disk)
            # Nothing has to lie beside it, wherever it is read.
            copy.execute("PRAGMA journal_mode=DELETE")
            os.fsync(written.fileno())
    except sqlite3.Error as error:
        if schema.is_full(error, target):
            raise schema.disk_full("The disk has no room for a copy of the journal.") from error
        raise _not_copied(path, error) from error


def look_into(copy: Path) -> Contents:
    """What is in such a copy, once all of it was looked through. Raises TempHubError for one that is
    damaged."""
    try:
        found = checkup(copy, WHOLE_S)
        if found.wrong or not found.version:
            raise _damaged_copy(copy, found.wrong[0] if found.wrong else "no tables")
        with closing(schema.connect_to_read(copy, timeout_s=10)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
            given = {
                called: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
                for table, called in GIVEN.items()
                if table in tables
            }
            if "imports" in tables:
                query = "SELECT coalesce(sum(readings), 0) FROM imports WHERE undone_ms=0"
                given["imported readings"] = int(db.execute(query).fetchone()[0])
            months = (
                [Archive(*row) for row in db.execute("SELECT * FROM archives")] if found.version > 1 else []
            )
            spans = [(one.oldest_ms, one.newest_ms) for one in months]
            if found.version > 1:
                spans += db.execute("SELECT min(oldest_ms), max(newest_ms) FROM blocks").fetchall()
    except (OSError, sqlite3.Error) as error:
        raise _damaged_copy(copy, str(error)) from error
    spans = [one for one in spans if one[0] is not None]
    first = min((low for low, _ in spans), default=0)
    last = max((high for _, high in spans), default=0)
    return Contents(found.version, found.readings, first, last, given, months)


def _not_copied(path: Path, error: Exception) -> JournalUnreadable:
    return JournalUnreadable(
        f"The journal {path} could not be copied ({error}).",
        "Run `temphub doctor`; keep older back-ups until it finds the journal sound.",
        code="not_copied",
    )


def _damaged_copy(copy: Path, why: str) -> JournalUnreadable:
    return JournalUnreadable(
        f"The journal in {copy.name} is damaged ({why}).",
        "Run `temphub doctor`; keep older back-ups until it finds the journal sound.",
        code="journal_damaged",
    )
