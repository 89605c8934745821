"""Moving a month that lies far enough back into its Parquet file. Keeper's thread; the file is written by a
process of its own.

The order makes it safe: write the file aside, read it back and compare, give it its name, and only then, in
one commit, name it in the journal and let go of the readings. A crash before that commit leaves a file that
the next try replaces.
"""

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ...core import TempHubError, collected, held_input, start_behind
from .. import blocks, columns, schema
from ..packed import packs, segments
from ..writer import Writer
from . import sidecar
from .months import FOLDER, Archive

COMMIT_S = 120
# A few late readings of a closed month stay where they are; a further file is worth it from here on.
WORTH_ROWS = 100_000
# Ten million readings take about a minute here.
WRITE_S = 3_600
# block, its new body, oldest and newest time in it
_Shrunk = tuple[int, bytes, int, int]


def month_of(ms: int) -> str:
    """The month (UTC) of a time, `2026-08`."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m")


def bounds(month: str) -> tuple[int, int]:
    """[from, to) of a month in milliseconds."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=timezone.utc)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return int(start.timestamp()) * 1000, int(end.timestamp()) * 1000


def due(db: sqlite3.Connection, stored: blocks.Stored, before_ms: int) -> str | None:
    """The oldest month that ended before a time and has packed readings worth a file, or None."""
    for month in _months(db, before_ms):
        from_ms, to_ms = bounds(month)
        own = "SELECT 1 FROM blocks WHERE NOT packed AND newest_ms >= ? AND newest_ms < ?"
        if db.execute(own, (from_ms, to_ms)).fetchone() is not None:
            # Its last readings are no pack yet; a month is closed as a whole.
            continue
        closed = db.execute("SELECT 1 FROM archives WHERE month=?", (month,)).fetchone() is not None
        if _count(db, stored, month) >= (WORTH_ROWS if closed else 1):
            return month
    return None


def _count(db: sqlite3.Connection, stored: blocks.Stored, month: str) -> int:
    """How many of a month's readings are in packs, as far as it matters."""
    found = 0
    for block in packed_blocks(db, month):
        found += int(in_month(stored.block(block, ("taken_ms",)), month).sum())
        if found >= WORTH_ROWS:
            break
    return found


