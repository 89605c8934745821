"""Numbers marked `power_on` that an earlier version counted: the upgrade puts it right, wherever they lie,
and at once."""

import sqlite3
from contextlib import closing
from pathlib import Path

from journal.journal_harness import T0, as_rows, close_months, journal, pack_all, row
from journal.test_calibration import DAY_MS, redo_all
from support.rows import buckets_in, faults_in
from support.waiting import PATIENCE_S
from temphub_kernel.journal import Reader, bring_up_to_date
from temphub_kernel.journal.schema import BLOCK_ROWS, VERSION, open_for_reading

# What versions 4 to 6 brought, taken away again; no reading is in a batch any more.
BACK_TO_THREE = """
DROP TABLE batches;
DROP TABLE minute_packs;
DROP TABLE rules;
DROP TABLE alarms;
DROP TABLE alarm_events;
DROP TABLE messages;
DROP TABLE mutes;
DROP INDEX probes_merged;
DROP INDEX probes_removed;
DROP INDEX probes_believed;
DROP TRIGGER probe_met;
DROP TRIGGER probe_changed;
DROP TABLE probe_changes;
ALTER TABLE probes DROP COLUMN merged_into;
ALTER TABLE probes DROP COLUMN merged_ms;
ALTER TABLE probes DROP COLUMN power_on_counts;
ALTER TABLE strikes DROP COLUMN part_of;
PRAGMA user_version=3;
"""


def test_what_was_counted_before_the_upgrade_counts_no_more(tmp_path: Path) -> None:
    """In rows, in packs and in a closed month: only the days with such numbers are gathered again, and every
    answer is right at once."""
    start, step_ms, rows = T0 - 40 * DAY_MS, 300_000, 2 * BLOCK_ROWS + 10
    ghosts = {500, BLOCK_ROWS + 100, rows - 5}
    expected = sum(200_000_000 for n in range(rows) if n not in ghosts)
    days = {(start + n * step_ms) // DAY_MS for n in ghosts}
    span = (start // DAY_MS * DAY_MS, (T0 // DAY_MS + 2) * DAY_MS)
    with journal(tmp_path) as j:
        j.writer.store(
            [row(start + n * step_ms, 850_000_000 if n in ghosts else 200_000_000) for n in range(rows)]
        )
        j.roll_up()
        # As 0.3 left it: rows, counted, and marked.
        assert j.writer.change(as_rows).result(PATIENCE_S)
        j.writer.change(
            lambda db: db.execute("UPDATE readings SET quality='power_on' WHERE units=850000000").rowcount
        ).result(PATIENCE_S)
        assert pack_all(j, days=False) == 1 and len(close_months(j, T0)) == 1
        with Reader(j.path) as reader:
            assert max(b.highest for b in buckets_in(reader, *span, DAY_MS)) == 850_000_000, (
                "this test needs what is wrong"
            )
        assert j.writer.stop()
        with closing(sqlite3.connect(j.path)) as db:
            db.executescript(BACK_TO_THREE)
        bring_up_to_date(j.path)
        with closing(open_for_reading(j.path)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
            spans = db.execute("SELECT from_ms, to_ms FROM redo").fetchall()
            assert {day for low, high in spans for day in range(low // DAY_MS, high // DAY_MS)} == days
        j.writer = j.new_writer()
        with Reader(j.path) as reader:
            for _ in range(2):
                found = buckets_in(reader, *span, DAY_MS)
                assert (sum(b.total for b in found), max(b.highest for b in found)) == (expected, 200_000_000)
                assert sum(fault.readings for fault in faults_in(reader, *span, DAY_MS)) == len(ghosts)
                redo_all(j)
        with closing(open_for_reading(j.path)) as db:
            assert db.execute("SELECT count(*) FROM redo").fetchone() == (0,)
