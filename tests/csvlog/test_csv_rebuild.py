"""The log made again from the journal."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csvlog.csv_harness import Harness, harness, line_of, rows
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.csvlog import only_in_log, rebuild, rebuild_beside, surplus
from temphub_kernel.journal import strike_out, undo


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def again(log: Harness, **options: object) -> tuple[list[Path], Path | None]:
    """As the command does, with no hub running."""
    return rebuild(log.csv, log.journal, alone=lambda: True, max_rows=log.max_rows, **options)  # type: ignore[arg-type]


def stopped(log: Harness) -> None:
    log.writer.stop()


@pytest.mark.parametrize("count", [0, 7, 10, 34])
def test_byte_for_byte(tmp_path: Path, count: int) -> None:
    """The rebuilt files have the names, cuts and bytes of those that the hub wrote, which are kept in a
    folder of their own."""
    with harness(tmp_path, max_rows=10) as log:
        now = int(time.time() * 1000)
        log.store([r._replace(taken_ms=now, received_ms=now) for r in rows(count)])
        log.drain()
        log.step()
        log.restart()
        stopped(log)
        written = everything(tmp_path)
        finals, kept = again(log)
        assert everything(tmp_path) == written and [path.name for path in finals] == [
            *(p.name for p in log.asides()),
            log.csv.name,
        ]
        assert kept is not None and everything(kept) == written
        assert not [path for path in tmp_path.iterdir() if "rebuilding" in path.name]


def test_the_hub_goes_on_after_a_rebuild(tmp_path: Path) -> None:
    """A log far behind its journal, deleted and damaged, is rebuilt whole; the hub's next start goes on at
    its end, exactly."""
    with harness(tmp_path, max_rows=50_000) as log:
        log.store(rows(500))
        log.drain()
        log.disk.held = True
        for first in range(500, 60_500, 5_000):
            log.store(rows(5_000, first))
        log.step()
        log.restart()
        log.csv.write_text("timestamp;damaged\n")
        stopped(log)
        again(log)
        log.writer.start()
        log.disk.held = False
        log.crash()
        log.store(rows(3, 60_500))
        log.drain()
        assert log.all_lines() == [line_of(r) for r in log.stored]


def test_while_the_hub_runs(tmp_path: Path) -> None:
    """The running hub's own log is not touched; under another name the log is written all the same."""
    with harness(tmp_path, max_rows=10) as log:
        log.store(rows(25))
        log.drain()
        before = everything(tmp_path)
        with pytest.raises(TempHubError, match="hub is running") as refused:
            rebuild(log.csv, log.journal, alone=lambda: False, max_rows=10)
        assert "--out" in refused.value.remedy and everything(tmp_path) == before
        out = tmp_path / "elsewhere" / "mine.csv"
        finals = rebuild_beside(log.journal, out, max_rows=10)
        assert [path.read_bytes() for path in finals] == [
            path.read_bytes() for path in [*log.asides(), log.csv]
        ]
        assert finals[-1] == out and finals[0].name.startswith("mine-20") and everything(tmp_path) == before


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file of that name is only replaced when that was asked for."""
    with harness(tmp_path) as log:
        log.store(rows(5))
        out = tmp_path / "out.csv"
        out.write_text("mine")
        with pytest.raises(TempHubError, match="exists already"):
            rebuild_beside(log.journal, out)
        assert out.read_text() == "mine"
        rebuild_beside(log.journal, out, force=True)
        assert out.read_text() == log.expected()


def test_readings_that_come_during_the_rebuild(tmp_path: Path) -> None:
    """What is stored while the files are being made is in them."""
    with harness(tmp_path) as log:
        log.store(rows(20))

        def alone() -> bool:
            log.store(rows(5, 20))
            stopped(log)
            return True

        rebuild(log.csv, log.journal, alone=alone)
        assert log.text() == log.expected()


def test_a_part_that_is_held_undoes_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When one of the old files cannot be moved, as Excel holds it, everything is as it was, and words say
    so."""
    with harness(tmp_path, max_rows=10) as log:
        log.store(rows(34))
        log.drain()
        log.restart()
        stopped(log)
        before = everything(tmp_path)
        bookmark = log.reader.bookmark("csv")
        real = Path.rename

        def held(self: Path, target: Path) -> Path:
            if self == log.csv:
                raise PermissionError(13, "held")
            return real(self, target)

        monkeypatch.setattr(Path, "rename", held)
        with pytest.raises(TempHubError, match="unchanged"):
            again(log)
        assert everything(tmp_path) == before and log.reader.bookmark("csv") == bookmark
        assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_failing_disk_leaves_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while the new files are made leaves the old ones and no half file."""
    with harness(tmp_path) as log:
        log.store(rows(50))
        log.drain()
        stopped(log)

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        before = everything(tmp_path)
        with pytest.raises(TempHubError, match="is full"):
            again(log, progress=full)
        assert everything(tmp_path) == before and not any("rebuild" in name for name in os.listdir(tmp_path))


KILLED = """
import os, sys
from pathlib import Path
from temphub_kernel.csvlog import rebuild
real, calls = Path.rename, []
def rename(self, target):
    calls.append(self)
    if len(calls) == int(sys.argv[3]):
        os._exit(9)
    return real(self, target)
