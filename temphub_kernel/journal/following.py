"""The newest readings one by one, straight from their rows, for who follows the journal closely.

Belongs to the thread that made the connection. By way of columns the same costs twice as much, for a few readings far
more, and followers read every reading there is.
"""

import sqlite3

from ..base.reading import STRUCK_OUT
from . import junctions
from .answers import Point
from .calibration import Corrections
from .merged import Merged
from .strikes import Struck

QUERY = "SELECT no, probe, taken_ms, taken_ms + delay_ms, units, quality, boot, seq FROM readings WHERE no > ? ORDER BY no LIMIT ?"


def following(db: sqlite3.Connection, no: int, limit: int, *, own: bool) -> list[Point]:
    """Up to `limit` readings behind a number, in journal order; they must be rows still. own: under the id each was delivered with."""
    ids = dict(db.execute("SELECT no, id FROM probes"))
    ids = ids if own else Merged(db).called(ids)
    corrections, struck, boots = Corrections(db), Struck(db).start_ms, Boots(db)
    correct, chips = corrections.one, junctions.of(db, no + 1, no + limit) if corrections.thermocouples else {}
    found: list[Point] = []
    for number, probe, taken_ms, received_ms, units, quality, boot, seq in db.execute(QUERY, (no, limit)):
        if struck(probe, taken_ms) is None:
            said = correct(probe, taken_ms, units, quality, chips.get(number, (None, None)))
        else:
            said = None, STRUCK_OUT
        found.append(Point(number, ids[probe], taken_ms, received_ms, *said, boots[boot], seq, units))
    return found


class Boots(dict[int | None, str | None]):
    """The boot mark of each number, looked up when it is met: a journal knows many, a piece of it few."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__({None: None})
        self._db = db

    def __missing__(self, number: int | None) -> str | None:
        row = self._db.execute("SELECT boot FROM boots WHERE no=?", (number,)).fetchone()
        self[number] = found = row[0] if row else None
        return found
