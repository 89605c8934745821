"""What people say: annotations of a time, and how a probe is called, grouped and shown. Written through the writer; any thread."""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..base.clock import now_ms
from ..base.errors import BadRequest, TempHubError
from .calibration import EVER_MS
from .merged import Merged, number_of, numbers_of
from .writer import Writer

MOST_TEXT = 2_000
MOST_NAME = 64
WAIT_S = 30
DESCRIBED = {"alias": str, "place": int, "hidden": bool, "group": str, "note": str, "power_on_counts": bool}


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
        "SELECT a.no, a.from_ms, a.to_ms, a.probe, p.id, a.text, a.by_ms FROM annotations a LEFT JOIN probes p ON p.no = a.probe"
        " WHERE a.to_ms >= ? AND a.from_ms < ? ORDER BY a.from_ms, a.no"
    )
    merged = Merged(db)
    called = merged.called(dict(db.execute("SELECT no, id FROM probes"))) if merged else {}
    found = db.execute(query, (from_ms, to_ms))
    return [Annotation(no, start, end, called.get(probe, id_), *rest) for no, start, end, probe, id_, *rest in found]


def describe(writer: Writer, probe_id: str, said: dict[str, Any]) -> None:
    """Keep what a person says of a probe: any of alias, place, hidden, group, note, power_on_counts.

    power_on_counts: its readings with the mark `power_on` are temperatures, those of the past as well. Raises TempHubError (400/404).
    """
    for name, value in said.items():
        kind = DESCRIBED.get(name)
        if kind is None or type(value) is not kind or (type(value) is int and not 0 <= value < 10_000):
            raise _bad(name, value)
        if kind is str:
            _check_text(name, value, MOST_TEXT if name == "note" else MOST_NAME)

    def apply(db: sqlite3.Connection) -> None:
        probe = number_of(db, probe_id)
        if "power_on_counts" in said:
            _count_power_on(db, numbers_of(db, probe_id), counts=said["power_on_counts"])
        for name, value in said.items():
            db.execute(f'UPDATE probes SET "{name}"=? WHERE no=?', (value.strip() if isinstance(value, str) else int(value), probe))

    writer.change(apply).result(WAIT_S)


def _count_power_on(db: sqlite3.Connection, numbers: Sequence[int], *, counts: bool) -> None:
    for no in numbers:
        if db.execute("UPDATE probes SET power_on_counts=? WHERE no=? AND power_on_counts<>?", (int(counts), no, int(counts))).rowcount:
            # What was gathered of it is gathered again.
            db.execute("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, 0, ?)", (no, EVER_MS))


def remove(writer: Writer, *probe_ids: str) -> None:
    """Take probes off every list, page and answer that does not name them; their readings are kept. All or, for an unknown one, none:
    raises TempHubError (404)."""
    writer.change(lambda db: _set_removed(db, probe_ids, now_ms())).result(WAIT_S)


def restore(writer: Writer, *probe_ids: str) -> None:
    """Bring removed probes back, as if they had never been removed. Raises TempHubError (404)."""
    writer.change(lambda db: _set_removed(db, probe_ids, 0)).result(WAIT_S)


def _set_removed(db: sqlite3.Connection, probe_ids: Sequence[str], at_ms: int) -> None:
    db.executemany("UPDATE probes SET removed_ms=? WHERE no=?", [(at_ms, number_of(db, probe_id)) for probe_id in probe_ids])


def _check_text(name: str, text: object, most: int) -> None:
    if not isinstance(text, str) or len(text) > most or any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        raise _bad(name, text)


def _bad(name: str, value: object) -> TempHubError:
    met = repr(value)[:60]
    return BadRequest(
        f"{name} is {met}, which cannot be kept.",
        f"Send alias and group as text of up to {MOST_NAME} characters, note and text of up to {MOST_TEXT},"
        " place as a whole number from 0 to 9999, hidden and power_on_counts as true or false, to_ms not before from_ms.",
        code=f"bad_{name}",
    )
