"""Steps of any whole number of minutes, put together from days, hours and minutes. Belongs to the connection's thread.

A day or an hour is taken whole where it lies inside one step of the answer; only what a border cuts is looked up finer.
"""

import sqlite3

import numpy as np

from ..base.reading import UNITS_PER_C
from .steps import NONE_HIGH, NONE_LOW, Steps

DAY, HOUR = 1440, 60
COLUMNS = (
    f"ifnull(min({{t}}.lowest), {NONE_LOW}), ifnull(max({{t}}.highest), {NONE_HIGH}), sum({{t}}.total), sum({{t}}.count), sum({{t}}.bad),"
    f" sum({{t}}.spread + iif({{t}}.count, 1.0 * {{t}}.total * {{t}}.total / max({{t}}.count, 1), 0) / {UNITS_PER_C**2:.1f})"
)
# `{u}` is inside one step and inside the time asked for; all in minutes.
INSIDE = "({u} * {n} >= :first AND ({u} + 1) * {n} <= :end AND {u} * {n} / :width = ({u} * {n} + {n} - 1) / :width)"
OF_PROBE = "{t}.probe = :probe AND {t}.at BETWEEN :first / {n} AND (:end - 1) / {n}"


def _of(template: str, table: str, unit: int) -> str:
    return template.format(t=table, u=f"{table}.at", n=unit)


def _query(table: str, unit: int, where: str, source: str = "") -> str:
    """One tier's part of the answer."""
    columns = COLUMNS.format(t=table)
    return f"SELECT {table}.at * {unit} / :width AS step, {columns} FROM {source or table} WHERE {where} GROUP BY step"


DAYS = _query("days", DAY, f"{_of(OF_PROBE, 'days', DAY)} AND {_of(INSIDE, 'days', DAY)}")
HOURS = _query("hours", HOUR, f"{_of(OF_PROBE, 'hours', HOUR)} AND {_of(INSIDE, 'hours', HOUR)}")
# Hours of the days that were not taken whole; minutes of the hours that were not.
CUT_HOURS = f"{HOURS.partition(' GROUP BY')[0]} AND NOT {INSIDE.format(u=f'(hours.at / {DAY // HOUR})', n=DAY)} GROUP BY step"
CUT_MINUTES = _query(
    "minutes",
    1,
    f"{_of(OF_PROBE, 'hours', HOUR)} AND NOT {_of(INSIDE, 'hours', HOUR)} AND minutes.probe = :probe"
    f" AND minutes.at BETWEEN max(hours.at * {HOUR}, :first) AND min(hours.at * {HOUR} + {HOUR - 1}, :end - 1)",
    "hours CROSS JOIN minutes",
)
MINUTES = _query("minutes", 1, _of(OF_PROBE, "minutes", 1))


def cover(db: sqlite3.Connection, probe: int, first: int, end: int, width: int) -> list[Steps]:
    """Steps of `width` minutes of a probe's minutes [first, end), in parts that are still to be put together."""
    if width >= DAY:
        queries = [DAYS] if _even(DAY, first, end, width) else [DAYS, CUT_HOURS, CUT_MINUTES]
    elif width >= HOUR:
        queries = [HOURS] if _even(HOUR, first, end, width) else [HOURS, CUT_MINUTES]
    else:
        queries = [MINUTES]
    values = {"probe": probe, "first": first, "end": end, "width": width}
    return [_steps(probe, rows) for query in queries if (rows := db.execute(query, values).fetchall())]


def _even(unit: int, *borders: int) -> bool:
    """True when no border cuts a unit."""
    return not any(border % unit for border in borders)


def _steps(probe: int, rows: list[tuple[float, ...]]) -> Steps:
    at, lowest, highest, total, count, bad = (np.array([row[column] for row in rows], np.int64) for column in range(6))
    squares = np.array([row[6] for row in rows])
    spread = squares - total / UNITS_PER_C * (total / UNITS_PER_C) / np.maximum(count, 1)
    return Steps(np.full(len(rows), probe), at, lowest, highest, total, count, bad, np.maximum(spread, 0.0))
