"""Where a reading lives: as a row, in a batch, in a pack or segment, or in a closed month's file. Nobody
above needs to know."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..core import HOUR_MS, MINUTE_MS
from . import batches, columns, schema
from .archive.months import Archives
from .packed import packs
from .records import imports

TABLE = "CREATE TABLE IF NOT EXISTS junctions (no INTEGER PRIMARY KEY, chip INTEGER, cold INTEGER)"
# Of each probe's newest reading, which a card shows: looked up in its block it would cost a hundred times as
# much.
NEWEST = (
    "CREATE TABLE IF NOT EXISTS newest_junctions (probe INTEGER PRIMARY KEY, taken_ms INTEGER NOT NULL, "
    "chip INTEGER, cold INTEGER)"
)
ADD_NEWEST = (
    "INSERT INTO newest_junctions SELECT ?, ?, chip, cold FROM junctions WHERE no=? ON CONFLICT DO UPDATE SET"
    " taken_ms=excluded.taken_ms, chip=excluded.chip, cold=excluded.cold WHERE excluded.taken_ms >= taken_ms"
)
IS_THERE = "SELECT count(*) FROM sqlite_master WHERE type='table' AND name=?"


def store(db: sqlite3.Connection, rows: Sequence[tuple[int, int | None, int | None]]) -> None:
    """Keep (number of the reading, chip, cold), in 64ths of a degree, inside the writer's transaction."""
    if rows:
        db.execute(TABLE)
        db.executemany("INSERT INTO junctions (no, chip, cold) VALUES (?, ?, ?)", rows)


def forget(db: sqlite3.Connection, first_no: int, last_no: int) -> None:
    """Those of these numbers are in a pack now; inside the writer's transaction."""
    if is_there(db):
        db.execute("DELETE FROM junctions WHERE no BETWEEN ? AND ?", (first_no, last_no))


def beside(db: sqlite3.Connection, batch: columns.Batch) -> columns.Batch:
    """A batch (with `no`) and what chips said of those of its readings that stand in the table: its columns
    JUNCTION."""
    no = batch["no"]
    found = {
        name: batch[name] if name in batch else np.full(len(no), columns.NO_VALUE)
        for name in columns.JUNCTION
    }
    known = of(db, int(no.min()), int(no.max())) if len(no) else {}
    if known:
        numbers = np.array(list(known), np.int64)
        at = np.minimum(np.searchsorted(numbers, no), len(numbers) - 1)
        hit = numbers[at] == no
        for name, column in zip(columns.JUNCTION, zip(*known.values(), strict=True), strict=True):
            values = np.array([columns.NO_VALUE if value is None else value for value in column], np.int64)
            found[name] = np.where(hit, values[at], found[name])
    return {**batch, **found}


def of(db: sqlite3.Connection, first_no: int, last_no: int) -> dict[int, tuple[int | None, int | None]]:
    """(chip, cold) of the readings of these numbers that stand in the table, by number."""
    if not is_there(db):
        return {}
    query = "SELECT no, chip, cold FROM junctions WHERE no BETWEEN ? AND ? ORDER BY no"
    return {no: (chip, cold) for no, chip, cold in db.execute(query, (first_no, last_no))}


def remember(db: sqlite3.Connection, newest: Sequence[tuple[int, int, int]]) -> None:
    """Keep what chips said of each probe's newest reading: (probe, taken_ms, number of the reading); inside
    the writer's transaction."""
    if is_there(db):
        db.execute(NEWEST)
        db.executemany(ADD_NEWEST, newest)


def newest(db: sqlite3.Connection) -> dict[tuple[int, int], tuple[int | None, int | None]]:
    """(chip, cold) by (probe, taken_ms), of the newest readings that `remember` was told of and that had
    it."""
    if not is_there(db, "newest_junctions"):
        return {}
    rows = db.execute("SELECT probe, taken_ms, chip, cold FROM newest_junctions")
    return {(probe, taken_ms): (chip, cold) for probe, taken_ms, chip, cold in rows}


def is_there(db: sqlite3.Connection, table: str = "junctions") -> bool:
    """Whether a table was made yet."""
    return bool(db.execute(IS_THERE, (table,)).fetchone()[0])


