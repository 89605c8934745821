"""A disk without room, and kills, while the journal is worked over: upgrade, roll-ups gathered anew, start,
reading without a hub."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from journal.journal_harness import T0, Journal, as_rows, journal, row
from journal.test_calibration import DAY_MS, check, redo_all
from journal.test_powered import BACK_TO_THREE
from support.disks import Share, share
from support.rows import buckets_in
from support.waiting import wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.journal import Reader, RollUps, bring_up_to_date, calibrate
from temphub_kernel.journal.schema import VERSION, open_for_reading

DAYS, EVERY_MS = 12, 600_000
RAW = {
    T0 - 2 * DAYS * DAY_MS + n * EVERY_MS: 200_000_000 + n * 1000 for n in range(DAYS * DAY_MS // EVERY_MS)
}
# Gathers anew all that is to be gathered anew, in a process of its own; a line when the first day is done.
REDO = """
import sys
from contextlib import closing
from pathlib import Path
from temphub_kernel.journal import RollUps, Writer
from temphub_kernel.journal.schema import open_for_reading
writer = Writer(Path(sys.argv[1]), gather_s=0)
writer.start()
rollups = RollUps(writer.path, writer)
with closing(open_for_reading(writer.path)) as db:
    while rollups.redo(db):
        print("day", flush=True)
assert writer.stop()
"""


def left(j: Journal) -> int:
    """How many days wait to be gathered anew."""
    with closing(open_for_reading(j.path)) as db:
        spans = db.execute("SELECT from_ms, to_ms FROM redo").fetchall()
    return sum(min(to_ms, max(RAW)) // DAY_MS - from_ms // DAY_MS for from_ms, to_ms in spans)


def film(drive: Share) -> Path:
    """Something that takes all the room there is, to the last byte."""
    path = drive.folder / "film"
    with path.open("wb", buffering=0) as file:
        for piece in (4096, 1):
            try:
                while file.write(bytes(piece)):
                    pass
            except OSError:
                pass
    return path


def test_roll_ups_gathered_anew_on_a_full_disk(tmp_path: Path) -> None:
    """With the disk full they stay as they were and it is said with the remedy; answers are right all the
    while; with room they are gathered by themselves, each day once."""
    with share(tmp_path / "drive", 6_000) as drive, journal(drive.folder) as j, Reader(j.path) as reader:
        j.writer.store([row(ms, units) for ms, units in RAW.items()])
        j.roll_up()
        calibrate(j.writer, "P", [(20.0, 21.0)], 0)
        expected = {ms: units + 10_000_000 for ms, units in RAW.items()}
        video = film(drive)
        rollups = RollUps(j.path, j.writer, every_s=0.01, again_s=0.05)
        rollups.start()
        try:
            wait_for(lambda: "is full" in rollups.state().problem, 60)
            assert rollups.state().remedy.startswith("Free some space")
            check(reader, expected)
            assert left(j) > 0
            video.unlink()
            wait_for(lambda: not left(j) and not rollups.state().problem, 60)
            check(reader, expected)
        finally:
            assert rollups.stop()


def test_kills_while_roll_ups_are_gathered_anew(tmp_path: Path) -> None:
    """Killed in the middle, twice, it goes on where it was: answers are right after each, and in the end as a
    recount."""
    with journal(tmp_path) as j:
        j.writer.store([row(ms, units) for ms, units in RAW.items()])
        j.roll_up()
        calibrate(j.writer, "P", [(20.0, 21.0)], 0)
        assert j.writer.stop()
        expected = {ms: units + 10_000_000 for ms, units in RAW.items()}
        before = left(j)
        for _ in range(2):
            with subprocess.Popen([sys.executable, "-c", REDO, str(j.path)], stdout=subprocess.PIPE) as one:
                assert one.stdout is not None and one.stdout.readline() == b"day\n"
                one.send_signal(signal.SIGKILL)
                one.wait(30)
            with Reader(j.path) as reader:
                check(reader, expected)
        assert left(j) < before
        j.writer = j.new_writer()
        redo_all(j)
        with Reader(j.path) as reader:
            check(reader, expected)
        assert left(j) == 0


def older(path: Path) -> None:
    """As version 0.3 left it, with numbers marked `power_on` counted."""
    with closing(sqlite3.connect(path)) as db:
        as_rows(db)
        db.commit()
        db.executescript("UPDATE readings SET quality='power_on' WHERE no % 40 = 0;" + BACK_TO_THREE)


def test_an_upgrade_on_a_full_disk(tmp_path: Path) -> None:
    """All of it or nothing: the start says that the disk is full and what to do, the older journal stays as
    it was; with room the next start brings it up to date, and what was counted wrongly is gathered anew."""
    with share(tmp_path / "drive", 6_000) as drive:
        with journal(drive.folder) as j:
            j.writer.store([row(ms, units) for ms, units in RAW.items()])
            j.roll_up()
        older(j.path)
        before, video = j.path.read_bytes(), film(drive)
        for _ in range(2):
            with pytest.raises(TempHubError, match="disk of the hub is full") as told:
                bring_up_to_date(j.path)
            assert told.value.status == 507 and told.value.remedy.startswith("Free some space")
        with closing(sqlite3.connect(f"{j.path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (3,)
        assert len(j.path.read_bytes()) == len(before)
        video.unlink()
        bring_up_to_date(j.path)
        with closing(open_for_reading(j.path)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        j.writer = j.new_writer()
        redo_all(j)
        with Reader(j.path) as reader:
            days = buckets_in(
                reader, min(RAW) // DAY_MS * DAY_MS, (max(RAW) // DAY_MS + 1) * DAY_MS, DAY_MS, "P"
            )
            assert sum(one.total for one in days) == sum(
                units for n, units in enumerate(RAW.values(), 1) if n % 40
            )
        assert j.writer.stop()


def test_a_start_on_a_full_disk(tmp_path: Path) -> None:
    """A journal on a full disk is read as it is, and a writer says why it cannot open it, at each try; with
    room it goes on."""
    with share(tmp_path / "drive", 2_000) as drive:
        with journal(drive.folder) as j:
            j.writer.store([row(T0 + n) for n in range(1000)])
        video = film(drive)
        with Reader(j.path) as reader:
            assert reader.count() == 1000
        for _ in range(2):
            with pytest.raises(TempHubError, match="disk of the hub is full"):
                j.new_writer()
        video.unlink()
        j.writer = j.new_writer()
        assert j.writer.store([row(T0 + 5000)]).stored == 1
        video = film(drive)
        seen = set()
        for n in range(40):
            try:
                j.writer.store([row(T0 + 6000 + 1000 * n + k) for k in range(1000)])
            except TempHubError as error:
                seen.add((error.code, error.status))
        assert seen == {("disk_full", 507)}
        video.unlink()
        assert j.writer.store([row(T0 + 1)]).stored == 1
        assert j.writer.stop()
