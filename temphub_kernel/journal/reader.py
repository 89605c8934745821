"""Questions to the journal, from any process, while the hub writes or with no hub at all.

A Reader belongs to the thread that made it. Every question sees one consistent moment of the journal. What the
roll-ups have not taken in yet is read from the readings themselves, so an answer is never behind. Values are as
calibrated; the raw ones stand beside them.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..base.clock import now_ms
from . import gathering, lateness, remarks
from .answers import Bucket, Fault, Newest, Point, boots_of, points_of
from .archive import FOLDER, Archive
from .calibration import Calibration, Corrections, calibrations
from .columns import FIELDS, Batch, Columns, chosen, joined
from .following import following
from .latest import newest, not_ahead
from .remarks import Annotation
from .schema import open_for_reading
from .steps import Steps
from .stored import Stored
from .summary import bookmark

PROBE_FIELDS = (
    "id, first_ms, ip, port, host, version, model, name, boot, via, seen_ms, present,"
    " interval_ms, server_url, provisioned_ms, problem, remedy, alias, place, hidden, group, note"
)
SHORTEST_SLICE_MS = 1_000


class Reader:
    """A read-only connection and the questions it answers. Raises TempHubError when there is no journal."""

    def __init__(self, path: Path, *, one_thread: bool = True) -> None:
        """one_thread: False for a caller that itself sees to it that only one thread at a time asks."""
        self._db = open_for_reading(path, one_thread=one_thread)
        self._stored = Stored(self._db, path.parent / FOLDER)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def count(self) -> int:
        """How many readings are stored."""
        return self._stored.last_no()

    def after(self, no: int, limit: int) -> list[Point]:
        """The next readings in journal order, for followers."""
        with self._moment():
            if self._stored.is_row(no + 1):
                return following(self._db, no, limit)
            found: list[Batch] = []
            for batch in self._stored.numbered(no, limit):
                found.append(batch)
                if sum(len(part["no"]) for part in found) >= limit:
                    break
            return self._as_points(chosen(joined(found), slice(limit)))

    def newest(self) -> list[Newest]:
        """Each probe's newest reading by the time it was taken, by probe id; what is dated in the future is not 'now'."""
        with self._moment() as done:
            return not_ahead(newest(self._db, done), now_ms(), partial(self._points, done))

    def points(self, from_ms: int, to_ms: int, probe_id: str | None = None, limit: int | None = None) -> list[Point]:
        """Readings taken in [from_ms, to_ms), by time, late ones in their place; the last `limit` of them if given."""
        with self._moment() as done:
            return self._points(done, from_ms, to_ms, probe_id, limit)

    def _points(self, done: int, from_ms: int, to_ms: int, probe_id: str | None, limit: int | None = None) -> list[Point]:
        batch = joined(list(self._stored.taken(from_ms, to_ms, done, FIELDS, self._numbers(probe_id))))
        order = np.lexsort((batch["no"], batch["taken_ms"]))
        return self._as_points(chosen(batch, order[-limit:] if limit else order))

    def columns(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None = None, *, fields: Sequence[str] = FIELDS) -> Columns:
        """Readings taken in [from_ms, to_ms) as columns, by number (those of closed months first).

        fields: which of journal.FIELDS to read; the columns of the others are empty (received_ms comes with delay_ms, raw with units).
        """
        asked = tuple(dict.fromkeys((*fields, "probe", "taken_ms")))
        with self._moment() as done:
            batch = joined(list(self._stored.taken(from_ms, to_ms, done, asked, self._numbers(probe_ids))), asked)
            return self._as_columns(batch)

    def stream(
        self,
        from_ms: int,
        to_ms: int,
        probe_ids: Sequence[str] | None = None,
        *,
        most: int = 100_000,
        by_number: bool = False,
        fields: Sequence[str] = FIELDS,
    ) -> Iterator[Columns]:
        """Readings taken in [from_ms, to_ms) in pieces of about `most`, in memory that does not grow with the range.

        Pieces follow each other in time, each by (taken_ms, no); with by_number=True everything is in journal order and complete.
        fields: as for `columns`.
        """
        pieces = self._by_number(from_ms, to_ms, probe_ids) if by_number else self._by_time(from_ms, to_ms, probe_ids, most, fields)
        return (piece for piece in pieces if len(piece))

    def about(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None = None) -> int:
        """How many readings were taken in [from_ms, to_ms), rather more than fewer; quick."""
        with self._moment() as done:
            return self._stored.about(from_ms, to_ms, done, self._numbers(probe_ids))

    def buckets(self, from_ms: int, to_ms: int, width_ms: int, probe_id: str | None = None) -> list[Bucket]:
        """Lowest, highest, sum, count and spread for each probe and each `width_ms` that holds a good reading, by probe and time.

        Whole minutes come from the roll-ups; any other width from the readings. Steps begin at multiples of `width_ms` since 1970.
        """
        return gathering.buckets(*self.steps(from_ms, to_ms, width_ms, probe_id), width_ms)

    def steps(self, from_ms: int, to_ms: int, width_ms: int, probe_ids: str | Sequence[str] | None = None) -> tuple[dict[int, str], Steps]:
        """The same column by column, bad readings counted too: (probe id of each number, steps by probe number and time)."""
        with self._moment() as done:
            ids = self._named(probe_ids)
            return ids, gathering.steps(self._db, self._stored, list(ids), from_ms, to_ms, width_ms, done)

    def faults(self, from_ms: int, to_ms: int, width_ms: int, probe_id: str | None = None) -> list[Fault]:
        """How many readings without a value each `width_ms` holds, where there are any, by probe and time."""
        return gathering.faults(*self.steps(from_ms, to_ms, width_ms, probe_id), width_ms)

    def probes(self) -> list[dict[str, Any]]:
        """All that is known of each probe, by id: see PROBE_FIELDS."""
        names = PROBE_FIELDS.replace(",", "").split()
        columns = ", ".join(f'"{name}"' for name in names)
        return [dict(zip(names, row, strict=True)) for row in self._db.execute(f"SELECT {columns} FROM probes ORDER BY id")]

    def bookmark(self, follower: str) -> tuple[int, dict[str, Any]]:
        """(number of the last reading a follower has dealt with, its note)."""
        row = self._db.execute("SELECT no, note FROM bookmarks WHERE follower=?", (follower,)).fetchone()
        return (row[0], json.loads(row[1] or "{}")) if row else (0, {})

    def note(self, topic: str) -> tuple[int, dict[str, Any]]:
        """(when it was written, a note that a part of the hub left for others to read); (0, {}) when there is none."""
        row = self._db.execute("SELECT at_ms, body FROM notes WHERE topic=?", (topic,)).fetchone()
        return (row[0], json.loads(row[1])) if row else (0, {})

    def late(self, from_ms: int, to_ms: int, every_ms: int, probe_id: str) -> list[int]:
        """When a probe's readings were taken that came late, one each `every_ms`; what came in the last half minute may lack."""
        return lateness.late_times(self.note(lateness.TOPIC)[1], probe_id, from_ms, to_ms, every_ms)

    def annotations(self, from_ms: int, to_ms: int) -> list[Annotation]:
        """What people wrote beside [from_ms, to_ms), by time."""
        return remarks.annotations(self._db, from_ms, to_ms)

    def calibrations(self) -> list[Calibration]:
        """Every calibration, by probe and time."""
        return calibrations(self._db)

    def boots(self) -> dict[int, str]:
        """The boot mark of each number in a boot column."""
        return dict(self._db.execute("SELECT no, boot FROM boots"))

    def archives(self) -> list[Archive]:
        """The files of closed months, by time."""
        return self._stored.archives.all()

    def span(self) -> tuple[int, int] | None:
        """(oldest, newest) time of any reading in milliseconds, or None when there is none."""
        with self._moment() as done:
            return self._span(done)

    def _span(self, done: int) -> tuple[int, int] | None:
        rows = [
            self._db.execute("SELECT min(oldest_ms), max(newest_ms) FROM blocks").fetchone(),
            self._db.execute("SELECT min(oldest_ms), max(newest_ms) FROM archives").fetchone(),
            self._db.execute("SELECT min(taken_ms), max(taken_ms) FROM readings WHERE no > ?", (done,)).fetchone(),
        ]
        known = [row for row in rows if row[0] is not None]
        return (min(row[0] for row in known), max(row[1] for row in known)) if known else None

    def _by_time(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None, most: int, fields: Sequence[str]) -> Iterator[Columns]:
        span = self.span()
        if span is None:
            return
        start, end, step = max(from_ms, span[0]), min(to_ms, span[1] + 1), 3_600_000
        while start < end:
            with self._moment() as done:
                # The roll-ups tell beforehand how many readings a slice has.
                while step > SHORTEST_SLICE_MS and self._stored.about(start, min(start + step, end), done) > most:
                    step //= 2
                piece = self._slice(start, min(start + step, end), done, probe_ids, fields)
            yield piece
            start += step
            step = step * 2 if len(piece) < most // 2 else step

    def _slice(self, from_ms: int, to_ms: int, done: int, probe_ids: Sequence[str] | None, fields: Sequence[str]) -> Columns:
        asked = tuple(dict.fromkeys((*fields, "no", "probe", "taken_ms")))
        batch = joined(list(self._stored.taken(from_ms, to_ms, done, asked, self._numbers(probe_ids))), asked)
        return self._as_columns(chosen(batch, np.lexsort((batch["no"], batch["taken_ms"]))))

    def _by_number(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None) -> Iterator[Columns]:
        probes = self._numbers(probe_ids)
        with self._moment():
            for batch in self._stored.numbered(0):
                inside = (batch["taken_ms"] >= from_ms) & (batch["taken_ms"] < to_ms)
                if probes is not None:
                    inside &= np.isin(batch["probe"], probes)
                yield self._as_columns(chosen(batch, inside))

    @contextmanager
    def _moment(self) -> Iterator[int]:
        """One consistent view; gives the roll-ups' bookmark."""
        self._db.execute("BEGIN")
        try:
            yield bookmark(self._db)
        finally:
            self._db.execute("ROLLBACK")

    def _ids(self) -> dict[int, str]:
        return dict(self._db.execute("SELECT no, id FROM probes"))

    def _named(self, probe_ids: str | Sequence[str] | None) -> dict[int, str]:
        wanted = self._numbers(probe_ids)
        return {no: id_ for no, id_ in self._ids().items() if wanted is None or no in wanted}

    def _numbers(self, probe_ids: str | Sequence[str] | None) -> list[int] | None:
        if probe_ids is None:
            return None
        wanted = {probe_ids} if isinstance(probe_ids, str) else set(probe_ids)
        return [no for no, id_ in self._ids().items() if id_ in wanted]

    def _as_columns(self, batch: Batch) -> Columns:
        none = np.empty(0, np.int64)
        probe, taken_ms, raw = batch["probe"], batch["taken_ms"], batch.get("units", none)
        units = Corrections(self._db).of(probe, taken_ms, raw) if "units" in batch else none
        received_ms = taken_ms + batch["delay_ms"] if "delay_ms" in batch else none
        rest = (batch.get(name, none) for name in ("quality", "boot", "seq"))
        return Columns(self._ids(), batch.get("no", none), probe, taken_ms, received_ms, units, raw, *rest)

    def _as_points(self, batch: Batch) -> list[Point]:
        return points_of(self._as_columns(batch), boots_of(self._db, batch))
