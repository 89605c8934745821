"""`temphub backup`: one file with all of a hub, made while it records."""

import hashlib
import os
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from backup.conftest import SETTINGS, T0
from journal.journal_harness import close_months, journal, pack_all, row
from support.disks import share
from temphub_kernel.alarms.telling.channels import CHANNELS_FILE
from temphub_kernel.api.access.audit import AUDIT_FILE
from temphub_kernel.backup import container, read_note
from temphub_kernel.backup.write import Made, make
from temphub_kernel.cli import main
from temphub_kernel.core.clock import DAY_MS, MINUTE_MS
from temphub_kernel.core.errors import DiskFull, TempHubError
from temphub_kernel.journal import JOURNAL_VERSION, Reader, copy_journal, look_into
from temphub_kernel.journal.schema import open_for_writing
from temphub_kernel.trust.keys import KEYS_FILE


def test_one_file_holds_all_and_says_what(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command makes a zip archive that any program unpacks into a data folder as it stands; `--list` says
    what is in it, and none is overwritten. It is for this user alone, and noted as read again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(filled))
    assert main(["backup", "all.zip"]) == 0
    with zipfile.ZipFile("all.zip") as archive:
        assert archive.testzip() is None
        inside = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    for name in ("archive/readings-2026-08.parquet", "temphub.key", KEYS_FILE, CHANNELS_FILE, AUDIT_FILE):
        assert inside[name] == hashlib.sha256((filled / name).read_bytes()).hexdigest()
    assert "temphub.sqlite3" in inside and "temphub.sessions" not in inside
    assert os.name == "nt" or Path("all.zip").stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "all.zip"] and not list(filled.glob("*.part"))
    note = read_note(filled)
    assert note["verified"] and not note["problem"] and note["file"] == str(tmp_path / "all.zip")
    capsys.readouterr()
    assert main(["backup", "--list", "all.zip"]) == 0
    told = capsys.readouterr().out
    assert "32,400 readings, 2026-08-01" in told and "remarks 1" in told and KEYS_FILE in told
    assert SETTINGS["SERVER_TOKEN"] not in told
    assert main(["backup", "all.zip"]) == 1 and "--force" in capsys.readouterr().err
    assert main(["backup", "all.zip", "--force"]) == 0 and main(["backup", "."]) == 0
    assert len(list(tmp_path.glob("temphub-backup-*.zip"))) == 1


def test_a_copy_is_of_one_moment_and_ends_under_a_stream_of_readings(tmp_path: Path) -> None:
    """While every step of the copy meets new readings and a month is closed, it goes straight on, and has
    just what was acknowledged before it began."""
    with journal(tmp_path) as j:
        j.writer.store([row(T0 + n * MINUTE_MS, seq=n, boot="b") for n in range(55_000)])
        j.roll_up()
        assert pack_all(j)
        left: list[int] = []
        closed: list[str] = []

        def meanwhile(pages: int, _: int) -> None:
            left.append(pages)
            j.writer.store([row(T0 + DAY_MS * 60 + len(left), seq=len(left), boot="later")])
            if not closed:
                closed.extend(close_months(j, T0 + 32 * DAY_MS))

        copy = tmp_path / "copy.sqlite3"
        copy_journal(j.path, copy, meanwhile, step_pages=100)
        assert closed == ["2026-08"] and len(left) > 2
        assert left == sorted(set(left), reverse=True), "it began anew"
        with Reader(copy) as reader, Reader(j.path) as now:
            assert len(reader.after(0, 10**6)) == 55_000 and now.count() == 55_000 + len(left)
        found = look_into(copy)
        assert (found.version, found.readings, found.months) == (JOURNAL_VERSION, 55_000, [])


