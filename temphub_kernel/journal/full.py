"""A disk without room for the journal: recognised, and said. Any thread."""

import errno
import shutil
import sqlite3
from pathlib import Path

from ..base.errors import DiskFull, TempHubError

NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
# Below this SQLite has no room for what it keeps beside a journal, and only says that the disk failed.
NEEDED_BYTES = 64 * 1024


def is_full(error: BaseException, path: Path) -> bool:
    """Whether something failed because the disk that holds `path` has no room."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if not isinstance(error, sqlite3.Error):
        return False
    name = getattr(error, "sqlite_errorname", "")
    return name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and not has_room(path.parent))


def has_room(folder: Path, bytes_: int = NEEDED_BYTES) -> bool:
    """Whether so much is free on the disk of a folder; True where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free >= bytes_
    except OSError:
        return True


def disk_full(what: str = "The disk of the hub is full, so readings cannot be stored; probes keep theirs.") -> TempHubError:
    """The error that says so."""
    return DiskFull(
        what,
        "Free some space on the disk that holds DATA_DIR; a hub that runs goes on by itself.",
    )
