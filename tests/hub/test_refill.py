"""Readings that stand in the CSV log only: taken in at the start, told, and not doubled when their probes
send them again."""

import csv
import shutil
import sqlite3
import threading

import polars as pl
import pytest

import temphub_kernel as th
from support.filled import refilled_from
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.core.settings import Settings
from temphub_kernel.csvlog import rebuild_beside, restore
from temphub_kernel.exports import make_order
from temphub_kernel.exports.run import export
from temphub_kernel.hub import refill
from temphub_kernel.hub.refill import only_in_the_log
from temphub_kernel.journal import Reader, Writer, calibrate

COUNT = 400


@pytest.fixture
def settings(data_dir):
    """Of a hub that would stay on this computer."""
    return Settings.from_environ({"DATA_DIR": str(data_dir)})


@pytest.fixture
def taken():
    """When the first of a test's readings was taken: all of them lie in the past."""
    return now_ms() - 3_600_000


def rows(taken, first, count):
    """A reading each two seconds of two probes, values of which each comes again and again; some faults."""
    made = [
        Row(f"p{n % 2}", "b", n, taken + n * 1000, taken + n * 1000 + 40, to_units(4 + n % 6 // 2 / 8), None)
        for n in range(first, first + count)
    ]
    return [row._replace(units=None, quality="crc") if row.seq % 50 == 7 else row for row in made]


def lines(folder):
    """The lines of the log and of what was put aside of it."""
    found = []
    for path in sorted(folder.glob("temperature_log*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += list(csv.reader(file))[1:]
    return found


def stored(folder):
    with Reader(folder / "temphub.sqlite3") as reader:
        return sorted((p.probe_id, p.taken_ms, p.units, p.quality) for p in reader.after(0, 10**6))


def said(given):
    return sorted((r.probe_id, r.taken_ms, r.units, r.quality) for r in given)


def written(hub, folder, count):
    wait_for(lambda: hub.csvlog.waiting() == 0 and len(lines(folder)) == count, 15)


def sent_again(given):
    """As a probe sends it once more: the same numbers, the age reckoned anew, the network a little slower."""
    return [row._replace(taken_ms=row.taken_ms + 90 + row.seq % 60, received_ms=now_ms()) for row in given]


def test_a_folder_copied_without_the_journals_newest_part(make_running, data_dir, tmp_path, taken):
    """A hub started on a folder that was copied from a running one, without its -wal, takes in what only the
    log has and says how many; what the probes send again is known, what is new is stored, and no line is
    written twice."""
    hub, copy, given = make_running(), tmp_path / "copy", rows(taken, 0, COUNT)
    hub.writer.store(given)
    written(hub, data_dir, COUNT)
    copy.mkdir()
    for path in (data_dir / "temphub.sqlite3", data_dir / "temperature_log.csv"):
        shutil.copy2(path, copy)
    hub.stop()
    again = make_running(copy)
    (told,) = again.health.report()["told"]
    assert f"{COUNT} readings" in told["problem"] == again.health.report()["problem"] and told["remedy"]
    outcome = again.writer.store(sent_again(given))
    assert (outcome.stored, outcome.duplicates) == (0, COUNT)
    assert again.writer.store(sent_again(given)).duplicates == COUNT
    new = [
        row._replace(taken_ms=now_ms() + row.seq, received_ms=now_ms() + row.seq)
        for row in rows(taken, COUNT, 20)
    ]
    assert again.writer.store(new).stored == 20
    written(again, copy, COUNT + 20)
    again.stop()
    assert stored(copy) == said([*given, *new])


def test_an_older_journal_put_back(make_running, data_dir, tmp_path, taken):
    """After an older copy of the journal was put back, what was stored since is taken in from the log once,
    as it was shown, also where a calibration holds; readings that both have are not taken in again, and at
    the next start nothing is said."""
    hub = make_running()
    hub.writer.store(rows(taken, 0, COUNT))
    calibrate(hub.writer, "p0", [(0.0, 0.5), (100.0, 101.0)], 0)
    hub.stop()
    shutil.copy2(data_dir / "temphub.sqlite3", tmp_path / "old")
    hub = make_running()
    hub.writer.store(rows(taken, COUNT, COUNT))
    written(hub, data_dir, 2 * COUNT)
    hub.stop()
    before, text = stored(data_dir), (data_dir / "temperature_log.csv").read_bytes()
    shutil.copy2(tmp_path / "old", data_dir / "temphub.sqlite3")
    assert only_in_the_log(hub.settings) == COUNT
    hub = make_running()
    assert f"{COUNT} readings" in hub.health.report()["problem"]
    hub.stop()
    assert stored(data_dir) == before and (data_dir / "temperature_log.csv").read_bytes() == text
    assert only_in_the_log(hub.settings) == 0
    hub = make_running()
    assert hub.health.report()["problem"] == ""


@pytest.mark.parametrize("style", ["standard", "excel-de"])
def test_a_missing_journal_is_filled_from_all_of_the_log(make_running, data_dir, taken, style):
    """A journal that is gone while its log is there is filled again, from files put aside too, whatever their
    style; how many is said."""
    hub = make_running()
    hub.writer.store(rows(taken, 0, COUNT))
    written(hub, data_dir, COUNT)
    hub.stop()
    hub = make_running(CSV_STYLE=style)
    hub.writer.store(rows(taken, COUNT, COUNT))
    wait_for(lambda: hub.csvlog.waiting() == 0, 15)
    hub.stop()
    before = stored(data_dir)
    files = {path.name: path.read_bytes() for path in data_dir.glob("*.csv")}
    assert len(files) == (1 if style == "standard" else 2)
    for path in data_dir.glob("temphub.sqlite3*"):
        path.unlink()
    hub = make_running(CSV_STYLE=style)
    assert f"{2 * COUNT} readings" in hub.health.report()["problem"]
    hub.stop()
    assert stored(data_dir) == before and files == {
        path.name: path.read_bytes() for path in data_dir.glob("*.csv")
    }


def test_a_log_that_a_spreadsheet_saved(make_running, data_dir, tmp_path, taken):
    """Where the log was saved again by a German spreadsheet, only what was taken later than anything in the
    journal is taken in: edited and deleted lines do not come back."""
    hub = make_running()
    hub.writer.store(rows(taken, 0, COUNT))
    hub.stop()
    shutil.copy2(data_dir / "temphub.sqlite3", tmp_path / "old")
    hub = make_running()
    hub.writer.store(rows(taken, COUNT, COUNT))
    written(hub, data_dir, 2 * COUNT)
    hub.stop()
    log = data_dir / "temperature_log.csv"
    first, *rest = log.read_text().splitlines()
    other = [",".join([*line.split(",")[:3], "1.5", ""]) for line in rest[:9]] + rest[30:]
    log.write_text(
        "\r\n".join(line.replace(",", ";").replace(".", ",").replace(",", ".", 1) for line in [first, *other])
        + "\r\n"
    )
    assert only_in_the_log(hub.settings) == 0
    shutil.copy2(tmp_path / "old", data_dir / "temphub.sqlite3")
    hub = make_running()
    assert f"{COUNT} readings" in hub.health.report()["problem"]
    hub.stop()
    assert stored(data_dir) == said(rows(taken, 0, 2 * COUNT))


def test_a_refill_that_breaks_off_is_gone_on_with(tmp_path, taken, monkeypatch):
    """When the hub ends while it fills its journal, the next start takes in the rest, and nothing twice."""
    monkeypatch.setattr(restore, "ROWS", 10)
    monkeypatch.setattr(restore, "BOOKMARK_ROWS", 50)
    log = tmp_path / "temperature_log.csv"
    given = rows(taken, 0, COUNT)
    full = Writer(tmp_path / "first.sqlite3")
    full.start()
    full.store(given)
    assert full.stop()
    rebuild_beside(tmp_path / "first.sqlite3", log)
    writer = Writer(tmp_path / "temphub.sqlite3")
    writer.start()
    real, calls = writer.store, []

    def breaks(block, timeout_s=10.0):
        calls.append(block)
        if len(calls) == 18:
            raise TempHubError("The disk is full.", "Free some space.", code="disk_full")
        return real(block, timeout_s)

    try:
        monkeypatch.setattr(writer, "store", breaks)
        with pytest.raises(TempHubError):
            refilled_from(log, writer)
        monkeypatch.setattr(writer, "store", real)
        with Reader(writer.path) as reader:
            found = restore.surplus(log, reader)
        assert found is not None and restore.take_in(found, log, writer) == (COUNT - 170, 0)
    finally:
        assert writer.stop()
    assert stored(tmp_path) == said(given)


def test_when_it_came_in_is_unknown_not_late(make_running, data_dir, tmp_path, taken):
    """What was taken in from the log counts as late nowhere: `received` is empty in `th.load`, `th.scan` and
    exports, and the page marks none."""
    hub = make_running()
    hub.writer.store([row._replace(received_ms=row.taken_ms + 5) for row in rows(taken, 0, COUNT)])
    written(hub, data_dir, COUNT)
    hub.stop()
    for path in data_dir.glob("temphub.sqlite3*"):
        path.unlink()
    hub = make_running()
    hub.writer.store(rows(taken, COUNT, 2))
    hub.stop()
    received = th.load(data_dir=data_dir, tidy=True)["received"]
    assert received.isna().sum() == COUNT and received.notna().sum() == 2
    assert th.scan(data_dir=data_dir).collect()["received"].null_count() == COUNT
    export(data_dir / "temphub.sqlite3", make_order(form="parquet"), tmp_path / "all.parquet")
    assert pl.read_parquet(tmp_path / "all.parquet")["received"].null_count() == COUNT
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert reader.late(0, now_ms(), 1, "p0") == {}
        assert {one.delivered_ms - one.taken_ms for one in reader.newest()} <= {-1, 40}
    with sqlite3.connect(data_dir / "temphub.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM notes WHERE topic='late'").fetchone() == (0,)
    db.close()


def test_a_log_on_a_dead_share_does_not_keep_the_hub(settings, monkeypatch):
    """When the drive of the log does not answer, the start goes on without the log and says so."""
    let_go = threading.Event()
    writer = Writer(settings.journal_file)
    writer.start()
    try:
        monkeypatch.setattr(refill, "surplus", lambda *_: let_go.wait(30) and None)
        told = refill.CatchUp(settings, writer, None).at_start(look_s=0.2)
        assert told is not None and "did not answer" in told[0] and told[1].startswith("Check")
    finally:
        let_go.set()
        assert writer.stop()
    wait_for(lambda: not any(thread.name == "log-look" for thread in threading.enumerate()), 5)
