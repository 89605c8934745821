"""A disk of its own, made small, and full: nothing that was acknowledged is lost, and storing goes on by
itself."""

import os
import shutil
import subprocess
import sys

import pytest

from support.endpoint import Hub
from support.waiting import cannot, wait_for
from temphub_kernel.journal import Reader


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB in memory, gone after the test."""
    if sys.platform == "win32" or os.geteuid() != 0 or shutil.which("mount") is None:
        cannot("a small disk needs root and the mount tool of Linux")
    folder = tmp_path / "small disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "temphub-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        cannot(f"a small disk cannot be made here ({made.stderr.strip()})")
    yield folder
    # Lazily: whatever a failed test left open must not keep the disk for ever.
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """A file that takes all the room there is."""
    path = folder / "holiday film"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    return path


def batch(first):
    readings = [{"seq": first + n, "age_ms": 0, "temperature_c": 20.0} for n in range(100)]
    return {"probe_id": "p", "boot": "b", "readings": readings}


def test_a_full_disk_loses_nothing_that_was_acknowledged(small_disk):
    """When the disk is full probes get 507 and keep their readings; when there is room storing goes on
    without a restart; full again, the same again. In the end each acknowledged reading is there once."""
    hub, acknowledged = Hub(small_disk), 0
    try:
        for _ in range(2):
            assert hub.ask("POST", "/api/ingest", batch(acknowledged))[0] == 200
            acknowledged += 100
            film = fill(small_disk)
            status, answer = 200, {}
            # What is set aside already still takes some.
            for _ in range(300):
                status, answer = hub.ask("POST", "/api/ingest", batch(acknowledged))
                if status != 200:
                    break
                acknowledged += 100
            assert (status, answer["error"]) == (507, "disk_full") and answer["remedy"]
            _, headers, _ = hub.whole("POST", "/api/ingest", batch(acknowledged))
            assert headers["Retry-After"] == "5"
            assert hub.ask("GET", "/api/health")[0] == 200
            film.unlink()
            wait_for(lambda first=acknowledged: hub.ask("POST", "/api/ingest", batch(first))[0] == 200, 20)
            acknowledged += 100
        with Reader(hub.journal) as reader:
            assert [point.seq for point in reader.after(0, 10**6)] == list(range(acknowledged))
    finally:
        hub.stop()