# How many numbers of gone-by readings are put together at a time.
WINDOW_ROWS = schema.SEGMENT_BLOCKS * schema.BLOCK_ROWS
Decode = Callable[[], columns.Batch]
IN_HOURS = "SELECT sum(count + bad) FROM hours WHERE probe IN ({}) AND at BETWEEN ? AND ?"
IN_MINUTES = "SELECT sum(count + bad) FROM minutes WHERE probe IN ({}) AND at BETWEEN ?1 AND ?2 - 1"
# Of minutes [?1, ?2) of a day whose minutes are packed: the share that each quarter has of them.
IN_QUARTERS = (
    "SELECT (sum((count + bad) * (min(at * 15 + 15, ?2) - max(at * 15, ?1))) + 14) / 15 FROM quarters WHERE "
    "probe IN ({}) AND at BETWEEN ?1 / 15 AND (?2 - 1) / 15 AND EXISTS (SELECT 1 FROM minute_packs WHERE day "
    "= at / 96 AND minute_packs.probe = quarters.probe)"
)


class Part(NamedTuple):
    """Readings that lie together, none of them taken before `oldest_ms`.

    fetch: brings them from the disk, in the connection's thread; what it gives makes columns of them, in any.
    """

    oldest_ms: int
    fetch: Callable[[], Decode]


class _Kept(NamedTuple):
    """What was made of a segment last: who reads on within it, a few thousand readings at a time, need not
    unpack it each time."""

    body: bytes
    probes: tuple[int, ...] | None
    batch: columns.Batch


