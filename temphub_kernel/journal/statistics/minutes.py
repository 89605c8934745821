"""The finest roll-ups: a row a minute, and of a probe's day gone by one row with all of them. A day is the
one or the other. The connection's thread; what changes anything is for the writer's transaction.
"""

import sqlite3
import struct
from collections.abc import Sequence

import numpy as np

from ...core import JournalUnreadable, TempHubError, monotonic_s
from ..columns import Ints
from ..packed import minutes as packed
from .steps import NONE_HIGH, NONE_LOW, Steps, gathered, in_their_order, joined_steps

A_DAY, AN_HOUR = packed.A_DAY, packed.AN_HOUR
FEW_MINUTES = 120
COLUMNS = f"at, ifnull(lowest, {NONE_LOW}), ifnull(highest, {NONE_HIGH}), total, count, bad, spread"
# Of a day without a minute there is no row in any table.
DAYS = (
    "SELECT days.at, body FROM days LEFT JOIN minute_packs ON day = days.at AND minute_packs.probe = "
    "days.probe WHERE days.probe = ? AND days.at {} ORDER BY days.at"
)


class Days:
    """Some days of a probe, those packed and those not."""

    def __init__(self, db: sqlite3.Connection, probe: int, days: tuple[int, int] | list[int]) -> None:
        """days: since 1970, the first and the last, or each by itself."""
        self._probe = probe
        self._packs: list[packed.Day] = []
        # [from, to), in minutes since 1970, of those that are not packed; days that were not asked for may
        # lie between.
        self.rows: list[tuple[int, int]] = []
        if isinstance(days, tuple):
            rows = db.execute(DAYS.format("BETWEEN ? AND ?"), (probe, *days))
        else:
            some = DAYS.format("IN (SELECT value FROM json_each(?))")
            rows = db.execute(some, (probe, str(days)))
        goes_on = False
        for day, body in rows:
            if body is not None:
                self._packs.append(_opened(day, body))
            elif goes_on:
                self.rows[-1] = (self.rows[-1][0], (day + 1) * A_DAY)
            else:
                self.rows.append((day * A_DAY, (day + 1) * A_DAY))
            goes_on = body is None

    def packed(self, low: Ints, high: Ints, width: int) -> list[Steps]:
        """What is packed of the minutes in any of [low, high), which are in order and apart, in steps of
        `width` minutes; in parts that are still to be put together."""
        try:
            parts = packed.unpack(self._packs, low, high)
        except (ValueError, IndexError) as error:
            raise _unreadable(error) from error
        found = [_steps(self._probe, part) for part in parts if len(part["at"])]
        # A few are put together sooner with whatever else there is.
        return [
            in_their_order(one, width) if len(one.at) > FEW_MINUTES else one._replace(at=one.at // width)
            for one in found
        ]

    def hours(self, first: int, end: int, width: int) -> tuple[list[Steps], list[tuple[int, int]]]:
        """(what the hours beside packed minutes have of [first, end), where these lie in one step of `width`
        minutes; where in [first, end) there are none beside any)."""
        known = [day for day in self._packs if day.hours]
        if not known:
            return [], [(first, end)]
        left, at = [], first
        for day in known:
            if day.start > at:
                left.append((at, day.start))
            at = day.start + A_DAY
        left += [(at, end)] if at < end else []
        found = _steps(self._probe, packed.hours(known))
        begin, last = found.at * AN_HOUR, (found.at + 1) * AN_HOUR - 1
        inside = (begin >= first) & (last < end) & (begin // width == last // width)
        found = found._replace(at=begin).of(inside)
        return ([in_their_order(found, width)] if len(found.at) else []), left


def of(db: sqlite3.Connection, probe: int, first: int, end: int) -> list[Steps]:
    """A probe's minutes in [first, end) as they stand, in parts."""
    days = Days(db, probe, (first // A_DAY, (end - 1) // A_DAY))
    found = days.packed(np.array([first]), np.array([end]), 1)
    if days.rows and len((rows := _rows(db, "minutes", probe, first, end - 1)).at):
        found.append(rows)
    return found


def _rows(db: sqlite3.Connection, table: str, probe: int, first: int, last: int) -> Steps:
    """A probe's rows of a table of roll-ups, from one to another."""
    query = f"SELECT {COLUMNS} FROM {table} WHERE probe=? AND at BETWEEN ? AND ?"
    rows = db.execute(query, (probe, first, last)).fetchall()
    *whole, spread = zip(*rows, strict=True) if rows else [()] * 7
    at, lowest, highest, total, count, bad = (np.array(column, np.int64) for column in whole)
    return Steps(
        np.full(len(at), probe), at, lowest, highest, total, count, bad, np.array(spread, np.float64)
    )


def measured(db: sqlite3.Connection, probes: Sequence[int], first: int, end: int) -> Ints:
    """The minutes in [first, end) in which one of these probes has a reading, good or bad."""
    parts = [part for probe in probes for part in of(db, probe, first, end)]
    return np.unique(
        np.concatenate([np.zeros(0, np.int64), *(one.at[one.good + one.bad > 0] for one in parts)])
    )


def rows_of(steps: Steps) -> list[tuple[object, ...]]:
    """Rows of a table of roll-ups."""
    columns = [column.tolist() for column in steps]
    return [row if row[5] else (*row[:2], None, None, *row[4:]) for row in zip(*columns, strict=True)]


def to_pack(db: sqlite3.Connection, before: int, most: int) -> list[tuple[int, int]]:
    """Up to so many (probe, day), of days before one, that are rows still; no probe twice."""
    query = (
        "SELECT no, (SELECT min(at) FROM minutes WHERE probe = probes.no) AS oldest FROM probes WHERE oldest "
        "< ? LIMIT ?"
    )
    return [(probe, at // A_DAY) for probe, at in db.execute(query, (before * A_DAY, most))]


def pack_some(db: sqlite3.Connection, days: list[tuple[int, int]], held_s: float) -> TempHubError | None:
    """Pack (probe, day) from the end of a list, which loses them, until that took so long; what is wrong with
    one of them, None as a rule: the others are packed."""
    until_s, problem = monotonic_s() + held_s, None
    while days:
        try:
            pack_day(db, *days.pop())
        except TempHubError as error:
            # Raised before anything of that day was changed.
            problem = error
        if monotonic_s() >= until_s:
            break
    return problem


def pack_day(db: sqlite3.Connection, probe: int, day: int) -> int:
    """Have one row be a day's minutes; how many these are. Raises TempHubError when they would not come back
    as they are."""
    first = day * A_DAY
    parts = of(db, probe, first, first + A_DAY)
    if not parts:
        return 0
    steps = parts[0] if len(parts) == 1 else gathered(joined_steps(parts))
    hour = first // AN_HOUR
    hours = _rows(db, "hours", probe, hour, hour + A_DAY // AN_HOUR - 1)
    body = packed.pack(steps.at - first, *steps[2:], (hours.at - hour, *hours[2:]))
    again = packed.opened(day, body)
    for read, wanted in ((packed.unpack([again])[0], steps), (packed.hours([again]), hours)):
        if not all(map(np.array_equal, _steps(probe, read), wanted)):
            raise _differs()
    db.execute("DELETE FROM minutes WHERE probe=? AND at BETWEEN ? AND ?", (probe, first, first + A_DAY - 1))
    db.execute("INSERT OR REPLACE INTO minute_packs (day, probe, body) VALUES (?, ?, ?)", (day, probe, body))
    return len(steps.at)


def make_rows(db: sqlite3.Connection, minutes: Steps) -> None:
    """Have the days of these minutes be rows, so that they can be added to them."""
    day = minutes.at // A_DAY
    for one in np.unique(day).tolist():
        packs = {probe for (probe,) in db.execute("SELECT probe FROM minute_packs WHERE day=?", (one,))}
        for probe in packs.intersection(minutes.probe[day == one].tolist()) if packs else ():
            first = np.array([one * A_DAY])
            for part in Days(db, probe, (one, one)).packed(first, first + A_DAY, 1):
                db.executemany("INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows_of(part))
            forget(db, probe, one, one + 1)


def forget(db: sqlite3.Connection, probe: int, day: int, end: int) -> None:
    """Let go of what is packed of the days [day, end)."""
    db.execute("DELETE FROM minute_packs WHERE day >= ? AND day < ? AND probe = ?", (day, end, probe))


def _steps(probe: int, part: packed.Minutes) -> Steps:
    good = part["good"]
    none = good == 0
    if none.any():
        part["lowest"][none], part["highest"][none] = NONE_LOW, NONE_HIGH
    lowest, highest, total = (part[name] for name in ("lowest", "highest", "total"))
    return Steps(
        np.full(len(good), probe), part["at"], lowest, highest, total, good, part["bad"], part["spread"]
    )


def _opened(day: int, body: bytes) -> packed.Day:
    try:
        return packed.opened(day, body)
    except (ValueError, struct.error) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> JournalUnreadable:
    return JournalUnreadable(
        f"The roll-ups of a day cannot be read ({error}), so its readings cannot be drawn.",
        "Check the disk that holds DATA_DIR, and restore the journal from a backup; recording goes on.",
        code="journal_damaged",
    )


def _differs() -> TempHubError:
    return TempHubError(
        "The roll-ups of a day did not come back from their packed form as they were, so they stay as they "
        "are.",
        "Please report this with the log; nothing is lost and recording goes on.",
        code="pack_differs",
    )
