"""Each probe's newest reading, and the newest of all one by one. Belongs to the connection's thread."""

import sqlite3
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ..core import AHEAD_MS, DAY_MS, HOUR_MS, MINUTE_MS, STRUCK_OUT
from . import batches, blocks, summary
from .columns import NO_VALUE, QUALITY, Columns, Newest, Point
from .records import annotations, calibration, imports, merged

QUERY = (
    "SELECT no, probe, taken_ms, taken_ms + delay_ms, units, quality, boot, seq FROM readings WHERE no > "
    "? ORDER BY no LIMIT ?"
)


def following(db: sqlite3.Connection, no: int, limit: int, *, own: bool) -> list[Point]:
    """Up to `limit` readings behind a number, in journal order; they must be rows still. own: under the id
    each was delivered with."""
    ids = dict(db.execute("SELECT no, id FROM probes"))
    ids = ids if own else merged.Merged(db).called(ids)
    corrections, struck, boots = calibration.Corrections(db), annotations.Struck(db).start_ms, Boots(db)
    correct, chips = corrections.one, blocks.of(db, no + 1, no + limit) if corrections.thermocouples else {}
    found: list[Point] = []
    for number, probe, taken_ms, received_ms, units, quality, boot, seq in db.execute(QUERY, (no, limit)):
        if struck(probe, taken_ms) is None:
            said = correct(probe, taken_ms, units, quality, chips.get(number, (None, None)))
        else:
            said = None, STRUCK_OUT
        found.append(Point(number, ids[probe], taken_ms, received_ms, *said, boots[boot], seq, units))
    return found


