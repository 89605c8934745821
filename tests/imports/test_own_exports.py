"""TempHub's own files, and workbooks of both calendars, read back."""

from datetime import datetime

import pytest
import xlsxwriter

from journal.journal_harness import row
from strangers.test_import_files import ms, stored
from temphub_kernel.cli import main
from temphub_kernel.journal import Writer
from temphub_kernel.journal.archive import sidecar_process

START = 1_704_067_260_123


@pytest.mark.parametrize(
    "how", ["csv", "csv --excel de", "parquet", "xlsx", "xlsx --sheets tidy", "csv --origin"]
)
def test_an_export_comes_back_as_it_was(how, data_dir, tmp_path, monkeypatch):
    """Every reading at its millisecond with its value or what was the matter, into another hub."""
    form, *more = how.split()
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    writer = Writer(data_dir / "temphub.sqlite3")
    writer.start()
    writer.store([row(START + 1000 * at, 200_000_000 + 625_000 * at) for at in range(20)])
    writer.stop()
    out = tmp_path / f"own.{form}"
    assert main(["export", "--out", str(out), *more]) == 0
    (tmp_path / "other hub").mkdir()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "other hub"))
    assert main(["import", str(out), "--yes"]) == 0
    was = stored(data_dir / "temphub.sqlite3")
    assert stored(tmp_path / "other hub" / "temphub.sqlite3") == was and len(was["P"]) == 20


@pytest.mark.parametrize("of_1904", [False, True])
def test_both_calendars_of_workbooks(of_1904, data_dir, tmp_path, monkeypatch):
    """Days are counted from 1900 or from 1904; the workbook says which."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    book = xlsxwriter.Workbook(str(tmp_path / "logger.xlsx"), {"date_1904": of_1904})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Time", "Temp °C"])
    date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for at, minute in enumerate((0, 15), 1):
        sheet.write_datetime(at, 0, datetime.fromisoformat(f"2024-02-29T12:{minute:02}"), date)
        sheet.write_number(at, 1, 4.5 + at)
    book.close()
    assert main(["import", str(tmp_path / "logger.xlsx"), "--yes", "--tz", "UTC"]) == 0
    rows = [(ms("2024-02-29T12:00:00"), 5.5), (ms("2024-02-29T12:15:00"), 6.5)]
    assert stored(data_dir / "temphub.sqlite3") == {"logger": rows}


def test_all_that_an_archive_has_is_each_file_once(data_dir, tmp_path, monkeypatch):
    """Who names all files of a hub's archive does not import the segments beside them."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    log = tmp_path / "old.csv"
    log.write_text("timestamp,probe_id,temperature_c\n2024-01-01T00:00:00Z,P,1\n2024-01-01T00:01:00Z,P,2\n")
    assert main(["import", str(log), "--yes"]) == 0
    (file,) = (data_dir / "archive").iterdir()
    assert sidecar_process.write(data_dir / "temphub.sqlite3", file.name) == 2
    files = sorted((data_dir / "archive").iterdir())
    (tmp_path / "other hub").mkdir()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "other hub"))
    assert len(files) == 2 and main(["import", *map(str, files), "--yes"]) == 0
    was = stored(data_dir / "temphub.sqlite3")
    assert stored(tmp_path / "other hub" / "temphub.sqlite3") == was and len(was["P"]) == 2
