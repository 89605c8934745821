"""What people say: notes beside a time, how a probe is called and shown, and which readings do not count.
Written through the writer.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core import EVER_MS, BadRequest, TempHubError, now_ms, one_line
from ..columns import Flags, Ints
from ..writer import Writer
from .merged import called, number_of, numbers_of

MOST_TEXT = 2_000
MOST_NAME = 64
WAIT_S = 30
DESCRIBED = {"alias": str, "place": int, "hidden": bool, "group": str, "note": str, "power_on_counts": bool}


class Annotation(NamedTuple):
    """A remark on [from_ms, to_ms] (one moment: equal), of one probe or, with None, of all; by_ms: when it
    was written."""

    no: int
    from_ms: int
    to_ms: int
    probe_id: str | None
    text: str
    by_ms: int


def annotate(writer: Writer, from_ms: int, to_ms: int, text: str, probe_id: str | None = None) -> int:
    """Keep a remark; returns its number once it is on disk. Raises TempHubError for an unknown probe or a
    text that is none."""
    _check_text("text", text, MOST_TEXT)
    if not text.strip() or to_ms < from_ms:
        raise _bad_remark("text" if not text.strip() else "to_ms", text if not text.strip() else to_ms)

    def apply(db: sqlite3.Connection) -> int:
        probe = None if probe_id is None else number_of(db, probe_id)
        insert = "INSERT INTO annotations (from_ms, to_ms, probe, text, by_ms) VALUES (?, ?, ?, ?, ?)"
        return db.execute(insert, (from_ms, to_ms, probe, text.strip(), now_ms())).lastrowid or 0

    return writer.change(apply).result(WAIT_S)


def erase(writer: Writer, no: int) -> bool:
    """Take a remark back; False when there is none of that number."""
    return bool(
        writer.change(lambda db: db.execute("DELETE FROM annotations WHERE no=?", (no,)).rowcount).result(
            WAIT_S
        )
    )


def annotations(db: sqlite3.Connection, from_ms: int, to_ms: int) -> list[Annotation]:
    """Remarks on [from_ms, to_ms), by time."""
    query = (
        "SELECT a.no, a.from_ms, a.to_ms, a.probe, p.id, a.text, a.by_ms FROM annotations a LEFT JOIN probes "
        "p ON p.no = a.probe"
        " WHERE a.to_ms >= ? AND a.from_ms < ? ORDER BY a.from_ms, a.no"
    )
    found = db.execute(query, (from_ms, to_ms)).fetchall()
    names = called(db, {row[3] for row in found if row[3] is not None}) if found else {}
    return [
        Annotation(no, start, end, names.get(probe, id_), *rest)
        for no, start, end, probe, id_, *rest in found
    ]


def describe(writer: Writer, probe_id: str, said: dict[str, Any]) -> None:
    """Keep what a person says of a probe: any of alias, place, hidden, group, note, power_on_counts.

    power_on_counts: its readings with the mark `power_on` are temperatures, those of the past as well. Raises
    TempHubError (400/404).
    """
    said = {name: _as_kept(name, value) for name, value in said.items()}
    for name, value in said.items():
        kind = DESCRIBED.get(name)
        if kind is None or type(value) is not kind or (type(value) is int and not 0 <= value < 10_000):
            raise _bad_remark(name, value)
        if kind is str:
            _check_text(name, value, MOST_TEXT if name == "note" else MOST_NAME)

    def apply(db: sqlite3.Connection) -> None:
        probe = number_of(db, probe_id)
        if "power_on_counts" in said:
            _count_power_on(db, numbers_of(db, probe_id), counts=said["power_on_counts"])
        for name, value in said.items():
            db.execute(f'UPDATE probes SET "{name}"=? WHERE no=?', (value, probe))

    writer.change(apply).result(WAIT_S)


def _as_kept(name: str, value: Any) -> Any:
    """A text as it is kept; whatever else it is, as it is."""
    if type(value) is not str:
        return value
    return value.strip() if name == "note" else one_line(value)


def _count_power_on(db: sqlite3.Connection, numbers: Sequence[int], *, counts: bool) -> None:
    for no in numbers:
        if db.execute(
            "UPDATE probes SET power_on_counts=? WHERE no=? AND power_on_counts<>?",
            (int(counts), no, int(counts)),
        ).rowcount:
            # What was gathered of it is gathered again.
            db.execute("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, 0, ?)", (no, EVER_MS))


def remove(writer: Writer, *probe_ids: str) -> None:
    """Take probes off every list, page and answer that does not name them; their readings are kept. All or,
    for an unknown one, none: raises TempHubError (404)."""
    writer.change(lambda db: _set_removed(db, probe_ids, now_ms())).result(WAIT_S)


def restore(writer: Writer, *probe_ids: str) -> None:
    """Bring removed probes back, as if they had never been removed. Raises TempHubError (404)."""
    writer.change(lambda db: _set_removed(db, probe_ids, 0)).result(WAIT_S)


def _set_removed(db: sqlite3.Connection, probe_ids: Sequence[str], at_ms: int) -> None:
    db.executemany(
        "UPDATE probes SET removed_ms=? WHERE no=?",
        [(at_ms, number_of(db, probe_id)) for probe_id in probe_ids],
    )


def _check_text(name: str, text: object, most: int) -> None:
    if (
        not isinstance(text, str)
        or len(text) > most
        or any(ord(sign) < 32 and sign not in "\n\t" for sign in text)
    ):
        raise _bad_remark(name, text)


def _bad_remark(name: str, value: object) -> TempHubError:
    met = repr(value)[:60]
    return BadRequest(
        f"{name} is {met}, which cannot be kept.",
        f"Send alias and group as text of up to {MOST_NAME} characters, note and text of up to {MOST_TEXT},"
        " place as a whole number from 0 to 9999, hidden and power_on_counts as true or false, to_ms not "
        "before from_ms.",
        code=f"bad_{name}",
    )


# Each is looked at with every question; a person strikes out a few.
MOST = 5_000
MOST_NOTE = 500


class Strike(NamedTuple):
    """Readings of `probe_id` taken in [from_ms, to_ms], both ends included, are struck out; made_ms: when it
    was said."""

    no: int
    probe_id: str
    from_ms: int
    to_ms: int
    note: str
    made_ms: int


class Struck:
    """What is struck out at one moment of the journal."""

    def __init__(self, db: sqlite3.Connection) -> None:
        spans: dict[int, list[list[int]]] = {}
        for probe, from_ms, to_ms in db.execute(
            "SELECT probe, from_ms, to_ms FROM strikes ORDER BY probe, from_ms"
        ):
            known = spans.setdefault(probe, [])
            if known and from_ms <= known[-1][1] + 1:
                known[-1][1] = max(known[-1][1], to_ms)
            else:
                known.append([from_ms, to_ms])
        self._of = {probe: np.array(known, np.int64).T for probe, known in spans.items()}

    def __bool__(self) -> bool:
        """Whether anything is."""
        return bool(self._of)

    def of(self, probe: Ints, taken_ms: Ints) -> Flags:
        """Which of some readings are struck out."""
        found = np.zeros(len(probe), np.bool_)
        for number, (first, last) in self._of.items():
            own = probe == number
            if own.any():
                at = np.searchsorted(first, taken_ms, side="right") - 1
                found |= own & (at >= 0) & (taken_ms <= last[at])
        return found

    def start_ms(self, probe: int, taken_ms: int) -> int | None:
        """Since when the readings of a probe are struck out at that time; None when they are not."""
        if probe not in self._of:
            return None
        first, last = self._of[probe]
        at = int(np.searchsorted(first, taken_ms, side="right")) - 1
        return int(first[at]) if at >= 0 and taken_ms <= last[at] else None


def strike_out(writer: Writer, probe_id: str, from_ms: int, to_ms: int, note: str = "") -> int:
    """Strike out a probe's readings taken in [from_ms, to_ms], up to now; its number once it is on disk.
    Raises TempHubError (400/404)."""
    # Readings yet to come are nobody's to judge.
    now = now_ms()
    if not 0 <= from_ms <= min(to_ms, now):
        raise _bad(
            f"from_ms is {from_ms}, which is {'after to_ms' if from_ms > to_ms else 'in the future'}.",
            "bad_from_ms",
        )
    to_ms = min(to_ms, now)
    if len(note) > MOST_NOTE:
        raise _bad(f"note has {len(note)} characters.", "bad_note")

    def apply(db: sqlite3.Connection) -> int:
        probes = numbers_of(db, probe_id)
        (there,) = db.execute("SELECT count(*) FROM strikes").fetchone()
        if there >= MOST:
            raise _bad(
                f"{there} ranges are struck out already, and each is looked at with every question.",
                "too_many_strikes",
            )
        insert = (
            "INSERT INTO strikes (probe, from_ms, to_ms, note, made_ms, part_of) VALUES (?, ?, ?, ?, ?, ?)"
        )
        no = 0
        for probe in probes:
            # One for each device of a merged probe; by the first one's number all are undone.
            row = db.execute(insert, (probe, from_ms, to_ms, note.strip(), now_ms(), no)).lastrowid or 0
            no = no or row
            _redo(db, probe, from_ms, to_ms)
        return no

    return writer.change(apply).result(WAIT_S)


def undo(writer: Writer, no: int) -> bool:
    """Have the readings counted again; False when nothing of that number is struck out."""

    def apply(db: sqlite3.Connection) -> bool:
        query = "DELETE FROM strikes WHERE no=? OR part_of=? RETURNING probe, from_ms, to_ms"
        gone = db.execute(query, (no, no)).fetchall()
        for row in gone:
            _redo(db, *row)
        return bool(gone)

    return writer.change(apply).result(WAIT_S)


def strikes(db: sqlite3.Connection) -> list[Strike]:
    """All of them, by probe and time."""
    rows = db.execute(
        "SELECT no, probe, from_ms, to_ms, note, made_ms FROM strikes WHERE NOT part_of"
    ).fetchall()
    names = called(db, {row[1] for row in rows}) if rows else {}
    found = [Strike(no, names[probe], *rest) for no, probe, *rest in rows]
    return sorted(found, key=lambda one: (one.probe_id, one.from_ms, one.no))


def _redo(db: sqlite3.Connection, probe: int, from_ms: int, to_ms: int) -> None:
    db.execute("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, ?, ?)", (probe, from_ms, to_ms + 1))


def _bad(problem: str, code: str) -> TempHubError:
    return BadRequest(
        f"{problem} Nothing was struck out.",
        f"Send from_ms and to_ms in this order, of a time that has begun, and a note of up to {MOST_NOTE} "
        "characters; undo older ones.",
        code=code,
    )