Path.rename = rename
rebuild(Path(sys.argv[1]), Path(sys.argv[2]), alone=lambda: True, max_rows=20)
"""


@pytest.mark.parametrize("at", [1, 3, 4, 6, 8])
def test_killed_while_files_change_places(tmp_path: Path, at: int) -> None:
    """Killed at any moment it loses no file and doubles no line: what was there is in the log's place or in
    the folder of the old ones; the hub's next start goes on, and done again the log is whole, with nothing
    left of the first attempt."""
    with harness(tmp_path, max_rows=20) as log:
        now = int(time.time() * 1000) - 60_000
        log.store([r._replace(taken_ms=now + n, received_ms=now + n) for n, r in enumerate(rows(50))])
        log.drain()
        log.restart()
        stopped(log)
        before = everything(tmp_path)
        command = [sys.executable, "-c", KILLED, str(log.csv), str(log.journal), str(at)]
        assert subprocess.run(command, check=False).returncode == 9
        there = [
            path.read_bytes()
            for path in [*tmp_path.glob("*.csv"), *tmp_path.glob("temperature_log before*/*.csv")]
        ]
        assert set(before.values()) <= set(there)
        log.writer.start()
        assert (found := surplus(log.csv, log.reader)) is None or only_in_log(found) == 0
        log.crash()
        log.store(
            [r._replace(taken_ms=now + 50 + n, received_ms=now + 50 + n) for n, r in enumerate(rows(5))]
        )
        log.drain()
        assert len(set(log.all_lines())) == len(log.all_lines())
        log.restart()
        stopped(log)
        again(log)
        assert log.all_lines() == [line_of(r) for r in log.stored]
        assert not [path for path in tmp_path.iterdir() if "rebuilding" in path.name]


def test_what_is_struck_out_after_it_was_written(tmp_path: Path) -> None:
    """Lines that stand in the log stay when somebody strikes readings out; written again, the log says so and
    has no number there."""
    with harness(tmp_path) as log:
        now = int(time.time() * 1000) - 60_000
        log.store([r._replace(taken_ms=now + n, received_ms=now + n) for n, r in enumerate(rows(6))])
        log.drain()
        before = log.csv.read_bytes()
        probe_id = log.stored[2].probe_id
        number = strike_out(log.writer, probe_id, now + 2, now + 2)
        log.drain()
        assert log.csv.read_bytes() == before
        log.step()
        log.restart()
        stopped(log)
        again(log)
        old, new = before.splitlines(), log.csv.read_bytes().splitlines()
        assert [line for line in new if line.endswith(b",,struck_out")] == [new[3]] and [
            *new[:3],
            *new[4:],
        ] == [*old[:3], *old[4:]]
        log.writer.start()
        undo(log.writer, number)
        stopped(log)
        again(log)
        assert log.csv.read_bytes() == before
