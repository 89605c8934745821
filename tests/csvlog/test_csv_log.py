"""What the log says, and what happens when its file cannot be written."""

import logging
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from csvlog.csv_harness import HEADER, T0, harness, line_of, row, rows
from support.waiting import wait_for
from temphub_kernel.core import csv_cell
from temphub_kernel.csvlog.format import keys_of, to_lines
from temphub_kernel.journal import Point


def test_the_format(tmp_path: Path) -> None:
    """Header, UTC with milliseconds, local time, id, plain decimal or empty with its quality; no byte order
    mark."""
    with harness(tmp_path) as log:
        log.store([row(T0), row(T0 + 1, -625_000), row(T0 + 2, None, "B:1", "open")])
        log.drain()
        lines = log.csv.read_bytes().decode("ascii").split("\n")
    assert lines[0] == "timestamp,local_time,probe_id,temperature_c,quality"
    assert [lines[1].split(",")[n] for n in (0, 2, 3, 4)] == [
        "2026-11-23T12:54:00.123Z",
        "TempProbe-0096",
        "23.8",
        "",
    ]
    assert lines[2].endswith("0096,-0.0625,") and lines[3].endswith("B:1,,open") and lines[4:] == [""]


def test_a_log_without_readings_has_its_header(tmp_path: Path) -> None:
    """pandas opens the log of a new hub: the header is there before the first reading."""
    with harness(tmp_path) as log:
        log.step()
        assert log.text() == HEADER
        assert pd.read_csv(log.csv).empty


def test_what_waits_is_said_at_once(tmp_path: Path) -> None:
    """A reading waits from its commit on, not from the next look at the journal, and of a log that goes on
    only what is not in it yet."""
    with harness(tmp_path) as log:
        log.store(rows(3))
        assert log.log.waiting() == 3
        assert log.step() == 3 and log.log.waiting() == 0
        log.restart()
        log.store(rows(2))
        log.disk.held = True
        log.log.start()
        assert log.log.waiting() == 2
        log.disk.held = False
        wait_for(lambda: log.log.waiting() == 0)
        assert log.log.stop() and log.text() == log.expected()


def test_pandas_reads_it_back(tmp_path: Path) -> None:
    """Times and temperatures come back exactly as stored."""
    with harness(tmp_path) as log:
        log.store(rows(60))
        log.drain()
        frame = pd.read_csv(log.csv, parse_dates=["timestamp"])
    taken = (frame["timestamp"] - pd.Timestamp(0, tz="UTC")) // pd.Timedelta("1ms")
    assert taken.tolist() == [r.taken_ms for r in log.stored]
    assert [None if pd.isna(t) else round(t * 10**7) for t in frame["temperature_c"]] == [
        r.units for r in log.stored
    ]


@given(st.text(max_size=20))
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a text says, a spreadsheet shows it and does not run it, and the line stays one line."""
    made = csv_cell(text)
    assert not made.strip('"').startswith(("=", "+", "-", "@", "\t", "\r"))
    if not set("\r\n") & set(text):
        point = Point(1, text, T0, T0, 10, "crc", None, None)
        shown = keys_of(to_lines([point]))[0][1]
        assert shown.removeprefix("'").strip() == text.removeprefix("'").strip()


@settings(max_examples=300)
@given(units=st.integers(-2_700_000_000, 18_000_000_000), taken=st.integers(0, 4_000_000_000_000))
def test_a_line_says_the_value_exactly(units: int, taken: int) -> None:
    """Every storable temperature and time is recognised again from its line."""
    (timestamp, _, number, _) = keys_of(to_lines([Point(1, "P", taken, taken, units, None, None, None)]))[0]
    assert round((number or 0.0) * 10**7) == units
    assert int(pd.Timestamp(timestamp).timestamp() * 1000 + 0.5) == taken


def test_held_by_another_program(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While Excel holds the file readings wait and are counted, it is said once, and all are there when it
    lets go."""
    caplog.set_level(logging.WARNING)
    with harness(tmp_path) as log:
        log.store(rows(5))
        log.drain()
        log.disk.held = True
        log.log.start()
        log.store(rows(7, first=5))
        wait_for(lambda: log.log.waiting() == 7 and "7 readings wait" in log.log.state().problem)
        state = log.log.state()
        assert (
            state.running
            and "held by another program" in state.problem
            and state.remedy.startswith("Close it")
        )
        log.store(rows(2, first=12))
        wait_for(lambda: log.log.waiting() == 9)
        log.disk.held = False
        wait_for(lambda: log.log.waiting() == 0 and not log.log.state().problem)
        assert log.log.stop()
        assert log.text() == log.expected()
    assert sum("held by another program" in record.message for record in caplog.records) == 1


def test_full_disk(tmp_path: Path) -> None:
    """A full disk in the middle of a line is named; afterwards the line is whole and nothing is missing."""
    with harness(tmp_path) as log:
        log.store(rows(5))
        log.step()
        log.store(rows(5, first=5))
        log.disk.fail_at = log.disk.calls + 1
        assert log.step() == 0
        assert (
            "is full; 5 readings wait" in log.log.state().problem
            and "Free some space" in log.log.state().remedy
        )
        assert log.log.waiting() == 5
        log.drain()
        assert log.text() == log.expected() and not log.log.state().problem


