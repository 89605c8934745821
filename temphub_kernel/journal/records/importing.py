"""Taking in what `temphub import` wrote, and taking it back. Any thread; written through the writer."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...core import BadRequest, NotFound, TempHubError, is_probe_id, now_ms, sync_folder
from .. import batches, summary
from ..archive import sidecar
from ..archive.months import FOLDER
from ..columns import QUALITY
from ..writer import Writer
from .imports import COLUMNS, Import, imports, only_imported

# Beside the journal: what an import writes before it is whole. Files go from here into the archive's folder.
STAGING = "importing"
LIST_FILE = "import.json"
TABLES = (
    "CREATE TABLE IF NOT EXISTS imports (no INTEGER PRIMARY KEY, made_ms INTEGER NOT NULL, undone_ms INTEGER "
    "NOT NULL DEFAULT 0, name TEXT NOT NULL, form TEXT NOT NULL, sha256 TEXT NOT NULL, readings INTEGER NOT "
    "NULL, oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL, first_no INTEGER NOT NULL, last_no "
    "INTEGER NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS imported (import INTEGER NOT NULL, probe INTEGER NOT NULL, readings INTEGER "
    "NOT NULL, newest_ms INTEGER NOT NULL, units INTEGER, quality TEXT, PRIMARY KEY (import, probe)) WITHOUT "
    "ROWID",
    # Whole days of a probe, as many as are gathered into the roll-ups at once.
    "CREATE TABLE IF NOT EXISTS import_parts (probe INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms "
    "INTEGER NOT NULL, import INTEGER NOT NULL, readings INTEGER NOT NULL, PRIMARY KEY (probe, from_ms, "
    "to_ms, import)) WITHOUT ROWID",
)
WAIT_S = 120
MOST_LIST_BYTES = 64 << 20
BITE = 1 << 20


def register(writer: Writer, folder: str) -> int:
    """Take in what an import wrote into `folder` (its name, beneath STAGING beside the journal); its number
    once it is on disk. All of it or nothing: raises TempHubError."""
    staged, target = writer.path.parent / STAGING / folder, writer.path.parent / FOLDER
    if Path(folder).name != folder or folder.startswith(".") or not (staged / LIST_FILE).is_file():
        raise NotFound(
            f"There is no import in a folder {folder[:80]!r} beneath {STAGING}, so nothing was taken in.",
            "Run `temphub import FILE` on the hub's computer.",
            code="unknown_import",
        )
    told = _checked(staged)
    target.mkdir(parents=True, exist_ok=True)
    moved: list[Path] = []
    try:
        for one in told["files"]:
            place = target / one["file"]
            # On Windows a name is not taken over while somebody reads what bears it; nobody does here.
            (staged / one["file"]).rename(place)
            moved.append(place)
        # The journal names them next: they must outlast a power cut, too.
        sync_folder(target)
        return int(writer.change(lambda db: _insert(db, told)).result(WAIT_S))
    except BaseException as error:
        for place in moved:
            with suppress(OSError):
                place.rename(staged / place.name)
        if isinstance(error, OSError):
            raise _not_whole(folder, error) from error
        raise


def undo(writer: Writer, no: int) -> Import:
    """Take an import back: its readings are gone, whatever else there is stays as it is. Raises TempHubError
    (404)."""

    def apply(db: sqlite3.Connection) -> Import:
        known = next((one for one in imports(db) if one.no == no and not one.undone_ms), None)
        if known is None:
            raise NotFound(
                f"There is no import with the number {no} that could be taken back.",
                "Use a number from `temphub import --list`.",
                code="unknown_import",
            )
        db.executemany("DELETE FROM archives WHERE file=?", [(file,) for file in known.files])
        only = only_imported(db)
        db.execute("DELETE FROM imported WHERE import=?", (no,))
        # What knows of nothing else is off every list, and back by itself when it delivers.
        gone = [(now_ms(), id_) for id_ in (only - only_imported(db)) - _just_delivered(db)]
        db.executemany("UPDATE probes SET removed_ms=? WHERE id=? AND NOT removed_ms", gone)
        db.execute("UPDATE imports SET undone_ms=? WHERE no=?", (now_ms(), no))
        _gather_again(db, no)
        return known

    known = writer.change(apply).result(WAIT_S)
    for file in known.files:
        # Whoever reads it just now on Windows keeps it there: it is named nowhere any more.
        with suppress(OSError):
            (writer.path.parent / FOLDER / file).unlink()
        with suppress(OSError):
            sidecar.path_of(writer.path.parent / FOLDER / file).unlink()
    return known


def _just_delivered(db: sqlite3.Connection) -> set[str]:
    """Whose readings came in so lately that only they themselves tell of it: no roll-up has them yet."""
    probe = batches.unpacked(db, summary.bookmark(db) + 1, 2**62, ("probe",))["probe"]
    ids = dict(db.execute("SELECT no, id FROM probes"))
    return {ids[no] for no in set(probe.tolist())}


def _insert(db: sqlite3.Connection, told: Mapping[str, Any]) -> int:
    for table in TABLES:
        db.execute(table)
    files, probes = told["files"], told["probes"]
    body = {
        "files": [one["file"] for one in files],
        "probes": {one["id"]: one["readings"] for one in probes},
        "choices": told["choices"],
    }
    bounds = (
        min(one["oldest_ms"] for one in files),
        max(one["newest_ms"] for one in files),
        min(one["first_no"] for one in files),
        max(one["last_no"] for one in files),
    )
    readings = sum(one["readings"] for one in files)
    insert = f"INSERT INTO imports ({COLUMNS}) VALUES (NULL, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    row = (now_ms(), told["name"], told["form"], told["sha256"], readings, *bounds, json.dumps(body))
    no = db.execute(insert, row).lastrowid or 0
    names = ("oldest_ms", "newest_ms", "first_no", "last_no", "readings", "sha256")
    db.executemany(
        "INSERT INTO archives VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(one["file"], f"import {no}", *(one[name] for name in names)) for one in files],
    )
    numbers = {one["id"]: _number(db, one) for one in probes}
    db.executemany(
        "INSERT INTO imported VALUES (?, ?, ?, ?, ?, ?)",
        [(no, numbers[p["id"]], p["readings"], p["newest_ms"], p["units"], p["quality"]) for p in probes],
    )
    db.executemany(
        "INSERT INTO import_parts VALUES (?, ?, ?, ?, ?)",
        [(numbers[id_], from_ms, to_ms, no, count) for id_, from_ms, to_ms, count in told["parts"]],
    )
    # Removed, and now of use again.
    back = [(id_,) for id_ in only_imported(db) & numbers.keys()]
    db.executemany("UPDATE probes SET removed_ms=0 WHERE id=?", back)
    _gather_again(db, no)
    return no


def _number(db: sqlite3.Connection, probe: Mapping[str, Any]) -> int:
    """The journal's number of a probe; a new one has the name that it bore there."""
    db.execute(
        "INSERT INTO probes (id, first_ms, alias) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (probe["id"], probe["oldest_ms"], probe["name"]),
    )
    return int(db.execute("SELECT no FROM probes WHERE id=?", (probe["id"],)).fetchone()[0])


