"""Steps of any time and width, from roll-ups where they hold, from the readings where they do not (yet).

Belongs to the connection's thread; the caller holds a read transaction open.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache

import numpy as np

from ...core import DAY_MS, MINUTE_MS, UNITS_PER_C
from .. import blocks, schema
from ..columns import Batch, Ints, chosen, joined
from ..records import annotations, calibration, merged
from . import minutes as finest
from .steps import NONE_HIGH, NONE_LOW, Steps, gathered, joined_steps, steps_of

Levels = tuple[tuple[str, int], ...]
# From coarse to fine; below an hour it is read from the minutes where they are packed.
LEVELS: Levels = tuple(reversed(schema.TIERS.items()))
HOUR = schema.TIERS["hours"]
COARSE = LEVELS.index(("hours", HOUR)) + 1
FEW = 2
COLUMNS = (
    f"ifnull(min({{t}}.lowest), {NONE_LOW}), ifnull(max({{t}}.highest), {NONE_HIGH}), sum({{t}}.total), "
    f"sum({{t}}.count), sum({{t}}.bad),"
    f" sum({{t}}.spread + iif({{t}}.count, 1.0 * {{t}}.total * {{t}}.total / max({{t}}.count, 1), 0) / "
    f"{UNITS_PER_C**2:.1f})"
)
# Inside one step of the answer and inside the time asked for; all in minutes.
INSIDE = (
    "({t}.at * {n} >= :first AND ({t}.at + 1) * {n} <= :end AND {t}.at * {n} / :width = ({t}.at * {n} + "
    "{n} - 1) / :width)"
)
OF_PROBE = "{t}.probe = :probe AND {t}.at BETWEEN :first / {n} AND (:end - 1) / {n}"


def cover(db: sqlite3.Connection, probe: int, first: int, end: int, width: int) -> list[Steps]:
    """Steps of `width` minutes of a probe's minutes [first, end), in parts that are still to be put
    together (see gathered)."""
    low, high = db.execute("SELECT min(at), max(at) FROM days WHERE probe=?", (probe,)).fetchone()
    if low is None:
        return []
    first, end = max(first, low * finest.A_DAY), min(end, (high + 1) * finest.A_DAY)
    if first >= end:
        return []
    if width == 1:
        return finest.of(db, probe, first, end)
    coarse, fine = LEVELS[:COARSE], LEVELS[COARSE:]
    found: list[Steps] = []
    if width < HOUR:
        above = None
        lows, highs = np.array([first]), np.array([end])
        days = finest.Days(db, probe, (first // finest.A_DAY, (end - 1) // finest.A_DAY))
    else:
        starts, above = _cut(first, end, width, HOUR), coarse[-1]
        if not len(starts):
            return _from_tables(db, coarse, None, (probe, first, end, width))
        lows, highs = np.maximum(starts, first), np.minimum(starts + HOUR, end)
        days = finest.Days(db, probe, sorted({low // finest.A_DAY for low in lows.tolist()}))
        left = [(first, end)]
        if len(starts) > FEW and width < finest.A_DAY:
            # Hours stand beside the minutes of packed days, too: where most days were read for the hours that
            # are cut in them, the table need not be.
            beside = days.hours(first, end, width)
            found, left = beside if len(beside[1]) <= FEW else (found, left)
        for since, until in left:
            found += _from_tables(db, coarse, None, (probe, since, until, width))
    found += days.packed(lows, highs, width)
    return found + _of_rows(db, days.rows, (lows, highs), fine, above, (probe, first, end, width))


def _of_rows(
    db: sqlite3.Connection,
    stretches: list[tuple[int, int]],
    cut: tuple[Ints, Ints],
    fine: Levels,
    above: tuple[str, int] | None,
    asked: tuple[int, int, int, int],
) -> list[Steps]:
    """What is a row each still: in stretches of minutes, of what lies in one of [low, high) of `cut`."""
    probe, first, end, width = asked
    found: list[Steps] = []
    for start, stop in stretches:
        if above is not None and len(cut[0]) <= FEW:
            for low, high in zip(*(border.tolist() for border in cut), strict=True):
                if max(low, start) < min(high, stop):
                    # So few minutes are added up sooner than it is looked up which quarters they fill.
                    few = probe, max(low, start), min(high, stop), width
                    found += _from_tables(db, LEVELS[-1:], None, few)
        else:
            found += _from_tables(db, fine, above, (probe, max(start, first), min(stop, end), width))
    return found


def _from_tables(
    db: sqlite3.Connection, levels: Levels, above: tuple[str, int] | None, asked: tuple[int, int, int, int]
) -> list[Steps]:
    """What some levels have of (probe, first, end, width). above: the level that gave what it holds whole."""
    probe, *borders = asked
    values = dict(zip(("probe", "first", "end", "width"), asked, strict=True))
    found: list[Steps] = []
    for level in levels:
        if level[1] > values["width"]:
            continue
        if rows := db.execute(_query(level, above), values).fetchall():
            found.append(_steps(probe, rows))
        if _even(level[1], *borders):
            break
        above = level
    return found


def _cut(first: int, end: int, width: int, unit: int) -> Ints:
    """When each unit begins that is cut by a border of steps of `width` in [first, end), or by these."""
    if width % unit == 0:
        # Only both ends can cut one.
        ends = sorted({border // unit * unit for border in (first, end) if border % unit})
        return np.array(ends, np.int64)
    inner = np.arange(-(-first // width) * width, end, width)
    borders = np.concatenate([[first], inner, [end]])
    found: Ints = np.unique(borders[borders % unit > 0] // unit * unit)
    return found


@cache  # a handful: each level below each coarser one
def _query(level: tuple[str, int], cut: tuple[str, int] | None) -> str:
    """A level's part of the answer: all of it, or only what lies in the steps of a coarser level that a
    border cuts."""
    table, unit = level
    columns, inside = COLUMNS.format(t=table), INSIDE.format(t=table, n=unit)
    source, where = table, OF_PROBE.format(t=table, n=unit)
    if cut is not None:
        above, wide = cut
        times = wide // unit
        # The order of the two is not the database's to choose: few steps are cut, and each looks up its own.
        source = f"{above} CROSS JOIN {table}"
        where = (
            f"{OF_PROBE.format(t=above, n=wide)} AND NOT {INSIDE.format(t=above, n=wide)} AND {table}"
            ".probe = :probe"
        )
        where += f" AND {table}.at BETWEEN {above}.at * {times} AND {above}.at * {times} + {times - 1}"
    return (
        f"SELECT {table}.at * {unit} / :width AS step, {columns} FROM {source} WHERE {where} AND {inside} "
        "GROUP BY step"
    )


def _even(unit: int, *borders: int) -> bool:
    """True when no border cuts a unit."""
    return not any(border % unit for border in borders)


def _steps(probe: int, rows: list[tuple[float, ...]]) -> Steps:
    at, lowest, highest, total, count, bad = (
        np.array([row[column] for row in rows], np.int64) for column in range(6)
    )
    squares = np.array([row[6] for row in rows])
    spread = squares - total / UNITS_PER_C * (total / UNITS_PER_C) / np.maximum(count, 1)
    return Steps(np.full(len(rows), probe), at, lowest, highest, total, count, bad, np.maximum(spread, 0.0))


NEEDED = ("no", "probe", "taken_ms", "units", "quality")


def steps(
    db: sqlite3.Connection,
    stored: blocks.Stored,
    roots: merged.Merged,
    probes: Sequence[int],
    from_ms: int,
    to_ms: int,
    width_ms: int,
    done: int,
) -> Steps:
    """See Reader.steps. done: up to which number the roll-ups have taken readings in."""
    first, end, width = -(-from_ms // MINUTE_MS), to_ms // MINUTE_MS, width_ms // MINUTE_MS
    needed = (*NEEDED, *calibration.Corrections(db).fields)
    if width_ms % MINUTE_MS or first >= end:
        found = _from_readings(
            db, joined(list(stored.taken(from_ms, to_ms, done, needed, probes)), needed), width_ms
        )
        return gathered(found._replace(probe=roots.of(found.probe))) if roots else found
    parts: list[Steps] = []
    # What is asked of the minutes at both ends is less than their roll-up has.
    for low, high in ((from_ms, first * MINUTE_MS), (end * MINUTE_MS, to_ms)):
        if low < high:
            batch = joined(list(stored.taken(low, high, done, needed, probes)), needed)
            parts.append(_from_readings(db, chosen(batch, batch["no"] <= done), width_ms))
    for probe in probes:
        for stale, low, high in _stretches(db, probe, first * MINUTE_MS, end * MINUTE_MS):
            if stale:
                batch = joined(list(stored.taken(low, high, done, needed, [probe])), needed)
                parts.append(_from_readings(db, chosen(batch, batch["no"] <= done), width_ms))
            else:
                parts += cover(db, probe, max(low // MINUTE_MS, first), min(high // MINUTE_MS, end), width)
    parts.append(_from_readings(db, stored.new(from_ms, to_ms, done, needed, probes), width_ms))
    whole = joined_steps(parts)
    # Calibrations and what is struck out went by the device: from here on it is what the device counts as.
    return gathered(whole._replace(probe=roots.of(whole.probe)))


def _stretches(db: sqlite3.Connection, probe: int, from_ms: int, to_ms: int) -> list[tuple[bool, int, int]]:
    """[from_ms, to_ms) cut where the roll-ups of a probe are out of date, by whole days: (out of date, from,
    to)."""
    rows = db.execute(
        "SELECT from_ms, to_ms FROM redo WHERE probe=? AND to_ms>? AND from_ms<? ORDER BY from_ms",
        (probe, from_ms, to_ms),
    )
    found: list[tuple[bool, int, int]] = []
    at = from_ms
    for start, end in rows:
        start, end = max(start // DAY_MS * DAY_MS, at), min(-(-end // DAY_MS) * DAY_MS, to_ms)
        if start < end:
            found += [(False, at, start)] if start > at else []
            found.append((True, start, end))
            at = end
    return [*found, (False, at, to_ms)] if at < to_ms else found


def _from_readings(db: sqlite3.Connection, batch: Batch, width_ms: int) -> Steps:
    probe, taken_ms = batch["probe"], batch["taken_ms"]
    return steps_of(
        probe,
        taken_ms,
        calibration.Corrections(db).of(batch).units,
        width_ms,
        annotations.Struck(db).of(probe, taken_ms),
    )
