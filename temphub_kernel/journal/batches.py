"""Readings that are in no pack yet: a row each, or one row of the journal with all that were committed
together. The connection's thread.

A reading as a row of its own costs the most where many come at once: to write, to read back for each
follower, and in bytes. So a commit of many is one row here, in the form of a pack, and stays so until its
block is packed. Numbers go on over both tables.
"""

import sqlite3
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from ..core import Row
from . import schema
from .columns import CODE, FIELDS, NO_VALUE, QUALITY, Batch, Delivered, Ints, chosen, empty, joined
from .packed import packs

# The version of the journal that has them first.
SINCE = 6
# Fewer readings than this are quicker as rows.
LEAST = 64
INSERT = "INSERT INTO batches (last_no, first_no, oldest_ms, newest_ms, body) VALUES (?, ?, ?, ?, ?)"
# No batch reaches beyond its block.
BETWEEN = (
    "SELECT first_no, last_no, body FROM batches WHERE last_no >= ? AND last_no < ? AND first_no <= ? "
    "AND newest_ms >= ? AND oldest_ms < ?"
)
ALWAYS = -(2**62), 2**62
# Rows are turned into columns piece by piece: a million held at once cost the garbage collector half the
# time.
PIECE_ROWS = 2_000
AS_NUMBER = {
    "units": f"ifnull(units, {NO_VALUE + 1} - 1)",
    "boot": "ifnull(boot, -1)",
    "seq": "ifnull(seq, -1)",
}


def store(db: sqlite3.Connection, batch: Batch) -> None:
    """Keep readings whose numbers follow each other, inside the writer's transaction."""
    no = batch["no"]
    cuts = np.flatnonzero(np.diff(no // schema.BLOCK_ROWS)) + 1
    for start, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(no)], strict=True):
        part = {name: column[start:end] for name, column in batch.items()}
        taken_ms = part["taken_ms"]
        row = (
            int(no[end - 1]),
            int(no[start]),
            int(taken_ms.min()),
            int(taken_ms.max()),
            packs.pack(part, packs.QUICK),
        )
        db.execute(INSERT, row)


def unpacked(
    db: sqlite3.Connection,
    first_no: int,
    last_no: int,
    fields: Sequence[str] = FIELDS,
    taken: tuple[int, int] | None = None,
    probes: Sequence[int] | None = None,
) -> Batch:
    """The readings of these numbers, by number. taken, probes: see Stored.unpacked."""
    where = "" if taken is None else f" AND taken_ms >= {int(taken[0])} AND taken_ms < {int(taken[1])}"
    where += "" if probes is None else f" AND probe IN ({', '.join(map(str, probes))})"
    wanted = ("no", *(name for name in fields if name != "no"))
    parts, rows = (
        between(db, first_no, last_no, wanted, taken or ALWAYS),
        _rows(db, first_no, last_no, wanted, where),
    )
    batch = joined([*parts, rows] if len(rows["no"]) or not parts else parts, wanted)
    if parts and len(rows["no"]):
        batch = chosen(batch, np.argsort(batch["no"], kind="stable"))
    return {name: batch[name] for name in fields}


