"""A journal where nothing may be written: it is read all the same, or the words fit a reader."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import temphub_kernel as th
from support.waiting import cannot
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.finding import PROBLEM, WELL
from temphub_kernel.core.reading import Row
from temphub_kernel.core.settings import Settings
from temphub_kernel.doctor.context import Case
from temphub_kernel.doctor.files import journal
from temphub_kernel.exports import make_order
from temphub_kernel.exports.run import export
from temphub_kernel.hub.lock import HubLock
from temphub_kernel.journal import Reader, Writer

T0 = 1_780_000_000_000


@pytest.fixture
def protect() -> Iterator[Callable[[Path], Path]]:
    """Makes a folder or file read-only, for root too, as a DVD or a write-protected share is."""
    if sys.platform == "win32" or os.geteuid() != 0 or not shutil.which("mount"):
        cannot("a read-only mount needs root and mount of Linux")
    mounted: list[Path] = []

    def make(path: Path) -> Path:
        subprocess.run(["mount", "--bind", str(path), str(path)], check=True, capture_output=True)
        mounted.append(path)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path)], check=True, capture_output=True)
        return path

    yield make
    for path in mounted:
        subprocess.run(["umount", "-l", str(path)], check=False, capture_output=True)


def recorded(folder: Path) -> Writer:
    """A writer that has stored 1000 readings."""
    folder.mkdir()
    writer = Writer(folder / "temphub.sqlite3")
    writer.start()
    writer.store(
        [Row("fridge", "b", n, T0 + n * 60_000, T0 + n * 60_000 + 90, 40_000_000, None) for n in range(1000)]
    )
    return writer


def finding(folder: Path) -> tuple[str, str]:
    settings = Settings.from_environ({"DATA_DIR": str(folder)})
    (found,) = journal(Case(settings, settings.local_url, {}, held=False))
    return found.level, found.result


def test_a_journal_on_a_read_only_drive_is_read(tmp_path: Path, protect: Callable[[Path], Path]) -> None:
    """Where nothing may be written `th.load`, `th.scan`, exports and the doctor read the journal that a
    stopped hub left."""
    assert recorded(tmp_path / "backup").stop()
    folder = protect(tmp_path / "backup")
    assert len(th.load(data_dir=folder)) == 1000 and len(th.load(data_dir=folder, every="1h", tidy=True)) > 16
    assert th.scan(data_dir=folder).collect().height == 1000
    _, rows = export(folder / "temphub.sqlite3", make_order(form="csv"), tmp_path / "out.csv")
    level, said = finding(folder)
    assert rows == 1000 and level == WELL and "1000 readings" in said
    assert [path.name for path in folder.iterdir()] == ["temphub.sqlite3"]


def test_what_stands_beside_it_is_not_left_out_without_a_word(
    tmp_path: Path, protect: Callable[[Path], Path]
) -> None:
    """A copy of a running hub's folder is read whole; where its newest readings cannot be read, because the
    -shm is lacking, that is said with the way out, which works."""
    writer = recorded(tmp_path / "hub")
    shutil.copytree(tmp_path / "hub", tmp_path / "whole")
    shutil.copytree(tmp_path / "hub", tmp_path / "copy", ignore=shutil.ignore_patterns("*-shm"))
    assert writer.stop()
    assert len(th.load(data_dir=protect(tmp_path / "whole"))) == 1000
    folder = protect(tmp_path / "copy")
    with pytest.raises(TempHubError, match="-wal") as told:
        th.load(data_dir=folder)
    assert told.value.code == "journal_read_only" and told.value.remedy.startswith("Copy both files")
    level, said = finding(folder)
    assert level == PROBLEM and "-wal" in said
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("temphub.sqlite3", "temphub.sqlite3-wal"):
        shutil.copy(folder / name, mine)
    assert len(th.load(data_dir=mine)) == 1000


def test_a_hub_says_what_is_wrong(tmp_path: Path, protect: Callable[[Path], Path]) -> None:
    """A hub that is started where it may not write says so, and that what is there can be read."""
    assert recorded(tmp_path / "backup").stop()
    assert recorded(tmp_path / "file").stop()
    with pytest.raises(TempHubError, match="cannot be used") as told:
        HubLock(protect(tmp_path / "backup")).take()
    assert "DATA_DIR" in told.value.remedy and "th.load()" in told.value.remedy
    path = protect(tmp_path / "file" / "temphub.sqlite3")
    with pytest.raises(TempHubError, match="may only be read") as told:
        Writer(path).start()
    assert told.value.remedy.startswith("Allow writing")
    with Reader(path) as reader:
        assert reader.count() == 1000
