"""th.export: a frame or a time as a file, read back by programs that nobody here wrote."""

import io
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pytest

from analysis.conftest import T0, Seed
from support.disks import read_only
from temphub_kernel.analysis import excursions, export, load
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.exports import make_order
from temphub_kernel.exports.run import export as command

BERLIN = "Europe/Berlin"
CELSIUS = [21.5, -0.0625, None, 8.1234567]


@pytest.fixture
def folder(seed: Seed) -> Path:
    """Two probes; one has a fault, and an id that a spreadsheet would reckon with."""
    units = [None if value is None else round(value * 1e7) for value in CELSIUS]
    return seed([(id_, T0 + n * 1001, value) for n, value in enumerate(units) for id_ in ("a", "1E5")])


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_time_gives_the_file_of_the_command(folder: Path, tmp_path: Path, form: str) -> None:
    """Given a time instead of a frame, the file is that of `temphub export` and the page: a CSV byte for
    byte, the others cell by cell; steps and probes count as there."""
    for given, asked in (({}, {}), ({"probe": "a", "every": "1s"}, {"probes": ["a"], "every": "1s"})):
        made = export(None, tmp_path / f"ours.{form}", tz=BERLIN, data_dir=folder, **given)
        order = make_order(form=form, zone=BERLIN, **asked)
        command(folder / "temphub.sqlite3", order, tmp_path / f"theirs.{form}", force=True)
        read = {"csv": Path.read_bytes, "parquet": rows, "xlsx": cells}[form]
        assert made == tmp_path / f"ours.{form}" and read(made) == read(tmp_path / f"theirs.{form}")
    with pytest.raises(TempHubError, match="ends before it begins"):
        export(("now", "7d"), made, data_dir=folder)


def rows(path: Path) -> list[tuple[object, ...]]:
    return pl.read_parquet(path).rows()


def cells(path: Path) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: [tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book}


def test_a_frame_as_csv(folder: Path, tmp_path: Path) -> None:
    """pandas reads from the CSV of a tidy frame what the command's CSV has, and the frame's further columns;
    in Germany it has semicolons and commas, and no id that is reckoned with."""
    frame = load(tidy=True, raw=True, tz=BERLIN, data_dir=folder)
    mine = pd.read_csv(export(frame, tmp_path / "frame.csv", tz=BERLIN))
    theirs = pd.read_csv(export(None, tmp_path / "range.csv", tz=BERLIN, data_dir=folder))
    pd.testing.assert_frame_equal(mine[theirs.columns.tolist()], theirs)
    assert set(mine.columns) - set(theirs.columns) == {"received", "raw_c"}
    german = export(frame, tmp_path / "deutsch.csv", tz=BERLIN, excel="de").read_text("utf-8-sig")
    assert "8,1234567" in german and '="1E5"' in german
    told = pd.read_csv(io.StringIO(german), sep=";", decimal=",")
    assert told["temperature_c"].dropna().tolist() == frame["temperature_c"].dropna().tolist()


def test_a_frame_as_a_workbook(folder: Path, tmp_path: Path) -> None:
    """openpyxl finds real dates in local time and UTC to the millisecond, numbers, texts and lengths of time;
    a fault is an empty cell."""
    frame = load(tidy=True, tz=BERLIN, data_dir=folder)
    ((heads, *table),) = cells(export(frame, tmp_path / "frame.xlsx", tz=BERLIN)).values()
    assert heads == ("time", "UTC", "probe_id", "temperature_c", "quality", "received", "name")
    assert [row[3] for row in table if row[2] == "a"] == CELSIUS and table[0][4] is None
    for row, at in zip(table, frame["time"], strict=True):
        assert abs(row[0] - at.tz_localize(None).to_pydatetime()) < timedelta(milliseconds=0.6)
        assert abs(row[1].replace(tzinfo=timezone.utc) - at.to_pydatetime()) < timedelta(milliseconds=0.6)
    found = excursions(frame, above=8)
    ((heads, *table),) = cells(export(found, tmp_path / "found.xlsx", tz=BERLIN)).values()
    length = dict(zip(heads, table[0], strict=True))["duration"]
    assert abs(length - found["duration"].iloc[0].to_pytimedelta()) < timedelta(milliseconds=1)


