"""Stored numbers of a thermocouple's chip made true: from when to when, for which type. Any thread."""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core import (
    EVER_MS,
    HIGHEST_C,
    JUNCTION_PER_C,
    LOWEST_C,
    RANGE,
    UNITS_PER_C,
    BadRequest,
    Conflict,
    now_ms,
    to_units,
)
from ..blocks import is_there
from ..columns import CODE, NO_VALUE, Batch, Ints
from ..writer import Writer
from . import merged
from .chips import CHIPS, SPANS, TABLE, Curve, curve

# A chip in a room, as long as nobody knows better: from 0 to 50 °C.
COLD_C, WITHIN_C = 25.0, 25.0
# What the chips may have themselves, by their makers.
COLDEST_C, WARMEST_C = -40.0, 125.0
MOST, MOST_NOTE, WAIT_S = 1_000, 500, 30
UNCHANGED = "Nothing was corrected."
# At these an uncertainty is told, where the type reaches so far.
TOLD_AT_C = (-150, 0, 100, 300, 600, 1000, 1500)


class Thermocouple(NamedTuple):
    """Readings of `probe_id` taken in [from_ms, to_ms) are the numbers of a chip (of curves.CHIPS) with this
    type of thermocouple.

    cold_c, within_c: what the chip's own temperature is taken for where it is not stored, and how far off
    that may be; made_ms: when it was said.
    """

    no: int
    probe_id: str
    from_ms: int
    to_ms: int
    type: str
    chip: str
    cold_c: float
    within_c: float
    note: str
    made_ms: int

    def uncertainty(self) -> list[tuple[int, float]]:
        """(°C, how many °C a value there may be off) at some temperatures of the type, see off_c."""
        low, high = SPANS[self.type]
        return [(celsius, self.off_c(celsius)) for celsius in TOLD_AT_C if low <= celsius <= high]

    def off_c(self, true_c: float) -> float:
        """By how many °C a corrected value may be off that came without the chip's own temperature."""
        own, true, cold = (
            curve(self.chip, self.type),
            np.array([to_units(true_c)]),
            np.array([to_units(self.cold_c)]),
        )
        return round(
            float(own.spread(own.said(true, cold), cold, to_units(self.within_c))[0]) / UNITS_PER_C, 2
        )


class _Span(NamedTuple):
    from_ms: int
    to_ms: int
    curve: Curve
    cold: int
    within: int


