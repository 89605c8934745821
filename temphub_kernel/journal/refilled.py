"""Readings that were taken in from the CSV log, which does not say how their probe numbered them: known again when it sends them.

Writer thread only.
"""

import json
import sqlite3
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.clock import DAY_MS
from ..base.reading import UNKNOWN_DELAY_MS
from .archive import FOLDER
from .columns import CODE, NO_VALUE, Batch, Ints, chosen, joined
from .stored import Stored

TOPIC = "refilled"
# What a probe has not delivered within so long it does not send again.
KEEP_MS = 30 * DAY_MS
# A repeat is dated by its age once more, so it differs by what the network took this time: never as much as to the next reading.
MOST_OFF_MS = 500
# A corrected value that was turned back may be off by its last digit.
MOST_OFF_UNITS = 2
FIELDS = ("no", "probe", "taken_ms", "delay_ms", "units", "quality")


def begin_refill(db: sqlite3.Connection, first_no: int, at_ms: int) -> None:
    """Note that readings from a log are stored from this number on, inside the writer's commit; at_ms: now."""
    row = db.execute("SELECT body FROM notes WHERE topic=? AND at_ms > ?", (TOPIC, at_ms - KEEP_MS)).fetchone()
    first_no = min(first_no, int(json.loads(row[0])["first_no"])) if row else first_no
    insert = "INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms=excluded.at_ms, body=excluded.body"
    db.execute(insert, (TOPIC, at_ms, json.dumps({"first_no": first_no})))


class _Known(NamedTuple):
    times: Ints
    units: Ints
    quality: Ints
    used: npt.NDArray[np.bool_]
    off_ms: int


class Refilled:
    """The readings of each probe that came from a log. path: the journal's file."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._archive = path.parent / FOLDER
        self._upto_ms = 0
        self._of: dict[int, _Known] = {}
        self._stale = True

    def added(self) -> None:
        """Some more were stored."""
        self._stale = True

    def sent_again(self, probe: int, taken_ms: int, units: int | None, quality: str | None) -> bool:
        """Whether this is one of them, which then counts as met. What was taken after the log was read is new."""
        if self._stale:
            self._load()
        known = self._of.get(probe)
        if known is None or taken_ms > self._upto_ms:
            return False
        low, high = np.searchsorted(known.times, (taken_ms - known.off_ms, taken_ms + known.off_ms + 1))
        near = slice(int(low), int(high))
        off = np.abs(known.units[near] - (NO_VALUE if units is None else units))
        # The log has no number beside a fault, whatever the probe sent with it.
        same = (off <= MOST_OFF_UNITS) | ((known.units[near] == NO_VALUE) & (quality is not None))
        fits = ~known.used[near] & same & (known.quality[near] == CODE[quality])
        if not fits.any():
            return False
        away = np.where(fits, np.abs(known.times[near] - taken_ms), MOST_OFF_MS + 1)
        known.used[low + int(away.argmin())] = True
        return True

    def _load(self) -> None:
        self._stale, self._of = False, {}
        row = self._db.execute("SELECT at_ms, body FROM notes WHERE topic=?", (TOPIC,)).fetchone()
        if row is None:
            return
        self._upto_ms = int(row[0])
        stored = Stored(self._db, self._archive).numbered(int(json.loads(row[1])["first_no"]) - 1)
        # Piece by piece: only what is wanted is held.
        batch = joined([chosen({name: part[name] for name in FIELDS}, _wanted(part, row[0])) for part in stored], FIELDS)
        for probe in np.unique(batch["probe"]).tolist():
            own = chosen(batch, batch["probe"] == probe)
            own = chosen(own, np.argsort(own["taken_ms"], kind="stable"))
            times, steps = own["taken_ms"], np.diff(own["taken_ms"])
            steps = steps[steps > 0]
            off_ms = min(MOST_OFF_MS, int(np.median(steps)) // 4) if len(steps) else MOST_OFF_MS
            self._of[probe] = _Known(times, own["units"], own["quality"], np.zeros(len(times), np.bool_), off_ms)


def _wanted(part: Batch, now_ms: int) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (part["delay_ms"] == UNKNOWN_DELAY_MS) & (part["taken_ms"] > now_ms - KEEP_MS)
    return found
