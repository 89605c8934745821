"""Each probe's newest reading: what the roll-ups know, and what came after. Belongs to the connection's thread."""

import sqlite3
from collections.abc import Callable

from .answers import Newest, Point
from .calibration import Corrections

# Ties are settled by the number: of two readings of one moment the one stored last stands.
NEWEST = (
    "SELECT probe, taken_ms, units, quality, max(taken_ms * 1000000 + min(no - :done, 999999)) FROM readings"
    " WHERE no > :done GROUP BY probe"
)
DELIVERED = "SELECT probe, max(taken_ms + delay_ms), count(*) FROM readings WHERE no > :done GROUP BY probe"

# The hub dates readings, so no probe's clock matters here: this is for a clock being set, or a journal read from another computer.
AHEAD_MS = 60_000
# How far back is looked for the reading before those that are dated in the future.
SPANS_MS = (300_000, 3_600_000, 86_400_000)


def not_ahead(found: list[Newest], now_ms: int, points: Callable[[int, int, str], list[Point]]) -> list[Newest]:
    """The same, with the newest reading up to now for a probe that has some from a time when this computer's clock was ahead.

    Otherwise a card would show such a value, as fresh, until the clock gets there. A probe without any stays as it is.
    """
    limit_ms = now_ms + AHEAD_MS
    return [one if one.taken_ms <= limit_ms else _before(one, limit_ms, points) for one in found]


def _before(one: Newest, limit_ms: int, points: Callable[[int, int, str], list[Point]]) -> Newest:
    for span_ms in SPANS_MS:
        if before := points(limit_ms - span_ms, limit_ms, one.probe_id):
            last = before[-1]
            return one._replace(taken_ms=last.taken_ms, units=last.units, quality=last.quality, delivered_ms=last.received_ms)
    return one


def newest(db: sqlite3.Connection, done: int) -> list[Newest]:
    """See Reader.newest. done: up to which number the roll-ups have taken readings in; the caller holds a read transaction open."""
    ids, corrections = dict(db.execute("SELECT no, id FROM probes")), Corrections(db)
    found = {row[0]: list(row[1:]) for row in db.execute("SELECT * FROM latest")}
    late = zip(db.execute(NEWEST, {"done": done}), db.execute(DELIVERED, {"done": done}), strict=True)
    for (probe, taken_ms, units, quality, _), (_, delivered_ms, readings) in late:
        known = found.setdefault(probe, [taken_ms, units, quality, delivered_ms, 0])
        if taken_ms >= known[0]:
            known[:3] = taken_ms, units, quality
        known[3] = max(known[3], delivered_ms)
        known[4] += readings
    for probe, known in found.items():
        known[1] = corrections.one(probe, known[0], known[1])
    return sorted(Newest(ids[probe], *values) for probe, values in found.items())
