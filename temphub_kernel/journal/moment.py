"""One consistent moment of the journal: whose readings are asked for, and these as they count. The
connection's thread."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property

import numpy as np

from ..core import HOUR_MS
from . import batches, blocks, columns, effective
from .records.merged import Merged
from .sweep import swept

SHORTEST_SLICE_MS = 1_000


class Moment:
    """What one read transaction sees, for as long as it is open. done: the last reading that the roll-ups
    have taken in."""

    def __init__(self, db: sqlite3.Connection, stored: blocks.Stored, done: int) -> None:
        self.db = db
        self.stored = stored
        self.done = done

    @cached_property
    def merged(self) -> Merged:
        """What counts as what."""
        return Merged(self.db)

    def ids(self) -> dict[int, str]:
        """The id of each probe by its number."""
        return self.stored.ids()

    def named(self, probe_ids: str | Sequence[str] | None) -> dict[int, str]:
        """The ids that answers are given under, by number."""
        wanted, ids = self.numbers(probe_ids), self.merged.listed(self.ids())
        return ids if wanted is None else {no: ids[no] for no in wanted if no in ids}

    def numbers(self, probe_ids: str | Sequence[str] | None, *, own: bool = False) -> list[int] | None:
        """The numbers that readings of these are stored under, None for all; own: of these ids alone,
        whatever they count as."""
        merged = self.merged
        if probe_ids is None and own:
            return None
        if probe_ids is None:
            gone = {no for (no,) in self.db.execute("SELECT no FROM probes WHERE removed_ms")}
            return [no for no in self.ids() if merged.root(no) not in gone] if gone else None
        wanted = {probe_ids} if isinstance(probe_ids, str) else set(probe_ids)
        known = self.stored.numbers()
        numbers = [known[id_] for id_ in sorted(wanted) if id_ in known]
        return (
            numbers
            if own
            else [no for root in dict.fromkeys(map(merged.root, numbers)) for no in merged.all_of(root)]
        )

    def all_of(self, roots: Sequence[int]) -> list[int]:
        """The numbers of all that count as one of these."""
        return [no for root in roots for no in self.merged.all_of(root)]

    def span(self) -> tuple[int, int] | None:
        """(oldest, newest) time of any reading in milliseconds, or None when there is none."""
        rows = [
            self.db.execute("SELECT min(oldest_ms), max(newest_ms) FROM blocks").fetchone(),
            self.db.execute("SELECT min(oldest_ms), max(newest_ms) FROM archives").fetchone(),
            self.db.execute(
                "SELECT min(taken_ms), max(taken_ms) FROM readings WHERE no > ?", (self.done,)
            ).fetchone(),
            batches.span(self.db, self.done),
        ]
        known = [row for row in rows if row[0] is not None]
        return (min(row[0] for row in known), max(row[1] for row in known)) if known else None

    def taken(
        self, from_ms: int, to_ms: int, numbers: list[int] | None, fields: Sequence[str]
    ) -> columns.Batch:
        """Readings taken in [from_ms, to_ms) with what `asked` names for these fields, in no order."""
        needed = effective.asked(self.db, fields)
        return columns.joined(list(self.stored.taken(from_ms, to_ms, self.done, needed, numbers)), needed)

    def by_time(
        self, from_ms: int, to_ms: int, numbers: list[int] | None, fields: Sequence[str]
    ) -> columns.Batch:
        """The same by (taken_ms, no)."""
        batch = self.taken(from_ms, to_ms, numbers, ("no", *fields))
        return columns.by_time(batch)

    def behind(self, no: int, limit: int, fields: Sequence[str], *, own: bool = False) -> columns.Columns:
        """Up to `limit` readings behind a number in journal order. own: see Reader.after."""
        found, needed = list[columns.Batch](), effective.asked(self.db, ("no", *fields))
        # Of none nothing is read: who asks so only wants to know that all is as it was.
        for batch in self.stored.numbered(no, limit, needed) if limit else ():
            found.append(batch)
            if sum(len(part["no"]) for part in found) >= limit:
                break
        batch = columns.chosen(columns.joined(found, needed), slice(limit))
        return effective.counted(self.db, self.ids(), batch, struck_out=True, own=own)

    def own(self, from_ms: int, to_ms: int, probe_id: str) -> columns.Columns:
        """A device's readings under its own id, whatever it counts as."""
        batch = self.by_time(from_ms, to_ms, self.numbers(probe_id, own=True), columns.FIELDS)
        return effective.counted(self.db, self.ids(), batch, own=True)


Begin = Callable[[], AbstractContextManager[Moment]]


def pieces_by_time(
    begin: Begin,
    from_ms: int,
    to_ms: int,
    probe_ids: Sequence[str] | None,
    most: int,
    fields: Sequence[str],
    *,
    struck_out: bool,
    own: bool = False,
    at_once: bool = False,
) -> Iterator[columns.Columns]:
    """See Reader.stream. begin: a moment of its own for each piece, so that nothing is held between two;
    at_once: one for all of them."""
    with begin() as moment:
        span = moment.span()
    if span is None:
        return
    start, end, step = max(from_ms, span[0]), min(to_ms, span[1] + 1), HOUR_MS
    if at_once and start < end:
        with begin() as moment:
            numbers, needed = moment.numbers(probe_ids, own=own), effective.asked(moment.db, ("no", *fields))
            parts = moment.stored.parts(start, end, moment.done, needed, numbers)
            counting = effective.Counting(moment.db, moment.ids(), struck_out=struck_out, own=own)
            for batch, upto_ms in swept(parts, (start, end), numbers, needed, most):
                yield counting.of(batch)
                start = upto_ms
    while start < end:
        with begin() as moment:
            # The roll-ups tell beforehand how many readings a slice has.
            while (
                step > SHORTEST_SLICE_MS
                and moment.stored.about(start, min(start + step, end), moment.done) > most
            ):
                step //= 2
            batch = moment.by_time(start, min(start + step, end), moment.numbers(probe_ids, own=own), fields)
            piece = effective.counted(moment.db, moment.ids(), batch, struck_out=struck_out, own=own)
        yield piece
        start += step
        step = step * 2 if len(piece) < most // 2 else step


def pieces_by_number(
    begin: Begin, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None, fields: Sequence[str]
) -> Iterator[columns.Columns]:
    """See Reader.stream, by_number."""
    with begin() as moment:
        probes = moment.numbers(probe_ids)
        for batch in moment.stored.numbered(0, fields=effective.asked(moment.db, fields)):
            inside = (batch["taken_ms"] >= from_ms) & (batch["taken_ms"] < to_ms)
            if probes is not None:
                inside &= np.isin(batch["probe"], probes)
            yield effective.counted(moment.db, moment.ids(), columns.chosen(batch, inside), struck_out=True)
