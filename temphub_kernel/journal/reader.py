"""Questions to the journal, from any process, while the hub writes or with no hub at all.

A Reader belongs to the thread that made it. Every question sees one consistent moment of the journal. What the
roll-ups have not taken in yet is read from the readings themselves, so an answer is never behind.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .rollups import FOLLOWER, Summary
from .schema import BLOCK_ROWS, MINUTE_MS, open_for_reading

PROBE_FIELDS = (
    "id, first_ms, ip, port, host, version, model, name, boot, via, seen_ms, present,"
    " interval_ms, server_url, provisioned_ms, problem, remedy"
)
COLUMN_ROWS = 500


class Point(NamedTuple):
    """A stored reading. units: 1e-7 °C, None with the quality that says why; no: its place in the journal."""

    no: int
    probe_id: str
    taken_ms: int
    received_ms: int
    units: int | None
    quality: str | None
    boot: str | None
    seq: int | None


class Bucket(NamedTuple):
    """Some time of one probe: [start_ms, start_ms + width). Values in units of 1e-7 °C; bad readings are not in it."""

    probe_id: str
    start_ms: int
    lowest: int
    highest: int
    total: int
    readings: int


class Columns(NamedTuple):
    """Readings column by column. ids: probe id of each number in `probe`; units: 1e-7 °C or None with its quality."""

    ids: dict[int, str]
    probe: Sequence[int]
    taken_ms: Sequence[int]
    units: Sequence[int | None]
    received_ms: Sequence[int]
    quality: Sequence[str | None]


class Newest(NamedTuple):
    """A probe's newest reading by the time it was taken; delivered_ms: when anything last came in from it."""

    probe_id: str
    taken_ms: int
    units: int | None
    quality: str | None
    delivered_ms: int
    readings: int


_Part = tuple[str, int, int, int, int, int]


