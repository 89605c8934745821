"""The command, and what happens when an export cannot be made, or is ended half way."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exports.conftest import T0, rows
from support.disks import share
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.cli import main
from temphub_kernel.core import start_behind
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.exports import job, make_order, source
from temphub_kernel.exports.run import export
from temphub_kernel.journal import Writer, remove, strike_out

FORMS = ["csv", "xlsx", "parquet"]


def left(folder: Path) -> list[str]:
    """What is in the folder besides the journal."""
    return sorted(name for name in os.listdir(folder) if not name.startswith("temphub.sqlite3"))


def test_the_command_by_default(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without options all readings go into a workbook with a dated name in the working folder; no bar without
    a terminal."""
    folder = journal.parent
    monkeypatch.chdir(folder)
    assert main(["export"]) == 0
    (name,) = left(folder)
    shown = capsys.readouterr()
    assert (
        re.fullmatch(r"temphub-20\d\d-\d\d-\d\d-\d{4}\.xlsx", name)
        and "240 rows" in shown.out
        and shown.err == ""
    )


def test_nothing_is_overwritten(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of that name stays as it is, unless replacing it was asked for."""
    monkeypatch.chdir(journal.parent)
    out = journal.with_name("mine.csv")
    out.write_text("mine")
    assert main(["export", "--out", "mine.csv"]) == 1
    assert "--force" in capsys.readouterr().err and out.read_text() == "mine"
    assert main(["export", "--out", "mine.csv", "--force"]) == 0
    assert len(out.read_text().splitlines()) == 241 and left(journal.parent) == ["mine.csv"]


def test_standard_output(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`--out -` writes a CSV for the next program in a pipe, and nothing else; a workbook is refused
    there."""
    monkeypatch.setenv("DATA_DIR", str(journal.parent))
    assert main(["export", "--out", "-", "--probe", "Fridge:0", "--every", "1h"]) == 0
    assert capfdbinary.readouterr().out.startswith(
        b"start,local_time,probe_id,min_c,mean_c,max_c,count,name\n2026-10-25T00:00"
    )
    assert main(["export", "--out", "-", "--format", "xlsx"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [["--from", "soon"], ["--probe", "nobody"], ["--every", "x"], ["--tz", "Mars"], ["--probe", "=1+1"]],
)
def test_wrong_options_end_in_words(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: list[str]
) -> None:
    """What cannot be exported is said with the way out, and no file is made."""
    monkeypatch.chdir(journal.parent)
    assert main(["export", *wrong]) == 1
    said = capsys.readouterr().err
    assert (
        "Problem: " in said
        and "What to do: " in said
        and "Traceback" not in said
        and left(journal.parent) == []
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--out", "x.pdf"],
        ["--out", "x.ods"],
        ["--out", "readings"],
        ["--out", "x.xlsx", "--format", "csv"],
        ["--out", "x.xlsx", "--excel", "de"],
        ["--out", "x.csv", "--format", "parquet"],
    ],
)
def test_a_file_is_what_its_name_says(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """A workbook is never written under the name of something else: any other ending is refused, and those
    that there are are named."""
    monkeypatch.chdir(journal.parent)
    assert main(["export", *words]) == 1
    said = capsys.readouterr().err
    assert (
        words[1] in said
        and "What to do: Give --out a name that ends in ." in said
        and left(journal.parent) == []
    )


def test_an_own_ending_is_possible_when_the_format_is_named(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--format csv --out readings.txt` is meant like that, and the ending may be written in capitals."""
    monkeypatch.chdir(journal.parent)
    assert main(["export", "--format", "csv", "--out", "readings.txt"]) == 0
    assert main(["export", "--out", "READINGS.CSV"]) == 0
    assert Path("readings.txt").read_bytes() == Path("READINGS.CSV").read_bytes()


def test_rebuild_csv(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log is written again in its place, the old one kept; while a hub runs, only under another name."""
    from temphub_kernel.hub.lock import HubLock

    monkeypatch.chdir(journal.parent)
    log = journal.with_name("temperature_log.csv")
    log.write_text("damaged")
    assert main(["export", "--rebuild-csv"]) == 0
    assert len(log.read_text().splitlines()) == 241 and "kept in" in capsys.readouterr().out
    hub = HubLock(journal.parent)
    assert hub.take()
    try:
        assert main(["export", "--rebuild-csv"]) == 1
        assert "Stop the hub" in capsys.readouterr().err
        assert main(["export", "--rebuild-csv", "--out", "copy.csv"]) == 0
    finally:
        hub.release()
    assert journal.with_name("copy.csv").read_bytes() == log.read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk(tmp_path: Path, make_journal: Callable[[list[Row]], Path], form: str) -> None:
    """An export onto a drive that fills up ends in words, and leaves no half file there."""
    journal = make_journal(
        [Row("P", None, None, T0 + n * 997, T0, n * 7919 % 10**9, None) for n in range(20_000)]
    )
    with share(tmp_path / "stick", size_kb=64) as drive:
        with pytest.raises(TempHubError, match="disk is full"):
            export(journal, make_order(form=form), drive.folder / f"out.{form}")
        assert list(drive.folder.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_failure_half_way(journal: Path, form: str) -> None:
    """Whatever stops an export, an older file of that name stays whole and nothing half made is left."""
    out = journal.with_name(f"out.{form}")
    out.write_text("older")

    def broken(_share: float, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(journal, make_order(form=form), out, force=True, progress=broken)
    assert out.read_text() == "older" and left(journal.parent) == [out.name]


def test_killed_half_way(make_journal: Callable[[list[Row]], Path]) -> None:
    """An export that is killed leaves nothing under the file's name."""
    journal = make_journal([row._replace(taken_ms=T0 + n * 1000) for n, row in enumerate(rows(240) * 200)])
    out = journal.with_name("out.xlsx")
    env = {**os.environ, "DATA_DIR": str(journal.parent)}
    process = subprocess.Popen([sys.executable, "-m", "temphub_kernel", "export", "--out", str(out)], env=env)
    wait_for(
        lambda: any(".out-exporting" in name for name in left(journal.parent)) or process.poll() is not None
    )
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    assert process.wait(PATIENCE_S) != 0 and not out.exists()


def test_progress_grows_to_the_end(journal: Path) -> None:
    """Progress is told as a share of the range, and ends with all of it."""
    seen: list[tuple[float, int]] = []
    export(
        journal,
        make_order(form="csv"),
        journal.with_name("out.csv"),
        progress=lambda share, count: seen.append((share, count)),
    )
    assert seen == sorted(seen) and seen[-1][0] == pytest.approx(1.0, abs=0.01) and seen[-1][1] == 240


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_stays_flat(
    make_journal: Callable[[list[Row]], Path], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Six times as many readings take no more memory: what is held is one piece, whatever the range."""
    monkeypatch.setattr(source, "PIECE_ROWS", 200)
    journal = make_journal(
        [Row(f"P{n % 3}", None, None, T0 + n * 500, T0, n * 7919 % 10**9, None) for n in range(6_000)]
    )
    peaks = []
    for count in (500, 1_000, 6_000):
        tracemalloc.start()
        try:
            export(
                journal,
                make_order(form=form, end=str(T0 + count * 500)),
                journal.with_name(f"{count}.{form}"),
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    # The first run also loads what makes the file.
    assert peaks[2] < 1.3 * peaks[1] + 100_000


def test_what_is_struck_out_is_not_exported(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An export has neither what was struck out nor a probe that was removed, whatever its form; by its id
    that probe is exported."""
    writer = Writer(journal)
    writer.start()
    try:
        strike_out(writer, "Fridge:0", T0, T0 + 30 * 60_000)
        remove(writer, "Fridge:1")
    finally:
        assert writer.stop()
    monkeypatch.chdir(journal.parent)
    for form in FORMS:
        assert main(["export", "--format", form, "--out", f"left.{form}"]) == 0
        assert "89 rows" in capsys.readouterr().out
    assert main(["export", "--format", "csv", "--probe", "Fridge:1", "--out", "one.csv"]) == 0
    assert "120 rows" in capsys.readouterr().out


def test_an_export_that_is_closed_while_it_is_begun_leaves_nothing(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub stops in the moment in which a download's process is started: it has ended, and its folder is
    gone, when the stop is over; none is started afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begun: list[subprocess.Popen[bytes]] = []
    made = job.Job(journal, make_order(form="csv"))
    closing = threading.Thread(target=made.close)

    def begin(*words: str, **more: Any) -> "subprocess.Popen[bytes]":
        closing.start()
        wait_for(lambda: made.stopped)
        begun.append(start_behind(*words, **more))
        return begun[0]

    monkeypatch.setattr(job, "start_behind", begin)
    made.start()
    closing.join(PATIENCE_S)
    (process,) = begun
    assert process.returncode is not None and process.stdout is not None and process.stdout.closed
    assert not list(tmp_path.glob(f"{job.PREFIX}*"))
    with pytest.raises(TempHubError):
        made.start()
    assert len(begun) == 1 and not list(tmp_path.glob(f"{job.PREFIX}*"))
