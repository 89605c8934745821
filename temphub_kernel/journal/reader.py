"""Questions to the journal, from any process, while the hub writes or with no hub at all.

A Reader belongs to the thread that made it. Every question sees one consistent moment of the journal. What the
roll-ups have not taken in yet is read from the readings themselves, so an answer is never behind. Values are as
calibrated; the raw ones stand beside them. What a person struck out is not there unless asked for; only followers, who
need every number, get it, without a value and with the quality `struck_out`. A probe that was removed answers to its own id only;
one that counts as another answers as that, and its readings are that one's.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..core.clock import DAY_MS, HOUR_MS, now_ms
from . import summary
from .archive.months import FOLDER, Archive
from .blocks import Stored
from .columns import FIELDS, NO_VALUE, Batch, Columns, Floats, Ints, Newest, Point, boots_of, chosen, joined, points_of
from .effective import asked, counted, judged
from .newest import following, listed, newest, not_ahead, not_struck
from .record_questions import RecordQuestions
from .records import merging
from .records.merged import Merged, known
from .schema import open_for_reading
from .statistics import aggregates
from .statistics.calendar import Calendar, pieces
from .statistics.exceedance import Beyond, Limit, time_beyond
from .statistics.figures import Figures, Known, Most, figures
from .statistics.steps import Steps, joined_steps
from .statistics.time_weights import over_time
from .summary import bookmark

PROBE_FIELDS = (
    "no, id, first_ms, ip, port, host, version, model, name, boot, via, seen_ms, present,"
    " interval_ms, server_url, provisioned_ms, problem, remedy, alias, place, hidden, group, note, removed_ms, power_on_counts"
)
SHORTEST_SLICE_MS = 1_000
VALUES = ("probe", "taken_ms", "units", "quality")
# So much time is gathered at once.
PIECE_MS = 365 * DAY_MS
MOST = Most()


class Reader(RecordQuestions):
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

    def after(self, no: int, limit: int, *, own: bool = False) -> list[Point]:
        """The next readings in journal order, for followers. own: each under the id it was delivered with, whatever that counts as."""
        with self._moment():
            if self._stored.is_row(no + 1):
                return following(self._db, no, limit, own=own)
            columns, boots = self._behind(no, limit, FIELDS, own=own)
            return points_of(columns, boots)

    def behind(self, no: int, limit: int, *, fields: Sequence[str] = FIELDS) -> Columns:
        """The same as columns. fields: as for `columns`; what is struck out is there, without a value and with that quality."""
        with self._moment():
            return self._behind(no, limit, fields)[0]

    def _behind(self, no: int, limit: int, fields: Sequence[str], *, own: bool = False) -> tuple[Columns, dict[int, str]]:
        found, needed = list[Batch](), asked(self._db, ("no", *fields))
        for batch in self._stored.numbered(no, limit, needed):
            found.append(batch)
            if sum(len(part["no"]) for part in found) >= limit:
                break
        batch = chosen(joined(found, needed), slice(limit))
        return counted(self._db, batch, struck_out=True, own=own), boots_of(self._db, batch) if "boot" in batch else {}

    def newest(self, *, own: bool = False) -> list[Newest]:
        """Each probe's newest reading by the time it was taken, by probe id; what is dated in the future is not 'now'.

        own: for each id that delivered, also where it counts as another probe.
        """
        with self._moment() as done:
            read = partial(self._own, done)
            return listed(not_struck(not_ahead(newest(self._db, done), now_ms(), read), self._db, read), self._db, own=own)

    def _own(self, done: int, from_ms: int, to_ms: int, probe_id: str) -> Columns:
        return counted(self._db, self._slice(from_ms, to_ms, done, self._numbers(probe_id, own=True), FIELDS), own=True)

    def columns(
        self,
        from_ms: int,
        to_ms: int,
        probe_ids: Sequence[str] | None = None,
        *,
        fields: Sequence[str] = FIELDS,
        struck_out: bool = False,
    ) -> Columns:
        """Readings taken in [from_ms, to_ms) as columns, by time, late ones in their place.

        fields: which of journal.FIELDS and JUNCTION to read; the columns of the others are empty (received_ms comes with delay_ms,
        raw and quality with units). struck_out: with what is struck out, which then has no value and that quality.
        """
        with self._moment() as done:
            return counted(self._db, self._slice(from_ms, to_ms, done, self._numbers(probe_ids), fields), struck_out=struck_out)

    def stream(
        self,
        from_ms: int,
        to_ms: int,
        probe_ids: Sequence[str] | None = None,
        *,
        most: int = 100_000,
        by_number: bool = False,
        fields: Sequence[str] = FIELDS,
        struck_out: bool = False,
    ) -> Iterator[Columns]:
        """Readings taken in [from_ms, to_ms) in pieces of about `most`, in memory that does not grow with the range.

        Pieces follow each other in time, each by (taken_ms, no); with by_number=True everything is in journal order and complete.
        fields, struck_out: as for `columns`; in journal order what is struck out is always there.
        """
        if by_number:
            pieces = self._by_number(from_ms, to_ms, probe_ids, fields)
        else:
            pieces = self._by_time(from_ms, to_ms, probe_ids, most, fields, struck_out=struck_out)
        return (piece for piece in pieces if len(piece))

    def about(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None = None) -> int:
        """How many readings were taken in [from_ms, to_ms), rather more than fewer; quick."""
        with self._moment() as done:
            return self._stored.about(from_ms, to_ms, done, self._numbers(probe_ids))

    def steps(self, from_ms: int, to_ms: int, width_ms: int, probe_ids: str | Sequence[str] | None = None) -> tuple[dict[int, str], Steps]:
        """What each probe has in each `width_ms`: (probe id of each number, steps by probe number and time), bad readings counted too.

        Whole minutes come from the roll-ups; any other width from the readings. Steps begin at multiples of `width_ms` since 1970.
        """
        with self._moment() as done:
            merged, ids = Merged(self._db), self._named(probe_ids)
            numbers = [no for root in ids for no in merged.all_of(root)]
            return ids, self._steps_of(merged, numbers, done, from_ms, to_ms, width_ms)

    def calendar_steps(
        self, from_ms: int, to_ms: int, calendar: Calendar, probe_ids: str | Sequence[str] | None = None
    ) -> tuple[dict[int, str], Steps, Floats, Floats]:
        """What each step of a calendar has of [from_ms, to_ms) and nothing else: (ids, steps, mean over time of each, how long they hold).

        `at` is when the step began, in ms, and the mean in 1e-7 °C. It is that of readings, each for as long as it holds (last: the sum of
        these); of many, of even hours and what is uneven beside them (see over_time.py). Steps below a minute are made from seconds.
        """
        with self._moment() as done:
            merged, ids, parts, found = Merged(self._db), self._named(probe_ids), [], []
            for low, high in pieces(calendar, from_ms, to_ms, PIECE_MS):
                for probe in ids:
                    ask = partial(self._steps_of, merged, merged.all_of(probe), done)
                    steps, *told = over_time(ask, calendar, low, high)
                    parts.append(steps)
                    found.append(told)
        if not parts:
            return ids, self.steps(0, 0, 1)[1], np.empty(0), np.empty(0)
        means, held = (np.concatenate(column) for column in zip(*found, strict=True))
        return ids, joined_steps(parts), means, held

    def _steps_of(self, merged: Merged, numbers: list[int], done: int, from_ms: int, to_ms: int, width_ms: int) -> Steps:
        return aggregates.steps(self._db, self._stored, merged, numbers, from_ms, to_ms, width_ms, done)

    def beyond(self, from_ms: int, to_ms: int, limits: Sequence[Limit], probe_ids: str | Sequence[str] | None = None) -> dict[str, Beyond]:
        """How long each probe with a good reading in [from_ms, to_ms) was beyond each limit, and when: see passing.py and beyond.py."""
        with self._moment() as done:
            merged, found = Merged(self._db), {}
            for no, probe_id in self._named(probe_ids).items():
                ask, read = partial(self._steps_of, merged, merged.all_of(no), done), partial(self._values_of, merged.all_of(no), done)
                found[probe_id] = time_beyond(ask, read, from_ms, to_ms, limits)
        return {probe_id: told for probe_id, told in found.items() if told is not None}

    def _values_of(self, numbers: list[int], done: int, from_ms: int, to_ms: int) -> tuple[Ints, Floats]:
        needed = asked(self._db, VALUES)
        batch = joined(list(self._stored.taken(from_ms, to_ms, done, needed, numbers)), needed)
        columns = counted(self._db, chosen(batch, np.argsort(batch["taken_ms"], kind="stable")))
        return columns.taken_ms, columns.celsius

    def figures(
        self, from_ms: int, to_ms: int, probe_ids: str | Sequence[str] | None = None, *, known: Known | None = None, most: Most = MOST
    ) -> dict[str, Figures]:
        """What each probe with a good reading in [from_ms, to_ms) has there: see figures.py. known: kept by who asks again."""
        known = (known or Known()).judged_as(self.judged())
        with self._moment() as done:
            merged, ids, everything = Merged(self._db), self._named(probe_ids), self._stored.about(from_ms, to_ms, done)
            ask, read = partial(self._steps_together, merged, done), partial(self._good, merged, done)
            return figures(ask, read, ids, from_ms, to_ms, everything, known, most)

    def _steps_together(self, merged: Merged, done: int, roots: Sequence[int], from_ms: int, to_ms: int, width_ms: int) -> Steps:
        return self._steps_of(merged, [no for root in roots for no in merged.all_of(root)], done, from_ms, to_ms, width_ms)

    def _good(self, merged: Merged, done: int, roots: Sequence[int], from_ms: int, to_ms: int) -> tuple[Ints, Ints, Ints]:
        numbers = [no for root in roots for no in merged.all_of(root)]
        needed = asked(self._db, VALUES)
        columns = counted(self._db, joined(list(self._stored.taken(from_ms, to_ms, done, needed, numbers)), needed))
        good = np.flatnonzero(columns.units != NO_VALUE)
        good = good[np.lexsort((columns.taken_ms[good], columns.probe[good]))]
        return columns.probe[good], columns.taken_ms[good], columns.units[good]

    def probes(self, *, removed: bool = False) -> list[dict[str, Any]]:
        """All that is known of each probe, by id: see PROBE_FIELDS. removed: also those that a person removed.

        also: the ids that count as it; device: the one heard last of it and those.
        """
        return [row for row in known(self._db, PROBE_FIELDS.replace(",", "").split()) if removed or not row["removed_ms"]]

    def device(self, probe_id: str) -> str:
        """The id of the device to talk to for a probe: another one's where a new board counts as it, or it was never met: its own."""
        found = (row["device"] for row in self.probes(removed=True) if row["id"] == probe_id) if Merged(self._db) else ()
        return next(iter(found), probe_id)

    def intervals(self) -> dict[str, int]:
        """The interval last given to each device, in ms."""
        return dict(self._db.execute("SELECT id, interval_ms FROM probes WHERE interval_ms"))

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
        late = self.note(summary.TOPIC)[1]
        ids, numbers = self._ids(), self._numbers(probe_id) or []
        found = [late_ms for no in numbers for late_ms in summary.late_times(late, ids[no], from_ms, to_ms, every_ms)]
        return sorted(found) if len(numbers) > 1 else found

    def judged(self) -> tuple[int, ...]:
        """Another one whenever readings count otherwise than before: something was struck out, undone, calibrated or merged."""
        return judged(self._db)

    def common(self, from_id: str, into_id: str) -> merging.Common | None:
        """When two probes both have readings; None where that is no more than a change-over. Raises TempHubError (404)."""
        with self._moment() as done:
            return merging.common(self._db, from_id, into_id, done)

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

    def _by_time(
        self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None, most: int, fields: Sequence[str], *, struck_out: bool
    ) -> Iterator[Columns]:
        span = self.span()
        if span is None:
            return
        start, end, step = max(from_ms, span[0]), min(to_ms, span[1] + 1), HOUR_MS
        while start < end:
            with self._moment() as done:
                # The roll-ups tell beforehand how many readings a slice has.
                while step > SHORTEST_SLICE_MS and self._stored.about(start, min(start + step, end), done) > most:
                    step //= 2
                batch = self._slice(start, min(start + step, end), done, self._numbers(probe_ids), fields)
                piece = counted(self._db, batch, struck_out=struck_out)
            yield piece
            start += step
            step = step * 2 if len(piece) < most // 2 else step

    def _slice(self, from_ms: int, to_ms: int, done: int, numbers: list[int] | None, fields: Sequence[str]) -> Batch:
        needed = asked(self._db, ("no", *fields))
        batch = joined(list(self._stored.taken(from_ms, to_ms, done, needed, numbers)), needed)
        return chosen(batch, np.lexsort((batch["no"], batch["taken_ms"])))

    def _by_number(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None, fields: Sequence[str]) -> Iterator[Columns]:
        probes = self._numbers(probe_ids)
        with self._moment():
            for batch in self._stored.numbered(0, fields=asked(self._db, fields)):
                inside = (batch["taken_ms"] >= from_ms) & (batch["taken_ms"] < to_ms)
                if probes is not None:
                    inside &= np.isin(batch["probe"], probes)
                yield counted(self._db, chosen(batch, inside), struck_out=True)

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
        """The ids that answers are given under, by number."""
        wanted, ids = self._numbers(probe_ids), Merged(self._db).listed(self._ids())
        return ids if wanted is None else {no: ids[no] for no in wanted if no in ids}

    def _numbers(self, probe_ids: str | Sequence[str] | None, *, own: bool = False) -> list[int] | None:
        """The numbers that readings of these are stored under, None for all; own: of these ids alone, whatever they count as."""
        merged = Merged(self._db)
        if probe_ids is None:
            gone = {no for (no,) in self._db.execute("SELECT no FROM probes WHERE removed_ms")}
            return [no for no in self._ids() if merged.root(no) not in gone] if gone else None
        wanted = {probe_ids} if isinstance(probe_ids, str) else set(probe_ids)
        numbers = [no for no, id_ in self._ids().items() if id_ in wanted]
        return numbers if own else [no for root in dict.fromkeys(map(merged.root, numbers)) for no in merged.all_of(root)]
