"""The log on real disks: full, read-only, pulled out, hanging; and its file open in another program."""

import errno
import os
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from csvlog.csv_harness import HEADER, harness, line_of, rows
from support.disks import read_only, share
from support.waiting import wait_for
from temphub_kernel.csvlog import CsvLog, open_log


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A drive that fills up in the middle of a block costs no reading: with space again the log is whole,
    byte for byte."""
    with share(tmp_path / "stick", size_kb=64), harness(tmp_path, name="stick/log.csv") as log:
        filler = tmp_path / "stick" / "film.mkv"
        filler.write_bytes(b"x" * 40_000)
        log.store(rows(100))
        log.drain()
        log.store(rows(900, first=100))
        for _ in range(3):
            assert log.step() == 0
            assert "is full" in log.log.state().problem and 0 < log.log.waiting() <= 900
        log.crash()
        assert log.step() == 0 and "is full" in log.log.state().problem
        filler.unlink()
        log.drain()
        assert log.text() == log.expected() and not log.log.state().problem


def test_a_share_that_is_pulled_out(tmp_path: Path) -> None:
    """While the share is away nothing is written into the empty folder in its place, also after a restart;
    then all is caught up."""
    with share(tmp_path / "share") as drive, harness(tmp_path, name="share/logs/log.csv") as log:
        log.store(rows(5))
        log.drain()
        log.store(rows(2, first=5))
        drive.pull()
        assert log.step() == 0
        assert (
            "share" in log.log.state().problem
            and log.log.state().remedy.startswith("Connect it")
            and log.log.waiting() == 2
        )
        log.restart()
        log.store(rows(2, first=7))
        assert log.step() == 0 and "does not answer" in log.log.state().problem
        assert not list(drive.folder.iterdir())
        drive.plug()
        log.drain()
        assert log.text() == log.expected()


def test_a_drive_that_turns_read_only(tmp_path: Path) -> None:
    """A drive set read-only (as Linux does after an error) is named as such, and written again when it may
    be."""
    with share(tmp_path / "share") as drive, harness(tmp_path, name="share/log.csv") as log:
        log.store(rows(5))
        log.drain()
        drive.read_only(True)
        log.store(rows(5, first=5))
        assert log.step() == 0 and "read-only" in log.log.state().problem and log.log.waiting() == 5
        drive.read_only(False)
        log.drain()
        assert log.text() == log.expected()


def test_a_file_made_read_only(tmp_path: Path) -> None:
    """A log that somebody made read-only is left alone, readings wait, and are written when it may be written
    again."""
    with harness(tmp_path) as log:
        log.store(rows(5))
        log.drain()
        with read_only(log.csv):
            log.store(rows(5, first=5))
            assert log.step() == 0
            assert "may not be written" in log.log.state().problem and log.log.waiting() == 5
        log.drain()
        assert log.text() == log.expected()


AWAY = ["ENOTCONN", "ESTALE", "EHOSTDOWN", "ETIMEDOUT"]


@pytest.mark.parametrize("name", [name for name in AWAY if hasattr(errno, name)])
def test_a_share_that_answers_with_an_error(tmp_path: Path, name: str) -> None:
    """What the system says of a dead share becomes words and a remedy, and nothing is lost, wherever in the
    block it fails."""
    with harness(tmp_path) as log:
        number = getattr(errno, name)
        log.disk.error = OSError(number, os.strerror(number))
        for call in range(1, 5):
            log.store(rows(3, first=len(log.stored)))
            log.disk.calls, log.disk.fail_at = 0, call
            log.step()
            if log.disk.calls >= call:
                assert (
                    "does not answer" in log.log.state().problem
                    and "Connect it again" in log.log.state().remedy
                )
            log.disk.fail_at = -1
            log.drain()
        assert log.text() == log.expected()


def test_a_share_that_hangs_is_shown(tmp_path: Path) -> None:
    """A share that neither takes the rows nor refuses them is told as a problem while the hub waits for
    it."""
    release = threading.Event()

    def hanging(path: Path) -> BinaryIO:
        assert release.wait(30)
        return open_log(path)

    with harness(tmp_path) as log:
        log.store(rows(3))
        log.log = CsvLog(log.csv, log.journal, log.writer, every_s=0.01, open_log=hanging, hangs_s=0.05)
        log.log.start()
        wait_for(lambda: "has not answered" in log.log.state().problem)
        release.set()
        wait_for(lambda: not log.log.state().problem and log.csv.exists() and log.text() == log.expected())
        assert log.log.stop()


def test_open_in_libreoffice(tmp_path: Path) -> None:
    """While LibreOffice has the log open rows wait, because saving there would undo them; its note that stays
    behind is named."""
    with harness(tmp_path) as log:
        log.store(rows(3))
        log.drain()
        note = tmp_path / ".~lock.temperature_log.csv#"
        note.write_text(",user,pc,23.11.2026 13:54,file:///home/user/.config/libreoffice/4;")
        log.store(rows(3, first=3))
        assert log.step() == 0 and log.log.waiting() == 3
        assert "LibreOffice" in log.log.state().problem and note.name in log.log.state().remedy
        note.unlink()
        log.drain()
        assert log.text() == log.expected()


def test_renamed_while_running(tmp_path: Path) -> None:
    """A log that was renamed keeps what it has under its new name, and the next reading begins a new one."""
    with harness(tmp_path) as log:
        log.store(rows(3))
        log.drain()
        kept = tmp_path / "October.csv"
        log.csv.rename(kept)
        log.store(rows(3, first=3))
        log.drain()
        assert kept.read_text() == HEADER + "".join(map(line_of, log.stored[:3]))
        assert log.text() == HEADER + "".join(map(line_of, log.stored[3:]))
