"""When readings were taken that were long on their way, as a few spans a probe in one note of the journal. Pure but for `add`.

A probe that could not deliver keeps its readings and delivers them together, so what is late comes in long stretches: a few
numbers a stretch, written only when something was late. `add` belongs to the writer's thread.
"""

import json
import sqlite3
from typing import Any

import numpy as np

from .columns import Batch

# What was longer on its way than this is marked as late: the probe kept it while it could not deliver.
LATE_MS = 30_000
# Late readings closer together than this are one stretch.
STEP_MS = 900_000
# So many stretches a probe at most; beyond, those that lie closest together become one.
MOST_SPANS = 200
TOPIC = "late"
Spans = list[list[int]]


def spans_of(batch: Batch) -> dict[int, Spans]:
    """The late stretches of a batch by probe number: [first, last] in ms."""
    late = batch["delay_ms"] > LATE_MS
    probe, taken_ms = batch["probe"][late], batch["taken_ms"][late]
    return {int(no): joined([[ms, ms] for ms in np.unique(taken_ms[probe == no]).tolist()]) for no in np.unique(probe)}


def joined(spans: Spans) -> Spans:
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
            body[id_] = joined(body.get(id_, []) + late[no])
    insert = "INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms=excluded.at_ms, body=excluded.body"
    db.execute(insert, (TOPIC, at_ms, json.dumps(body, separators=(",", ":"))))


def late_times(note: dict[str, Any], probe_id: str, from_ms: int, end_ms: int, every_ms: int) -> list[int]:
    """Moments in [from_ms, end_ms) at which readings were taken that came late, one each `every_ms` at most. note: Reader.note(TOPIC)."""
    found: list[int] = []
    for first, last in note.get(probe_id, []):
        found += range(max(first, from_ms), min(last + 1, end_ms), max(every_ms, 1))
    return found
