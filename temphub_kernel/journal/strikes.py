"""Readings that a person struck out: kept and marked, never charted or counted, until it is undone. Any thread.

No reading is rewritten: spans of time of a probe stand in a table and are applied whenever readings are read, wherever they live;
roll-ups are gathered again a day at a time, as after a calibration.
"""

import sqlite3
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.clock import now_ms
from ..base.errors import BadRequest, TempHubError
from .columns import Ints
from .merged import Merged, numbers_of
from .writer import Writer

# Each is looked at with every question; a person strikes out a few.
MOST = 5_000
MOST_NOTE = 500
WAIT_S = 30

Mask = npt.NDArray[np.bool_]


class Strike(NamedTuple):
    """Readings of `probe_id` taken in [from_ms, to_ms], both ends included, are struck out; made_ms: when it was said."""

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
        for probe, from_ms, to_ms in db.execute("SELECT probe, from_ms, to_ms FROM strikes ORDER BY probe, from_ms"):
            known = spans.setdefault(probe, [])
            if known and from_ms <= known[-1][1] + 1:
                known[-1][1] = max(known[-1][1], to_ms)
            else:
                known.append([from_ms, to_ms])
        self._of = {probe: np.array(known, np.int64).T for probe, known in spans.items()}

    def of(self, probe: Ints, taken_ms: Ints) -> Mask:
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
    """Strike out a probe's readings taken in [from_ms, to_ms], up to now; its number once it is on disk. Raises TempHubError (400/404)."""
    # Readings yet to come are nobody's to judge.
    now = now_ms()
    if not 0 <= from_ms <= min(to_ms, now):
        raise _bad(f"from_ms is {from_ms}, which is {'after to_ms' if from_ms > to_ms else 'in the future'}.", "bad_from_ms")
    to_ms = min(to_ms, now)
    if len(note) > MOST_NOTE:
        raise _bad(f"note has {len(note)} characters.", "bad_note")

    def apply(db: sqlite3.Connection) -> int:
        probes = numbers_of(db, probe_id)
        (there,) = db.execute("SELECT count(*) FROM strikes").fetchone()
        if there >= MOST:
            raise _bad(f"{there} ranges are struck out already, and each is looked at with every question.", "too_many_strikes")
        insert = "INSERT INTO strikes (probe, from_ms, to_ms, note, made_ms, part_of) VALUES (?, ?, ?, ?, ?, ?)"
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
    called = Merged(db).called(dict(db.execute("SELECT no, id FROM probes")))
    rows = db.execute("SELECT no, probe, from_ms, to_ms, note, made_ms FROM strikes WHERE NOT part_of")
    found = [Strike(no, called[probe], *rest) for no, probe, *rest in rows]
    return sorted(found, key=lambda one: (one.probe_id, one.from_ms, one.no))


def _redo(db: sqlite3.Connection, probe: int, from_ms: int, to_ms: int) -> None:
    db.execute("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, ?, ?)", (probe, from_ms, to_ms + 1))


def _bad(problem: str, code: str) -> TempHubError:
    return BadRequest(
        f"{problem} Nothing was struck out.",
        f"Send from_ms and to_ms in this order, of a time that has begun, and a note of up to {MOST_NOTE} characters; undo older ones.",
        code=code,
    )
