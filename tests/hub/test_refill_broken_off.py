"""A filling of the journal from the CSV log that ends half-way: the disk full, the process killed, probes
delivering meanwhile."""

import csv
import shutil
import threading

import pytest

from hub.test_refill import COUNT, lines, rows, said, sent_again, stored, written
from support.disks import share
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.settings import Settings
from temphub_kernel.csvlog import CsvLog, restore
from temphub_kernel.hub.refill import CatchUp
from temphub_kernel.journal import Writer


class Killed(BaseException):
    """The process ends here, as with kill -9."""


@pytest.fixture
def taken():
    """When the first of a test's readings was taken: all of them lie in the past."""
    return now_ms() - 7_200_000


@pytest.fixture
def small_steps(monkeypatch):
    """Many commits for few readings."""
    monkeypatch.setattr(restore, "ROWS", 40)
    monkeypatch.setattr(restore, "BOOKMARK_ROWS", 100)


def life(folder, kill_at=-1, during=None):
    """A hub's life until its log is written up, killed behind its n-th commit; False when it was. during:
    readings that probes deliver at the third commit of the second try."""
    settings = Settings.from_environ({"DATA_DIR": str(folder)})
    writer, calls = Writer(settings.journal_file, gather_s=0), []
    writer.start()
    store, change = writer.store, writer.change

    def counted(real, *given, **more):
        found = real(*given, **more)
        if threading.current_thread() is threading.main_thread():
            calls.append(real)
            if len(calls) == kill_at:
                getattr(found, "result", lambda _: None)(10)
                raise Killed
        return found

    writer.store = lambda *given, **more: counted(store, *given, **more)
    writer.change = lambda *given, **more: counted(change, *given, **more)
    log = CsvLog(settings.csv_file, settings.journal_file, writer, every_s=0.01)
    log._pause_s = 0.01
    try:
        catch_up = CatchUp(settings, writer, None)
        catch_up.at_start()
        if during is not None:
            store(during)
        if not catch_up.done:
            log.first = lambda: catch_up.again() and None
        log.start()
        wait_for(lambda: log.first is None and log.waiting() == 0, 20)
        return True
    except Killed:
        return False
    finally:
        log.stop()
        writer.store, writer.change = store, change
        assert writer.stop()


def older(make_running, data_dir, tmp_path, taken):
    """A journal of 60 readings beside the log of 400; what both must say in the end."""
    hub = make_running()
    hub.writer.store(rows(taken, 0, 60))
    hub.stop()
    shutil.copy2(data_dir / "temphub.sqlite3", tmp_path / "old")
    hub = make_running()
    # Some came late: taken before what the older journal has.
    hub.writer.store(
        [
            row._replace(taken_ms=row.taken_ms - 400_000) if row.seq % 9 == 0 else row
            for row in rows(taken, 60, COUNT - 60)
        ]
    )
    written(hub, data_dir, COUNT)
    hub.stop()
    shutil.copy2(tmp_path / "old", data_dir / "temphub.sqlite3")


@pytest.mark.parametrize("how", ["gone", "older", "saved by a spreadsheet"])
def test_killed_behind_any_commit(make_running, data_dir, tmp_path, taken, small_steps, how):
    """Killed behind any of its commits, once or at each start anew, it is gone on with at the next start:
    each reading of the log is in the journal once, and no line is written twice."""
    older(make_running, data_dir, tmp_path, taken)
    log = data_dir / "temperature_log.csv"
    if how == "gone":
        (data_dir / "temphub.sqlite3").unlink()
    if how == "saved by a spreadsheet":
        log.write_text("\r\n".join(log.read_text().splitlines()) + "\r\n")
    text, kept = log.read_bytes(), tmp_path / "kept"
    shutil.copytree(data_dir, kept)
    assert life(data_dir)
    whole = stored(data_dir)
    if how != "saved by a spreadsheet":
        assert len(whole) == COUNT
    for kills in [[n] for n in range(1, 40)] + [[2, 2, 2, 3, 4, 5], [4, 3, 2, 1, 2]]:
        shutil.rmtree(data_dir)
        shutil.copytree(kept, data_dir)
        ended = [life(data_dir, n) for n in kills]
        assert life(data_dir)
        assert stored(data_dir) == whole and log.read_bytes() == text, kills
        if all(ended):
            break
    else:
        assert ended == [False] * len(kills)


def test_probes_that_deliver_meanwhile(make_running, data_dir, tmp_path, taken, small_steps, monkeypatch):
    """What probes deliver while the rest is waited for is acknowledged, and stands in the log once like
    everything else."""
    older(make_running, data_dir, tmp_path, taken)
    (data_dir / "temphub.sqlite3").unlink()
    before = lines(data_dir)
    real, calls = Writer.store, []
    new = [
        row._replace(taken_ms=now_ms() + row.seq, received_ms=now_ms() + row.seq + 5)
        for row in rows(taken, COUNT, 30)
    ]

    def breaks(self, block, timeout_s=10.0):
        calls.append(block)
        if len(calls) in (4, 6, 9):
            real(self, new[len(calls) : len(calls) + 2])
        if len(calls) in (5, 8):
            raise TempHubError("The disk is full.", "Free some space.", code="disk_full")
        return real(self, block, timeout_s)

    monkeypatch.setattr(Writer, "store", breaks)
    assert life(data_dir, during=new[20:])
    delivered = [*new[4:8], *new[9:11], *new[20:]]
    assert len(lines(data_dir)) == COUNT + len(delivered) and sorted(lines(data_dir)[:COUNT]) == sorted(
        before
    )
    assert {row.taken_ms for row in delivered} <= {at for _, at, _, _ in stored(data_dir)} and len(
        stored(data_dir)
    ) == COUNT + len(delivered)


def test_a_disk_that_fills_up_meanwhile(make_running, tmp_path, taken, small_steps):
    """With the disk full the hub starts, says so with the remedy and refuses readings; with room again it
    takes in the rest by itself, says how many, knows what probes send again, and the log goes on: nothing is
    lost, nothing twice."""
    many = 30 * COUNT
    with share(tmp_path / "drive", size_kb=4_000) as drive:
        given = [row for first in range(0, many, COUNT) for row in rows(taken - many * 500, first, COUNT)]
        hub = make_running(drive.folder)
        hub.writer.store(given)
        written(hub, drive.folder, many)
        hub.stop()
        for path in drive.folder.glob("temphub.sqlite3*"):
            path.unlink()
        film = drive.folder / "film"
        free = shutil.disk_usage(drive.folder).free
        film.write_bytes(bytes(free - 400_000))
        hub = make_running(drive.folder)
        (told,) = hub.health.report()["told"]
        assert "disk of the hub is full" in told["problem"] and "by itself" in told["remedy"]
        assert not hub.csvlog.state().problem or "full" in hub.csvlog.state().problem
        film.unlink()
        wait_for(lambda: hub.csvlog.first is None, 90)
        (told,) = hub.health.report()["told"]
        assert "The rest of the CSV log" in told["problem"]
        again = hub.writer.store(sent_again(given[-COUNT:]))
        assert (again.stored, again.duplicates) == (0, COUNT)
        new = [
            row._replace(taken_ms=now_ms() + row.seq, received_ms=now_ms() + row.seq)
            for row in rows(taken, many, 20)
        ]
        assert hub.writer.store(new).stored == 20
        written(hub, drive.folder, many + 20)
        hub.stop()
        assert stored(drive.folder) == said([*given, *new])
        with (drive.folder / "temperature_log.csv").open(encoding="utf-8", newline="") as file:
            assert len({tuple(line) for line in csv.reader(file)}) == many + 21