class Reader:
    """A read-only connection and the questions it answers. Raises TempHubError when there is no journal."""

    def __init__(self, path: Path) -> None:
        self._db = open_for_reading(path)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def count(self) -> int:
        """How many readings are stored."""
        return int(self._db.execute("SELECT coalesce(max(no), 0) FROM readings").fetchone()[0])

    def after(self, no: int, limit: int) -> list[Point]:
        """The next readings in journal order, for followers."""
        return self._points("r.no > ? ORDER BY r.no LIMIT ?", (no, limit))

    def newest(self) -> list[Newest]:
        """Each probe's newest reading, by probe id."""
        with self._moment() as done:
            ids = self._ids()
            newest = {row[0]: list(row[1:]) for row in self._db.execute("SELECT * FROM latest")}
            for probe, late in self._tail(done).latest.items():
                known = newest.setdefault(probe, [late.taken_ms, late.units, late.quality, late.delivered_ms, 0])
                if late.taken_ms >= known[0]:
                    known[:3] = late.taken_ms, late.units, late.quality
                known[3] = max(known[3], late.delivered_ms)
                known[4] += late.readings
        return sorted(Newest(ids[probe], *values) for probe, values in newest.items())

    def points(self, from_ms: int, to_ms: int, probe_id: str | None = None, limit: int | None = None) -> list[Point]:
        """Readings taken in [from_ms, to_ms), by time, late ones in their place; the last `limit` of them if given."""
        found: list[Point] = []
        with self._moment() as done:
            where = "r.no BETWEEN ? AND ? AND r.taken_ms >= ? AND r.taken_ms < ?" + (" AND p.id = ?" if probe_id else "")
            last = (probe_id,) if probe_id else ()
            for first_no, last_no in self._spans(from_ms, to_ms, done):
                found += self._points(where, (first_no, last_no, from_ms, to_ms, *last))
        found.sort(key=lambda point: (point.taken_ms, point.no))
        return found[-limit:] if limit else found

    def columns(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None = None, *, whole: bool = False) -> Columns:
        """Readings taken in [from_ms, to_ms) as columns, in journal order: for whole days at a time, without an object each.

        `received_ms` and `quality` are empty unless `whole` is asked for.
        """
        found: list[list[Any]] = [[], [], [], [], []]
        with self._moment() as done:
            ids = {no: id_ for no, id_ in self._ids().items() if probe_ids is None or id_ in probe_ids}
            of_these = "" if probe_ids is None else f" AND probe IN ({', '.join(map(str, ids))})"
            query = (
                f"SELECT probe, taken_ms, units{', taken_ms + delay_ms, quality' if whole else ''} FROM readings"
                f" WHERE no BETWEEN ? AND ? AND taken_ms >= ? AND taken_ms < ?{of_these} ORDER BY no"
            )
            for first_no, last_no in self._spans(from_ms, to_ms, done):
                cursor = self._db.execute(query, (first_no, last_no, from_ms, to_ms))
                # Turned into columns piece by piece: a million rows held at once cost the garbage collector half the time.
                while rows := cursor.fetchmany(COLUMN_ROWS):
                    for column, part in zip(found, zip(*rows, strict=True), strict=False):
                        column += part
        return Columns(ids, *found)

    def buckets(self, from_ms: int, to_ms: int, width_ms: int, probe_id: str | None = None) -> list[Bucket]:
        """Lowest, highest, sum and count for each probe and each `width_ms` that holds a good reading, by probe and time.

        Whole minutes come from the roll-ups; any other width from the readings.
        """
        rows: Iterable[_Part]
        if width_ms % MINUTE_MS or from_ms % MINUTE_MS or to_ms % MINUTE_MS:
            points = self.points(from_ms, to_ms, probe_id)
            rows = ((p.probe_id, p.taken_ms, p.units, p.units, p.units, 1) for p in points if p.units is not None)
        else:
            rows = self._minutes(from_ms // MINUTE_MS, to_ms // MINUTE_MS, probe_id)
        return _gather(rows, width_ms)

    def _minutes(self, first: int, end: int, probe_id: str | None) -> list[_Part]:
        parts: list[_Part] = []
        query = "SELECT minute, lowest, highest, total, count FROM minutes WHERE probe=? AND minute>=? AND minute<?"
        with self._moment() as done:
            ids = {no: id_ for no, id_ in self._ids().items() if probe_id in (None, id_)}
            for no, id_ in ids.items():
                parts += [(id_, minute * MINUTE_MS, *rest) for minute, *rest in self._db.execute(query, (no, first, end))]
            for (no, minute), (lowest, highest, total, count) in self._tail(done).minutes.items():
                if no in ids and first <= minute < end:
                    parts.append((ids[no], minute * MINUTE_MS, lowest, highest, total, count))
        return parts

    def probes(self) -> list[dict[str, Any]]:
        """All that is known of each probe, by id: see PROBE_FIELDS."""
        names = PROBE_FIELDS.replace(",", "").split()
        return [dict(zip(names, row, strict=True)) for row in self._db.execute(f"SELECT {PROBE_FIELDS} FROM probes ORDER BY id")]

    def bookmark(self, follower: str) -> tuple[int, dict[str, Any]]:
        """(number of the last reading a follower has dealt with, its note)."""
        row = self._db.execute("SELECT no, note FROM bookmarks WHERE follower=?", (follower,)).fetchone()
        return (row[0], json.loads(row[1] or "{}")) if row else (0, {})

    def note(self, topic: str) -> tuple[int, dict[str, Any]]:
        """(when it was written, a note that a part of the hub left for others to read); (0, {}) when there is none."""
        row = self._db.execute("SELECT at_ms, body FROM notes WHERE topic=?", (topic,)).fetchone()
        return (row[0], json.loads(row[1])) if row else (0, {})

    def span(self) -> tuple[int, int] | None:
        """(oldest, newest) time of any reading in milliseconds, or None when there is none."""
        with self._moment() as done:
            oldest, newest = self._db.execute("SELECT min(oldest_ms), max(newest_ms) FROM blocks").fetchone()
            tail = self._db.execute("SELECT min(taken_ms), max(taken_ms) FROM readings WHERE no > ?", (done,)).fetchone()
        low = [ms for ms in (oldest, tail[0]) if ms is not None]
        high = [ms for ms in (newest, tail[1]) if ms is not None]
        return (min(low), max(high)) if low else None

    @contextmanager
    def _moment(self) -> Iterator[int]:
        """One consistent view; gives the roll-ups' bookmark."""
        self._db.execute("BEGIN")
        try:
            row = self._db.execute("SELECT no FROM bookmarks WHERE follower=?", (FOLLOWER,)).fetchone()
            yield row[0] if row else 0
        finally:
            self._db.execute("ROLLBACK")

    def _ids(self) -> dict[int, str]:
        return dict(self._db.execute("SELECT no, id FROM probes"))

    def _tail(self, done: int) -> Summary:
        summary = Summary()
        query = "SELECT no, probe, taken_ms, delay_ms, units, quality FROM readings WHERE no > ?"
        for row in self._db.execute(query, (done,)):
            summary.add(*row)
        return summary

    def _spans(self, from_ms: int, to_ms: int, done: int) -> list[tuple[int, int]]:
        """Number ranges of the journal that may hold readings of that time."""
        spans: list[tuple[int, int]] = []
        query = "SELECT block FROM blocks WHERE newest_ms >= ? AND oldest_ms < ? ORDER BY block"
        for (block,) in self._db.execute(query, (from_ms, to_ms)):
            first, last = block * BLOCK_ROWS, min(block * BLOCK_ROWS + BLOCK_ROWS - 1, done)
            if spans and spans[-1][1] == first - 1:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((first, last))
        return [*spans, (done + 1, 2**62)]

    def _points(self, where: str, values: tuple[object, ...]) -> list[Point]:
        query = (
            "SELECT r.no, p.id, r.taken_ms, r.taken_ms + r.delay_ms, r.units, r.quality, b.boot, r.seq"
            f" FROM readings r JOIN probes p ON p.no = r.probe LEFT JOIN boots b ON b.no = r.boot WHERE {where}"
        )
        return [Point(*row) for row in self._db.execute(query, values)]


def _gather(rows: Iterable[_Part], width_ms: int) -> list[Bucket]:
    found: dict[tuple[str, int], list[int]] = {}
    for probe_id, start_ms, lowest, highest, total, count in rows:
        key = (probe_id, start_ms // width_ms * width_ms)
        known = found.get(key)
        if known is None:
            found[key] = [lowest, highest, total, count]
        else:
            known[:] = min(known[0], lowest), max(known[1], highest), known[2] + total, known[3] + count
    return [Bucket(*key, *values) for key, values in sorted(found.items())]