class Stored:
    """The readings behind one connection. archive: the folder of closed months; recent: what the writer in
    this process has at hand."""

    def __init__(self, db: sqlite3.Connection, archive: Path, recent: batches.Recent | None = None) -> None:
        self._db = db
        self._recent = recent
        self._kept = _Kept(b"", None, {})
        self._ids: tuple[int, dict[int, str], dict[str, int]] = 0, {}, {}
        self.archives = Archives(db, archive)

    def ids(self) -> dict[int, str]:
        """The id of each probe by its number; who asks again is given the very same, and changes nothing of
        it."""
        return self._known()[1]

    def numbers(self) -> dict[str, int]:
        """The same the other way round."""
        return self._known()[2]

    def _known(self) -> tuple[int, dict[int, str], dict[str, int]]:
        # No probe is ever forgotten, and none has another id one day.
        (last,) = self._db.execute("SELECT coalesce(max(no), 0) FROM probes").fetchone()
        if last != self._ids[0]:
            ids = dict(self._db.execute("SELECT no, id FROM probes"))
            self._ids = last, ids, {id_: no for no, id_ in ids.items()}
        return self._ids

    def last_no(self) -> int:
        """The number of the newest reading; every number below it was given too."""
        return batches.last_no(self._db)

    def is_row(self, no: int) -> bool:
        """Whether a reading and all that came after it are rows still (or it is yet to come)."""
        first = self._db.execute("SELECT min(no) FROM readings").fetchone()[0]
        return (first is None or bool(first <= no)) and not batches.are_behind(self._db, no - 1)

    def unpacked(
        self,
        first_no: int,
        last_no: int,
        fields: Sequence[str] = columns.FIELDS,
        taken: tuple[int, int] | None = None,
        probes: Sequence[int] | None = None,
    ) -> columns.Batch:
        """Readings that are in no pack yet, by number. fields: of FIELDS and JUNCTION, here and in all that
        follows.

        taken, probes: all of those taken in [from, to) of these are wanted; others may be among them.
        """
        if not set(fields).isdisjoint(columns.JUNCTION):
            own = tuple(name for name in dict.fromkeys(("no", *fields)) if name not in columns.JUNCTION)
            return _only(fields, beside(self._db, self.unpacked(first_no, last_no, own, taken, probes)))
        if self._recent is not None:
            # No further than this connection sees: what it asks for beside the readings must be there, too.
            last_no = min(last_no, self.last_no())
            recent = self._recent.read(first_no, last_no, fields)
            if recent is not None:
                return recent
        return batches.unpacked(self._db, first_no, last_no, fields, taken, probes)

    def block(
        self, block: int, fields: Sequence[str] = columns.FIELDS, probes: Sequence[int] | None = None
    ) -> columns.Batch:
        """The readings of a block, or of the segment that begins with it, by number. probes: theirs alone are
        wanted; others may be among them."""
        return self._fetched(block, fields, probes)()

    def _fetched(self, block: int, fields: Sequence[str], probes: Sequence[int] | None) -> Decode:
        row = self._db.execute("SELECT body FROM packs WHERE block=?", (block,)).fetchone()
        if row is None:
            first = block * schema.BLOCK_ROWS
            return _at_hand(self.unpacked(first, first + schema.BLOCK_ROWS - 1, fields))
        body, chips = row[0], not set(fields).isdisjoint(columns.JUNCTION)
        if packs.is_segment(body):
            return partial(self._unpacked_segment, body, fields, probes)
        if chips:
            # What was packed before packs had a place for it stands in the table still.
            given = packs.unpack(body, (*dict.fromkeys(("no", *fields)),))
            return _at_hand(_only(fields, beside(self._db, given)))
        return partial(packs.unpack, body, fields, probes)

    def _unpacked_segment(
        self, body: bytes, fields: Sequence[str], probes: Sequence[int] | None
    ) -> columns.Batch:
        kept, of = self._kept, None if probes is None else tuple(probes)
        if kept.probes != of or not kept.batch.keys() >= set(fields) or kept.body != body:
            kept = _Kept(body, of, packs.unpack(body, fields, probes))
            for column in kept.batch.values():
                # Whoever asks next gets the same arrays.
                column.setflags(write=False)
            self._kept = kept
        return _only(fields, kept.batch)

    def taken(
        self, from_ms: int, to_ms: int, done: int, fields: Sequence[str], probes: Sequence[int] | None
    ) -> Iterator[columns.Batch]:
        """Readings taken in [from_ms, to_ms), a batch after the other. done: up to which number the blocks
        are known.

        Those of closed months come first; then those of the journal, each by number and in the order of
        numbers.
        """
        for part in self.parts(from_ms, to_ms, done, fields, probes):
            batch = inside(part.fetch()(), from_ms, to_ms, probes)
            if len(batch["taken_ms"]):
                yield _only(fields, batch)

    def parts(
        self, from_ms: int, to_ms: int, done: int, fields: Sequence[str], probes: Sequence[int] | None
    ) -> list[Part]:
        """The same as it lies, with other readings among them, and with what `inside` needs."""
        wanted = tuple(dict.fromkeys((*fields, "taken_ms", *(("probe",) if probes is not None else ()))))
        months = self.archives.taken(from_ms, to_ms, wanted, probes)
        return [
            *(Part(start, partial(self._of_month, read, wanted, probes)) for start, read in months),
            *self._blocks(from_ms, to_ms, done, wanted, probes),
        ]

    def _of_month(
        self,
        read: Callable[[], columns.Batch | bytes],
        fields: Sequence[str],
        probes: Sequence[int] | None,
    ) -> Decode:
        found = read()
        if isinstance(found, bytes):
            return partial(self._unpacked_segment, found, fields, probes)
        return _at_hand(found)

    def new(
        self, from_ms: int, to_ms: int, done: int, fields: Sequence[str], probes: Sequence[int]
    ) -> columns.Batch:
        """Of these, by number, those behind `done`."""
        wanted = tuple(dict.fromkeys((*fields, "taken_ms", "probe")))
        batch = self.unpacked(done + 1, 2**62, wanted, (from_ms, to_ms), probes)
        return _only(fields, inside(batch, from_ms, to_ms, probes))

    def _blocks(
        self, from_ms: int, to_ms: int, done: int, fields: Sequence[str], probes: Sequence[int] | None
    ) -> Iterator[Part]:
        query = (
            "SELECT block, packed, oldest_ms FROM blocks WHERE newest_ms >= ? AND oldest_ms < ? ORDER BY "
            "block"
        )
        taken = from_ms, to_ms

        def rows(first: int, last: int) -> Decode:
            return _at_hand(self.unpacked(first, last, fields, taken))

        for block, packed, oldest_ms in self._db.execute(query, taken).fetchall():
            first = block * schema.BLOCK_ROWS
            if packed:
                yield Part(oldest_ms, partial(self._fetched, block, fields, probes))
            else:
                yield Part(oldest_ms, partial(rows, first, min(first + schema.BLOCK_ROWS - 1, done)))
        oldest_ms = batches.oldest_ms(self._db, done)
        if oldest_ms is not None:
            yield Part(oldest_ms, partial(rows, done + 1, 2**62))

    def about(self, from_ms: int, to_ms: int, done: int, probes: Sequence[int] | None = None) -> int:
        """How many readings were taken in [from_ms, to_ms), rather more than fewer; about as many for less
        than an hour of days whose minutes are packed."""
        of = "SELECT no FROM probes" if probes is None else ", ".join(map(str, probes))
        if to_ms - from_ms >= HOUR_MS:
            queries, bounds = [IN_HOURS], (from_ms // HOUR_MS, (to_ms - 1) // HOUR_MS)
        else:
            queries, bounds = [IN_MINUTES, IN_QUARTERS], (from_ms // MINUTE_MS, -(-to_ms // MINUTE_MS))
        known = sum(self._db.execute(query.format(of), bounds).fetchone()[0] or 0 for query in queries)
        query = "SELECT count(*) FROM readings WHERE no > ? AND taken_ms >= ? AND taken_ms < ?"
        new = self._db.execute(query, (done, from_ms, to_ms)).fetchone()[0]
        pending = imports.pending(self._db, from_ms, to_ms)
        return int(known + new) + pending + batches.about(self._db, done, from_ms, to_ms)

    def numbered(
        self, after_no: int, most: int = WINDOW_ROWS, fields: Sequence[str] = columns.FIELDS
    ) -> Iterator[columns.Batch]:
        """All readings behind a number, in journal order, a batch of up to `most` (in whole blocks) after the
        other."""
        fields = tuple(dict.fromkeys((*fields, "no")))
        window = max(-(-most // schema.BLOCK_ROWS), 1) * schema.BLOCK_ROWS
        for batch in self._numbered(after_no, window, fields):
            behind = batch["no"] > after_no
            if behind.all():
                yield batch
            elif behind.any():
                yield columns.chosen(batch, behind)

    def _numbered(self, after_no: int, window: int, fields: Sequence[str]) -> Iterator[columns.Batch]:
        first_row = batches.first_no(self._db) or 1
        start = after_no + 1
        while start < first_row:
            end = min((start // window + 1) * window, first_row)
            yield self._gone_by(start, end - 1, fields)
            start = end
        last_no = self.last_no()
        while start <= last_no:
            # By whole blocks, so that no batch is read twice.
            end = (start // schema.BLOCK_ROWS + 1) * schema.BLOCK_ROWS
            yield self.unpacked(start, end - 1, fields)
            start = end

    def _gone_by(self, first_no: int, last_no: int, fields: Sequence[str]) -> columns.Batch:
        """Readings that are rows no more, by number: the neighbours of a late one may be in a closed
        month."""
        first, last = first_no // schema.BLOCK_ROWS, last_no // schema.BLOCK_ROWS
        # A segment may begin before the block that is asked for.
        query = (
            "SELECT block FROM blocks WHERE packed AND block BETWEEN ? AND ? AND block + packed > ? ORDER BY "
            "block"
        )
        blocks = self._db.execute(query, (schema.segment_of(first), last, first)).fetchall()
        parts = [
            *self.archives.numbered(first_no, last_no, fields),
            *(self.block(block, fields) for (block,) in blocks),
        ]
        batch = columns.joined(parts, fields)
        if not (batch["no"][1:] > batch["no"][:-1]).all():
            batch = columns.chosen(batch, np.argsort(batch["no"], kind="stable"))
        return columns.chosen(batch, (batch["no"] >= first_no) & (batch["no"] <= last_no))


def inside(batch: columns.Batch, from_ms: int, to_ms: int, probes: Sequence[int] | None) -> columns.Batch:
    """Of a batch those taken in [from_ms, to_ms) by these probes; the very same where that is all."""
    hit = (batch["taken_ms"] >= from_ms) & (batch["taken_ms"] < to_ms)
    if probes is not None:
        hit &= batch["probe"] == probes[0] if len(probes) == 1 else _of_these(batch["probe"], probes)
    return batch if hit.all() else columns.chosen(batch, hit)


def _of_these(probe: columns.Ints, probes: Sequence[int]) -> columns.Flags:
    """Several times as quick as `isin` where readings are few."""
    wanted = np.zeros(max(*probes, int(probe.max(initial=0)), 0) + 2, np.bool_)
    wanted[list(probes)] = True
    # The last stands for −1, none of them.
    return wanted[probe]


def _only(fields: Sequence[str], batch: columns.Batch) -> columns.Batch:
    return {name: batch[name] for name in fields}


def _at_hand(batch: columns.Batch) -> Decode:
    return lambda: batch
