"""Steps of any whole number of minutes, put together from days, hours, quarters and minutes. Belongs to the connection's thread.

A day, hour or quarter is taken whole where it lies inside one step of the answer; only what a border cuts is looked up finer.
"""

import sqlite3
from functools import cache

import numpy as np

from ..base.reading import UNITS_PER_C
from .schema import TIERS
from .steps import NONE_HIGH, NONE_LOW, Steps

# From coarse to fine.
LEVELS = tuple(reversed(TIERS.items()))
COLUMNS = (
    f"ifnull(min({{t}}.lowest), {NONE_LOW}), ifnull(max({{t}}.highest), {NONE_HIGH}), sum({{t}}.total), sum({{t}}.count), sum({{t}}.bad),"
    f" sum({{t}}.spread + iif({{t}}.count, 1.0 * {{t}}.total * {{t}}.total / max({{t}}.count, 1), 0) / {UNITS_PER_C**2:.1f})"
)
# Inside one step of the answer and inside the time asked for; all in minutes.
INSIDE = "({t}.at * {n} >= :first AND ({t}.at + 1) * {n} <= :end AND {t}.at * {n} / :width = ({t}.at * {n} + {n} - 1) / :width)"
OF_PROBE = "{t}.probe = :probe AND {t}.at BETWEEN :first / {n} AND (:end - 1) / {n}"


def cover(db: sqlite3.Connection, probe: int, first: int, end: int, width: int) -> list[Steps]:
    """Steps of `width` minutes of a probe's minutes [first, end), in parts that are still to be put together."""
    if width == 1:
        return _minutes(db, probe, first, end)
    values = {"probe": probe, "first": first, "end": end, "width": width}
    found: list[Steps] = []
    cut: tuple[str, int] | None = None
    for level in LEVELS:
        if level[1] > width:
            continue
        if rows := db.execute(_query(level, cut), values).fetchall():
            found.append(_steps(probe, rows))
        if _even(level[1], first, end, width):
            break
        cut = level
    return found


def _minutes(db: sqlite3.Connection, probe: int, first: int, end: int) -> list[Steps]:
    """The minutes as they stand: with nothing to put together that is several times as quick."""
    columns = f"at, ifnull(lowest, {NONE_LOW}), ifnull(highest, {NONE_HIGH}), total, count, bad, spread"
    rows = db.execute(f"SELECT {columns} FROM minutes WHERE probe=? AND at BETWEEN ? AND ?", (probe, first, end - 1)).fetchall()
    if not rows:
        return []
    *whole, spread = zip(*rows, strict=True)
    at, lowest, highest, total, count, bad = (np.array(column, np.int64) for column in whole)
    return [Steps(np.full(len(rows), probe), at, lowest, highest, total, count, bad, np.array(spread, np.float64))]


@cache  # a handful: each level below each coarser one
def _query(level: tuple[str, int], cut: tuple[str, int] | None) -> str:
    """A level's part of the answer: all of it, or only what lies in the steps of a coarser level that a border cuts."""
    table, unit = level
    columns, inside = COLUMNS.format(t=table), INSIDE.format(t=table, n=unit)
    source, where = table, OF_PROBE.format(t=table, n=unit)
    if cut is not None:
        above, wide = cut
        times = wide // unit
        # The order of the two is not the database's to choose: few steps are cut, and each looks up its own.
        source = f"{above} CROSS JOIN {table}"
        where = f"{OF_PROBE.format(t=above, n=wide)} AND NOT {INSIDE.format(t=above, n=wide)} AND {table}.probe = :probe"
        where += f" AND {table}.at BETWEEN {above}.at * {times} AND {above}.at * {times} + {times - 1}"
    return f"SELECT {table}.at * {unit} / :width AS step, {columns} FROM {source} WHERE {where} AND {inside} GROUP BY step"


def _even(unit: int, *borders: int) -> bool:
    """True when no border cuts a unit."""
    return not any(border % unit for border in borders)


def _steps(probe: int, rows: list[tuple[float, ...]]) -> Steps:
    at, lowest, highest, total, count, bad = (np.array([row[column] for row in rows], np.int64) for column in range(6))
    squares = np.array([row[6] for row in rows])
    spread = squares - total / UNITS_PER_C * (total / UNITS_PER_C) / np.maximum(count, 1)
    return Steps(np.full(len(rows), probe), at, lowest, highest, total, count, bad, np.maximum(spread, 0.0))