def test_the_folder_is_made_and_made_again(tmp_path: Path) -> None:
    """CSV_FILE may name a folder that is not there yet; one that vanishes costs no reading that was still to
    be written."""
    with harness(tmp_path, name="logs/of/today.csv") as log:
        log.store(rows(3))
        log.drain()
        log.csv.unlink()
        log.csv.parent.rmdir()
        log.store(rows(3, first=3))
        log.drain()
        assert log.text() == HEADER + "".join(map(line_of, log.stored[3:]))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A path that cannot exist is a problem that says which setting to change, and it is tried again."""
    (tmp_path / "taken").write_text("a file")
    with harness(tmp_path, name="taken/log.csv") as log:
        log.store(rows(3))
        assert log.step() == 0
        assert "CSV_FILE" in log.log.state().remedy and log.log.waiting() == 3
        (tmp_path / "taken").unlink()
        log.drain()
        assert log.text() == log.expected()


def test_deleted_while_running(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A deleted log is begun anew with a header, goes on with the next reading, and the hub says so."""
    with harness(tmp_path) as log:
        log.store(rows(3))
        log.drain()
        log.csv.unlink()
        log.store(rows(3, first=3))
        log.drain()
        assert log.text() == HEADER + "".join(map(line_of, log.stored[3:]))
    assert "deleted or emptied" in caplog.text


def test_edited_while_running(tmp_path: Path) -> None:
    """A note at the end without a newline stays, and the next reading begins on a line of its own."""
    with harness(tmp_path) as log:
        log.store(rows(3))
        log.drain()
        before = log.text() + "door was open"
        log.csv.write_text(before, newline="")
        log.store(rows(3, first=3))
        log.drain()
        assert log.text() == before + "\n" + "".join(map(line_of, log.stored[3:]))


@pytest.mark.parametrize(
    "other", ["timestamp;local_time;probe_id\n1;2;3\n", "my own,table\n1,2\n", "\0" * 9000 + "x"]
)
def test_a_file_that_is_no_log_is_put_aside(tmp_path: Path, other: str) -> None:
    """A file in our place that is no log (saved with semicolons, or another table) is kept under another
    name."""
    with harness(tmp_path) as log:
        log.csv.write_text(other, newline="")
        log.store(rows(3))
        log.drain()
        assert log.text() == log.expected()
        assert [path.read_text() for path in log.asides()] == [other]


def test_replaced_while_running(tmp_path: Path) -> None:
    """A log saved in another format while the hub runs is put aside, and no reading is lost or doubled."""
    with harness(tmp_path) as log:
        log.store(rows(4))
        log.drain()
        log.csv.write_text(log.text().replace(",", ";"), newline="")
        log.store(rows(4, first=4))
        log.drain()
        assert log.text() == HEADER + "".join(map(line_of, log.stored[4:])) and len(log.asides()) == 1


def test_roll_over(tmp_path: Path) -> None:
    """A full file is put aside under its date, never over another one, and each holds exactly its share."""
    with harness(tmp_path, max_rows=10) as log:
        log.store(rows(34))
        log.drain()
        assert [len(path.read_text().splitlines()) for path in [*log.asides(), log.csv]] == [11, 11, 11, 5]
        assert log.all_lines() == [line_of(r) for r in log.stored]
        assert all(path.name.startswith("temperature_log-20") for path in log.asides())


def test_roll_over_of_a_held_file_waits(tmp_path: Path) -> None:
    """A full file that Excel holds is put aside when it is let go; until then readings wait."""
    with harness(tmp_path, max_rows=10) as log:
        log.store(rows(10))
        log.drain()
        log.store(rows(4, first=10))
        log.disk.held = True
        assert log.step() == 0 and log.log.waiting() == 4 and not log.asides()
        log.disk.held = False
        log.drain()
        assert len(log.asides()) == 1 and log.all_lines() == [line_of(r) for r in log.stored]


def test_a_changed_csv_file_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A new CSV_FILE begins with the readings from then on; nothing is said of a deleted file."""
    with harness(tmp_path) as log:
        log.store(rows(3))
        log.restart()
        log.csv = tmp_path / "second.csv"
        log.log = log.new_log()
        log.store(rows(3, first=3))
        log.drain()
        assert log.text() == HEADER + "".join(map(line_of, log.stored[3:]))
    assert not caplog.records


def test_a_stop_writes_what_is_stored(tmp_path: Path) -> None:
    """A clean end leaves a log that is complete, with its bookmark."""
    with harness(tmp_path) as log:
        log.store(rows(30))
        log.log.start()
        assert log.log.stop()
        assert log.text() == log.expected()
        assert log.reader.bookmark("csv")[0] == 30 and log.saved_size() == log.csv.stat().st_size


def test_a_journal_that_has_stopped_does_not_stop_the_log(tmp_path: Path) -> None:
    """Without a journal to keep the bookmark the log still ends at once, and the next start finds its
    place."""
    with harness(tmp_path) as log:
        log.store(rows(30))
        log.step()
        log.log.start()
        log.writer.stop()
        assert log.log.stop()
        log.writer.start()
        log.crash()
        log.store(rows(5, first=30))
        log.drain()
        assert log.text() == log.expected()


def test_a_backlog_is_written_in_blocks(tmp_path: Path) -> None:
    """Many readings are written block by block: no step takes more than ten thousand, and none begins within
    a block of the journal when more wait, so that no batch is unpacked twice."""
    with harness(tmp_path) as log:
        for first in range(0, 25_000, 5_000):
            log.store(rows(5_000, first))
        assert [log.step() for _ in range(5)] == [8_191, 8_192, 8_192, 425, 0]
        assert log.text() == log.expected()
