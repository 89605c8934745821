"""Exactly once, whatever ends the process, and wherever."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from csvlog.csv_harness import T0, Harness, Killed, harness, line_of, row, rows, said_of
from journal.journal_harness import journal, pack_all
from support.waiting import PATIENCE_S
from temphub_kernel.core.spreadsheet import STYLES
from temphub_kernel.csvlog import only_in_log, surplus
from temphub_kernel.journal import Reader
from temphub_kernel.journal.schema import BLOCK_ROWS

ACTIONS = st.one_of(
    st.tuples(st.just("store"), st.integers(1, 12)),
    st.tuples(st.just("step"), st.just(0)),
    st.tuples(st.just("crash"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("kill"), st.integers(1, 5)),
    st.tuples(st.just("fail"), st.integers(1, 5)),
    st.tuples(st.just("tear"), st.integers(0, 400)),
    st.tuples(st.just("nuls"), st.integers(1, 400)),
    st.tuples(st.just("held"), st.just(0)),
    st.tuples(st.just("style"), st.integers(0, len(STYLES) - 1)),
)


def play(log: Harness, action: str, number: int) -> None:
    """One thing that happens to a log."""
    if action == "store":
        log.store(rows(number, len(log.stored)))
    elif action == "step":
        log.step()
    elif action == "crash":
        log.crash()
    elif action == "restart":
        log.restart()
    elif action in ("kill", "fail"):
        log.disk.calls = 0
        setattr(log.disk, f"{action}_at", number)
        try:
            log.step()
            log.step()
        except Killed:
            log.crash()
        log.disk.kill_at = log.disk.fail_at = -1
    elif action == "style":
        log.style = list(STYLES.values())[number]
        log.crash()
    elif action == "held":
        log.disk.held = True
        assert log.step() == 0 or not log.log.waiting()
        log.disk.held = False
    elif action in ("tear", "nuls") and log.csv.exists():
        power_cut(log, number, nuls=action == "nuls")


def power_cut(log: Harness, number: int, *, nuls: bool) -> None:
    """Some of what was written after the bookmark is gone, or reads as NUL bytes."""
    log.crash()
    text = log.csv.read_bytes()
    saved = log.saved_size()
    # After a roll over the bookmark speaks of the file that was put aside.
    kept = max(len(text) - number, saved if saved <= len(text) else 0)
    if kept < len(text):
        log.csv.write_bytes(text[:kept] + (b"\0" * (len(text) - kept) if nuls else b""))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(ACTIONS, max_size=25), max_rows=st.sampled_from([1_000_000, 7]))
def test_exactly_once_through_everything(actions: list[tuple[str, int]], max_rows: int) -> None:
    """Crashes, torn ends, NUL bytes, full disks, held files, roll overs and other styles in any order: each
    reading stands there once, in order, and each file is of one style."""
    with tempfile.TemporaryDirectory() as folder, harness(Path(folder), max_rows=max_rows) as log:
        for action, number in actions:
            play(log, action, number)
            found = surplus(log.csv, log.reader)
            # What the next start would ask: a journal that goes on has all that is in its log.
            assert found is None or only_in_log(found) == 0, (action, number)
        log.drain()
        assert log.all_said() == [said_of(given) for given in log.stored]


def test_every_prefix_of_the_last_block(tmp_path: Path) -> None:
    """Wherever a block is torn off, the next start completes it."""
    with harness(tmp_path) as log:
        log.store(rows(4))
        log.restart()
        log.store(rows(5, first=4))
        log.drain()
        whole = log.csv.read_bytes()
        for size in range(log.saved_size(), len(whole)):
            log.csv.write_bytes(whole[:size])
            log.crash()
            log.step()
            assert log.csv.read_bytes() == whole, size


@pytest.mark.parametrize("nth", range(1, 16))
def test_killed_at_every_call(tmp_path: Path, nth: int) -> None:
    """Whatever call to the disk is the process's last, also around a roll over, nothing is lost or
    doubled."""
    with harness(tmp_path, max_rows=10) as log:
        log.disk.kill_at = nth
        log.store(rows(25))
        try:
            log.drain()
        except Killed:
            log.crash()
        log.drain()
        assert log.all_lines() == [line_of(given) for given in log.stored]


def test_full_files_of_readings_that_are_packed(tmp_path: Path) -> None:
    """A log that has so much to catch up that the readings are packed already goes on behind a full file."""
    readings = rows(3 * BLOCK_ROWS)
    with journal(tmp_path) as j:
        j.writer.store(readings)
        j.roll_up()
        assert pack_all(j, days=False)
    with harness(tmp_path, max_rows=1_500) as log:
        log.drain()
        assert log.all_lines() == [line_of(one) for one in readings]
        assert len(log.asides()) == len(readings) // 1_500


def test_the_time_zone_changed_between_two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PC moved to another time zone after a crash writes no reading twice: the local time is not what a
    line is known by."""
    try:
        with harness(tmp_path) as log:
            monkeypatch.setenv("TZ", "Europe/Berlin")
            time.tzset()
            log.store(rows(6))
            log.step()
            log.csv.write_bytes(log.csv.read_bytes()[:-9])
            monkeypatch.setenv("TZ", "Asia/Tokyo")
            time.tzset()
            log.crash()
            log.drain()
            assert [line.split(",")[0::2] for line in log.all_lines()] == [
                line_of(r).split(",")[0::2] for r in log.stored
            ]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_equal_readings_are_not_taken_for_one(tmp_path: Path) -> None:
    """Readings that say the very same are each written, also when some of them stood in the file at the
    crash."""
    with harness(tmp_path) as log:
        log.store([row(T0)] * 3)
        log.step()
        log.store([row(T0)] * 2)
        log.crash()
        log.drain()
        assert log.text() == log.expected()


