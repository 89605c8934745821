"""What is known of each probe, for who asks again and again: of thousands only those are read of which
something changed. The connection's thread.

The journal itself notes which that are, whoever writes it; it is read without that where nobody has yet.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from . import merged

# Made by the writer: a journal of any version is read without them. The partial indexes answer who was
# removed and whose values are believed: of thousands few are, each question asks, and looking through all
# took most of its time.
UPSERT = (
    "INSERT INTO probe_changes SELECT new.no, ifnull(max(at), 0) + 1 FROM probe_changes WHERE true "
    "ON CONFLICT (probe) DO UPDATE SET at=excluded.at"
)
STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS probe_changes (probe INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS probe_changes_by_at ON probe_changes (at)",
    f"CREATE TRIGGER IF NOT EXISTS probe_met AFTER INSERT ON probes BEGIN {UPSERT}; END",
    f"CREATE TRIGGER IF NOT EXISTS probe_changed AFTER UPDATE ON probes BEGIN {UPSERT}; END",
    "CREATE INDEX IF NOT EXISTS probes_removed ON probes (removed_ms) WHERE removed_ms",
    "CREATE INDEX IF NOT EXISTS probes_believed ON probes (power_on_counts) WHERE power_on_counts",
)
IS_NOTED = "SELECT 1 FROM sqlite_master WHERE name='probe_changed'"
BEHIND = "no IN (SELECT probe FROM probe_changes WHERE at > ?)"
Record = dict[str, Any]
Row = tuple[Any, ...]


class Kept:
    """What was told last. at: up to which change it is; stored: each probe's row in the journal, told: what
    was told of it, both by number; order: those numbers by id; together: those that count as another, or as
    which others do."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.stored: dict[int, Row] = {}
        self.told: dict[int, Record] = {}
        self.order: list[int] = []
        self.together: frozenset[int] = frozenset()


def probes(db: sqlite3.Connection, names: Sequence[str], kept: Kept) -> list[Record]:
    """As merged.known, names with `no` and `id` first; of a probe that is as it was the very same is told
    again."""
    at, columns = _at(db), ", ".join(f'"{name}"' for name in names)
    where = "" if at is None or kept.at is None else f" WHERE {BEHIND}"
    news: list[Row] = db.execute(
        f"SELECT {columns} FROM probes{where}", (kept.at,) if where else ()
    ).fetchall()
    roots = merged.Merged(db)
    together = roots.together()
    lines = _lines(db, roots, names, together, kept, news)
    # From here on nothing fails: what was read is kept as a whole.
    apart = set(kept.together - together)
    for row in news:
        if kept.stored.get(row[0]) != row:
            kept.stored[row[0]] = row
            apart.add(row[0])
    for no in apart - together:
        told = dict(zip(names, kept.stored[no], strict=True))
        kept.told[no] = {**told, "also": [], "device": told["id"]}
    for no in together:
        line = lines.get(no)
        if line is None:
            kept.told.pop(no, None)
        elif kept.told.get(no) != line:
            kept.told[no] = line
    if len(kept.order) != len(kept.stored):
        kept.order = sorted(kept.stored, key=lambda no: str(kept.stored[no][1]))
    kept.at, kept.together = at, together
    return [kept.told[no] for no in kept.order if no in kept.told]


def _at(db: sqlite3.Connection) -> int | None:
    """The number of the last change; None where they are not noted. Asked for first: what changes in between
    is read once more."""
    if db.execute(IS_NOTED).fetchone() is None:
        return None
    return int(db.execute("SELECT ifnull(max(at), 0) FROM probe_changes").fetchone()[0])


def _lines(
    db: sqlite3.Connection,
    roots: merged.Merged,
    names: Sequence[str],
    together: frozenset[int],
    kept: Kept,
    news: Sequence[Row],
) -> dict[int, Record]:
    """What is told of those as which others count."""
    if not together:
        return {}
    some = ", ".join(map(str, sorted(together)))
    delivered_ms = dict(db.execute(f"SELECT probe, delivered_ms FROM latest WHERE probe IN ({some})"))
    rows = {no: kept.stored[no] for no in together if no in kept.stored}
    rows |= {row[0]: row for row in news if row[0] in together}
    stored = (dict(zip(names, row, strict=True)) for row in rows.values())
    return {one["no"]: one for one in roots.records(stored, delivered_ms)}
