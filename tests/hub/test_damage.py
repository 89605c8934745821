"""A damaged journal: put aside under a dated name, filled again from the CSV log, and told."""

import csv
import sqlite3

import pytest

from support.filled import refilled_from
from support.waiting import wait_for
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.csvlog import CsvLog
from temphub_kernel.journal import Reader, Writer, put_damaged_aside

T0 = 1_795_438_440_000
HEADER_BYTES = 100


def rows(first, count):
    found = [
        Row(f"p{n % 3}", "b", n, T0 + n * 1000, T0 + n * 1000 + 5, to_units(20 + n % 50 / 16), None)
        for n in range(first, first + count)
    ]
    return [row._replace(units=None, quality="crc") if row.seq % 7 == 0 else row for row in found]


def overwrite(path, at):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * 8192)


def said(journal):
    with Reader(journal) as reader:
        return sorted(
            (point.probe_id, point.taken_ms, point.units, point.quality) for point in reader.after(0, 10**6)
        )


@pytest.mark.parametrize("place", [0, HEADER_BYTES], ids=["no journal at all", "its tables"])
def test_a_damaged_journal_is_put_aside_and_filled_from_the_csv(make_running, data_dir, place):
    """A hub that finds its journal damaged starts all the same: the file lies beside under a dated name,
    every reading of the CSV log is in the new journal, the log goes on without a line doubled, and the hub
    says what happened."""
    hub = make_running()
    hub.writer.store(rows(0, 500))
    hub.stop()
    before = said(data_dir / "temphub.sqlite3")
    overwrite(data_dir / "temphub.sqlite3", place)
    hub = make_running()
    hub.writer.store(rows(500, 20))
    wait_for(lambda: hub.csvlog.waiting() == 0 and len(lines(data_dir)) == 520, 15)
    assert len(list(data_dir.glob("temphub-damaged-*.sqlite3"))) == 1
    report = hub.health.report()
    assert "damaged" in report["problem"] and "500 readings" in report["problem"] and report["remedy"]
    hub.stop()
    after = said(data_dir / "temphub.sqlite3")
    assert len(after) == 520 and set(before) <= set(after)
    assert len({tuple(line) for line in lines(data_dir)}) == 520


def lines(data_dir):
    with (data_dir / "temperature_log.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_a_sound_journal_stays(tmp_path):
    """A journal that is sound, missing, only just made or held by somebody is never put aside."""
    path = tmp_path / "temphub.sqlite3"
    assert put_damaged_aside(path) is None
    path.touch()
    assert put_damaged_aside(path) is None
    writer = Writer(path)
    writer.start()
    writer.store(rows(0, 10))
    assert put_damaged_aside(path) is None
    assert writer.stop()
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert put_damaged_aside(path) is None
    db.close()
    assert path.is_file() and len(said(path)) == 10


def test_damage_met_while_running_is_found_at_the_next_start(tmp_path):
    """Damage deep in the file, met by a commit, is told to the probe as 503, and the next start looks at the
    whole file."""
    path = tmp_path / "temphub.sqlite3"
    writer = Writer(path)
    writer.start()
    writer.store(rows(0, 3000))
    assert writer.stop()
    # The pages behind the tables' own: a passing look does not meet them.
    size = path.stat().st_size
    for at in range(size // 3, size - 16_384, 16_384):
        overwrite(path, at)
    (tmp_path / "temphub.sqlite3.damaged").touch()
    aside = put_damaged_aside(path)
    assert aside is not None and aside.is_file() and not path.exists()
    assert not (tmp_path / "temphub.sqlite3.damaged").exists()


def test_only_readings_are_taken_from_the_csv(tmp_path):
    """Lines that make no sense, by hand or by accident, are counted and left out; what is one is stored once,
    and the log is not written again."""
    path, journal = tmp_path / "log.csv", tmp_path / "temphub.sqlite3"
    good = [
        "2026-11-23T12:54:00.000Z,2026-11-23 13:54:00,p1,20.5,",
        "\0\0\0002026-11-23T12:54:01.000Z,x,p1,,crc",
    ]
    bad = [
        "torn,",
        "2026-11-23T12:54:00.000Z,x,=cmd,1,",
        "2026-11-23T12:54:00.000Z,x,p1,9999,",
        "2026-11-23T12:54:00.000Z,x,p1,nan,",
    ]
    bad += [
        "2026-11-23T12:54:00.000Z,x,p1,,",
        "yesterday,x,p1,1,",
        "2026-11-23T12:54:00.000Z,x,p1,1,fine",
        '"',
        "\0\0\0",
    ]
    text = "\n".join(["timestamp,local_time,probe_id,temperature_c,quality", *good, *bad]) + "\n"
    path.write_text(text, encoding="utf-8")
    writer = Writer(journal)
    writer.start()
    log = CsvLog(path, journal, writer, every_s=0.05)
    try:
        stored, skipped = refilled_from(path, writer)
        log.start()
        wait_for(lambda: log.state().running)
    finally:
        assert log.stop() and writer.stop()
    assert stored == 2 and skipped >= 7
    assert [one[2:] for one in said(journal)] == [(to_units(20.5), None), (None, "crc")]
    assert path.read_text(encoding="utf-8") == text
