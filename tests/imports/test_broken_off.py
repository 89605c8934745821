"""An import that is killed, or that runs out of disk, leaves nothing of it behind."""

import os
import subprocess
import sys

import numpy as np

from support.disks import share
from support.waiting import wait_for
from temphub_kernel.cli import main
from temphub_kernel.imports.gather import LEFT_S
from temphub_kernel.journal import STAGING, Reader


def log(path, rows):
    """A log that no compression makes small."""
    values = np.random.default_rng(1).uniform(-20, 80, rows).round(5).tolist()
    with path.open("w") as file:
        file.write("time,temperature_c\n")
        file.writelines(f"{1_600_000_000_000 + 1000 * at},{value}\n" for at, value in enumerate(values))
    return path


def test_killed_in_the_middle(data_dir, tmp_path, monkeypatch):
    """Nothing of it counts; what it left beside the journal is cleared by a later import, which brings all
    of the file."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    long, short = log(tmp_path / "long.csv", 400_000), log(tmp_path / "short.csv", 3)
    assert main(["import", str(short), "--yes"]) == 0
    command = [sys.executable, "-m", "temphub_kernel", "import", str(long), "--yes"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: (data_dir / STAGING).exists() and any((data_dir / STAGING).iterdir()), 60)
    finally:
        process.kill()
        process.wait(30)
    (left,) = (data_dir / STAGING).iterdir()
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert [one.name for one in reader.imports()] == ["short.csv"] and reader.newest()[0].readings == 3
    old = left.stat().st_mtime - LEFT_S - 1
    os.utime(left, (old, old))
    assert main(["import", str(long), "--yes"]) == 0 and not left.exists()
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert sum(one.readings for one in reader.newest()) == 400_003


def test_full_disk(tmp_path, monkeypatch, capsys):
    """It says so, nothing of the file is there, and what was there before is."""
    with share(tmp_path / "small", 2_000) as disk:
        monkeypatch.setenv("DATA_DIR", str(disk.folder))
        assert main(["import", str(log(tmp_path / "short.csv", 3)), "--yes"]) == 0
        assert main(["import", str(log(tmp_path / "long.csv", 400_000)), "--yes"]) == 1
        assert "disk" in capsys.readouterr().err and not (disk.folder / STAGING).exists()
        with Reader(disk.folder / "temphub.sqlite3") as reader:
            assert [one.name for one in reader.imports()] == ["short.csv"]