class Thermocouples:
    """What is stated at one moment of the journal; false when nothing is."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._of: dict[int, list[_Span]] = {}
        for probe, from_ms, to_ms, letter, chip, cold, within in _rows(
            db, "probe, from_ms, to_ms, type, chip, cold, within"
        ):
            span = _Span(
                from_ms,
                to_ms,
                curve(chip, letter),
                *(steps * (UNITS_PER_C // JUNCTION_PER_C) for steps in (cold, within)),
            )
            self._of.setdefault(probe, []).append(span)

    def __bool__(self) -> bool:
        return bool(self._of)

    def holds(self, probe: int, taken_ms: int) -> bool:
        """Whether a reading may have to be corrected."""
        return any(span.from_ms <= taken_ms < span.to_ms for span in self._of.get(probe, ()))

    def one(
        self,
        probe: int,
        taken_ms: int,
        units: int,
        quality: str | None,
        junction: tuple[int | None, int | None],
    ) -> tuple[int | None, str | None]:
        """(units, quality) of a single reading. junction: what its chip said, see core/reading.py."""
        chip, cold = junction
        span = next((one for one in self._of.get(probe, ()) if one.from_ms <= taken_ms < one.to_ms), None)
        if span is None or chip is not None:
            return units, quality
        true, beyond = span.curve.true_of(
            units, span.cold if cold is None else cold * (UNITS_PER_C // JUNCTION_PER_C)
        )
        if beyond:
            quality = quality or RANGE
        elif quality == RANGE and span.curve.outside(np.array([units]))[0]:
            quality = None
        return true if LOWEST_C * UNITS_PER_C <= true <= HIGHEST_C * UNITS_PER_C else None, quality

    def of(self, batch: Batch) -> tuple[Ints, Ints, Ints]:
        """(units, quality, uncertainty in units, 0 for none) of readings, whose batch has these and
        JUNCTION."""
        units, quality, off = (
            batch["units"].copy(),
            batch["quality"].copy(),
            np.zeros(len(batch["units"]), np.int64),
        )
        for number, spans in self._of.items():
            own = (batch["probe"] == number) & (units != NO_VALUE) & (batch["chip"] == NO_VALUE)
            for span in spans if own.any() else ():
                which = np.flatnonzero(
                    own & (batch["taken_ms"] >= span.from_ms) & (batch["taken_ms"] < span.to_ms)
                )
                units[which], quality[which], off[which] = _corrected(
                    span, units[which], quality[which], batch["cold"][which]
                )
        return units, quality, off


def _corrected(span: _Span, said: Ints, quality: Ints, cold: Ints) -> tuple[Ints, Ints, Ints]:
    unknown = cold == NO_VALUE
    own = np.where(unknown, span.cold, cold * (UNITS_PER_C // JUNCTION_PER_C))
    true, beyond = span.curve.true(said, own)
    # What was marked only because the uncorrected number was compared with the span is no more than its
    # fault.
    false_alarm = ~beyond & (quality == CODE[RANGE]) & span.curve.outside(said)
    quality = np.where(beyond & (quality == 0), CODE[RANGE], np.where(false_alarm, 0, quality))
    impossible = (true < LOWEST_C * UNITS_PER_C) | (true > HIGHEST_C * UNITS_PER_C)
    off = np.where(unknown & ~impossible, span.curve.spread(said, own, span.within), 0)
    return np.where(impossible, NO_VALUE, true), quality, off


def as_chip_said(units: int, probe_id: str, taken_ms: int, known: Sequence[Thermocouple]) -> int:
    """A true value as the chip said it, with the stated temperature of the chip; the same where nothing is
    stated."""
    for one in known:
        if one.probe_id == probe_id and one.from_ms <= taken_ms < one.to_ms:
            return int(curve(one.chip, one.type).said(np.array([units]), np.array([to_units(one.cold_c)]))[0])
    return units


def state(
    writer: Writer,
    probe_id: str,
    letter: str,
    chip: str = "max31855",
    from_ms: int = 0,
    to_ms: int = EVER_MS,
    *,
    cold_c: float = COLD_C,
    within_c: float = WITHIN_C,
    note: str = "",
) -> int:
    """Have readings taken in [from_ms, to_ms) corrected; its number once it is on disk. cold_c, within_c: see
    Thermocouple.

    Raises TempHubError (400) for what no chip is, (409) where something is stated of that time already, (404)
    for an unknown probe.
    """
    _check(letter, chip, from_ms, to_ms, cold_c, within_c, note)
    steps = [round(celsius * JUNCTION_PER_C) for celsius in (cold_c, within_c)]

    def apply(db: sqlite3.Connection) -> int:
        probes = merged.numbers_of(db, probe_id)
        db.execute(TABLE)
        _check_free(db, probes, from_ms, to_ms)
        insert = f"INSERT INTO thermocouples VALUES ({', '.join('?' * 11)})"
        no = 0
        for probe in probes:
            # One for each device of a merged probe; by the first one's number all are taken back.
            row = (
                db.execute(
                    insert, (None, probe, from_ms, to_ms, letter, chip, *steps, note.strip(), now_ms(), no)
                ).lastrowid
                or 0
            )
            no = no or row
            _redo(db, probe, from_ms, to_ms)
        return no

    return writer.change(apply).result(WAIT_S)


def take_back(writer: Writer, no: int) -> bool:
    """Have the readings count as they were sent again; False when nothing of that number is stated."""

    def apply(db: sqlite3.Connection) -> bool:
        if not is_there(db, "thermocouples"):
            return False
        gone = db.execute(
            "DELETE FROM thermocouples WHERE no=? OR part_of=? RETURNING probe, from_ms, to_ms", (no, no)
        ).fetchall()
        for row in gone:
            _redo(db, *row)
        return bool(gone)

    return writer.change(apply).result(WAIT_S)


def thermocouples(db: sqlite3.Connection) -> list[Thermocouple]:
    """All that is stated, by probe and time."""
    columns = "no, probe, from_ms, to_ms, type, chip, cold, within, note, made_ms"
    rows = _rows(db, columns, " WHERE NOT part_of")
    called = merged.called(db, {row[1] for row in rows})
    found = [
        Thermocouple(
            no,
            called[probe],
            from_ms,
            to_ms,
            letter,
            chip,
            cold / JUNCTION_PER_C,
            within / JUNCTION_PER_C,
            note,
            made_ms,
        )
        for no, probe, from_ms, to_ms, letter, chip, cold, within, note, made_ms in rows
    ]
    return sorted(found, key=lambda one: (one.probe_id, one.from_ms))


def changed(db: sqlite3.Connection) -> tuple[int, ...]:
    """Another one whenever something was stated or taken back."""
    return next(iter(_rows(db, "count(*), ifnull(max(no), 0), ifnull(max(made_ms), 0)")), (0, 0, 0))


def _rows(db: sqlite3.Connection, columns: str, where: str = "") -> list[tuple[Any, ...]]:
    return (
        db.execute(f"SELECT {columns} FROM thermocouples{where}").fetchall()
        if is_there(db, "thermocouples")
        else []
    )


def _redo(db: sqlite3.Connection, probe: int, from_ms: int, to_ms: int) -> None:
    db.execute("INSERT INTO redo (probe, from_ms, to_ms) VALUES (?, ?, ?)", (probe, from_ms, to_ms))


def _check(
    letter: str, chip: str, from_ms: int, to_ms: int, cold_c: float, within_c: float, note: str
) -> None:
    if letter not in CHIPS.get(chip, ""):
        told = " and ".join(f"a {name.upper()} ({', '.join(types)})" for name, types in CHIPS.items())
        raise _bad(
            f"A {chip} for type {letter} is no chip that is known.",
            f"Name {told} with one of its types.",
            "bad_thermocouple",
        )
    if not 0 <= from_ms < to_ms:
        raise _bad(
            f"to_ms {to_ms} is not after from_ms {from_ms}.",
            "Give the times in this order, or leave them out.",
            "bad_to_ms",
        )
    # Not the other way round: NaN is neither.
    if not (within_c >= 0 and cold_c - within_c >= COLDEST_C and cold_c + within_c <= WARMEST_C):
        remedy = (
            f"Give a temperature of the chip and how far off it may be, together within {COLDEST_C:g} "
            f"to {WARMEST_C:g} °C."
        )
        raise _bad(f"A chip cannot be at {cold_c:g} °C, give or take {within_c:g}.", remedy, "bad_cold_c")
    if len(note) > MOST_NOTE:
        raise _bad(
            f"note has {len(note)} characters.", f"Send a note of up to {MOST_NOTE} characters.", "bad_note"
        )


def _check_free(db: sqlite3.Connection, probes: Sequence[int], from_ms: int, to_ms: int) -> None:
    numbers = ", ".join(map(str, probes))
    query = f"SELECT no, type FROM thermocouples WHERE probe IN ({numbers}) AND from_ms<? AND to_ms>?"
    row = db.execute(query, (to_ms, from_ms)).fetchone()
    if row is not None:
        problem = f"Of a part of that time number {row[0]} says already that it was a type {row[1]}."
        raise Conflict(
            f"{problem} {UNCHANGED}",
            f"Undo number {row[0]} first, or choose times beside it.",
            code="stated_already",
        )
    (there,) = db.execute("SELECT count(*) FROM thermocouples").fetchone()
    if there >= MOST:
        raise _bad(
            f"{there} times are stated already.",
            "Undo some that are of no use any more.",
            "too_many_thermocouples",
        )


def _bad(problem: str, remedy: str, code: str) -> BadRequest:
    return BadRequest(f"{problem} {UNCHANGED}", remedy, code=code)
