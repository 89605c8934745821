"""A journal whose file is damaged: recognised, and put aside under a dated name so that a new one can be begun.

Called by the hub's start, before anything has the journal open; `mark` by the writer's thread.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from ..core import JournalUnwritable, TempHubError, stamp_for_name

DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
BESIDE = ("", "-wal", "-shm")


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite says that the file itself is broken; looked for behind errors made of it, too."""
    while error is not None:
        if getattr(error, "sqlite_errorname", "").startswith(DAMAGED):
            return True
        error = error.__cause__
    return False


def mark(path: Path) -> None:
    """Note that damage was met while running: the next start looks at the whole file."""
    with suppress(OSError):
        _note(path).touch()


def looks_damaged(path: Path) -> bool:
    """A look from outside, well below a millisecond: the writer, which keeps pages in memory, may be the last to notice."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.5)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            db.execute("SELECT * FROM readings ORDER BY no DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        return is_damage(error)
    return False


def put_damaged_aside(path: Path) -> Path | None:
    """The dated name under which a damaged journal now lies; None when there is none or it is sound. Raises TempHubError.

    A journal at which no damage was met is only looked at in passing: checking all of a large one takes minutes.
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
            return whole and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)
    except sqlite3.Error as error:
        # What is not damage (locked, no permission) is told by whoever opens it next.
        return is_damage(error)


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


def _held(path: Path, error: OSError) -> TempHubError:
    return JournalUnwritable(
        f"The journal {path} is damaged and cannot be put aside ({error.strerror or error}), so no reading can be stored.",
        "Close the pages and notebooks that have it open; the hub tries again by itself.",
        code="journal_damaged",
    )