def test_a_frame_as_parquet(folder: Path, tmp_path: Path) -> None:
    """pandas, polars and DuckDB read the same times, numbers and ids; wide frames and results as well."""
    frame = load(tidy=True, tz="UTC", data_dir=folder)
    path = export(frame, tmp_path / "frame.parquet")
    there, lazy = pd.read_parquet(path), pl.read_parquet(path)
    assert (there["time"] == frame["time"]).all() and there["probe_id"].tolist() == frame["probe_id"].tolist()
    assert lazy["temperature_c"].to_list() == [value for value in CELSIUS for _ in range(2)]
    assert duckdb.sql(f"SELECT count(*), count(quality) FROM '{path}'").fetchall() == [(8, 2)]
    wide = load(data_dir=folder)
    assert pl.read_parquet(export(wide, tmp_path / "wide.parquet")).columns == ["time", "1E5", "a"]
    found = excursions(frame, above=8)
    lengths = pl.read_parquet(export(found, tmp_path / "found.parquet"))["duration"].to_list()
    assert lengths == [length.to_pytimedelta() for length in found["duration"]]


def test_what_cannot_be_written_is_said(folder: Path, tmp_path: Path) -> None:
    """Endings that nobody writes, times without a zone, columns of one name and choices that say nothing of a
    frame are refused in words, and no file is begun."""
    frame = load(tidy=True, data_dir=folder)
    with pytest.raises(TempHubError) as ods:
        export(frame, tmp_path / "frame.ods")
    assert "milliseconds" in ods.value.remedy and ".xlsx" in ods.value.remedy
    naive = pd.DataFrame({"at": pd.to_datetime(["2026-01-01"])})
    twice = pd.concat([frame["quality"], frame["quality"]], axis=1)
    for given, choices in ((frame, {"probe": "a"}), (frame, {"excel": "de"}), (naive, {}), (twice, {})):
        with pytest.raises(TempHubError):
            export(given, tmp_path / "frame.xlsx", **choices)
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_a_file_is_replaced_whole_or_left(folder: Path, tmp_path: Path) -> None:
    """A cell that is run again replaces its file, unless that was refused; one that another program holds
    stays as it was, and it is said what to do."""
    frame, path = load(tidy=True, data_dir=folder), tmp_path / "frame.csv"
    path.write_text("before")
    with pytest.raises(TempHubError, match="exists already"):
        export(frame, path, replace=False)
    with read_only(path), pytest.raises(TempHubError, match="could not be written") as held:
        export(frame, path)
    assert held.value.remedy.startswith("Close it there") and path.read_text() == "before"
    assert export(frame, path).read_text().startswith("timestamp,local_time,probe_id,temperature_c")
    assert [one.name for one in tmp_path.iterdir() if one.is_file() or one.name.startswith(".")] == [
        "frame.csv"
    ]


def test_pandas_own_writers_work(folder: Path, tmp_path: Path) -> None:
    """`to_excel` takes times with a zone, by its clock, of the frame and of what comes of it; `to_parquet`
    keeps them."""
    for frame in (load(tz=BERLIN, data_dir=folder), load(tidy=True, tz=BERLIN, data_dir=folder).tail(3)):
        frame.to_excel(tmp_path / "frame.xlsx")
        first = frame["time"].iloc[0] if "time" in frame else frame.index[0]
        (table,) = cells(tmp_path / "frame.xlsx").values()
        at = next(cell for cell in table[1] if isinstance(cell, datetime))
        assert abs(at - first.tz_localize(None).to_pydatetime()) < timedelta(milliseconds=1)
        frame.to_parquet(tmp_path / "frame.parquet")
        assert pd.read_parquet(tmp_path / "frame.parquet").shape == frame.shape


def test_what_pandas_cannot_draw_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib a frame's `plot` names what to install and what draws without it; so does that of
    what comes of the frame."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    frame = load(data_dir=folder)
    for draw in (frame.plot, frame.tail(2).plot.line):
        with pytest.raises(ImportError, match=r"\.\[analysis\].*th\.temperature_picture"):
            draw()
