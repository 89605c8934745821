"""Steps of any time and width, from roll-ups where they hold, from the readings where they do not (yet).

Belongs to the connection's thread; the caller holds a read transaction open.
"""

import sqlite3
from collections.abc import Sequence

from ..base.clock import DAY_MS, MINUTE_MS
from .calibration import Corrections
from .columns import Batch, chosen, joined
from .cover import cover
from .merged import Merged
from .steps import Steps, gathered, steps_of
from .steps import joined as joined_steps
from .stored import Stored
from .strikes import Struck

NEEDED = ("no", "probe", "taken_ms", "units", "quality")


def steps(
    db: sqlite3.Connection, stored: Stored, merged: Merged, probes: Sequence[int], from_ms: int, to_ms: int, width_ms: int, done: int
) -> Steps:
    """See Reader.steps. done: up to which number the roll-ups have taken readings in."""
    first, end, width = -(-from_ms // MINUTE_MS), to_ms // MINUTE_MS, width_ms // MINUTE_MS
    needed = (*NEEDED, *Corrections(db).fields)
    if width_ms % MINUTE_MS or first >= end:
        found = _from_readings(db, joined(list(stored.taken(from_ms, to_ms, done, needed, probes)), needed), width_ms)
        return gathered(found._replace(probe=merged.of(found.probe))) if merged else found
    parts: list[Steps] = []
    # What is asked of the minutes at both ends is less than their roll-up has.
    for low, high in ((from_ms, first * MINUTE_MS), (end * MINUTE_MS, to_ms)):
        if low < high:
            batch = joined(list(stored.taken(low, high, done, needed, probes)), needed)
            parts.append(_from_readings(db, chosen(batch, batch["no"] <= done), width_ms))
    for probe in probes:
        for stale, low, high in _stretches(db, probe, first * MINUTE_MS, end * MINUTE_MS):
            if stale:
                batch = joined(list(stored.taken(low, high, done, needed, [probe])), needed)
                parts.append(_from_readings(db, chosen(batch, batch["no"] <= done), width_ms))
            else:
                parts += cover(db, probe, max(low // MINUTE_MS, first), min(high // MINUTE_MS, end), width)
    where = f" AND taken_ms >= ? AND taken_ms < ? AND probe IN ({', '.join(map(str, probes))})"
    parts.append(_from_readings(db, stored.rows(done + 1, 2**62, needed, where, (from_ms, to_ms)), width_ms))
    whole = joined_steps(parts)
    # Calibrations and what is struck out went by the device: from here on it is what the device counts as.
    return gathered(whole._replace(probe=merged.of(whole.probe)))


def _stretches(db: sqlite3.Connection, probe: int, from_ms: int, to_ms: int) -> list[tuple[bool, int, int]]:
    """[from_ms, to_ms) cut where the roll-ups of a probe are out of date, by whole days: (out of date, from, to)."""
    rows = db.execute("SELECT from_ms, to_ms FROM redo WHERE probe=? AND to_ms>? AND from_ms<? ORDER BY from_ms", (probe, from_ms, to_ms))
    found: list[tuple[bool, int, int]] = []
    at = from_ms
    for start, end in rows:
        start, end = max(start // DAY_MS * DAY_MS, at), min(-(-end // DAY_MS) * DAY_MS, to_ms)
        if start < end:
            found += [(False, at, start)] if start > at else []
            found.append((True, start, end))
            at = end
    return [*found, (False, at, to_ms)] if at < to_ms else found


def _from_readings(db: sqlite3.Connection, batch: Batch, width_ms: int) -> Steps:
    probe, taken_ms = batch["probe"], batch["taken_ms"]
    return steps_of(probe, taken_ms, Corrections(db).of(batch).units, width_ms, Struck(db).of(probe, taken_ms))
