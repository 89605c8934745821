"""Calibrations: from when on which correction holds for a probe's values. The raw value is kept for ever. Any thread.

One point shifts (true − shown); several make a line from point to point, and beyond the outermost two that line goes on.
No point at all ends the correction from that time on.
"""

import json
import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..base.clock import now_ms
from ..base.errors import TempHubError
from ..base.reading import in_range, to_units
from .columns import NO_VALUE, Ints
from .writer import Writer

MOST_POINTS = 50
EVER_MS = 2**53

Pair = tuple[float, float]


class Calibration(NamedTuple):
    """In force for `probe_id` from `from_ms` to `to_ms`. points: (°C shown, true °C), by the former; made_ms: when it was entered."""

    no: int
    probe_id: str
    from_ms: int
    to_ms: int
    points: tuple[Pair, ...]
    note: str
    made_ms: int


class Corrections:
    """What holds at one moment of the journal."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._of: dict[int, list[tuple[int, list[tuple[int, int]]]]] = {}
        for probe, from_ms, points in db.execute("SELECT probe, from_ms, points FROM calibrations ORDER BY probe, from_ms"):
            self._of.setdefault(probe, []).append((from_ms, [(to_units(a), to_units(b)) for a, b in json.loads(points)]))

    def of(self, probe: Ints, taken_ms: Ints, units: Ints) -> Ints:
        """The corrected units of some readings; the very same array when nothing is to be corrected."""
        hit = [number for number in self._of if bool((probe == number).any())]
        found = units.copy() if hit else units
        for number in hit:
            starts, lines = zip(*self._of[number], strict=True)
            period = np.searchsorted(np.array(starts), taken_ms, side="right") - 1
            for at, points in enumerate(lines):
                which = (probe == number) & (period == at) & (units != NO_VALUE)
                found[which] = corrected(units[which], points)
        return found

    def one(self, probe: int, taken_ms: int, units: int | None) -> int | None:
        """The same for a single reading."""
        if units is None or probe not in self._of:
            return units
        return int(self.of(np.array([probe]), np.array([taken_ms]), np.array([units]))[0])


def corrected(units: Ints, points: Sequence[tuple[int, int]]) -> Ints:
    """Units as a correction's points (shown, true) say."""
    if not points:
        return units
    if len(points) == 1:
        return units + (points[0][1] - points[0][0])
    shown, true = np.array(points, np.float64).T
    at = np.clip(np.searchsorted(shown, units, side="right") - 1, 0, len(points) - 2)
    slope = np.diff(true) / np.diff(shown)
    found: Ints = np.rint(true[at] + (units - shown[at]) * slope[at]).astype(np.int64)
    return found


def calibrate(writer: Writer, probe_id: str, points: Sequence[Pair], from_ms: int, note: str = "") -> None:
    """Correct a probe's values from a time on, until its next calibration; waits until it is on disk.

    points: (°C shown, true °C). One for the same time is replaced. Raises TempHubError for points
    that make no correction, or an unknown probe.
    """
    line = sorted(points)
    check_points(line)

    def apply(db: sqlite3.Connection) -> None:
        probe = number_of(db, probe_id)
        insert = (
            "INSERT INTO calibrations (probe, from_ms, points, note, made_ms) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (probe, from_ms) DO UPDATE SET points=excluded.points, note=excluded.note, made_ms=excluded.made_ms"
        )
        db.execute(insert, (probe, from_ms, json.dumps(line), note, now_ms()))
        _redo(db, probe, from_ms)

    writer.change(apply).result(30)


def forget(writer: Writer, no: int) -> bool:
    """Take a calibration back as if it had never been; False when there is none of that number."""

    def apply(db: sqlite3.Connection) -> bool:
        row = db.execute("DELETE FROM calibrations WHERE no=? RETURNING probe, from_ms", (no,)).fetchone()
        if row is not None:
            _redo(db, *row)
        return row is not None

    return writer.change(apply).result(30)


def calibrations(db: sqlite3.Connection) -> list[Calibration]:
    """All of them, by probe and time."""
    query = (
        "SELECT c.no, p.id, c.from_ms, ifnull(lead(c.from_ms) OVER (PARTITION BY c.probe ORDER BY c.from_ms), ?),"
        " c.note, c.made_ms, c.points"
        " FROM calibrations c JOIN probes p ON p.no = c.probe ORDER BY p.id, c.from_ms"
    )
    found = db.execute(query, (EVER_MS,))
    return [
        Calibration(no, probe_id, from_ms, to_ms, tuple((a, b) for a, b in json.loads(points)), note, made_ms)
        for no, probe_id, from_ms, to_ms, note, made_ms, points in found
    ]


def check_points(points: Sequence[Pair]) -> None:
    """Raises TempHubError unless the points, by the value shown, are temperatures that rise together."""
    good = len(points) <= MOST_POINTS and all(in_range(value) for point in points for value in point)
    if not good or any(b[0] - a[0] < 0.01 or b[1] <= a[1] for a, b in pairwise(points)):
        met = ", ".join(f"{a:g} → {b:g}" for a, b in points[:5])
        raise TempHubError(
            f"The calibration points {met} make no correction: shown and true value must both rise from point to point.",
            f"Give up to {MOST_POINTS} pairs of shown and true °C, each at least 0.01 °C apart; one pair for a plain offset.",
            code="bad_calibration",
            status=400,
        )


def number_of(db: sqlite3.Connection, probe_id: str) -> int:
    """The journal's number of a probe. Raises TempHubError (404) for one it has never met."""
    row = db.execute("SELECT no FROM probes WHERE id=?", (probe_id,)).fetchone()
    if row is None:
        raise TempHubError(
            f"No probe {probe_id!r} is known, so nothing was changed.",
            "Use one of the ids at /api/probes.",
            code="unknown_probe",
            status=404,
        )
    return int(row[0])


def _redo(db: sqlite3.Connection, probe: int, from_ms: int) -> None:
    """What was gathered of the probe's values from then to its next calibration has to be gathered again."""
    after = "SELECT ifnull(min(from_ms), ?) FROM calibrations WHERE probe=? AND from_ms>?"
    (to_ms,) = db.execute(after, (EVER_MS, probe, from_ms)).fetchone()
    db.execute("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, ?, ?)", (probe, from_ms, to_ms))
