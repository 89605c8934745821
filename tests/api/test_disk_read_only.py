"""A disk that the system sets read-only while the hub runs, as Linux does after an error of the drive."""

import os
import shutil
import subprocess
import sys

import pytest

from support.endpoint import Hub
from support.waiting import cannot
from temphub_kernel.journal import Reader


def run(*command: object) -> None:
    """A tool that must succeed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1 if command[0] == "e2fsck" else 0), done.stderr


@pytest.fixture
def drive(tmp_path):
    """(folder, image) of an ext4 drive of its own."""
    if (
        sys.platform == "win32"
        or os.geteuid() != 0
        or not all(map(shutil.which, ("mount", "mkfs.ext4", "e2fsck")))
    ):
        cannot("a drive of its own needs root, mount and e2fsprogs of Linux")
    image, folder = tmp_path / "drive.img", tmp_path / "drive"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(32 << 20)
    run("mkfs.ext4", "-q", image)
    run("mount", "-o", "loop", image, folder)
    yield folder, image
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def batch(first):
    readings = [{"seq": first + n, "age_ms": 0, "temperature_c": 20.0} for n in range(100)]
    return {"probe_id": "p", "boot": "b", "readings": readings}


def test_a_disk_that_turns_read_only_loses_nothing_acknowledged(drive):
    """Probes are told in words and keep their readings, never a yes; when the drive was mended and the hub
    started again, each acknowledged reading is there once, and what was refused can be delivered."""
    folder, image = drive
    hub = Hub(folder)
    try:
        assert hub.ask("POST", "/api/ingest", batch(0))[0] == 200
        run("mount", "-o", "remount,abort", folder)
        for _ in range(3):
            status, answer = hub.ask("POST", "/api/ingest", batch(100))
            assert status in (503, 507) and not answer["ok"] and answer["problem"] and answer["remedy"]
        problem = hub.writer.state().problem
        assert problem and "disk" in (problem + hub.writer.state().remedy).lower()
    finally:
        hub.stop()
    run("umount", folder)
    run("e2fsck", "-p", "-f", image)
    run("mount", "-o", "loop", image, folder)
    again = Hub(folder)
    try:
        assert again.ask("POST", "/api/ingest", batch(100))[1]["stored"] == 100
    finally:
        again.stop()
    with Reader(folder / "temphub.sqlite3") as reader:
        assert [point.seq for point in reader.after(0, 1000)] == list(range(200))
