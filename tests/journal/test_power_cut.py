"""The power of the hub's computer goes: whatever of the unflushed writes reached the disk, what was
acknowledged is there, once.

Short by default. The full run: `TEMPHUB_CUTS=3000 python -m pytest tests/journal/test_power_cut.py`.
"""

import ctypes.util
import os
import pickle
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from csvlog.csv_harness import HEADER, line_of
from journal.power_cut_program import BATCHES, ROWS, batch
from support.power import Cut, Event
from support.waiting import cannot
from temphub_kernel.csvlog import CsvLog
from temphub_kernel.journal import Outcome, Reader, Writer, put_damaged_aside

CUTS = int(os.environ.get("TEMPHUB_CUTS", "120"))
SEED = int(os.environ.get("TEMPHUB_SEED", "6"))
PROGRAM = Path(__file__).with_name("power_cut_program.py")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """What the hub's journal and CSV log wrote, flushed and acknowledged, in order; and the folder in which
    they did."""
    if sys.platform == "win32" or ctypes.util.find_library("sqlite3") is None:
        cannot("this Python brings an SQLite of its own, which cannot be recorded")
    folder = tmp_path_factory.mktemp("recorded")
    data = folder / "data"
    data.mkdir()
    subprocess.run([sys.executable, PROGRAM, data, folder / "events"], check=True, timeout=120)
    found = [Event(*event) for event in pickle.loads((folder / "events").read_bytes())]
    assert any(event.file.endswith("-wal") for event in found), (
        "this Python's SQLite is not the one that was recorded"
    )
    return found, data


def test_the_record_holds_all_that_matters(recorded):
    """What is cut later is a real run: every batch acknowledged, the journal checkpointed, the CSV written,
    all of it flushed."""
    events, _ = recorded
    assert [event.data for event in events if event.what == "told"] == list(range(BATCHES))
    kinds = Counter((event.what, event.file) for event in events)
    assert kinds["write", "temphub.sqlite3"] > 40 and kinds["sync", "temphub.sqlite3"] > 2
    assert kinds["sync", "temphub.sqlite3-wal"] >= BATCHES
    assert kinds["write", "temperature_log.csv"] > 20 and kinds["sync", "temperature_log.csv"] > 20


@pytest.mark.timeout(max(180, CUTS))
def test_a_power_cut_at_any_moment_loses_nothing_acknowledged(recorded):
    """Cut at random moments, with any part of the unflushed writes lost, torn or in another order: the
    journal opens, is whole, holds each acknowledged reading once, knows repeats, and the CSV is mended to say
    exactly the same."""
    (events, folder), dice = recorded, random.Random(SEED)
    cut = Cut(events, dice)
    # The first moments, in which the journal is made, are looked at one by one.
    early = range(1, min(60, CUTS // 2))
    for at in sorted({*early, *(dice.randint(60, len(events)) for _ in range(CUTS - len(early)))}):
        cut.go_to(at)
        for left in folder.iterdir():
            left.unlink()
        cut.leave(folder)
        survived(folder, cut.told, at)


def survived(folder, told, at):
    path, csv = folder / "temphub.sqlite3", folder / "temperature_log.csv"
    assert put_damaged_aside(path) is None, f"cut at {at}: taken for damaged"
    writer = Writer(path, gather_s=0.0)
    writer.start()
    try:
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",), f"cut at {at}"
        with Reader(path) as reader:
            stored = Counter((point.probe_id, point.seq) for point in reader.after(0, 10**6))
            assert set(stored.values()) <= {1}, f"cut at {at}: a reading is there twice"
            sent = {(row.probe_id, row.seq) for number in told for row in batch(number)}
            # A batch on its way at the cut is there as a whole or not at all.
            assert sent <= set(stored) and len(stored) - len(sent) in (0, ROWS), (
                f"cut at {at}: an acknowledged reading is lost"
            )
            if told:
                assert writer.store(batch(told[-1])) == Outcome(0, ROWS)
            writer.store(batch(BATCHES))
            log = CsvLog(csv, path, writer)
            for _ in range(4):
                log.step(reader)
            lines = "".join(line_of(point) for point in reader.after(0, 10**6))
            assert csv.read_text(encoding="utf-8") == HEADER + lines, (
                f"cut at {at}: the CSV says something else"
            )
    finally:
        assert writer.stop()
