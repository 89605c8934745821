"""Some readings in a row, boiled down, which of them came late, and how that is added to what the journal
holds. Roll-ups thread, then the writer's.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import MINUTE_MS
from . import blocks, schema
from .columns import NO_VALUE, QUALITY, Batch, Flags, Ints
from .records.merged import Merged
from .statistics import Steps, gathered, minutes as finest, steps_of

# What was longer on its way than this is marked as late: the probe kept it while it could not deliver. The
# 30 s that a hub may have probes gather are no such time.
LATE_MS = 45_000
# Late readings closer together than this are one stretch.
STEP_MS = 900_000
# So many stretches a probe at most; beyond, those that lie closest together become one.
MOST_SPANS = 200
TOPIC = "late"
Spans = list[list[int]]
# probe, taken_ms, units, quality, when anything came in last, how many readings
Latest = tuple[int, int, int | None, str | None, int, int]


def spans_of(batch: Batch) -> dict[int, Spans]:
    """The late stretches of a batch by probe number: [first, last] in ms."""
    late = batch["delay_ms"] > LATE_MS
    probe, taken_ms = batch["probe"][late], batch["taken_ms"][late]
    if not len(probe):
        return {}
    order = np.lexsort((taken_ms, probe))
    probe, taken_ms = probe[order], taken_ms[order]
    cuts = np.flatnonzero((np.diff(probe) != 0) | (np.diff(taken_ms) > STEP_MS))
    first, last = np.append(0, cuts + 1), np.append(cuts, len(probe) - 1)
    found: dict[int, Spans] = {}
    for no, *span in zip(
        probe[first].tolist(), taken_ms[first].tolist(), taken_ms[last].tolist(), strict=True
    ):
        found.setdefault(no, []).append(span)
    return {no: joined_spans(spans) for no, spans in found.items()}


def joined_spans(spans: Spans) -> Spans:
    """In order, those that touch as one, and never more than MOST_SPANS."""
    found: Spans = []
    for first, last in sorted(spans):
        if found and first - found[-1][1] <= STEP_MS:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    while len(found) > MOST_SPANS:
        nearest = min(range(len(found) - 1), key=lambda place: found[place + 1][0] - found[place][1])
        found[nearest : nearest + 2] = [[found[nearest][0], found[nearest + 1][1]]]
    return found


def add(db: sqlite3.Connection, late: dict[int, Spans], at_ms: int) -> None:
    """Add stretches to the note, inside the writer's commit; nothing is written when nothing was late."""
    if not late:
        return
    row = db.execute("SELECT body FROM notes WHERE topic=?", (TOPIC,)).fetchone()
    body: dict[str, Spans] = json.loads(row[0]) if row else {}
    for no, id_ in db.execute("SELECT no, id FROM probes").fetchall():
        if no in late:
            body[id_] = joined_spans(body.get(id_, []) + late[no])
    insert = (
        "INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms=excluded.at_ms, "
        "body=excluded.body"
    )
    db.execute(insert, (TOPIC, at_ms, json.dumps(body, separators=(",", ":"))))


def late_times(note: dict[str, Any], probe_id: str, from_ms: int, end_ms: int, every_ms: int) -> list[int]:
    """Moments in [from_ms, end_ms) at which readings were taken that came late, one each `every_ms` at most.
    note: Reader.note(TOPIC)."""
    found: list[int] = []
    for first, last in note.get(probe_id, []):
        found += range(max(first, from_ms), min(last + 1, end_ms), max(every_ms, 1))
    return found


FOLLOWER = "rollups"

ADD_STEPS = """
INSERT INTO {table} VALUES {rows} ON CONFLICT DO UPDATE SET
lowest=min(ifnull(lowest, excluded.lowest), ifnull(excluded.lowest, lowest)),
highest=max(ifnull(highest, excluded.highest), ifnull(excluded.highest, highest)),
total=total+excluded.total, count=count+excluded.count, bad=bad+excluded.bad,
  spread=spread+excluded.spread+iif(
  count=0 OR excluded.count=0, 0.0,
  (1.0*total/count-1.0*excluded.total/excluded.count)*(1.0*total/count-1.0*excluded.total/excluded.count)/1e14
  *count*excluded.count/(count+excluded.count))"""
ADD_BLOCK = """
INSERT INTO blocks (block, oldest_ms, newest_ms) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
oldest_ms=min(oldest_ms, excluded.oldest_ms), newest_ms=max(newest_ms, excluded.newest_ms)"""
ADD_LATEST = """
INSERT INTO latest VALUES {rows} ON CONFLICT DO UPDATE SET
units=iif(excluded.taken_ms >= taken_ms, excluded.units, units), quality=iif(excluded.taken_ms >= taken_ms,
  excluded.quality, quality),
taken_ms=max(taken_ms, excluded.taken_ms), delivered_ms=max(delivered_ms, excluded.delivered_ms),
  readings=readings+excluded.readings"""
