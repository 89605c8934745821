"""Calibrations: from when on which correction holds for a probe's values. The raw value is kept for ever. Any
thread.

One point shifts (true − shown); several make a line from point to point, and beyond the outermost two that
line goes on. Numbers of a thermocouple's chip are made true before that (see thermocouples.py). No point at
all ends the correction from that time on.
"""

import json
import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...core import EVER_MS, POWER_ON, BadRequest, Row, in_range, now_ms, to_units
from ..columns import CODE, JUNCTION, NO_VALUE, Batch, Ints
from ..writer import Writer
from . import merged, thermocouples

MOST_POINTS = 50

Pair = tuple[float, float]


class Calibration(NamedTuple):
    """In force for `probe_id` from `from_ms` to `to_ms`. points: (°C shown, true °C), by the former; made_ms:
    when it was entered."""

    no: int
    probe_id: str
    from_ms: int
    to_ms: int
    points: tuple[Pair, ...]
    note: str
    made_ms: int


class Counted(NamedTuple):
    """What readings count with: units and quality; uncertain: how many units a value may be off, 0 for what
    is as sure as its sensor."""

    units: Ints
    quality: Ints
    uncertain: Ints


class Corrections:
    """What holds at one moment of the journal. fields: what a batch needs for it beside probe, taken_ms,
    units and quality."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.thermocouples = thermocouples.Thermocouples(db)
        self.fields = JUNCTION if self.thermocouples else ()
        self._of: dict[int, list[tuple[int, list[tuple[int, int]]]]] = {}
        # Probes whose power-on values a person says are temperatures.
        self._believed = {no for (no,) in db.execute("SELECT no FROM probes WHERE power_on_counts")}
        for probe, from_ms, points in db.execute(
            "SELECT probe, from_ms, points FROM calibrations ORDER BY probe, from_ms"
        ):
            self._of.setdefault(probe, []).append(
                (from_ms, [(to_units(a), to_units(b)) for a, b in json.loads(points)])
            )

    def __bool__(self) -> bool:
        """Whether any reading but a power-on value may count with another value than it has."""
        return bool(self._of) or bool(self.thermocouples)

    def of(self, batch: Batch) -> Counted:
        """What some readings count with; the very same arrays when nothing is to be corrected.

        batch: with probe, taken_ms, units, quality and `fields`. A number that a sensor shows before it has
        measured counts as none, unless a person says that it does.
        """
        probe, taken_ms, units, quality = (batch[name] for name in ("probe", "taken_ms", "units", "quality"))
        ghost = quality == CODE[POWER_ON]
        if self._believed and ghost.any():
            ghost &= ~np.isin(probe, list(self._believed))
        units = np.where(ghost, NO_VALUE, units) if ghost.any() else units
        uncertain = np.zeros(0, np.int64)
        if self.thermocouples:
            units, quality, uncertain = self.thermocouples.of({**batch, "units": units})
        return Counted(self._corrected(probe, taken_ms, units), quality, uncertain)

    def _corrected(self, probe: Ints, taken_ms: Ints, units: Ints) -> Ints:
        hit = [number for number in self._of if bool((probe == number).any())]
        found = units.copy() if hit else units
        for number in hit:
            starts, lines = zip(*self._of[number], strict=True)
            period = np.searchsorted(np.array(starts), taken_ms, side="right") - 1
            for at, points in enumerate(lines):
                which = (probe == number) & (period == at) & (units != NO_VALUE)
                found[which] = corrected(units[which], points)
        return found

    def one(
        self,
        probe: int,
        taken_ms: int,
        units: int | None,
        quality: str | None,
        junction: tuple[int | None, int | None] = (None, None),
    ) -> tuple[int | None, str | None]:
        """(units, quality) that a single reading counts with. junction: what its chip said, see
        core/reading.py."""
        if units is None or (quality == POWER_ON and probe not in self._believed):
            return None, quality
        if self.thermocouples:
            units, quality = self.thermocouples.one(probe, taken_ms, units, quality, junction)
        if units is None or probe not in self._of:
            return units, quality
        return int(self._corrected(np.array([probe]), np.array([taken_ms]), np.array([units]))[0]), quality


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


def as_sent(row: Row, known: Sequence[Calibration], chips: Sequence[thermocouples.Thermocouple] = ()) -> Row:
    """A reading with a corrected value as its probe sent it, as far as the last digit can tell."""
    if row.units is None:
        return row
    units = row.units
    for one in known:
        if one.probe_id == row.probe_id and one.from_ms <= row.taken_ms < one.to_ms:
            back = [(to_units(true), to_units(shown)) for shown, true in one.points]
            units = int(corrected(np.array([units]), back)[0])
            break
    return row._replace(units=thermocouples.as_chip_said(units, row.probe_id, row.taken_ms, chips))


def calibrate(writer: Writer, probe_id: str, points: Sequence[Pair], from_ms: int, note: str = "") -> None:
    """Correct a probe's values from a time on, until its next calibration; waits until it is on disk.

    points: (°C shown, true °C). One for the same time is replaced. Raises TempHubError for points
    that make no correction, or an unknown probe.
    """
    line = sorted(points)
    check_points(line)

    def apply(db: sqlite3.Connection) -> None:
        insert = (
            "INSERT INTO calibrations (probe, from_ms, points, note, made_ms) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (probe, from_ms) DO UPDATE SET points=excluded.points, note=excluded.note, "
            "made_ms=excluded.made_ms"
        )
        # Whichever of its devices measures from then on.
        for probe in merged.numbers_of(db, probe_id):
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
        "SELECT c.no, p.id, c.from_ms, ifnull(lead(c.from_ms) OVER (PARTITION BY c.probe ORDER BY "
        "c.from_ms), ?),"
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
        raise BadRequest(
            f"The calibration points {met} make no correction: shown and true value must both rise from "
            "point to point.",
            f"Give up to {MOST_POINTS} pairs of shown and true °C, each at least 0.01 °C apart; one pair for "
            "a plain offset.",
            code="bad_calibration",
        )


def _redo(db: sqlite3.Connection, probe: int, from_ms: int) -> None:
    """What was gathered of the probe's values from then to its next calibration has to be gathered again."""
    after = "SELECT ifnull(min(from_ms), ?) FROM calibrations WHERE probe=? AND from_ms>?"
    (to_ms,) = db.execute(after, (EVER_MS, probe, from_ms)).fetchone()
    db.execute("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, ?, ?)", (probe, from_ms, to_ms))
