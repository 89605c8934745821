"""What people say: annotations of a time, and how a probe is called, grouped and shown. Written through the writer; any thread."""

import sqlite3
from typing import Any, NamedTuple

from ..base.clock import now_ms
from ..base.errors import TempHubError
from .calibration import number_of
from .writer import Writer

MOST_TEXT = 2_000
MOST_NAME = 64
WAIT_S = 30
DESCRIBED = {"alias": str, "place": int, "hidden": bool, "group": str, "note": str}


class Annotation(NamedTuple):
    """A remark on [from_ms, to_ms] (one moment: equal), of one probe or, with None, of all; by_ms: when it was written."""

    no: int
    from_ms: int
    to_ms: int
    probe_id: str | None
    text: str
    by_ms: int


def annotate(writer: Writer, from_ms: int, to_ms: int, text: str, probe_id: str | None = None) -> int:
    """Keep a remark; returns its number once it is on disk. Raises TempHubError for an unknown probe or a text that is none."""
    _check_text("text", text, MOST_TEXT)
    if not text.strip() or to_ms < from_ms:
        raise _bad("text" if not text.strip() else "to_ms", text if not text.strip() else to_ms)

    def apply(db: sqlite3.Connection) -> int:
        probe = None if probe_id is None else number_of(db, probe_id)
        insert = "INSERT INTO annotations (from_ms, to_ms, probe, text, by_ms) VALUES (?, ?, ?, ?, ?)"
        return db.execute(insert, (from_ms, to_ms, probe, text.strip(), now_ms())).lastrowid or 0

    return writer.change(apply).result(WAIT_S)


def erase(writer: Writer, no: int) -> bool:
    """Take a remark back; False when there is none of that number."""
    return bool(writer.change(lambda db: db.execute("DELETE FROM annotations WHERE no=?", (no,)).rowcount).result(WAIT_S))


def annotations(db: sqlite3.Connection, from_ms: int, to_ms: int) -> list[Annotation]:
    """Remarks on [from_ms, to_ms), by time."""
    query = (
        "SELECT a.no, a.from_ms, a.to_ms, p.id, a.text, a.by_ms FROM annotations a LEFT JOIN probes p ON p.no = a.probe"
        " WHERE a.to_ms >= ? AND a.from_ms < ? ORDER BY a.from_ms, a.no"
    )
    return [Annotation(*row) for row in db.execute(query, (from_ms, to_ms))]


def describe(writer: Writer, probe_id: str, said: dict[str, Any]) -> None:
    """Keep what a person says of a probe: any of alias, place, hidden, group, note. Raises TempHubError (400/404)."""
    for name, value in said.items():
        kind = DESCRIBED.get(name)
        if kind is None or type(value) is not kind or (type(value) is int and not 0 <= value < 10_000):
            raise _bad(name, value)
        if kind is str:
            _check_text(name, value, MOST_TEXT if name == "note" else MOST_NAME)

    def apply(db: sqlite3.Connection) -> None:
        probe = number_of(db, probe_id)
        for name, value in said.items():
            db.execute(f'UPDATE probes SET "{name}"=? WHERE no=?', (value.strip() if isinstance(value, str) else int(value), probe))

    writer.change(apply).result(WAIT_S)


def _check_text(name: str, text: object, most: int) -> None:
    if not isinstance(text, str) or len(text) > most or any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        raise _bad(name, text)


def _bad(name: str, value: object) -> TempHubError:
    met = repr(value)[:60]
    return TempHubError(
        f"{name} is {met}, which cannot be kept.",
        f"Send alias and group as text of up to {MOST_NAME} characters, note and text of up to {MOST_TEXT},"
        " place as a whole number from 0 to 9999, hidden as true or false, to_ms not before from_ms.",
        code=f"bad_{name}",
        status=400,
    )
