"""Month files that are not what was written, and months that cannot be closed: told, nothing wrong is
answered, nothing is lost."""

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from journal.journal_harness import Journal, close_months, journal, pack_all
from support.disks import share
from support.rows import buckets_in, points_in
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Reader, archive, calibrate, drop_unfinished
from temphub_kernel.journal.archive import sidecar_process
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.rollups import RollUps
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

DAY_MS = 86_400_000
COUNT = 4 * BLOCK_ROWS
# 1 February and 1 March 2026.
FEBRUARY, MARCH, APRIL = 1_769_904_000_000, 1_772_323_200_000, 1_775_001_600_000


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal's folder with a closed February and March, made once."""
    folder = tmp_path_factory.mktemp("closed")
    with journal(folder) as j:
        assert two_months(j) == COUNT
        # Where segments stand beside them it is no other.
        sidecar_process.write(j.path, "readings-2026-02.parquet")
    return folder


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal's folder with a February that can be closed, made once."""
    folder = tmp_path_factory.mktemp("packed")
    with journal(folder) as j:
        to_close(j)
    return folder


def two_months(j: Journal) -> int:
    """A closed February and March of one probe, and readings of now; how many in all."""
    rows = [
        Row("P", "b", n, FEBRUARY + n * 1000, FEBRUARY + n * 1000 + 5, 200_000_000 + n, None)
        for n in range(BLOCK_ROWS)
    ]
    rows += [
        Row("P", "c", n, MARCH + n * 1000, MARCH + n * 1000 + 5, 100_000_000 + n, None)
        for n in range(BLOCK_ROWS)
    ]
    now = now_ms() - 3 * BLOCK_ROWS
    rows += [Row("P", "d", n, now + n, now + n, 50_000_000, None) for n in range(2 * BLOCK_ROWS)]
    j.writer.store(rows)
    j.roll_up()
    pack_all(j)
    assert close_months(j, APRIL) == ["2026-02", "2026-03"]
    return len(rows)


def totals(j: Journal) -> list[int]:
    """What the roll-ups hold of each day, oldest first."""
    with closing(open_for_reading(j.path)) as db:
        return [total for (total,) in db.execute("SELECT total FROM days ORDER BY at")]