def _gather_again(db: sqlite3.Connection, no: int) -> None:
    db.execute(
        "INSERT INTO redo (probe, from_ms, to_ms) SELECT probe, from_ms, to_ms FROM import_parts WHERE "
        "import=?",
        (no,),
    )


def _checked(staged: Path) -> dict[str, Any]:
    """What is told of the files in a folder, once they were found to be just that. Raises TempHubError."""
    try:
        with (staged / LIST_FILE).open("rb") as file:
            told: dict[str, Any] = json.loads(file.read(MOST_LIST_BYTES))
        for one in told["files"]:
            if Path(one["file"]).name != one["file"] or not one["file"].startswith("imported-"):
                raise ValueError(one["file"])
            with (staged / one["file"]).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != one["sha256"]:
                    raise ValueError(f"{one['file']} is not as it was written")
        good = all(
            is_probe_id(one["id"]) and one["quality"] in QUALITY and len(one["name"]) <= 64
            for one in told["probes"]
        )
        if not (good and told["files"] and told["probes"]):
            raise ValueError("its list makes no sense")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_whole(staged.name, error) from error
    return told


def _not_whole(folder: str, why: object) -> TempHubError:
    return BadRequest(
        f"What was to be imported from {folder[:80]!r} is not whole ({why}), so nothing was taken in.",
        "Run `temphub import` again.",
        code="bad_import",
    )