def between(
    db: sqlite3.Connection,
    first_no: int,
    last_no: int,
    fields: Sequence[str] = FIELDS,
    taken: tuple[int, int] = ALWAYS,
) -> list[Batch]:
    """The readings of these numbers that are in batches, with their `no`. taken: only batches that have some
    taken in [from, to)."""
    end = (last_no // schema.BLOCK_ROWS + 1) * schema.BLOCK_ROWS
    wanted = tuple(name for name in fields if name != "no")
    found: list[Batch] = []
    for first, last, body in db.execute(BETWEEN, (first_no, end, last_no, *taken)):
        batch: Batch = {**packs.unpack(body, wanted), "no": np.arange(first, last + 1, dtype=np.int64)}
        if first < first_no or last > last_no:
            batch = {
                name: column[max(first_no - first, 0) : last_no + 1 - first] for name, column in batch.items()
            }
        found.append(batch)
    return found


def whole_blocks(no: int, most: int) -> int:
    """How many readings behind a number to take, `most` at most: so many that they end with a block where
    that can be. A batch that is read in two pieces is unpacked twice."""
    last_no = (no + most + 1) // schema.BLOCK_ROWS * schema.BLOCK_ROWS - 1
    return last_no - no if last_no > no else most


def are_behind(db: sqlite3.Connection, no: int) -> bool:
    """Whether any reading behind a number is in a batch."""
    return db.execute("SELECT 1 FROM batches WHERE last_no > ? LIMIT 1", (no,)).fetchone() is not None


def has_rows(db: sqlite3.Connection, first_no: int, last_no: int) -> bool:
    """Whether any of these numbers is a row of its own."""
    query = "SELECT 1 FROM readings WHERE no BETWEEN ? AND ? LIMIT 1"
    return db.execute(query, (first_no, last_no)).fetchone() is not None


def last_no(db: sqlite3.Connection) -> int:
    """The number of the newest reading of all, in a batch or a row; 0 without any."""
    row = db.execute(
        "SELECT max(ifnull((SELECT max(no) FROM readings), 0), ifnull((SELECT max(last_no) FROM batches), 0))"
    )
    return int(row.fetchone()[0])


def first_no(db: sqlite3.Connection) -> int | None:
    """The number of the oldest that is in a batch or a row."""
    query = "SELECT (SELECT min(no) FROM readings), (SELECT first_no FROM batches ORDER BY last_no LIMIT 1)"
    return min((no for no in db.execute(query).fetchone() if no is not None), default=None)


def span(db: sqlite3.Connection, after_no: int) -> tuple[int | None, int | None]:
    """(oldest, newest) time of the readings in batches with any behind a number."""
    found: tuple[int | None, int | None] = db.execute(
        "SELECT min(oldest_ms), max(newest_ms) FROM batches WHERE last_no > ?", (after_no,)
    ).fetchone()
    return found


def oldest_ms(db: sqlite3.Connection, after_no: int) -> int | None:
    """The time of the oldest reading behind a number, or one before it; None where there is none."""
    (row,) = db.execute("SELECT min(taken_ms) FROM readings WHERE no > ?", (after_no,)).fetchone()
    return min((ms for ms in (row, span(db, after_no)[0]) if ms is not None), default=None)


def about(db: sqlite3.Connection, after_no: int, from_ms: int, to_ms: int) -> int:
    """How many readings behind a number were taken in [from_ms, to_ms)."""
    query = (
        "SELECT first_no, last_no, oldest_ms, newest_ms, body FROM batches WHERE last_no > ? AND "
        "newest_ms >= ? AND oldest_ms < ?"
    )
    count = 0
    for first, last, oldest_ms, newest_ms, body in db.execute(query, (after_no, from_ms, to_ms)):
        behind = max(after_no + 1 - first, 0)
        if from_ms <= oldest_ms and newest_ms < to_ms:
            count += last + 1 - first - behind
        else:
            # Counted, since who asks takes shorter pieces for more: a few late readings make a batch reach
            # over months.
            taken_ms = packs.unpack(body, ("taken_ms",))["taken_ms"][behind:]
            count += int(np.count_nonzero((taken_ms >= from_ms) & (taken_ms < to_ms)))
    return count


def forget(db: sqlite3.Connection, first_no: int, last_no: int) -> int:
    """Those of these numbers, whole blocks, are in a pack now; returns how many readings. Inside the writer's
    transaction."""
    of = "FROM batches WHERE last_no BETWEEN ? AND ?"
    (count,) = db.execute(
        f"SELECT ifnull(sum(last_no - first_no + 1), 0) {of}", (first_no, last_no)
    ).fetchone()
    db.execute(f"DELETE {of}", (first_no, last_no))
    return int(count)


def runs_of(numbers: Ints) -> list[tuple[int, int]]:
    """The places [start, end) of numbers that follow each other."""
    apart = numbers[1:] - numbers[:-1] != 1
    # Several times as quick as `any` for the few that a batch has.
    if not np.count_nonzero(apart):
        return [(0, len(numbers))]
    cuts = (np.flatnonzero(apart) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(numbers)], strict=True))


def _rows(db: sqlite3.Connection, first_no: int, last_no: int, fields: Sequence[str], where: str) -> Batch:
    cursor = db.execute(
        f"SELECT {', '.join(AS_NUMBER.get(name, name) for name in fields)} FROM readings WHERE no BETWEEN ? "
        f"AND ?{where} ORDER BY no",
        (first_no, last_no),
    )
    found: list[list[Ints]] = [[] for _ in fields]
    while rows := cursor.fetchmany(PIECE_ROWS):
        for name, column, part in zip(fields, found, zip(*rows, strict=True), strict=True):
            column.append(_numbers(name, part))
    return (
        {name: np.concatenate(column) for name, column in zip(fields, found, strict=True)}
        if found[0]
        else empty(fields)
    )


def _numbers(name: str, part: tuple[Any, ...]) -> Ints:
    if name == "quality":
        return np.array([CODE[text] for text in part], np.int64)
    return np.array(part, np.int64)


# As many of the newest readings, 4 MB, and of the commits they came with, are at hand for those who follow
# the journal.
MOST_RECENT, MOST_COMMITS = 65_536, 1_024


class Recent:
    """The newest committed readings as columns: who follows closely need not read back what was just written.
    Any thread."""

    def __init__(self) -> None:
        self._commits: deque[Batch] = deque()
        self._held = 0
        self._lock = threading.Lock()

    def add(self, batch: Batch) -> None:
        """Readings that are on disk now; their numbers follow each other and those before."""
        for column in batch.values():
            # Everybody gets the same arrays.
            column.setflags(write=False)
        with self._lock:
            if self._commits and int(batch["no"][0]) != int(self._commits[-1]["no"][-1]) + 1:
                self._commits.clear()
                self._held = 0
            self._commits.append(batch)
            self._held += len(batch["no"])
            while self._held > MOST_RECENT or len(self._commits) > MOST_COMMITS:
                self._held -= len(self._commits.popleft()["no"])

    def read(self, first_no: int, last_no: int, fields: Sequence[str]) -> Batch | None:
        """The readings of these numbers, by number; None unless each of them and all `fields` are at hand."""
        with self._lock:
            commits = list(self._commits)
        if not commits or not _first(commits[0]) <= first_no <= last_no <= int(commits[-1]["no"][-1]):
            return None
        wanted = commits[
            bisect_right(commits, first_no, key=_first) - 1 : bisect_right(commits, last_no, key=_first)
        ]
        if not set(fields) <= wanted[0].keys():
            return None
        here = slice(first_no - _first(wanted[0]), last_no + 1 - _first(wanted[0]))
        return {name: np.concatenate([one[name] for one in wanted])[here] for name in fields}