def close_month(
    db: sqlite3.Connection, path: Path, writer: Writer, month: str, stopped: Callable[[], bool]
) -> bool:
    """Write the month's file, then let the journal go of its readings. False when the hub stops meanwhile.
    Raises TempHubError."""
    file = _free_name(db, month)
    folder = path.parent / FOLDER
    made = _write_apart(path, month, folder / file, stopped)
    if made is None:
        return False
    if made["readings"]:
        emptied, shrunk = _what_remains(db, folder, month, made["upto"])
        row = (
            file,
            month,
            *(made[name] for name in ("oldest_ms", "newest_ms", "first_no", "last_no", "readings", "sha256")),
        )

        def apply(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO archives VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            db.executemany("DELETE FROM blocks WHERE block=?", emptied)
            db.executemany(
                "UPDATE packs SET body=? WHERE block=?", [(body, block) for block, body, _, _ in shrunk]
            )
            db.executemany(
                "UPDATE blocks SET oldest_ms=?, newest_ms=? WHERE block=?",
                [(low, high, block) for block, _, low, high in shrunk],
            )

        writer.change(apply).result(COMMIT_S)
    return bool(made["readings"])


def in_month(batch: columns.Batch, month: str) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which readings of a batch were taken in a month."""
    from_ms, to_ms = bounds(month)
    return (batch["taken_ms"] >= from_ms) & (batch["taken_ms"] < to_ms)


def packed_blocks(db: sqlite3.Connection, month: str, upto: int = 2**62) -> list[int]:
    """The packed blocks that may hold readings of a month."""
    query = (
        "SELECT block FROM blocks WHERE packed AND newest_ms >= ? AND oldest_ms < ? AND block <= ? ORDER "
        "BY block"
    )
    return [block for (block,) in db.execute(query, (*bounds(month), upto))]


def _what_remains(
    db: sqlite3.Connection, folder: Path, month: str, upto: int
) -> tuple[list[tuple[int]], list[_Shrunk]]:
    """(blocks that the month's file empties, what stays of the others: block, body, oldest, newest)."""
    stored = blocks.Stored(db, folder)
    emptied: list[tuple[int]] = []
    shrunk: list[_Shrunk] = []
    for block in packed_blocks(db, month, upto):
        batch = stored.block(block, (*columns.FIELDS, *columns.JUNCTION))
        stays = ~in_month(batch, month)
        if not stays.any():
            emptied.append((block,))
        elif not stays.all():
            rest = columns.chosen(batch, stays)
            pack = segments.pack if len(rest["no"]) > schema.BLOCK_ROWS else packs.pack
            shrunk.append((block, pack(rest), int(rest["taken_ms"].min()), int(rest["taken_ms"].max())))
    return emptied, shrunk


def _write_apart(path: Path, month: str, target: Path, stopped: Callable[[], bool]) -> dict[str, Any] | None:
    """What month_file.py says it wrote. Its library needs more memory than the hub; it goes with the
    process."""
    try:
        out = _said("month_file", (str(path), month, str(target)), stopped)
        return None if out is None else json.loads(out)
    except _Failed as error:
        if not schema.has_room(target.parent if target.parent.exists() else path.parent):
            raise schema.disk_full(_stays(month, "the disk is full")) from None
        raise _not_written(month, str(error)) from None
    finally:
        # What broke off must not take the room that deliveries need.
        drop_unfinished(path)


def set_beside(path: Path, archive: Archive, stopped: Callable[[], bool]) -> bool:
    """Write the segments of a month's file, where there is one and they are not there yet; False where there
    is nothing to do. Raises TempHubError."""
    file = path.parent / FOLDER / archive.file
    if not file.exists() or sidecar.found_beside(file, archive.sha256) is not None:
        return False
    try:
        _said("sidecar_process", (str(path), archive.file), stopped)
    except _Failed as error:
        if not file.exists():
            # An import that was taken back meanwhile.
            return True
        raise TempHubError(
            f"What makes questions about {archive.month} quick could not be written beside {file} ({error}); "
            "they take longer.",
            "Check the disk that holds DATA_DIR; it is tried again at the next start.",
            code="archive_not_written",
        ) from None
    finally:
        drop_unfinished(path)
    if not file.exists():
        with suppress(OSError):
            sidecar.path_of(file).unlink()
    return True


class _Failed(Exception):
    """What a process that writes a file said last."""


def _said(program: str, words: tuple[str, ...], stopped: Callable[[], bool]) -> bytes | None:
    """All that a program of this folder says, once it is done; None when the hub stops meanwhile."""
    pipe = subprocess.PIPE
    # One that outlived a killed hub would write into the file of the next one.
    with held_input() as given:
        module = f"{__package__}.{program}"
        process = start_behind(module, *words, stdout=pipe, stderr=pipe, stdin=given)
        try:
            out, errors = collected(process, WRITE_S, stopped)
        except TimeoutError:
            if stopped():
                return None
            raise _Failed(f"not done after {WRITE_S // 60} minutes") from None
    if process.returncode:
        said = errors.decode("utf-8", "replace").strip().splitlines()
        raise _Failed(said[-1] if said else f"exit code {process.returncode}")
    return out


def drop_unfinished(path: Path) -> None:
    """Remove what a closing that broke off has left beside a journal; on a full disk it may be what fills it.
    Not while one is at work."""
    for part in (path.parent / FOLDER).glob(f"*{sidecar.UNFINISHED}"):
        with suppress(OSError):
            part.unlink()


def _months(db: sqlite3.Connection, before_ms: int) -> list[str]:
    """Months that ended before a time, oldest first, from the first reading in the journal on."""
    first = db.execute("SELECT min(oldest_ms) FROM blocks WHERE packed").fetchone()[0]
    found: list[str] = []
    while first is not None:
        month = month_of(first)
        first = bounds(month)[1]
        if first > before_ms:
            break
        found.append(month)
    return found


def _free_name(db: sqlite3.Connection, month: str) -> str:
    taken = {file for (file,) in db.execute("SELECT file FROM archives")}
    names = (f"readings-{month}{f'-{number}' if number > 1 else ''}.parquet" for number in range(1, 10_000))
    return next(name for name in names if name not in taken)


def _not_written(month: str, why: str) -> TempHubError:
    return TempHubError(
        _stays(month, why),
        "Check the disk that holds DATA_DIR; it is tried again by itself.",
        code="archive_not_written",
    )


def _stays(month: str, why: str) -> str:
    return f"The readings of {month} could not be moved into their file ({why}); they stay in the journal."