def test_edited_then_crashed(tmp_path: Path) -> None:
    """A log saved by Excel (other line ends, 20 instead of 20.0) and then a crash: what stands in it is known
    again."""
    with harness(tmp_path) as log:
        log.store(rows(12))
        log.drain()
        saved = log.text().replace("\n", "\r\n").replace("20.0,", "20,")
        log.csv.write_bytes(saved.encode())
        log.crash()
        log.store(rows(3, first=12))
        log.drain()
        assert log.text() == saved + "".join(map(line_of, log.stored[12:]))


def test_edited_before_the_bookmark_then_crashed(tmp_path: Path) -> None:
    """Old lines deleted by the user stay deleted, and a reading that repeats an old one is written all the
    same."""
    with harness(tmp_path) as log:
        log.store(rows(12))
        log.restart()
        lines = log.text().splitlines(keepends=True)
        log.csv.write_text("".join([lines[0], *lines[5:]]), newline="")
        log.store([log.stored[-1]])
        log.drain()
        assert log.text() == "".join([lines[0], *lines[5:], lines[-1]])


HUB = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from csvlog.csv_harness import rows
from temphub_kernel.csvlog import CsvLog
from temphub_kernel.journal import Writer
folder = Path(sys.argv[1])
writer = Writer(folder / "temphub.sqlite3", gather_s=0.0)
writer.start()
CsvLog(folder / "temperature_log.csv", folder / "temphub.sqlite3", writer, every_s=0.001,
  max_rows=2000).start()
print("ready", flush=True)
number = 0
while True:
    writer.store(rows(50, number))
    number += 50
"""


def test_kill_minus_nine(tmp_path: Path) -> None:
    """A hub killed at any moment, several times, leaves a log that the next one completes exactly."""
    # More of them where the computer is so busy that little comes before each.
    for kills, wait_s in enumerate((0.15, 0.05, 0.3, *[0.5] * 40), 1):
        hub = subprocess.Popen(
            [sys.executable, "-c", HUB, str(tmp_path), str(Path(__file__).parent.parent)],
            stdout=subprocess.PIPE,
        )
        assert hub.stdout is not None
        with hub.stdout:
            assert hub.stdout.readline() == b"ready\n"
            deadline = time.monotonic() + wait_s
            # The moment of the kill is the thing that varies; nothing is awaited here.
            while time.monotonic() < deadline:
                os.sched_yield()
            hub.send_signal(signal.SIGKILL)
            hub.wait(PATIENCE_S)
        with Reader(tmp_path / "temphub.sqlite3") as reader:
            if kills >= 3 and reader.count() > 200:
                break
    with harness(tmp_path, max_rows=2000) as log:
        log.drain()
        stored = log.reader.after(0, 10**6)
        assert len(stored) > 200
        expected = [line_of(row(p.taken_ms, p.units, p.probe_id, p.quality)) for p in stored]
        assert log.all_lines() == expected
