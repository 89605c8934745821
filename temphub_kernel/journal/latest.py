"""Each probe's newest reading: what the roll-ups know, and what came after. Belongs to the connection's thread."""

import sqlite3

from .answers import Newest
from .calibration import Corrections

# Ties are settled by the number: of two readings of one moment the one stored last stands.
NEWEST = (
    "SELECT probe, taken_ms, units, quality, max(taken_ms * 1000000 + min(no - :done, 999999)) FROM readings"
    " WHERE no > :done GROUP BY probe"
)
DELIVERED = "SELECT probe, max(taken_ms + delay_ms), count(*) FROM readings WHERE no > :done GROUP BY probe"


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