def _first(batch: Batch) -> int:
    return int(batch["no"][0])


FIELDS_OF_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_ROWS = "INSERT INTO readings (no, probe, taken_ms, delay_ms, units, quality, boot, seq) VALUES "


class _Single(NamedTuple):
    """A reading as it is stored. probe, boot: the journal's numbers."""

    probe: int
    taken_ms: int
    delay_ms: int
    units: int | None
    quality: str | None
    boot: int | None
    seq: int | None


class _Part(NamedTuple):
    """A delivered batch, or part of one. probe, boot: the journal's numbers."""

    probe: int
    boot: int
    delivered: Delivered


class Pending:
    """What one commit is to store, in the order it came. first_no: the number of the first reading; the
    others follow.

    chips: what thermocouples' chips said, (number, chip, cold), see blocks.store.
    """

    def __init__(self, first_no: int) -> None:
        self._first_no = first_no
        self._given: list[_Single | _Part] = []
        self.chips: list[tuple[int, int | None, int | None]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, probe: int, boot: int | None, row: Row) -> None:
        """One reading. probe, boot: the journal's numbers, here and below."""
        if row.junction is not None:
            self.chips.append((self._first_no + self._count, *row.junction))
        self._given.append(
            _Single(
                probe, row.taken_ms, row.received_ms - row.taken_ms, row.units, row.quality, boot, row.seq
            )
        )
        self._count += 1

    def add_part(self, probe: int, boot: int, delivered: Delivered) -> None:
        """A delivered batch, or part of one."""
        self._given.append(_Part(probe, boot, delivered))
        self._count += len(delivered)

    def store(self, db: sqlite3.Connection) -> None:
        """Write all of it, as rows where it is little, else as one batch; inside the writer's transaction."""
        if self._count >= LEAST:
            store(db, self.batch)
        elif self._count:
            rows = [
                single
                for one in self._given
                for single in ((one,) if isinstance(one, _Single) else _singles_of(one))
            ]
            values = [value for no, row in enumerate(rows, self._first_no) for value in (no, *row)]
            # One statement: Python lets other threads go first at each.
            db.execute(INSERT_ROWS + ", ".join([FIELDS_OF_ROW] * len(rows)), values)

    @cached_property
    def batch(self) -> Batch:
        """What was stored, at least one reading, as columns."""
        alike = (list(run) for _, run in groupby(self._given, key=type))
        return {
            **joined([_columns_of(run) for run in alike], FIELDS[1:]),
            "no": np.arange(self._first_no, self._first_no + self._count, dtype=np.int64),
        }


def _columns_of(alike: Sequence[_Single | _Part]) -> Batch:
    """All but the numbers. alike: all singles, or all parts."""
    parts = [one for one in alike if isinstance(one, _Part)]
    columns = _of_parts(parts) if parts else _of_singles([one for one in alike if isinstance(one, _Single)])
    return dict(zip(FIELDS[1:], columns, strict=True))


def _of_singles(singles: Sequence[_Single]) -> Sequence[Ints]:
    probe, taken_ms, delay_ms, units, quality, boot, seq = zip(*singles, strict=True)
    columns = (
        probe,
        taken_ms,
        delay_ms,
        [NO_VALUE if one is None else one for one in units],
        [CODE[text] for text in quality],
        [-1 if one is None else one for one in boot],
        [-1 if one is None else one for one in seq],
    )
    return [np.array(column, np.int64) for column in columns]


def _of_parts(parts: Sequence[_Part]) -> Sequence[Ints]:
    given = [one.delivered for one in parts]
    counts = [len(one) for one in given]
    # What is one number for each part is repeated at once: small arrays cost by their count.
    of_each = zip(*((one.probe, one.boot, one.delivered.received_ms) for one in parts), strict=True)
    probe, boot, received_ms = (np.repeat(np.array(one, np.int64), counts) for one in of_each)
    taken_ms = np.concatenate([one.taken_ms for one in given])
    units, quality, seq = (
        np.concatenate(column)
        for column in zip(*((one.units, one.quality, one.seq) for one in given), strict=True)
    )
    return probe, taken_ms, received_ms - taken_ms, units, quality, boot, seq


def _singles_of(part: _Part) -> list[_Single]:
    columns = (column.tolist() for column in _of_parts([part]))
    return [
        _Single(probe, taken_ms, delay_ms, None if units == NO_VALUE else units, QUALITY[code], boot, seq)
        for probe, taken_ms, delay_ms, units, code, boot, seq in zip(*columns, strict=True)
    ]