class Boots(dict[int | None, str | None]):
    """The boot mark of each number, looked up when it is met: a journal knows many, a piece of it few."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__({None: None})
        self._db = db

    def __missing__(self, number: int | None) -> str | None:
        row = self._db.execute("SELECT boot FROM boots WHERE no=?", (number,)).fetchone()
        self[number] = found = row[0] if row else None
        return found


# Ties are settled by the number: of two readings of one moment the one stored last stands.
NEWEST = (
    "SELECT probe, taken_ms, units, quality, max(taken_ms * 1000000 + min(no - :done, 999999)) FROM readings"
    " WHERE no > :done GROUP BY probe"
)
DELIVERED = "SELECT probe, max(taken_ms + delay_ms), count(*) FROM readings WHERE no > :done GROUP BY probe"

# How far back is looked for the reading before those that are dated in the future.
SPANS_MS = (5 * MINUTE_MS, HOUR_MS, DAY_MS)

# A probe's own readings taken in [from_ms, to_ms), by time.
Read = Callable[[int, int, str], Columns]


def not_ahead(found: list[Newest], now_ms: int, read: Read) -> list[Newest]:
    """The same, with the newest reading up to now for a probe that has some from a time when this computer's
    clock was ahead.

    Otherwise a card would show such a value, as fresh, until the clock gets there. A probe without any stays
    as it is.
    """
    limit_ms = now_ms + AHEAD_MS
    return [one if one.taken_ms <= limit_ms else _before(one, limit_ms, read) for one in found]


def _before(one: Newest, limit_ms: int, read: Read) -> Newest:
    for span_ms in SPANS_MS:
        before = read(limit_ms - span_ms, limit_ms, one.probe_id)
        if len(before):
            columns = (before.taken_ms, before.units, before.quality, before.received_ms)
            taken_ms, units, code, received_ms = (int(column[-1]) for column in columns)
            value = None if units == NO_VALUE else units
            return one._replace(
                taken_ms=taken_ms, units=value, quality=QUALITY[code], delivered_ms=received_ms
            )
    return one


LATEST = (
    "SELECT probe, id, taken_ms, units, quality, delivered_ms, readings FROM latest JOIN probes ON no = probe"
)


class Told:
    """What was told of each probe last, for who asks again: of thousands only what changed is made anew.
    done: up to which number rows, what the roll-ups have, is; of: what comes of these, both by number; told:
    what was told, by id."""

    def __init__(self) -> None:
        self.done = -1
        self.rows: dict[int, tuple[Any, ...]] = {}
        self.of: dict[int, Newest] = {}
        self.told: dict[str, Newest] = {}

    def catch_up(self, db: sqlite3.Connection, done: int) -> None:
        """Know what the roll-ups have by now: what they have taken in up to a number is always the same."""
        if done == self.done:
            return
        rows, before = {row[0]: row for row in db.execute(LATEST)}, self.rows
        plain = {no: row for no, row in rows.items() if row[4] is None}
        self.of = {
            no: self.of[no] if no in self.of and before[no] == row else self.same(row[1:])
            for no, row in plain.items()
        }
        self.rows, self.done = rows, done

    def same(self, one: tuple[Any, ...]) -> Newest:
        """What was told before where it is the same."""
        told = self.told.get(one[0])
        return told if told is not None and told == one else Newest(*one)


def newest(db: sqlite3.Connection, done: int, kept: Told | None = None) -> list[Newest]:
    """The newest reading of each id, see Reader.newest. done: up to which number the roll-ups have taken
    readings in.

    The caller holds a read transaction open.
    """
    kept, corrections = kept or Told(), calibration.Corrections(db)
    kept.catch_up(db, done)
    news, late = _news(db, done, kept.rows)
    said = _said(db, late) if corrections.thermocouples else {}
    found = dict(kept.of)
    # A value that is marked may count, and one that is corrected counts, as people say now.
    judged = kept.rows.keys() if corrections else kept.rows.keys() - kept.of.keys()
    for no in judged | news.keys():
        one = list(news.get(no) or kept.rows[no][1:])
        if corrections or one[3] is not None:
            chip = said.get((no, one[1]), (None, None))
            one[2:4] = corrections.one(no, one[1], one[2], one[3], chip)
        found[no] = kept.same(tuple(one))
    kept.told = {one.probe_id: one for one in found.values()}
    return sorted(found.values(), key=itemgetter(0))


def _news(
    db: sqlite3.Connection, done: int, rows: dict[int, tuple[Any, ...]]
) -> tuple[dict[int, list[Any]], list["_Late"]]:
    """(each probe's newest of which roll-ups do not know all, by number; what came behind). rows: what they
    know."""
    found: dict[int, list[Any]] = {}
    late = _late(db, done)

    def known(no: int, taken_ms: int, units: int | None, quality: str | None, delivered_ms: int) -> list[Any]:
        if no not in found and no in rows:
            found[no] = list(rows[no][1:])
        elif no not in found:
            (id_,) = db.execute("SELECT id FROM probes WHERE no=?", (no,)).fetchone()
            found[no] = [id_, taken_ms, units, quality, delivered_ms, 0]
        return found[no]

    for _, no, taken_ms, units, quality, delivered_ms, readings in late:
        one = known(no, taken_ms, units, quality, delivered_ms)
        if taken_ms >= one[1]:
            one[1:4] = taken_ms, units, quality
        one[4] = max(one[4], delivered_ms)
        one[5] += readings
    for no, readings, taken_ms, units, quality in imports.newest(db):
        one = known(no, taken_ms, units, quality, taken_ms)
        if taken_ms > one[1]:
            one[1:4] = taken_ms, units, quality
        one[5] += readings
    return found, late


# (number, probe, taken_ms, units, quality, when anything came in last, how many readings) of the newest in
# some part of the journal.
_Late = tuple[int, int, int, int | None, str | None, int, int]


def _late(db: sqlite3.Connection, done: int) -> list[_Late]:
    """What came behind a number, of each probe its newest among the rows and in each batch, by number."""
    rows = zip(db.execute(NEWEST, {"done": done}), db.execute(DELIVERED, {"done": done}), strict=True)
    found: list[_Late] = [(done + place % 1_000_000, *one, *rest) for (*one, place), (_, *rest) in rows]
    for batch in batches.between(db, done + 1, 2**62):
        latest, numbers = summary.latest(batch)
        found += [(no, *one) for one, (_, _, no) in zip(latest, numbers, strict=True)]
    return sorted(found)


class Heard(NamedTuple):
    """When anything last came in of a probe, 0 for never; how often it was told to measure, 0 where it was
    not."""

    probe_id: str
    group: str
    interval_ms: int
    delivered_ms: int


def heard(db: sqlite3.Connection, done: int) -> list[Heard]:
    """See Reader.heard. The caller holds a read transaction open."""
    delivered_ms = _delivered(db, done)
    query = 'SELECT no, id, "group", interval_ms, seen_ms FROM probes WHERE NOT removed_ms ORDER BY no'
    roots = merged.Merged(db)
    if not roots:
        rows = db.execute(query)
        return [Heard(id_, group, told, delivered_ms.get(no, 0)) for no, id_, group, told, _ in rows]
    found = {no: rest for no, *rest in db.execute(query)}
    told: list[Heard] = []
    for no, (id_, group, _, _) in found.items():
        if roots.root(no) == no:
            all_of = {one: delivered_ms.get(one, 0) for one in roots.all_of(no) if one in found}
            # The device heard last is the one that measures there now.
            last = max(all_of, key=lambda one: (max(found[one][3], all_of[one]), one == no))
            told.append(Heard(id_, group, found[last][2], max(all_of.values())))
    return told


def _delivered(db: sqlite3.Connection, done: int) -> dict[int, int]:
    found = dict(db.execute("SELECT probe, delivered_ms FROM latest"))
    for probe, delivered_ms, _ in db.execute(DELIVERED, {"done": done}):
        found[probe] = max(found.get(probe, 0), delivered_ms)
    for batch in batches.between(db, done + 1, 2**62, ("probe", "taken_ms", "delay_ms")):
        order = np.argsort(batch["probe"], kind="stable")
        probes, first = np.unique(batch["probe"][order], return_index=True)
        newest_ms = np.maximum.reduceat((batch["taken_ms"] + batch["delay_ms"])[order], first)
        for probe, delivered_ms in zip(probes.tolist(), newest_ms.tolist(), strict=True):
            found[probe] = max(found.get(probe, 0), delivered_ms)
    return found


def _said(db: sqlite3.Connection, late: list[_Late]) -> dict[tuple[int, int], tuple[int | None, int | None]]:
    """What a thermocouple's chip said of each probe's newest reading, by (probe, taken_ms)."""
    found = blocks.newest(db)
    for no, probe, taken_ms, *_ in late:
        if told := blocks.of(db, no, no):
            found[probe, taken_ms] = told[no]
    return found


def listed(found: list[Newest], db: sqlite3.Connection, *, own: bool) -> list[Newest]:
    """The same without what was removed and, unless `own`, one for all that count as the same probe."""
    roots = merged.Merged(db)
    gone = {no for (no,) in db.execute("SELECT no FROM probes WHERE removed_ms")}
    if not (roots or gone):
        return found
    ids = dict(db.execute("SELECT no, id FROM probes"))
    root = {id_: roots.root(no) for no, id_ in ids.items()}
    found = [one for one in found if root[one.probe_id] not in gone]
    if own or not roots:
        return found
    of: dict[str, list[Newest]] = {}
    for one in found:
        of.setdefault(ids[root[one.probe_id]], []).append(one)
    return sorted(_together(id_, all_of) for id_, all_of in of.items())


def _together(id_: str, all_of: list[Newest]) -> Newest:
    # What counts comes before what was struck out.
    last = max(all_of, key=lambda one: (one.quality != STRUCK_OUT, one.taken_ms, one.delivered_ms))
    readings, delivered_ms = sum(one.readings for one in all_of), max(one.delivered_ms for one in all_of)
    return last._replace(probe_id=id_, delivered_ms=delivered_ms, readings=readings)


def not_struck(found: list[Newest], db: sqlite3.Connection, read: Read) -> list[Newest]:
    """The same, with the newest reading that is not struck out; without a value where there is none in the
    day before."""
    if not (struck := annotations.Struck(db)):
        return found
    numbers = dict(db.execute("SELECT id, no FROM probes"))
    told: list[Newest] = []
    for one in found:
        start_ms = struck.start_ms(numbers[one.probe_id], one.taken_ms)
        if start_ms is not None:
            before = _before(one, start_ms, read)
            one = one._replace(units=None, quality=STRUCK_OUT) if before is one else before
        told.append(one)
    return told
