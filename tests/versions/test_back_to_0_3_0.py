"""Back to an older version, with that version itself: the parts of 0.3.0 that its `temphub export` needs, as
they were released."""

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from temphub_kernel.cli import main
from temphub_kernel.core.settings import ALLOWED
from temphub_kernel.journal import JOURNAL_VERSION, Reader, bring_up_to_date
from versions.test_versions import thaw

HERE = Path(__file__).parent


def test_it_refuses_what_a_newer_one_left_and_goes_on_from_the_back_up(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A back-up that the newer version made before its first start is read by 0.3.0, whatever program
    unpacked it; the journal that the newer one brought up to date is refused in words and stays as it is."""
    with zipfile.ZipFile(HERE / "temphub-0.3.0-export.zip") as packed:
        packed.extractall(tmp_path / "0.3.0")
    journal, out, unpacked = (
        thaw(HERE / "journal-2.sql", data_dir),
        tmp_path / "before.zip",
        tmp_path / "unpacked",
    )
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    assert main(["backup", str(out)]) == 0
    bring_up_to_date(journal)
    with Reader(journal) as reader:
        wanted = reader.count()
    with zipfile.ZipFile(out) as packed:
        packed.extractall(unpacked)

    def older(folder: Path) -> "subprocess.CompletedProcess[str]":
        kept = {name: text for name, text in os.environ.items() if name not in ALLOWED}
        env = {**kept, "DATA_DIR": str(folder), "PYTHONPATH": str(tmp_path / "0.3.0")}
        command = [sys.executable, "-m", "temphub_kernel", "export", "--out", str(tmp_path / "told.csv")]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)

    before = journal.read_bytes()
    refused = older(data_dir)
    assert refused.returncode == 1 and not (tmp_path / "told.csv").exists()
    assert f"is of version {JOURNAL_VERSION}; this TempHub reads version 2" in refused.stderr
    assert "Install the TempHub version that wrote it" in refused.stderr and journal.read_bytes() == before
    read = older(unpacked)
    assert read.returncode == 0, read.stderr
    with (tmp_path / "told.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == wanted
