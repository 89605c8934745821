"""Readings that somebody brought in from elsewhere: from what, when, and which. The connection's thread.

They lie in Parquet files of their own beside those of closed months, under numbers below zero. So whoever
follows the journal by number (the CSV log, alarms, MQTT) never meets them, and taking an import back means to
forget its files: nothing that a probe delivered is touched, neither then nor before. See importing.py.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..columns import Ints

IS_THERE = "SELECT 1 FROM sqlite_master WHERE type='table' AND name='imports'"
PENDING = (
    "SELECT sum(p.readings * (min(r.to_ms, :to) - max(r.from_ms, :from)) / (r.to_ms - r.from_ms) + 1) FROM "
    "redo r JOIN import_parts p ON p.probe=r.probe AND p.from_ms=r.from_ms AND p.to_ms=r.to_ms WHERE "
    "r.to_ms > :from AND r.from_ms < :to"
)
# Heard of by an import alone: nothing of it was ever delivered, seen or told anything.
ONLY = (
    "SELECT p.id FROM probes p WHERE p.no IN (SELECT probe FROM imported) AND p.seen_ms=0 AND "
    "p.provisioned_ms=0 AND NOT EXISTS (SELECT 1 FROM latest l WHERE l.probe=p.no)"
)
COLUMNS = (
    "no, made_ms, undone_ms, name, form, sha256, readings, oldest_ms, newest_ms, first_no, last_no, body"
)


class Import(NamedTuple):
    """An import. undone_ms: when it was taken back, 0 for never; name: of the file; form: what kind of file
    it was; probes: {id: readings}; files: in the archive's folder; choices: what was said of the file."""

    no: int
    made_ms: int
    undone_ms: int
    name: str
    form: str
    sha256: str
    readings: int
    oldest_ms: int
    newest_ms: int
    first_no: int
    last_no: int
    probes: Mapping[str, int]
    files: tuple[str, ...]
    choices: Mapping[str, Any]

    @property
    def source(self) -> str:
        """As readings say where they came from."""
        return f"import {self.no}: {self.name}"


def imports(db: sqlite3.Connection) -> list[Import]:
    """All of them, taken back or not, by number."""
    if not is_there(db):
        return []
    found = []
    for *row, body in db.execute(f"SELECT {COLUMNS} FROM imports ORDER BY no"):
        said = json.loads(body)
        said["files"] = tuple(said["files"])
        found.append(Import(*row, **said))
    return found


def imports_of(found: Sequence[Import], no: Ints) -> Ints:
    """The number of the import that each place in the journal stands for, 0 for what was delivered."""
    numbers = np.zeros(len(no), np.int64)
    for one in found if len(no) and no.min() < 0 else ():
        numbers[(no >= one.first_no) & (no <= one.last_no)] = one.no
    return numbers


def is_there(db: sqlite3.Connection) -> bool:
    """Whether anything was ever imported."""
    return db.execute(IS_THERE).fetchone() is not None


def changed(db: sqlite3.Connection) -> tuple[int, ...]:
    """Another one whenever something was imported or taken back."""
    query = "SELECT count(*), total(undone_ms > 0) FROM imports"
    return tuple(map(int, db.execute(query).fetchone())) if is_there(db) else (0, 0)


def newest(db: sqlite3.Connection) -> Iterable[tuple[int, int, int, int | None, str | None]]:
    """(probe, how many readings, when the newest was taken, its units, its quality) of each import."""
    query = "SELECT probe, readings, newest_ms, units, quality FROM imported ORDER BY import"
    return db.execute(query).fetchall() if is_there(db) else ()


def only_imported(db: sqlite3.Connection) -> set[str]:
    """The ids that are known by imports alone."""
    return {id_ for (id_,) in db.execute(ONLY)} if is_there(db) else set()


def pending(db: sqlite3.Connection, from_ms: int, to_ms: int) -> int:
    """About how many imported readings of [from_ms, to_ms) are in no roll-up yet."""
    if not is_there(db):
        return 0
    return int(db.execute(PENDING, {"from": from_ms, "to": to_ms}).fetchone()[0] or 0)


def is_part(db: sqlite3.Connection, probe: int, from_ms: int, to_ms: int) -> bool:
    """Whether that is what an import wants gathered at once."""
    query = "SELECT 1 FROM import_parts WHERE probe=? AND from_ms=? AND to_ms=?"
    return is_there(db) and db.execute(query, (probe, from_ms, to_ms)).fetchone() is not None