def test_what_is_missing_or_damaged_is_told_and_the_rest_is_saved(filled: Path, tmp_path: Path) -> None:
    """A month that is not beside the journal, or not as it was written, is named; all else is in the file."""
    folder = tmp_path / "data"
    made = make(filled, tmp_path / "good.zip", {}, lambda _: None)
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(folder)
    month = folder / "archive" / "readings-2026-08.parquet"
    month.write_bytes(month.read_bytes()[:-1])
    assert make(folder, tmp_path / "damaged.zip", {}, lambda _: None).manifest.damaged == [
        "archive/readings-2026-08.parquet"
    ]
    month.unlink()
    missing = make(folder, tmp_path / "missing.zip", {}, lambda _: None).manifest
    assert missing.missing == ["archive/readings-2026-08.parquet"] and "was not beside" in missing.words()
    with closing(open_for_writing(folder / "temphub.sqlite3")) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    raw = bytearray((folder / "temphub.sqlite3").read_bytes())
    raw[4096 : len(raw) // 2] = b"\xff" * (len(raw) // 2 - 4096)
    (folder / "temphub.sqlite3").write_bytes(raw)
    with pytest.raises(TempHubError, match="older back-ups"):
        make(folder, tmp_path / "worse.zip", {}, lambda _: None)
    assert not (tmp_path / "worse.zip").exists() and not list(folder.glob("*.part"))


def test_a_full_disk_a_folder_that_is_away_and_no_journal(filled: Path, tmp_path: Path) -> None:
    """Each ends in words, and leaves no half file."""
    with share(tmp_path / "Stick", size_kb=100) as drive:
        with pytest.raises(DiskFull, match="full"):
            make(filled, drive.folder / "b.zip", {}, lambda _: None)
        assert list(drive.folder.iterdir()) == []
    with pytest.raises(TempHubError, match="is not there"):
        make(filled, tmp_path / "away" / "b.zip", {}, lambda _: None)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(TempHubError, match="no journal"):
        make(empty, tmp_path / "b.zip", {}, lambda _: None)
    assert list(empty.iterdir()) == [] and not (tmp_path / "b.zip").exists()


KILLED = """
import os, sys
from pathlib import Path
from temphub_kernel.backup.write import make
end = lambda said: os._exit(9) if said.startswith(sys.argv[3]) else None
make(Path(sys.argv[1]), Path(sys.argv[2]), {}, end)
"""


@pytest.mark.parametrize("at", ["Copying", "Reading"])
def test_one_that_is_killed_leaves_nothing_that_looks_whole(made: Made, tmp_path: Path, at: str) -> None:
    """Whenever it dies there is no file of that name, and what it left is gone with the next one."""
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(tmp_path / "data")
    target = tmp_path / "temphub-backup-1.zip"
    words = [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(target), at]
    assert subprocess.run(words, check=False, timeout=60).returncode == 9
    assert not target.exists() and list(tmp_path.rglob("*.part"))
    make(tmp_path / "data", target, {}, lambda _: None)
    container.drop_left(tmp_path)
    assert container.verify(target).readings == 32_400 and not list(tmp_path.rglob("*.part"))


def test_what_was_imported_is_in_it(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hub with an import is backed up and restored as any other; the import counts there, and is taken back
    there."""
    log, out, other = tmp_path / "old.csv", tmp_path / "one.zip", tmp_path / "other"
    log.write_text("timestamp,probe_id,temperature_c\n2024-01-01T00:00:00Z,P,1\n2024-01-01T00:01:00Z,P,2\n")
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    assert main(["import", str(log), "--yes"]) == 0 and main(["backup", str(out)]) == 0
    assert "imported readings 2" in capsys.readouterr().out
    monkeypatch.setenv("DATA_DIR", str(other))
    assert main(["restore", str(out)]) == 0
    with Reader(other / "temphub.sqlite3") as reader:
        assert [piece.units.tolist() for piece in reader.stream(0, 2**53)] == [[10_000_000, 20_000_000]]
    assert main(["import", "--undo", "1"]) == 0 and not list((other / "archive").iterdir())