ADD_BOOKMARK = "INSERT INTO bookmarks (follower, no) VALUES (?, ?) ON CONFLICT DO UPDATE SET no=excluded.no"


def bookmark(db: sqlite3.Connection, follower: str = FOLLOWER) -> int:
    """The number of the last reading a follower has dealt with."""
    row = db.execute("SELECT no FROM bookmarks WHERE follower=?", (follower,)).fetchone()
    return int(row[0]) if row else 0


class Summary:
    """What a batch adds to roll-ups, blocks and newest values.

    units, struck: what they count with (see calibration.py, annotations.py); the newest values stay as the
    probe sent them.
    """

    def __init__(self, batch: Batch, units: Ints, struck: Flags) -> None:
        self.minutes = steps_of(batch["probe"], batch["taken_ms"], units, MINUTE_MS, struck)
        self._blocks = _blocks(batch["no"], batch["taken_ms"])
        self._latest, self._newest = latest(batch)
        self._received_ms = [(row[0], row[4]) for row in self._latest]
        self._late = spans_of(batch)
        self._delivered_ms = int((batch["taken_ms"] + batch["delay_ms"]).max())
        self._last_no = int(batch["no"][-1])

    def apply(self, db: sqlite3.Connection) -> int:
        """Write it, with the bookmark, inside the writer's commit; returns the bookmark."""
        add_steps(db, self.minutes)
        db.executemany(ADD_BLOCK, self._blocks)
        write_rows(db, ADD_LATEST, self._latest)
        blocks.remember(db, self._newest)
        add(db, self._late, self._delivered_ms)
        self._bring_back(db)
        db.execute(ADD_BOOKMARK, (FOLLOWER, self._last_no))
        return self._last_no

    def _bring_back(self, db: sqlite3.Connection) -> None:
        """Who delivers again is there again."""
        removed = dict(db.execute("SELECT no, removed_ms FROM probes WHERE removed_ms"))
        if not removed:
            return
        merged = Merged(db)
        for no, received_ms in self._received_ms:
            if 0 < removed.get(root := merged.root(no), 0) < received_ms:
                db.execute("UPDATE probes SET removed_ms=0 WHERE no=?", (root,))


def add_steps(db: sqlite3.Connection, minutes: Steps) -> None:
    """Add minutes to every tier."""
    finest.make_rows(db, minutes)
    for table, width in schema.TIERS.items():
        write_rows(db, ADD_STEPS.replace("{table}", table), finest.rows_of(gathered(minutes, width)))


# So many rows a statement: SQLite takes 32,766 values.
AT_ONCE = 1_000


def write_rows(db: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Write rows where a statement has `{rows}`, many at a time: before and behind each statement Python lets
    other threads go first, and with thousands of probes a commit would wait for them thousands of times."""
    for at in range(0, len(rows), AT_ONCE):
        some = rows[at : at + AT_ONCE]
        places = f"({', '.join('?' * len(some[0]))})"
        db.execute(
            statement.replace("{rows}", ", ".join([places] * len(some))), [one for row in some for one in row]
        )


def _blocks(no: Ints, taken_ms: Ints) -> list[tuple[object, ...]]:
    block, first = np.unique(no // schema.BLOCK_ROWS, return_index=True)
    oldest, newest = np.minimum.reduceat(taken_ms, first), np.maximum.reduceat(taken_ms, first)
    return list(zip(block.tolist(), oldest.tolist(), newest.tolist(), strict=True))


def latest(batch: Batch) -> tuple[list[Latest], list[tuple[int, int, int]]]:
    """Each probe's newest of a batch: (rows of the table `latest`; (probe, taken_ms, number) of the same
    readings)."""
    probe, taken_ms = batch["probe"], batch["taken_ms"]
    # Neighbours are mostly of one probe: of each such run only the newest have to be sorted.
    first = _starts(probe)
    size = np.diff(np.append(first, len(probe)))
    near = np.flatnonzero(taken_ms == np.repeat(np.maximum.reduceat(taken_ms, first), size))
    order = near[np.lexsort((batch["no"][near], taken_ms[near], probe[near]))]
    last = order[np.append(_starts(probe[order])[1:], len(order)) - 1]
    runs = np.argsort(probe[first], kind="stable")
    own = _starts(probe[first][runs])
    delivered = np.maximum.reduceat(np.maximum.reduceat(taken_ms + batch["delay_ms"], first)[runs], own)
    counts = np.add.reduceat(size[runs], own)
    newest = [batch[name][last].tolist() for name in ("probe", "taken_ms", "units", "quality")]
    found = zip(*newest, delivered.tolist(), counts.tolist(), strict=True)
    rows: list[Latest] = [
        (no, taken, None if units == NO_VALUE else units, QUALITY[code], *rest)
        for no, taken, units, code, *rest in found
    ]
    return rows, list(zip(newest[0], newest[1], batch["no"][last].tolist(), strict=True))


def _starts(numbers: Ints) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """The places at which another number begins."""
    return np.flatnonzero(np.concatenate([[True], np.diff(numbers) != 0]))