def flipped(file: Path) -> None:
    body = bytearray(file.read_bytes())
    body[len(body) // 3] ^= 1
    file.write_bytes(body)


SPOILT = {
    "cut short": lambda file, other: file.write_bytes(file.read_bytes()[:-100]),
    "a bit turned": lambda file, other: flipped(file),
    "empty": lambda file, other: file.write_bytes(b""),
    "another month's": lambda file, other: shutil.copy(other, file),
    "no Parquet": lambda file, other: file.write_bytes(b"TempHub" * 1000),
    "gone": lambda file, other: file.unlink(),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_month_that_is_not_as_it_was_written_is_told(how: str, closed: Path, tmp_path: Path) -> None:
    """Its readings are refused with the file's name and the way out, never answered as if they were none or
    others; the other months and long windows are answered; put back, it is whole."""
    shutil.copytree(closed, tmp_path, dirs_exist_ok=True)
    with journal(tmp_path) as j, Reader(j.path) as reader:
        february, march = (tmp_path / FOLDER / one.file for one in reader.archives())
        kept = february.read_bytes()
        days = buckets_in(reader, FEBRUARY, MARCH, DAY_MS)
        assert len(points_in(reader, FEBRUARY, MARCH)) == BLOCK_ROWS == len(points_in(reader, MARCH, APRIL))
        SPOILT[how](february, march)
        for ask in (lambda: points_in(reader, FEBRUARY, MARCH), lambda: reader.after(0, 10)):
            with pytest.raises(TempHubError, match="2026-02") as met:
                ask()
            assert (
                met.value.code in ("archive_unreadable", "archive_missing")
                and str(february) in met.value.problem
            )
        assert (
            len(points_in(reader, MARCH, APRIL)) == BLOCK_ROWS
            and buckets_in(reader, FEBRUARY, MARCH, DAY_MS) == days
        )
        february.write_bytes(kept)
        assert len(points_in(reader, FEBRUARY, MARCH)) == BLOCK_ROWS


def test_a_calibration_of_a_spoilt_month_costs_no_statistics(closed: Path, tmp_path: Path) -> None:
    """What can be gathered anew only from a month that cannot be read stays as it was, and is done once the
    file is back; what comes in meanwhile is taken in."""
    shutil.copytree(closed, tmp_path, dirs_exist_ok=True)
    with journal(tmp_path) as j, Reader(j.path) as reader:
        february, march = (tmp_path / FOLDER / one.file for one in reader.archives())
        kept, before = february.read_bytes(), totals(j)
        shutil.copy(march, february)
        calibrate(j.writer, "P", [(0.0, 1.0)], FEBRUARY)
        rollups = RollUps(j.path, j.writer, every_s=0.01, again_s=0.1)
        rollups.start()
        try:
            wait_for(lambda: "2026-02" in rollups.state().problem, 60)
            j.writer.store([Row("P", None, None, now_ms(), now_ms(), 60_000_000, None)])
            wait_for(lambda: reader.bookmark("rollups")[0] == COUNT + 1, 60)
            assert totals(j)[0] == before[0]
            february.write_bytes(kept)
            wait_for(lambda: totals(j)[0] != before[0] and rollups.state().problem == "", 60)
            assert totals(j)[0] == before[0] + BLOCK_ROWS * 10_000_000
        finally:
            assert rollups.stop()


def test_a_full_disk_stops_no_month_for_good(packed: Path, tmp_path: Path) -> None:
    """Where its file has no room the month stays in the journal, whole, and no part of a file is taken for
    it; with room it is closed."""
    shutil.copytree(packed, tmp_path, dirs_exist_ok=True)
    with journal(tmp_path) as j, share(tmp_path / FOLDER, 64) as drive, Reader(j.path) as reader:
        rows = values(reader)
        (drive.folder / "in the way").write_bytes(bytes(56 * 1024))
        for _ in range(2):
            with pytest.raises(TempHubError, match="could not be moved into their file") as told:
                close_months(j, APRIL)
            assert told.value.code == "disk_full" and told.value.remedy.startswith("Free some space")
            # A part of a file would take the room that deliveries need.
            assert not list(drive.folder.glob("*.part"))
        assert not reader.archives() and not list(drive.folder.glob("*.parquet")) and values(reader) == rows
        subprocess.run(["mount", "-o", "remount,size=8m", str(drive.store)], check=True)
        assert close_months(j, APRIL) == ["2026-02"]
        assert values(reader) == rows


@pytest.mark.parametrize("when", ["at its start", "while it writes"])
def test_the_process_that_writes_a_month_is_killed(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """It is said with what happens next, nothing of a file stays, each reading is in the journal once; the
    next try closes the month."""
    shutil.copytree(packed, tmp_path, dirs_exist_ok=True)
    with journal(tmp_path) as j, Reader(j.path) as reader:
        rows = values(reader)
        real = archive.closing.start_behind

        def killed(*given: Any, **more: Any) -> Any:
            process = real(*given, **more)
            if when == "while it writes":
                wait_for(
                    lambda: list((tmp_path / FOLDER).glob("*.part")) or process.poll() is not None, 60, 0.0005
                )
            process.kill()
            return process

        monkeypatch.setattr(archive.closing, "start_behind", killed)
        with pytest.raises(TempHubError, match="2026-02 could not be moved into their file") as told:
            close_months(j, APRIL)
        assert "by itself" in told.value.remedy
        assert not list((tmp_path / FOLDER).glob("*.part")) and values(reader) == rows
        monkeypatch.setattr(archive.closing, "start_behind", real)
        assert close_months(j, APRIL) == ["2026-02"]
        assert values(reader) == rows and len(list((tmp_path / FOLDER).iterdir())) == 1


def test_a_month_is_not_written_for_a_hub_that_is_gone(packed: Path, tmp_path: Path) -> None:
    """The process ends with the hub that wanted the file: it would write into that of the next one. What such
    an end, or one of the whole computer, has left is removed at the start."""
    shutil.copytree(packed, tmp_path, dirs_exist_ok=True)
    with journal(tmp_path) as j:
        target = tmp_path / FOLDER / "readings-2026-02.parquet"
        command = [
            sys.executable,
            "-m",
            "temphub_kernel.journal.archive.month_file",
            str(j.path),
            "2026-02",
            str(target),
        ]
        assert (
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
            ).returncode
            == 3
        )
        assert not target.exists()
        target.parent.mkdir(exist_ok=True)
        target.with_name(f"{target.name}.part").write_bytes(b"PAR1")
        drop_unfinished(j.path)
        assert not list(target.parent.iterdir())


def values(reader: Reader) -> list[int | None]:
    """Those of February, by time."""
    found = [point.units for point in points_in(reader, FEBRUARY, APRIL)]
    assert len(found) == COUNT
    return found


def to_close(j: Journal) -> None:
    """A packed February of one probe and readings of now."""
    rows = [
        Row("P", "b", n, FEBRUARY + n * 977, FEBRUARY + n * 977 + n % 91, (n * 7_919) % 400_000_000, None)
        for n in range(4 * BLOCK_ROWS)
    ]
    now = now_ms() - 3 * BLOCK_ROWS
    j.writer.store(
        [*rows, *(Row("P", "d", n, now + n, now + n, 50_000_000, None) for n in range(2 * BLOCK_ROWS))]
    )
    j.roll_up()
    pack_all(j)
